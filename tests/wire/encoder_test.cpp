#include "msrp/encoder.hpp"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "support/event_log.hpp"
#include "support/test_services.hpp"

namespace msrp {
namespace {

constexpr std::string_view to = "msrp://biloxi.example.com:12763/kjhd37s2s20w2a;tcp";
constexpr std::string_view from = "msrp://atlanta.example.com:7654/jshA7weztas;tcp";

HeadSpec send_spec() {
  HeadSpec head;
  head.transaction_id = "a786hjs2";
  head.to_path = to;
  head.from_path = from;
  head.message_id = "87652491";
  return head;
}
HeadSpec body_spec() {
  HeadSpec head = send_spec();
  head.byte_range = ByteRange{1, 25, 25};
  head.content_type = "text/plain";
  head.has_body = true;
  return head;
}
HeadSpec report_spec() {
  HeadSpec head = send_spec();
  head.method = Method::report;
  head.byte_range = ByteRange{1, 25, 25};
  head.status_header = StatusHeader{0, 200, "OK"};
  return head;
}
HeadSpec response_spec(std::uint16_t code) {
  HeadSpec head;
  head.transaction_id = "a786hjs2";
  head.status = code;
  head.to_path = from;
  head.from_path = to;
  return head;
}
HeadSpec method_spec(Method method, std::string_view text = {}) {
  HeadSpec head = send_spec();
  head.message_id = {};
  head.method = method;
  head.method_text = text;
  return head;
}

// What is written, or the name of the error. Room is exactly what encoded_size() says, so that a
// sanitizer sees an octet too many.
std::string encoded(const HeadSpec& head) {
  std::vector<std::byte> out(encoded_size(head));
  const Result<std::size_t> bytes = encode_head(head, out);
  if (!bytes) return std::string(test::name_of(bytes.error().code));
  EXPECT_EQ(*bytes, out.size());
  return std::string(test::text_of(std::span(out).first(*bytes)));
}

Error error_of(const HeadSpec& head) {
  std::array<std::byte, 4096> out;
  const Result<std::size_t> bytes = encode_head(head, out);
  EXPECT_FALSE(bytes);
  return bytes ? Error{} : bytes.error();
}

// R4975-7.1-6, R4975-9-11, R4975-9-12, R4975-9-16
TEST(EncodeHead, SendWithABody) {
  EXPECT_EQ(encoded(body_spec()),
            "MSRP a786hjs2 SEND\r\n"
            "To-Path: msrp://biloxi.example.com:12763/kjhd37s2s20w2a;tcp\r\n"
            "From-Path: msrp://atlanta.example.com:7654/jshA7weztas;tcp\r\n"
            "Message-ID: 87652491\r\n"
            "Byte-Range: 1-25/25\r\n"
            "Content-Type: text/plain\r\n"
            "\r\n");
}

// R4975-7.1-10, R4975-7.1-11, R4975-7.1-12: nothing between the last header and the end-line.
TEST(EncodeHead, SendWithoutABody) {
  EXPECT_EQ(encoded(send_spec()),
            "MSRP a786hjs2 SEND\r\n"
            "To-Path: msrp://biloxi.example.com:12763/kjhd37s2s20w2a;tcp\r\n"
            "From-Path: msrp://atlanta.example.com:7654/jshA7weztas;tcp\r\n"
            "Message-ID: 87652491\r\n");
}

// R4975-7.1-5, R4975-9-13, R4975-9-23
TEST(EncodeHead, TheOrderOfHeaders) {
  const HeaderField extra[] = {{HeaderId::other, "X-Colour", "blue"},
                               {HeaderId::content_disposition, "Content-Disposition", "render"},
                               {HeaderId::other, "x-empty", ""}};
  HeadSpec head = body_spec();
  head.byte_range = ByteRange{5, std::nullopt, std::nullopt};
  head.success_report = true;
  head.failure_report = FailureReport::partial;
  head.status_header = StatusHeader{0, 413, "Too large"};
  head.extra = extra;
  head.content_type = "text/plain;charset=\"utf-8\"";
  const std::string paths = "To-Path: " + std::string(to) + "\r\nFrom-Path: " + std::string(from);
  EXPECT_EQ(encoded(head), "MSRP a786hjs2 SEND\r\n" + paths +
                               "\r\n"
                               "Message-ID: 87652491\r\n"
                               "Byte-Range: 5-*/*\r\n"
                               "Success-Report: yes\r\n"
                               "Failure-Report: partial\r\n"
                               "Status: 000 413 Too large\r\n"
                               "X-Colour: blue\r\n"
                               "Content-Disposition: render\r\n"
                               "x-empty: \r\n"
                               "Content-Type: text/plain;charset=\"utf-8\"\r\n"
                               "\r\n");
}

// no header behind the paths is needed, and there is always a phrase.
TEST(EncodeHead, Responses) {
  const std::string paths =
      "\r\nTo-Path: " + std::string(from) + "\r\nFrom-Path: " + std::string(to) + "\r\n";
  EXPECT_EQ(encoded(response_spec(200)), "MSRP a786hjs2 200 OK" + paths);
  EXPECT_EQ(encoded(response_spec(481)), "MSRP a786hjs2 481 No Such Session" + paths);
  EXPECT_EQ(encoded(response_spec(299)), "MSRP a786hjs2 299 Unknown" + paths);
  EXPECT_EQ(encoded(response_spec(99)), "MSRP a786hjs2 099 Unknown" + paths);
  EXPECT_EQ(encoded(response_spec(999)), "MSRP a786hjs2 999 Unknown" + paths);
  HeadSpec head = response_spec(400);
  head.comment = "Falsch, gr\xc3\xbc\xc3\x9f";
  EXPECT_EQ(encoded(head), "MSRP a786hjs2 400 Falsch, gr\xc3\xbc\xc3\x9f" + paths);
  // The method of a response is not looked at.
  head.method = Method::report;
  EXPECT_EQ(encoded(head), "MSRP a786hjs2 400 Falsch, gr\xc3\xbc\xc3\x9f" + paths);
}

// R4976-7-3, R7701-7.1-18
TEST(EncodeHead, Methods) {
  const auto word = [](const HeadSpec& head) {
    const std::string text = encoded(head);
    const std::size_t begin = text.find(' ', 5);
    return begin == std::string::npos ? text : text.substr(begin + 1, text.find('\r') - begin - 1);
  };
  EXPECT_EQ(word(report_spec()), "REPORT");
  EXPECT_EQ(word(method_spec(Method::auth)), "AUTH");
  EXPECT_EQ(word(method_spec(Method::nickname)), "NICKNAME");
  EXPECT_EQ(word(method_spec(Method::other, "X")), "X");
  EXPECT_EQ(word(method_spec(Method::other, "SENDX")), "SENDX");
  // R4975-9-5
  for (const char* bad : {"", "send", "SEND_X", "SEND X", "A1", "X\r\nEVIL", "X\n", "\xc3\x84"}) {
    EXPECT_EQ(word(method_spec(Method::other, bad)), "bad_method") << bad;
  }
  // What it must have would go unchecked.
  for (const char* known : {"SEND", "REPORT", "AUTH", "NICKNAME"}) {
    EXPECT_EQ(word(method_spec(Method::other, known)), "bad_method") << known;
  }
}

struct Change {
  const char* what;
  std::function<void(HeadSpec&)> apply;
  Errc error;
};

// R4975-9-2, R4975-9-3, R4975-9-6, R4975-9-8
TEST(EncodeHead, StartLineErrors) {
  for (const char* bad : {"", "abc", "123456789012345678901234567890123", "-abc", "ab cd",
                          "abcd\r\n", "abcd\n", "ab\xc3\xbc", "abcd "}) {
    HeadSpec head = send_spec();
    head.transaction_id = bad;
    EXPECT_EQ(encoded(head), "bad_transaction_id") << bad;
  }
  HeadSpec head = send_spec();
  head.transaction_id = "12345678901234567890123456789012";
  EXPECT_EQ(encoded(head).substr(0, 43), "MSRP 12345678901234567890123456789012 SEND\r");
  EXPECT_EQ(encoded(response_spec(1000)), "bad_status_code");
  EXPECT_EQ(encoded(response_spec(65535)), "bad_status_code");
  for (const std::string_view bad :
       {std::string_view("a\r\nX: y"), std::string_view("a\n"), std::string_view("a\0b", 3),
        std::string_view("\x7f"), std::string_view("\xff"), std::string_view("a\xc3")}) {
    head = response_spec(200);
    head.comment = bad;
    EXPECT_EQ(encoded(head), "bad_comment") << bad;
  }
  head = response_spec(200);
  head.has_body = true;
  head.content_type = "text/plain";
  EXPECT_EQ(encoded(head), "unexpected_body");
}

// R4975-7.1-4, R4975-9-14, R4975-9-24
TEST(EncodeHead, FieldErrors) {
  const Change changes[] = {
      {"no To-Path", [](HeadSpec& head) { head.to_path = {}; }, Errc::missing_header},
      {"no From-Path", [](HeadSpec& head) { head.from_path = {}; }, Errc::missing_header},
      {"blank path", [](HeadSpec& head) { head.to_path = " "; }, Errc::bad_path},
      {"two blanks", [](HeadSpec& head) { head.to_path = "msrp://a:1/b;tcp  msrp://a:1/b;tcp"; },
       Errc::bad_path},
      {"no URI", [](HeadSpec& head) { head.to_path = "sip:alice@example.com"; }, Errc::bad_uri},
      {"CRLF in To-Path", [](HeadSpec& head) { head.to_path = "msrp://a:1/b;tcp\r\nX-Evil: 1"; },
       Errc::bad_uri},
      {"CRLF in From-Path", [](HeadSpec& head) { head.from_path = "msrp://a:1/b;tcp\r\n"; },
       Errc::bad_uri},
      {"NUL in From-Path",
       [](HeadSpec& head) { head.from_path = std::string_view("msrp://a:1/b\0;tcp", 17); },
       Errc::bad_uri},
      {"no Message-ID", [](HeadSpec& head) { head.message_id = {}; }, Errc::missing_header},
      {"short Message-ID", [](HeadSpec& head) { head.message_id = "abc"; }, Errc::bad_message_id},
      {"CRLF in Message-ID", [](HeadSpec& head) { head.message_id = "abcd\r\nX: y"; },
       Errc::bad_message_id},
      {"no Content-Type", [](HeadSpec& head) { head.content_type = {}; }, Errc::missing_header},
      {"bad Content-Type", [](HeadSpec& head) { head.content_type = "text"; },
       Errc::bad_content_type},
      {"CRLF in Content-Type", [](HeadSpec& head) { head.content_type = "text/plain\r\nX: y"; },
       Errc::bad_content_type},
      {"Content-Type and no body", [](HeadSpec& head) { head.has_body = false; },
       Errc::forbidden_header},
      {"Status namespace", [](HeadSpec& head) { head.status_header = StatusHeader{1000, 200, {}}; },
       Errc::bad_status_header},
      {"Status code", [](HeadSpec& head) { head.status_header = StatusHeader{0, 1000, {}}; },
       Errc::bad_status_header},
      {"CRLF in the Status comment",
       [](HeadSpec& head) { head.status_header = StatusHeader{0, 200, "a\r\nX: y"}; },
       Errc::bad_status_header},
  };
  for (const Change& change : changes) {
    HeadSpec head = body_spec();
    change.apply(head);
    EXPECT_EQ(encoded(head), test::name_of(change.error)) << change.what;
  }
}

TEST(EncodeHead, AnErrorSaysWhere) {
  HeadSpec head = body_spec();
  head.to_path = "msrp://a:1/b;tcp msrp://a:1/b\r;tcp";
  EXPECT_EQ(error_of(head), (Error{Errc::bad_uri, 0, 29}));
  head = body_spec();
  head.content_type = "text/plain;\r";
  EXPECT_EQ(error_of(head), (Error{Errc::bad_content_type, 0, 11}));
}

TEST(EncodeHead, WhatAReportMustHave) {
  EXPECT_EQ(encoded(report_spec()).substr(0, 23), "MSRP a786hjs2 REPORT\r\nT");
  HeadSpec head = report_spec();
  head.status_header = std::nullopt;
  EXPECT_EQ(encoded(head), "missing_header");
  head = report_spec();
  head.message_id = {};
  EXPECT_EQ(encoded(head), "missing_header");
  head = report_spec();
  head.byte_range = std::nullopt;
  EXPECT_NE(encoded(head).find("Status: 000 200 OK\r\n"), std::string::npos) << "A-26";
  head.status_header = StatusHeader{7, 8, {}};
  EXPECT_NE(encoded(head).find("Status: 007 008\r\n"), std::string::npos);
}

std::string with_extra(HeadSpec head, std::span<const HeaderField> extra) {
  head.extra = extra;
  return encoded(head);
}
std::string with_extra(const HeadSpec& head, std::string_view name, std::string_view value = "v") {
  const HeaderField field{HeaderId::other, name, value};
  return with_extra(head, {&field, 1});
}

// R4975-9-19
TEST(EncodeHead, ExtraNamesAndValues) {
  for (const std::string_view bad :
       {std::string_view(), std::string_view("1abc"), std::string_view("-a"),
        std::string_view("a b"), std::string_view("a:b"), std::string_view("a\r\nb"),
        std::string_view("a\0b", 3), std::string_view("\xc3\xbc"), std::string_view("a\t")}) {
    EXPECT_EQ(with_extra(body_spec(), bad), "bad_header_name") << bad;
  }
  for (const std::string_view bad :
       {std::string_view("a\r\nX-Evil: 1"), std::string_view("a\r"), std::string_view("\n"),
        std::string_view("a\0b", 3), std::string_view("\x7f"), std::string_view("\xc3")}) {
    EXPECT_EQ(with_extra(body_spec(), "X-Note", bad), "bad_header_value") << bad;
  }
  EXPECT_NE(with_extra(body_spec(), "z!#$%&'*+.^_`{|}~", "\t\xc3\xbc").find("~: \t\xc3\xbc\r\n"),
            std::string::npos);
}

TEST(EncodeHead, ExtraHeadersThatHaveAMember) {
  for (const std::string_view name :
       {"To-Path", "from-path", "Message-ID", "BYTE-RANGE", "content-type"}) {
    EXPECT_EQ(with_extra(body_spec(), name), "duplicate_header") << name;
  }
  EXPECT_EQ(with_extra(report_spec(), "Status", "000 200"), "duplicate_header");
  HeadSpec head = body_spec();
  head.success_report = false;
  head.failure_report = FailureReport::no;
  EXPECT_EQ(with_extra(head, "Success-Report", "yes"), "duplicate_header");
  EXPECT_EQ(with_extra(head, "Failure-Report", "yes"), "duplicate_header");
  for (const std::string_view name :
       {"Message-ID", "Byte-Range", "Success-Report", "failure-report", "Status", "Content-Type"}) {
    EXPECT_EQ(with_extra(method_spec(Method::auth), name), "forbidden_header") << name;
  }
}

//
TEST(EncodeHead, ExtraHeadersThatStandTwice) {
  const auto twice = [](std::string_view one, std::string_view other) {
    const HeaderField extra[] = {{HeaderId::other, one, "1"}, {HeaderId::other, other, "2"}};
    return with_extra(body_spec(), extra);
  };
  for (const std::string_view name :
       {"Expires", "Min-Expires", "Max-Expires", "Use-Path", "Authorization", "Authentication-Info",
        "Use-Nickname", "Content-ID", "Content-Description", "Content-Disposition"}) {
    EXPECT_EQ(twice(name, name), "duplicate_header") << name;
  }
  EXPECT_EQ(twice("Expires", "eXPIRES"), "duplicate_header");
  EXPECT_NE(twice("WWW-Authenticate", "WWW-Authenticate").find("e: 1\r\nWWW-Authenticate: 2\r\n"),
            std::string::npos);
  EXPECT_NE(twice("X-Same", "X-Same").find("X-Same: 1\r\nX-Same: 2\r\n"), std::string::npos);
}

// R4975-7.1-10, R4975-7.1.1-39
TEST(EncodeHead, ContentHeaders) {
  EXPECT_EQ(with_extra(send_spec(), "Content-ID"), "forbidden_header");
  EXPECT_EQ(with_extra(send_spec(), "content-whatever"), "forbidden_header");
  EXPECT_EQ(with_extra(response_spec(200), "Content-Disposition"), "forbidden_header");
  EXPECT_NE(with_extra(body_spec(), "content-whatever").find("content-whatever: v\r\n"),
            std::string::npos);
  EXPECT_NE(with_extra(send_spec(), "Content").find("Content: v\r\n"), std::string::npos);
  EXPECT_EQ(with_extra(body_spec(), "Content-Transfer-Encoding", "binary"), "forbidden_header");
  EXPECT_EQ(with_extra(body_spec(), "CONTENT-transfer-ENCODING", "base64"), "forbidden_header");
  EXPECT_EQ(with_extra(send_spec(), "Content-Transfer-Encoding"), "forbidden_header");
}

TEST(EncodeHead, TooSmallWritesNothing) {
  const HeadSpec head = body_spec();
  const std::size_t size = encoded_size(head);
  for (const std::size_t room : {std::size_t{0}, std::size_t{1}, size / 2, size - 1}) {
    std::vector<std::byte> out(room, std::byte{0x5a});
    const Result<std::size_t> bytes = encode_head(head, out);
    ASSERT_FALSE(bytes);
    EXPECT_EQ(bytes.error().code, Errc::buffer_too_small);
    for (const std::byte octet : out) ASSERT_EQ(octet, std::byte{0x5a});
  }
  std::vector<std::byte> out(size + 1, std::byte{0x5a});
  EXPECT_EQ(encode_head(head, out).value(), size);
  EXPECT_EQ(out.back(), std::byte{0x5a});
}

// Whatever is put into one field, what comes out is an error or a head that is read as meant: one
// chunk, valid, with the fields that were asked for and no header more.
TEST(EncodeHead, NoFieldCanSayAnythingElse) {
  static constexpr std::string_view pieces[] = {"\r\n",
                                                "\r",
                                                "\n",
                                                std::string_view("\0", 1),
                                                "X-Evil: 1",
                                                ": ",
                                                "\r\n\r\n",
                                                " ",
                                                "\t",
                                                "a",
                                                "abcd",
                                                "-------a786hjs2$\r\n",
                                                "msrp://a:1/b;tcp",
                                                ";",
                                                "\"",
                                                "\\",
                                                "text/plain",
                                                "\xc3\xbc",
                                                "\xff",
                                                "000 200",
                                                "%0d%0a",
                                                "/"};
  test::Splitmix random(12);
  int accepted = 0;
  for (int i = 0; i < 30000; ++i) {
    std::string text;
    for (std::size_t n = 1 + random.below(3); n-- > 0;)
      text += pieces[random.below(std::size(pieces))];
    HeadSpec head = random.one_in(2) ? body_spec() : report_spec();
    HeaderField field{HeaderId::other, "X-Fine", "fine"};
    const std::size_t which = random.below(9);
    if (which == 0) head.transaction_id = text;
    if (which == 1) head.to_path = text;
    if (which == 2) head.from_path = text;
    if (which == 3) head.message_id = text;
    if (which == 4) head.content_type = text;
    if (which == 5) head.status_header = StatusHeader{0, 200, text};
    if (which == 6) field.name = text;
    if (which == 7) field.value = text;
    if (which == 8) {
      head = response_spec(200);
      head.comment = text;
    }
    head.extra = {&field, 1};
    std::vector<std::byte> out(encoded_size(head) + end_line_bytes_max);
    const Result<std::size_t> bytes = encode_head(head, out);
    if (!bytes) continue;
    ++accepted;
    const std::size_t end = encode_end_line(head.transaction_id, Flag::end, head.has_body,
                                            std::span(out).subspan(*bytes));
    const std::string_view wire = test::text_of(std::span(out).first(*bytes + end));
    const test::Reading reading = test::read_stream(wire, {}, {});
    ASSERT_EQ(reading.stream.chunks.size(), 1U) << wire;
    ASSERT_EQ(reading.stream.end, test::StreamEnd::clean) << wire;
    const test::ChunkRecord& chunk = reading.stream.chunks[0];
    ASSERT_FALSE(chunk.head.invalid || chunk.invalid) << wire;
    const std::size_t headers = head.status != 0                      ? 3U
                                : head.has_body && head.status_header ? 7U
                                                                      : 6U;
    ASSERT_EQ(chunk.head.headers.size(), headers) << wire;
    ASSERT_EQ(chunk.head.has_body, head.has_body) << wire;
    ASSERT_EQ(chunk.body, "") << wire;
  }
  EXPECT_GT(accepted, 1000) << "both outcomes are seen";
}

// R4975-7.1-14, R4975-7.1-15, R4975-9-30
TEST(EncodeEndLine, WithAndWithoutABody) {
  const auto line = [](std::string_view id, Flag flag, bool has_body) {
    std::array<std::byte, end_line_bytes_max> out;
    const std::size_t bytes = encode_end_line(id, flag, has_body, out);
    return std::string(test::text_of(std::span(out).first(bytes)));
  };
  EXPECT_EQ(line("a786hjs2", Flag::end, false), "-------a786hjs2$\r\n");
  EXPECT_EQ(line("a786hjs2", Flag::more, true), "\r\n-------a786hjs2+\r\n");
  EXPECT_EQ(line("a786hjs2", Flag::abort, true), "\r\n-------a786hjs2#\r\n");
  const std::string longest(32, 'Z');
  EXPECT_EQ(line(longest, Flag::end, true), "\r\n-------" + longest + "$\r\n");
  EXPECT_EQ(line(longest, Flag::end, true).size(), end_line_bytes_max);
}

TEST(EncodeEndLineDeathTest, AnIdThatIsNone) {
  std::array<std::byte, end_line_bytes_max> out;
  EXPECT_DEATH(encode_end_line("a\r\nb", Flag::end, false, out), "assertion failed");
}

}  // namespace
}  // namespace msrp
