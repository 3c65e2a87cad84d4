// Media types, dispositions and their parameters.
#include <gtest/gtest.h>

#include <string>

#include "msrp/headers.hpp"
#include "support/test_services.hpp"

namespace msrp {
namespace {

// "at N" for an error, "type|subtype|parameters" else.
std::string read(std::string_view text) {
  const Result<MediaTypeView> type = MediaTypeView::parse(text);
  if (!type) {
    EXPECT_EQ(type.error().code, Errc::bad_content_type);
    return "at " + std::to_string(type.error().offset);
  }
  return std::string(type->type) + "|" + std::string(type->subtype) + "|" +
         std::string(type->parameters);
}

std::string value_of(std::string_view text, std::string_view name) {
  const auto parameter = MediaTypeView::parse(text).value().parameter(name);
  if (!parameter) return "none";
  return (parameter->quoted ? "quoted " : "bare ") + std::string(parameter->value);
}

// R4975-9-25
TEST(MediaType, TypesAndParameters) {
  EXPECT_EQ(read("text/plain"), "text|plain|");
  EXPECT_EQ(read("a/b"), "a|b|");
  EXPECT_EQ(read("application/im-iscomposing+xml"), "application|im-iscomposing+xml|");
  EXPECT_EQ(read("text/plain;charset=utf-8"), "text|plain|charset=utf-8");
  EXPECT_EQ(read("message/external-body;a=1;b=\"2\";c"), "message|external-body|a=1;b=\"2\";c");
  EXPECT_EQ(read("multipart/mixed;boundary=\"-----id\""), "multipart|mixed|boundary=\"-----id\"");
}

// R4975-9-26
TEST(MediaType, TokensHaveTheOctetsOfTheGrammar) {
  const std::string allowed =
      "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz{|}~";
  for (unsigned octet = 0; octet < 256; ++octet) {
    const char c = static_cast<char>(octet);
    const std::string name(1, c);
    const bool good = c != '\0' && allowed.find(c) != std::string::npos;
    EXPECT_EQ(is_token(name), good) << octet;
    EXPECT_EQ(MediaTypeView::parse("t" + name + "/plain").has_value(),
              good || c == '/' ? good : false)
        << octet;
    EXPECT_EQ(MediaTypeView::parse("text/x;p" + name + "=v").has_value(),
              good || c == '=' ? good : false)
        << octet;
  }
  EXPECT_FALSE(is_token(""));
  EXPECT_TRUE(is_token("a{|}~"));
  EXPECT_FALSE(is_token("a b"));
}

// R4975-9-25: the offset is that of the octet that cannot stand there.
TEST(MediaType, WhatIsNone) {
  EXPECT_EQ(read(""), "at 0");
  EXPECT_EQ(read("/plain"), "at 0");
  EXPECT_EQ(read(" text/plain"), "at 0");
  EXPECT_EQ(read("text"), "at 4");
  EXPECT_EQ(read("text/"), "at 5");
  EXPECT_EQ(read("text /plain"), "at 4");
  EXPECT_EQ(read("text/ plain"), "at 5");
  EXPECT_EQ(read("text//plain"), "at 5");
  EXPECT_EQ(read("text/plain/x"), "at 10");
  EXPECT_EQ(read("text/plain x"), "at 11");
  EXPECT_EQ(read("text/plain, text/html"), "at 10");
  EXPECT_EQ(read("text/plain;"), "at 11");
  EXPECT_EQ(read("text/plain; "), "at 12");
  EXPECT_EQ(read("text/plain;;a=b"), "at 11");
  EXPECT_EQ(read("text/plain;=b"), "at 11");
  EXPECT_EQ(read("text/plain;a="), "at 13");
  EXPECT_EQ(read("text/plain;a =b"), "at 13");
  EXPECT_EQ(read("text/plain;a= b"), "at 13");
  EXPECT_EQ(read("text/plain;a=b c"), "at 15");
  EXPECT_EQ(read("text/plain;a=b;"), "at 15");
  EXPECT_EQ(read("text/plain\r\nX-Evil: 1"), "at 10");
  EXPECT_EQ(read("text/plain;a=b\r\nX-Evil: 1"), "at 14");
}

//
TEST(MediaType, BlanksAroundSemicolons) {
  EXPECT_EQ(read("text/plain ; a=b\t;\tc=d "), "text|plain| a=b\t;\tc=d ");
  EXPECT_EQ(value_of("text/plain ; a=b\t;\tc=d ", "c"), "bare d");
  EXPECT_EQ(read("text/plain "), "text|plain|");
}

// R4975-9-27
TEST(MediaType, QuotedStrings) {
  EXPECT_EQ(value_of("t/p;a=\"\"", "a"), "quoted ");
  EXPECT_EQ(value_of("t/p;a=\"b;c=d\";e=f", "a"), "quoted b;c=d");
  EXPECT_EQ(value_of("t/p;a=\"b;c=d\";e=f", "c"), "none");
  EXPECT_EQ(value_of("t/p;a=\"b;c=d\";e=f", "e"), "bare f");
  EXPECT_EQ(value_of("t/p;a=\"x\\\"y\\\\\";e=f", "a"), "quoted x\\\"y\\\\");
  EXPECT_EQ(value_of("t/p;a=\"\t \xc3\xbc\xe2\x82\xac\"", "a"), "quoted \t \xc3\xbc\xe2\x82\xac");
  EXPECT_EQ(read("t/p;a=\"open"), "at 11");
  EXPECT_EQ(read("t/p;a=\"open\\\""), "at 13");
  EXPECT_EQ(read("t/p;a=\"\\r\\n\""), "at 7") << "no other escape";
  EXPECT_EQ(read("t/p;a=\"\\"), "at 7");
  EXPECT_EQ(read("t/p;a=\"x\r\ny\""), "at 8");
  EXPECT_EQ(read(std::string_view("t/p;a=\"x\0\"", 10)), "at 8");
  EXPECT_EQ(read("t/p;a=\"x\x7f\""), "at 8");
  EXPECT_EQ(read("t/p;a=\"x\xc3\""), "at 8") << "a character cut by the quote";
  EXPECT_EQ(read("t/p;a=\"x\"y"), "at 9");
}

TEST(MediaType, ParametersByName) {
  EXPECT_EQ(value_of("text/plain", "charset"), "none");
  EXPECT_EQ(value_of("text/plain;Charset=UTF-8", "cHARSET"), "bare UTF-8");
  EXPECT_EQ(value_of("text/plain;flag;x=1", "flag"), "bare ");
  EXPECT_EQ(value_of("text/plain;x=1;X=2", "x"), "bare 1") << "the first";
}

// R4975-9-25
TEST(Accepts, TheThreeFormsOfAnEntry) {
  const auto accepted = [](std::string_view entry, std::string_view type) {
    return accepts(entry, MediaTypeView::parse(type).value());
  };
  EXPECT_TRUE(accepted("*", "text/plain"));
  EXPECT_TRUE(accepted("text/*", "text/html;charset=x"));
  EXPECT_TRUE(accepted("TEXT/Plain", "text/pLAIN"));
  EXPECT_TRUE(accepted("text/plain;q=1", "text/plain;charset=utf-8")) << "parameters take no part";
  EXPECT_FALSE(accepted("text/*", "textual/html"));
  EXPECT_FALSE(accepted("text/plain", "text/html"));
  EXPECT_FALSE(accepted("text/plain", "image/plain"));
  EXPECT_FALSE(accepted("text", "text/plain"));
  EXPECT_FALSE(accepted("text/", "text/plain"));
  EXPECT_FALSE(accepted("", "text/plain"));
  EXPECT_FALSE(accepted("text/plai", "text/plain"));
}

// R4975-9-28
TEST(ContentDisposition, TypeAndParameters) {
  const auto view =
      ContentDispositionView::parse("attachment; filename=\"a \\\"b\\\".txt\"; size=3");
  ASSERT_TRUE(view);
  EXPECT_EQ(view->disposition, "attachment");
  const auto name = view->parameter("FILENAME");
  ASSERT_TRUE(name);
  EXPECT_TRUE(name->quoted);
  EXPECT_EQ(unquote(name->value), "a \"b\".txt");
  EXPECT_EQ(view->parameter("size")->value, "3");
  EXPECT_EQ(view->parameter("handling"), std::nullopt);
  EXPECT_EQ(ContentDispositionView::parse("render").value().parameters, "");

  const auto offset_of = [](std::string_view text) {
    const auto parsed = ContentDispositionView::parse(text);
    EXPECT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Errc::bad_header_value);
    return parsed.error().offset;
  };
  EXPECT_EQ(offset_of(""), 0U);
  EXPECT_EQ(offset_of(";filename=x"), 0U);
  EXPECT_EQ(offset_of("attachment filename=x"), 11U);
  EXPECT_EQ(offset_of("attachment;filename=a b"), 22U);
  EXPECT_EQ(offset_of("attachment;filename=\"x\r\n\""), 22U);
}

TEST(Quoted, WhatIsQuotedReadsBack) {
  EXPECT_EQ(msrp::quoted(""), "\"\"");
  EXPECT_EQ(msrp::quoted("a b"), "\"a b\"");
  EXPECT_EQ(msrp::quoted("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(unquote("a\\\"b\\\\c"), "a\"b\\c");
  EXPECT_EQ(unquote("\\"), "\\") << "a lone backslash stays";
  test::Splitmix random(6);
  for (int i = 0; i < 5000; ++i) {
    std::string text;
    for (std::size_t size = random.below(12); size-- > 0;) {
      static constexpr std::string_view pieces[] = {"a", "\"", "\\", " ", "\t", ";", "=", "ü", "☃"};
      text += pieces[random.below(std::size(pieces))];
    }
    const std::string type = "t/p;x=" + msrp::quoted(text) + ";y=z";
    const Result<MediaTypeView> parsed = MediaTypeView::parse(type);
    ASSERT_TRUE(parsed) << type;
    ASSERT_EQ(unquote(parsed->parameter("x")->value), text);
    ASSERT_EQ(parsed->parameter("y")->value, "z");
  }
}

TEST(Quoted, WhatCannotBeSaidIsDropped) {
  EXPECT_EQ(msrp::quoted("a\r\nb"), "\"ab\"");
  EXPECT_EQ(msrp::quoted(std::string_view("a\0\x1f\x7f\tb", 6)), "\"a\tb\"");
  EXPECT_EQ(msrp::quoted("a\xff\xc3z\xe2\x82"), "\"az\"") << "octets that are no UTF-8";
  test::Splitmix random(7);
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (std::size_t size = random.below(8); size-- > 0;) text += static_cast<char>(random.next());
    const std::string line = msrp::quoted(text);
    ASSERT_TRUE(is_utf8text(line));
    ASSERT_TRUE(MediaTypeView::parse("t/p;x=" + line)) << line;
  }
}

}  // namespace
}  // namespace msrp
