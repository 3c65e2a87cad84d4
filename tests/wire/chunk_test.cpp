#include "msrp/chunk.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <memory>
#include <string>
#include <vector>

#include "support/test_services.hpp"

namespace msrp {
namespace {

constexpr HeaderId last = HeaderId::content_disposition;

std::vector<HeaderId> known_headers() {
  std::vector<HeaderId> ids;
  for (int i = 1; i <= static_cast<int>(last); ++i) ids.push_back(static_cast<HeaderId>(i));
  return ids;
}

bool same_without_case(const std::string& a, const std::string& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(a[i])) !=
        std::tolower(static_cast<unsigned char>(b[i]))) {
      return false;
    }
  }
  return true;
}

HeaderId searched(const std::string& name) {
  for (const HeaderId id : known_headers()) {
    if (same_without_case(std::string(name_of(id)), name)) return id;
  }
  return HeaderId::other;
}

// In a block of its own size, so that a sanitizer sees a read past the end.
HeaderId id_of(const std::string& name) {
  const auto block = std::make_unique<char[]>(name.size());
  std::copy(name.begin(), name.end(), block.get());
  return header_id({block.get(), name.size()});
}

TEST(HeaderId, CanonicalNames) {
  EXPECT_EQ(name_of(HeaderId::other), "");
  EXPECT_EQ(name_of(HeaderId::to_path), "To-Path");
  EXPECT_EQ(name_of(HeaderId::message_id), "Message-ID");
  EXPECT_EQ(name_of(HeaderId::www_authenticate), "WWW-Authenticate");
  EXPECT_EQ(name_of(HeaderId::content_id), "Content-ID");
  EXPECT_EQ(name_of(last), "Content-Disposition");
  for (const HeaderId id : known_headers()) EXPECT_EQ(searched(std::string(name_of(id))), id);
}

// R4975-9-12, A-7
TEST(HeaderId, NamesCompareWithoutCase) {
  test::Splitmix random(1);
  for (const HeaderId id : known_headers()) {
    std::string name(name_of(id));
    EXPECT_EQ(id_of(name), id);
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    EXPECT_EQ(id_of(name), id);
    for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    EXPECT_EQ(id_of(name), id);
    for (int i = 0; i < 20; ++i) {
      for (char& c : name) {
        const auto octet = static_cast<unsigned char>(c);
        c = static_cast<char>(random.one_in(2) ? std::tolower(octet) : std::toupper(octet));
      }
      EXPECT_EQ(id_of(name), id) << name;
    }
  }
}

// Every octet put in every place of every name.
TEST(HeaderId, OneWrongOctetIsAnotherHeader) {
  for (const HeaderId id : known_headers()) {
    const std::string name(name_of(id));
    for (std::size_t at = 0; at < name.size(); ++at) {
      for (unsigned octet = 0; octet < 256; ++octet) {
        std::string changed = name;
        changed[at] = static_cast<char>(octet);
        ASSERT_EQ(id_of(changed), searched(changed)) << name << " " << at << " " << octet;
      }
    }
  }
}

TEST(HeaderId, LongerAndShorterOnesAreOthers) {
  EXPECT_EQ(id_of(""), HeaderId::other);
  EXPECT_EQ(header_id({}), HeaderId::other);
  for (const HeaderId id : known_headers()) {
    const std::string name(name_of(id));
    for (std::size_t size = 0; size < name.size(); ++size) {
      EXPECT_EQ(id_of(name.substr(0, size)), searched(name.substr(0, size)));
    }
    EXPECT_EQ(id_of(name + "s"), HeaderId::other);
    EXPECT_EQ(id_of("X-" + name), HeaderId::other);
  }
  for (std::size_t size = 0; size < 100; ++size) {
    EXPECT_EQ(id_of(std::string(size, '-')), HeaderId::other);
  }
}

TEST(HeadView, FindGivesTheFirst) {
  const std::array<HeaderField, 4> fields{HeaderField{HeaderId::to_path, "To-Path", "a"},
                                          HeaderField{HeaderId::other, "X-One", "b"},
                                          HeaderField{HeaderId::www_authenticate, "x", "first"},
                                          HeaderField{HeaderId::www_authenticate, "x", "second"}};
  HeadView head;
  EXPECT_EQ(head.find(HeaderId::to_path), nullptr);
  head.headers = fields;
  EXPECT_EQ(head.find(HeaderId::to_path), fields.data());
  EXPECT_EQ(head.find(HeaderId::www_authenticate)->value, "first");
  EXPECT_EQ(head.find(HeaderId::other)->name, "X-One");
  EXPECT_EQ(head.find(HeaderId::expires), nullptr);
}

