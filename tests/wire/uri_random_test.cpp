// URIs made at random: parsing and comparison are held against a second, plain reading of RFC 4975
// section 6.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "msrp/uri.hpp"
#include "support/reference_uri.hpp"
#include "support/test_services.hpp"

namespace msrp {
namespace {

// Makes URIs, nearly URIs and other spellings of the same one. Each draw is a statement of its own:
// every compiler makes the same ones.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  // Few values a part, so that two URIs are often equivalent.
  std::string next() {
    std::string text = pick({"msrp", "msrps", "MSRP", "mSrPs", "msrp", "msrp", "http", ""});
    text += pick({"://", "://", "://", "://", "://", "://", ":/", ":"});
    text += pick({"", "", "", "alice@", "b;ob@", "a%41@", "a:b@", "@", "a@b@", "a%4@"});
    text += pick({"a.example",
                  "A.Example",
                  "%61.example",
                  "a%2eexample",
                  "a%26b",
                  "a&b",
                  "192.0.2.1",
                  "192.0.2.01",
                  "192.0.2%2e1",
                  "[2001:db8::1]",
                  "[2001:DB8:0::1]",
                  "[::ffff:1.2.3.4]",
                  "[::FFFF:102:304]",
                  "[v1.x]",
                  "[V1.X]",
                  "[]",
                  "",
                  "a b",
                  "%zz",
                  "2001:db8::1",
                  "a..b",
                  "host,x=y"});
    text += pick({"", ":1", ":01", ":2855", ":0", ":65535", ":65536", ":99999999999", ":", ":x"});
    text +=
        pick({"", "/s", "/s", "/S", "/s/t", "/", "//", "/s%41", "/s@x", "/s=+~", "/%s%n%p", "/s?"});
    text += pick({";tcp", ";tcp", ";TCP", ";tcp", ";ws", "", ";", ";t-p", ";tcp;x", ";tcp;x=1;y",
                  ";tcp;", ";tcp;x=", ";tcp;x==", ";tcp@b"});
    return text;
  }

  // One octet put in, taken out or changed.
  std::string broken(std::string text) {
    const std::size_t at = random_.below(text.size() + 1);
    static constexpr std::string_view octets = "/;:@%[]=.~ \t\r\n?#a1Zs\\\"";
    const char c = random_.one_in(4) ? static_cast<char>(random_.next())
                                     : octets[random_.below(octets.size())];
    const std::size_t how = random_.below(3);
    if (how == 0) {
      text.insert(at, 1, c);
    } else if (how == 1) {
      text.erase(at, 1);
    } else if (at < text.size()) {
      text[at] = c;
    }
    return text;
  }

  // The same URI in other words: case where it has none, escapes, userinfo and parameters.
  std::string respelt(const UriView& view) {
    std::string text = view.secure ? pick({"msrps://", "MSRPS://"}) : pick({"msrp://", "MsRp://"});
    text += pick({"", "carol@", "d;ave@"});
    if (view.host_is_ipv6) {
      text += "[" + std::string(view.host) + "]";
    } else {
      for (std::size_t i = 0; i < view.host.size(); ++i) text += respelt_octet(view.host, i);
    }
    if (view.port) text += ":" + pick({"", "0", "000"}) + std::to_string(*view.port);
    if (!view.session_id.empty()) text += "/" + std::string(view.session_id);
    text += ";" + std::string(view.transport) + pick({"", ";n", ";n=v;m"});
    return text;
  }

