#include "msrp/path.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "support/reference_uri.hpp"
#include "support/test_services.hpp"

namespace msrp {
namespace {

const std::string first = "msrp://a.example:1/one;tcp";
const std::string second = "msrps://[2001:db8::1]:2/two;ws;x=y";
const std::string third = "MSRP://user@C.example;tcp";

PathView path(std::string_view text) {
  const Result<PathView> parsed = PathView::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(PathView{});
}

Errc code_of(std::string_view text, std::uint16_t uris_max = 16) {
  const Result<PathView> parsed = PathView::parse(text, uris_max);
  EXPECT_FALSE(parsed) << text;
  if (parsed) return Errc{};
  EXPECT_LE(parsed.error().offset, text.size()) << text;
  return parsed.error().code;
}

std::vector<std::string> uris_of(const PathView& view) {
  std::vector<std::string> out;
  for (const UriView uri : view) out.emplace_back(uri.text);
  return out;
}

std::string repeated(std::size_t count, const std::string& uri) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += (i > 0 ? " " : "") + uri;
  return text;
}

// R4975-9-14
TEST(Path, OneUri) {
  const PathView view = path(first);
  EXPECT_EQ(view.size(), 1U);
  EXPECT_FALSE(view.empty());
  EXPECT_EQ(view.text(), first);
  EXPECT_EQ(view.front().session_id, "one");
  EXPECT_EQ(view.back().session_id, "one");
  EXPECT_EQ(uris_of(view), std::vector{first});
}

// R4975-9-14
TEST(Path, SeveralUris) {
  const std::string text = first + " " + second + " " + third;
  const PathView view = path(text);
  EXPECT_EQ(view.size(), 3U);
  EXPECT_EQ(view.front().host, "a.example");
  EXPECT_EQ(view.back().host, "C.example");
  EXPECT_EQ(uris_of(view), (std::vector{first, second, third}));
  auto at = view.begin();
  EXPECT_EQ((*at++).port, 1);
  EXPECT_EQ((*at).port, 2);
  EXPECT_EQ((*at).parameters, "x=y");
  EXPECT_EQ(++at == view.end(), false);
  EXPECT_EQ(++at == view.end(), true);
}

TEST(Path, NoPath) {
  const PathView none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.size(), 0U);
  EXPECT_TRUE(none.begin() == none.end());
  EXPECT_TRUE(equivalent(none, PathView{}));
  EXPECT_FALSE(equivalent(none, path(first)));
}

// R4975-9-14
TEST(Path, WhatIsNone) {
  EXPECT_EQ(code_of(""), Errc::bad_path);
  EXPECT_EQ(code_of(" "), Errc::bad_path);
  EXPECT_EQ(code_of(" " + first), Errc::bad_path);
  EXPECT_EQ(code_of(first + " "), Errc::bad_path);
  EXPECT_EQ(code_of(first + "  " + second), Errc::bad_path);
  EXPECT_EQ(code_of(first + "," + second), Errc::bad_uri);
  EXPECT_EQ(code_of(first + "\t" + second), Errc::bad_uri);
  EXPECT_EQ(code_of(first + " x"), Errc::bad_uri);
  EXPECT_EQ(code_of("sip:a@example.com"), Errc::bad_uri);
  EXPECT_EQ(code_of(first + "\r\n"), Errc::bad_uri);
  EXPECT_EQ(code_of(first + "\r\nFrom-Path: " + second), Errc::bad_uri);
  EXPECT_EQ(code_of(first + std::string(1, '\0')), Errc::bad_uri);
  EXPECT_EQ(code_of(first + "%0d%0aX-Evil: 1"), Errc::bad_uri);
  EXPECT_EQ(PathView::parse(first + " msrp://b:1/x?;tcp").error().offset, first.size() + 13)
      << "counted from the beginning of the path";
}

TEST(Path, TheNumberOfUris) {
  EXPECT_EQ(path(repeated(16, first)).size(), 16U);
  EXPECT_EQ(code_of(repeated(17, first)), Errc::too_many_uris);
  EXPECT_EQ(code_of(repeated(200, first)), Errc::too_many_uris);
  EXPECT_EQ(PathView::parse(repeated(200, first), 200).value().size(), 200U);
  EXPECT_EQ(code_of(repeated(2, first), 1), Errc::too_many_uris);
  EXPECT_EQ(Path::parse(repeated(3, first), 2).error().code, Errc::too_many_uris);
}

