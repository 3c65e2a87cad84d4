// Idents, text, and the headers whose values are short words.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "msrp/headers.hpp"
#include "support/test_services.hpp"

namespace msrp {
namespace {

// R4975-9-2, R4975-9-3, A-10
TEST(Ident, LengthAndAlphabet) {
  EXPECT_TRUE(is_ident("abcd"));
  EXPECT_TRUE(is_ident("1.-+"));
  EXPECT_TRUE(is_ident("a%=."));
  EXPECT_TRUE(is_ident(std::string(32, 'Z')));
  EXPECT_FALSE(is_ident(""));
  EXPECT_FALSE(is_ident("abc"));
  EXPECT_FALSE(is_ident(std::string(33, 'a')));
  EXPECT_FALSE(is_ident(std::string(2000, 'a')));
  const std::string behind_first =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-+%=";
  for (unsigned octet = 0; octet < 256; ++octet) {
    const char c = static_cast<char>(octet);
    const bool good = c != '\0' && behind_first.find(c) != std::string::npos;
    EXPECT_EQ(is_ident(std::string("abc") + c), good) << octet;
    EXPECT_EQ(is_ident(c + std::string("abc")),
              good && std::string(".-+%=").find(c) == std::string::npos)
        << octet;
  }
}

// A grammar that is spelt out, one octet at a time.
bool spelt_out_utf8text(std::string_view text) {
  std::size_t continuations = 0;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (continuations > 0) {
      if (octet < 0x80 || octet > 0xbf) return false;
      --continuations;
    } else if (octet >= 0xc0 && octet <= 0xfd) {
      continuations = octet < 0xe0 ? 1 : octet < 0xf0 ? 2 : octet < 0xf8 ? 3 : octet < 0xfc ? 4 : 5;
    } else if (octet != 0x09 && (octet < 0x20 || octet > 0x7e)) {
      return false;
    }
  }
  return continuations == 0;
}

// R4975-9-8, R4975-9-36
TEST(Utf8text, Forms) {
  EXPECT_TRUE(is_utf8text(""));
  EXPECT_TRUE(is_utf8text("plain text, ~ and\ttabs"));
  EXPECT_TRUE(is_utf8text("gr\xc3\xbc\xc3\x9f \xe2\x98\x83 \xf0\x9f\x98\x80"));
  EXPECT_TRUE(is_utf8text("\xf8\x88\x80\x80\x80 \xfc\x84\x80\x80\x80\x80")) << "legacy forms";
  EXPECT_FALSE(is_utf8text("a\rb"));
  EXPECT_FALSE(is_utf8text("a\nb"));
  EXPECT_FALSE(is_utf8text(std::string_view("a\0b", 3)));
  EXPECT_FALSE(is_utf8text("a\x7f"));
  EXPECT_FALSE(is_utf8text("a\xc3"));
  EXPECT_FALSE(is_utf8text("a\x80"));
  EXPECT_FALSE(is_utf8text("a\xff"));
}

// R4975-9-8: in every place of words that are looked at eight octets at a time.
TEST(Utf8text, EveryOctetInEveryPlace) {
  for (std::size_t size = 1; size <= 20; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (unsigned octet = 0; octet < 256; ++octet) {
        for (const char around : {' ', '~'}) {
          const auto block = std::make_unique<char[]>(size);  // a sanitizer sees its end
          std::fill_n(block.get(), size, around);
          block[at] = static_cast<char>(octet);
          const std::string_view text(block.get(), size);
          ASSERT_EQ(is_utf8text(text), spelt_out_utf8text(text))
              << size << " " << at << " " << octet;
        }
      }
    }
  }
}