 private:
  std::string pick(std::initializer_list<const char*> of) {
    return of.begin()[random_.below(of.size())];
  }
  std::string respelt_octet(std::string_view host, std::size_t at) {
    const auto octet = static_cast<unsigned char>(host[at]);
    const bool in_escape = (at > 0 && host[at - 1] == '%') || (at > 1 && host[at - 2] == '%');
    const bool is_letter = (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z');
    const bool is_plain = is_letter || (octet >= '0' && octet <= '9') || octet == '.';
    if (!in_escape && is_plain && random_.one_in(6)) {
      static constexpr std::string_view hex = "0123456789abcdef";
      return {'%', hex[octet >> 4U], hex[octet & 15U]};
    }
    const bool flipped = is_letter && random_.one_in(3);
    return std::string(1, static_cast<char>(flipped ? octet ^ 0x20U : octet));
  }

  test::Splitmix random_;
};

// The production reading and the plain one say the same about every text.
TEST(UriRandom, AgreesWithTheReference) {
  Generator generator(31);
  int accepted = 0;
  for (int i = 0; i < 60000; ++i) {
    std::string text = generator.next();
    if (i % 3 == 0) text = generator.broken(text);
    const Result<UriView> parsed = UriView::parse(text);
    const auto wanted = test::reference_parse_uri(text);
    ASSERT_EQ(parsed.has_value(), wanted.has_value()) << text;
    if (!parsed) {
      ASSERT_EQ(parsed.error().code, Errc::bad_uri);
      ASSERT_LE(parsed.error().offset, text.size()) << text;
      continue;
    }
    ++accepted;
    ASSERT_EQ(parsed->text, text);
    ASSERT_EQ(parsed->secure, wanted->secure) << text;
    ASSERT_EQ(parsed->userinfo, wanted->userinfo) << text;
    ASSERT_EQ(parsed->host, wanted->host) << text;
    ASSERT_EQ(parsed->host_is_ipv6, wanted->in_brackets) << text;
    ASSERT_EQ(parsed->port, wanted->port) << text;
    ASSERT_EQ(parsed->session_id, wanted->session_id) << text;
    ASSERT_EQ(parsed->transport, wanted->transport) << text;
    ASSERT_EQ(parsed->parameters, wanted->parameters) << text;
  }
  EXPECT_GT(accepted, 2000) << "both outcomes are seen";
}

// R4975-6.1-1..9: reflexive, symmetric, as the reference has it, and the hash goes along.
TEST(UriRandom, EquivalenceAndHash) {
  Generator generator(32);
  std::vector<std::string> valid;
  while (valid.size() < 500) {
    std::string text = generator.next();
    if (test::reference_parse_uri(text)) valid.push_back(std::move(text));
  }
  std::vector<test::ReferenceUri> references;
  for (const std::string& text : valid) references.push_back(*test::reference_parse_uri(text));
  int equal = 0;
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const UriView a = UriView::parse(valid[i]).value();
    for (std::size_t k = i; k < valid.size(); ++k) {
      const UriView b = UriView::parse(valid[k]).value();
      const bool wanted = test::reference_equivalent(references[i], references[k]);
      ASSERT_EQ(equivalent(a, b), wanted) << valid[i] << " " << valid[k];
      ASSERT_EQ(equivalent(b, a), wanted) << valid[i] << " " << valid[k];
      if (wanted) {
        ASSERT_EQ(hash(a), hash(b)) << valid[i] << " " << valid[k];
        equal += i != k ? 1 : 0;
      }
    }
  }
  EXPECT_GT(equal, 100) << "both outcomes are seen";
}

TEST(UriRandom, OtherSpellingsAreEquivalent) {
  Generator generator(33);
  int checked = 0;
  while (checked < 10000) {
    const std::string text = generator.next();
    const Result<UriView> view = UriView::parse(text);
    if (!view) continue;
    ++checked;
    const std::string other = generator.respelt(*view);
    ASSERT_TRUE(test::reference_parse_uri(other)) << text << " " << other;
    const Result<UriView> again = UriView::parse(other);
    ASSERT_TRUE(again) << text << " " << other;
    ASSERT_TRUE(equivalent(*view, *again)) << text << " " << other;
    ASSERT_EQ(hash(*view), hash(*again)) << text << " " << other;
  }
}

TEST(UriRandom, TheHashSpreads) {
  std::vector<int> buckets(64);
  for (int i = 0; i < 6400; ++i) {
    const std::string text = "msrp://a.example:2855/session" + std::to_string(i) + ";tcp";
    ++buckets[hash(UriView::parse(text).value()) % buckets.size()];
  }
  for (const int count : buckets) {
    EXPECT_GT(count, 40);
    EXPECT_LT(count, 200);
  }
}

}  // namespace
}  // namespace msrp