// R4975-7.1.1-14, R4975-7.1.1-15: what absence means.
TEST(HeadView, ReportsThatAreNotAskedFor) {
  HeadView head;
  EXPECT_FALSE(head.wants_success_report());
  EXPECT_EQ(head.wants_failure_report(), FailureReport::yes);
  head.success_report = true;
  head.failure_report = FailureReport::partial;
  EXPECT_TRUE(head.wants_success_report());
  EXPECT_EQ(head.wants_failure_report(), FailureReport::partial);
}

// Makes a head over text, as a parser does.
HeadView head_over(std::string_view text, std::vector<HeaderField>& fields) {
  const auto part = [text](std::string_view what) {
    return text.substr(text.find(what), what.size());
  };
  HeadView head;
  head.text = text;
  head.transaction_id = part("abcd1234");
  head.method = Method::report;
  head.method_text = part("REPORT");
  head.to_path =
      PathView::parse(part("msrp://a.example:1/s1;tcp msrp://b.example:2/s2;tcp")).value();
  head.from_path = PathView::parse(part("msrp://[2001:db8::1]:3/s3;tcp")).value();
  head.message_id = part("mess.age");
  head.content_type = part("text/plain");
  head.status_header = StatusHeader{0, 200, part("Fine")};
  fields = {{HeaderId::to_path, part("To-Path"), head.to_path.text()},
            {HeaderId::other, part("X-Empty"), text.substr(text.find("X-Empty") + 8, 0)}};
  head.headers = fields;
  return head;
}

TEST(HeadView, RebaseMovesEveryView) {
  const std::string original =
      "MSRP abcd1234 REPORT\r\n"
      "To-Path: msrp://a.example:1/s1;tcp msrp://b.example:2/s2;tcp\r\n"
      "From-Path: msrp://[2001:db8::1]:3/s3;tcp\r\n"
      "Message-ID: mess.age\r\nStatus: 000 200 Fine\r\nX-Empty:\r\nContent-Type: text/plain\r\n";
  auto old_text = std::make_unique<std::string>(original);
  auto old_fields = std::make_unique<std::vector<HeaderField>>();
  HeadView head = head_over(*old_text, *old_fields);

  const std::string copy = *old_text;
  std::vector<HeaderField> new_fields = *old_fields;
  new_fields.emplace_back();  // a table with more room
  head.rebase(copy.data(), new_fields);
  // What still pointed there is gone for good, and a sanitizer sees it.
  old_text->assign(old_text->size(), '!');
  old_text.reset();
  old_fields.reset();

  EXPECT_EQ(head.text, original);
  EXPECT_EQ(head.text.data(), copy.data());
  EXPECT_EQ(head.transaction_id, "abcd1234");
  EXPECT_EQ(head.method_text, "REPORT");
  EXPECT_EQ(head.comment, "");
  EXPECT_EQ(head.message_id, "mess.age");
  EXPECT_EQ(head.content_type, "text/plain");
  EXPECT_EQ(head.status_header->comment, "Fine");
  ASSERT_EQ(head.to_path.size(), 2U);
  EXPECT_EQ(head.to_path.text(), "msrp://a.example:1/s1;tcp msrp://b.example:2/s2;tcp");
  EXPECT_EQ(head.to_path.front().host, "a.example");
  EXPECT_EQ(head.to_path.front().session_id, "s1");
  EXPECT_EQ(head.to_path.back().host, "b.example");
  EXPECT_EQ(head.from_path.front().host, "2001:db8::1");
  ASSERT_EQ(head.headers.size(), 2U);
  EXPECT_EQ(head.headers.data(), new_fields.data());
  EXPECT_EQ(head.headers[0].name, "To-Path");
  EXPECT_EQ(head.headers[0].value, head.to_path.text());
  EXPECT_EQ(head.headers[1].name, "X-Empty");
  EXPECT_EQ(head.headers[1].value, "");
  const auto inside = [&](std::string_view view) {
    return view.data() >= copy.data() && view.data() + view.size() <= copy.data() + copy.size();
  };
  for (const HeaderField& field : head.headers) {
    EXPECT_TRUE(inside(field.name) && inside(field.value)) << field.name;
  }
  EXPECT_TRUE(inside(head.to_path.text()) && inside(head.from_path.front().session_id));
}

TEST(HeadView, RebaseOfAnEmptyHead) {
  HeadView head;
  const std::string text = "MSRP";
  head.text = text;
  const std::string copy = text;
  head.rebase(copy.data(), {});
  EXPECT_EQ(head.text.data(), copy.data());
  EXPECT_EQ(head.message_id.data(), nullptr);
  EXPECT_TRUE(head.to_path.empty());
  EXPECT_TRUE(head.headers.empty());
}

}  // namespace
}  // namespace msrp