TEST(Utf8text, RandomOctets) {
  static constexpr unsigned char heads[] = {0x1f, 0x20, 0x7e, 0x7f, 0x80, 0xbf, 0xc0, 0xdf,
                                            0xe0, 0xef, 0xf0, 0xf7, 0xf8, 0xfb, 0xfc, 0xfd,
                                            0xfe, 0xff, 0x09, 'a',  'a',  'a',  'a',  'a'};
  test::Splitmix random(8);
  int valid = 0;
  for (int i = 0; i < 200000; ++i) {
    std::string text;
    for (std::size_t size = random.below(14); size-- > 0;) {
      text += static_cast<char>(heads[random.below(std::size(heads))]);
      while (random.one_in(2)) text += static_cast<char>(0x80 + random.below(0x40));
    }
    valid += is_utf8text(text) ? 1 : 0;
    ASSERT_EQ(is_utf8text(text), spelt_out_utf8text(text));
  }
  EXPECT_GT(valid, 1000) << "both outcomes are seen";
}

// R4975-9-18
TEST(StatusHeader, NamespaceCodeAndComment) {
  const auto read = [](std::string_view value) -> std::string {
    const Result<StatusHeader> status = parse_status_header(value);
    if (!status) {
      EXPECT_EQ(status.error().code, Errc::bad_status_header);
      return "at " + std::to_string(status.error().offset);
    }
    return std::to_string(status->name_space) + "," + std::to_string(status->code) + "," +
           std::string(status->comment);
  };
  EXPECT_EQ(read("000 200 OK"), "0,200,OK");
  EXPECT_EQ(read("000 200"), "0,200,");
  EXPECT_EQ(read("000 200 "), "0,200,");
  EXPECT_EQ(read("000 413 Too large, \xc3\xbc "), "0,413,Too large, \xc3\xbc ");
  EXPECT_EQ(read("999 001  x"), "999,1, x") << "A-68: other namespaces are opaque";
  EXPECT_EQ(read(""), "at 0");
  EXPECT_EQ(read("200"), "at 3");
  EXPECT_EQ(read("200 OK"), "at 4");
  EXPECT_EQ(read("00 200"), "at 0");
  EXPECT_EQ(read("0000 200"), "at 3");
  EXPECT_EQ(read("000  200"), "at 4");
  EXPECT_EQ(read("000\t200"), "at 3");
  EXPECT_EQ(read("000 20"), "at 4");
  EXPECT_EQ(read("000 2O0"), "at 4");
  EXPECT_EQ(read("000 2000"), "at 7");
  EXPECT_EQ(read("000 200\tOK"), "at 7");
  EXPECT_EQ(read("-00 200"), "at 0");
  EXPECT_EQ(read("000 200 a\rb"), "at 9");
  EXPECT_EQ(read("000 200 a\x7f"), "at 9");
}

// R4975-9-13
TEST(ReportHeaders, WordsCompareWithoutCase) {
  EXPECT_EQ(parse_success_report("yes").value(), true);
  EXPECT_EQ(parse_success_report("YES").value(), true);
  EXPECT_EQ(parse_success_report("No").value(), false);
  EXPECT_EQ(parse_failure_report("yEs").value(), FailureReport::yes);
  EXPECT_EQ(parse_failure_report("NO").value(), FailureReport::no);
  EXPECT_EQ(parse_failure_report("Partial").value(), FailureReport::partial);
  for (const char* bad : {"", "y", "yess", " yes", "yes ", "true", "partial"}) {
    const Result<bool> success = parse_success_report(bad);
    ASSERT_FALSE(success) << bad;
    EXPECT_EQ(success.error().code, Errc::bad_report_header);
  }
  for (const char* bad : {"", "part", "partially", "yes,no", "maybe"}) {
    const Result<FailureReport> failure = parse_failure_report(bad);
    ASSERT_FALSE(failure) << bad;
    EXPECT_EQ(failure.error().code, Errc::bad_report_header);
  }
}