TEST(Path, LongUris) {
  const std::string text = "msrp://a.example:1/" + std::string(15 * 1024, 's') + ";tcp " + second;
  const PathView view = path(text);
  EXPECT_EQ(view.front().session_id.size(), 15U * 1024U);
  EXPECT_EQ(view.back().text, second);
}

TEST(Path, Equivalence) {
  const std::string other_first = "MSRP://bob@A.EXAMPLE:01/one;TCP;z";
  EXPECT_TRUE(equivalent(path(first + " " + second), path(other_first + " " + second)));
  EXPECT_FALSE(equivalent(path(first + " " + second), path(second + " " + first)));
  EXPECT_FALSE(equivalent(path(first + " " + second), path(first)));
  EXPECT_FALSE(equivalent(path(first), path(first + " " + first)));
  EXPECT_FALSE(equivalent(path(first + " " + second), path(first + " " + third)));
}

TEST(Path, RebaseMovesEveryView) {
  const std::string line = "To-Path: " + first + " " + second + "\r\n";
  auto original = std::make_unique<std::string>(line);
  PathView view = path(std::string_view(*original).substr(9, line.size() - 11));
  const std::string copy = line;
  view.rebase(original->data(), copy.data());
  original->assign(original->size(), '!');
  original.reset();
  EXPECT_EQ(view.text().data(), copy.data() + 9);
  EXPECT_EQ(view.front().text, first);
  EXPECT_EQ(view.front().host, "a.example");
  EXPECT_EQ(view.front().session_id, "one");
  EXPECT_EQ(view.front().transport, "tcp");
  EXPECT_EQ(view.back().parameters, "x=y");
  EXPECT_EQ(uris_of(view), (std::vector{first, second}));
}

TEST(OwnedPath, KeepsItsText) {
  const Path owned = Path::parse(first + " " + third).value();
  const Path copy = owned;
  EXPECT_EQ(copy.text(), first + " " + third);
  EXPECT_EQ(copy.view().text().data(), copy.text().data());
  EXPECT_EQ(copy.view().size(), 2U);
  EXPECT_EQ(Path(Uri::parse(second).value()).view().front().port, 2);
  EXPECT_EQ(Path::parse("").error().code, Errc::bad_path);
  EXPECT_EQ(Path::parse("x").error().code, Errc::bad_uri);
}

// The production reading and the plain one say the same.
TEST(PathRandom, AgreesWithTheReference) {
  static const std::string pieces[] = {
      first, second, third, "msrp://192.0.2.1:1/s;tcp", "msrp://192.0.2.1/s;tcp", "x", ""};
  static const std::string separators[] = {" ", " ", " ", " ", "  ", "\t", ",", ""};
  test::Splitmix random(41);
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (std::size_t n = random.below(6) + 1; n-- > 0;) {
      const std::size_t which =
          random.one_in(12) ? random.below(std::size(pieces)) : random.below(4);
      text += pieces[which];
      if (n > 0) {
        text += random.one_in(12) ? separators[random.below(std::size(separators))] : " ";
      }
    }
    const auto uris_max = static_cast<std::uint16_t>(random.one_in(4) ? random.below(4) + 1 : 16);
    const Result<PathView> parsed = PathView::parse(text, uris_max);
    const test::ReferencePath wanted = test::reference_parse_path(text, uris_max);
    if (!parsed) {
      ASSERT_TRUE(wanted.error) << text;
      ASSERT_EQ(parsed.error().code, *wanted.error) << text;
      continue;
    }
    ++accepted;
    ASSERT_FALSE(wanted.error) << text;
    ASSERT_EQ(uris_of(*parsed), wanted.uris) << text;
    ASSERT_EQ(parsed->size(), wanted.uris.size());
    ASSERT_EQ(parsed->front().text, wanted.uris.front());
    ASSERT_EQ(parsed->back().text, wanted.uris.back());
  }
  EXPECT_GT(accepted, 1000);
  EXPECT_LT(accepted, 19000);
}

}  // namespace
}  // namespace msrp