// R4976-7-1
TEST(Expires, Seconds) {
  EXPECT_EQ(parse_expires("0").value(), 0U);
  EXPECT_EQ(parse_expires("1800").value(), 1800U);
  EXPECT_EQ(parse_expires("000000000000000000000060").value(), 60U);
  EXPECT_EQ(parse_expires("4294967295").value(), 4294967295U);
  const auto offset_of = [](std::string_view value) {
    const Result<std::uint32_t> seconds = parse_expires(value);
    EXPECT_FALSE(seconds) << value;
    EXPECT_EQ(seconds.error().code, Errc::bad_header_value);
    return seconds.error().offset;
  };
  EXPECT_EQ(offset_of(""), 0U);
  EXPECT_EQ(offset_of("-1"), 0U);
  EXPECT_EQ(offset_of("60 "), 2U);
  EXPECT_EQ(offset_of("6.5"), 1U);
  EXPECT_EQ(offset_of("60s"), 2U);
  EXPECT_EQ(offset_of("4294967296"), 9U);
  EXPECT_EQ(offset_of("99999999999999999999999999999999"), 10U - 1U);
}

// R7701-7.1-18, R7701-7.1-10, A-40, A-55, A-59
TEST(UseNickname, OneQuotedString) {
  EXPECT_EQ(parse_use_nickname("\"Alice the great\"").value(), "Alice the great");
  EXPECT_EQ(parse_use_nickname("\"\"").value(), "") << "asks for removal";
  EXPECT_EQ(parse_use_nickname("\"a\\\"b\\\\\"").value(), "a\\\"b\\\\") << "the inside as it came";
  EXPECT_EQ(parse_use_nickname("\"\xe2\x98\x83\"").value(), "\xe2\x98\x83");
  const auto offset_of = [](std::string_view value) {
    const Result<std::string_view> nickname = parse_use_nickname(value);
    EXPECT_FALSE(nickname) << value;
    EXPECT_EQ(nickname.error().code, Errc::bad_header_value);
    EXPECT_EQ(nickname.error().status, 424);
    return nickname.error().offset;
  };
  EXPECT_EQ(offset_of(""), 0U);
  EXPECT_EQ(offset_of("Alice"), 0U);
  EXPECT_EQ(offset_of("\""), 1U);
  EXPECT_EQ(offset_of("\"Alice"), 6U);
  EXPECT_EQ(offset_of("\"Alice\" "), 7U);
  EXPECT_EQ(offset_of("\"Alice\"x"), 7U);
  EXPECT_EQ(offset_of("\"Al\"ice\""), 4U);
  EXPECT_EQ(offset_of("\"Al\\ice\""), 3U) << "no other escape";
  EXPECT_EQ(offset_of("\"Al\rice\""), 3U);
  for (const char* not_utf8 : {"\"\xc0\xaf\"", "\"\xc1\xbf\"", "\"\xe0\x9f\xbf\"",
                               "\"\xed\xa0\x80\"", "\"\xf0\x8f\xbf\xbf\"", "\"\xf4\x90\x80\x80\"",
                               "\"\xf8\x88\x80\x80\x80\"", "\"\x80\"", "\"\xe2\x98\""}) {
    EXPECT_EQ(offset_of(not_utf8), 1U);
  }
}

// R7701-7.1-18
TEST(UseNickname, AtMost1023Octets) {
  const auto fits = [](const std::string& inside) {
    return parse_use_nickname('"' + inside + '"').has_value();
  };
  EXPECT_TRUE(fits(std::string(1023, 'a')));
  EXPECT_FALSE(fits(std::string(1024, 'a')));
  std::string escaped;
  for (int i = 0; i < 1023; ++i) escaped += "\\\"";
  EXPECT_TRUE(fits(escaped)) << "an escape says one octet";
  EXPECT_FALSE(fits(escaped + "a"));
  std::string snow;
  for (int i = 0; i < 341; ++i) snow += "\xe2\x98\x83";
  EXPECT_TRUE(fits(snow));
  EXPECT_FALSE(fits(snow + "a"));
}

}  // namespace
}  // namespace msrp
