// Which types are signalled, and which are sent (RFC 4975 section 8.6).
#include "msrp/accept_types.hpp"

#include "sdp_support.hpp"

namespace msrp::test {
namespace {

std::string chosen(std::initializer_list<std::string_view> candidates, const Strings& accepts) {
  const std::vector<std::string_view> list(candidates);
  const auto index = choose_type(list, accepts);
  return index ? std::string(list[*index]) : "none";
}

// R4975-8.6-3, R4975-8.6-2
TEST(ChooseType, WhatIsListedComesBeforeWhatIsLetThrough) {
  EXPECT_EQ(chosen({"text/html", "text/plain"}, {"*", "text/plain"}), "text/plain");
  EXPECT_EQ(chosen({"text/html", "text/plain"}, {"text/*", "text/plain"}), "text/plain");
  EXPECT_EQ(chosen({"image/png", "text/html"}, {"text/*", "*"}), "image/png");
  EXPECT_EQ(chosen({"text/html", "text/plain"}, {"text/plain", "text/html"}), "text/html");
  EXPECT_EQ(chosen({"TEXT/Plain"}, {"text/PLAIN"}), "TEXT/Plain");
}

// R4975-8.6-10, R4975-8.6-11
TEST(ChooseType, NothingThatIsNotSignalled) {
  EXPECT_EQ(chosen({"text/html"}, {"text/plain", "image/*"}), "none");
  EXPECT_EQ(chosen({}, {"*"}), "none");
  EXPECT_EQ(chosen({"text/html"}, {}), "none");
  EXPECT_EQ(chosen({"no type"}, {"*"}), "none");
}

// R4975-8.6-15
TEST(ChooseType, ParametersTakeNoPart) {
  EXPECT_EQ(chosen({"text/plain;charset=utf-8"}, {"text/plain"}), "text/plain;charset=utf-8");
  EXPECT_EQ(chosen({"text/plain"}, {"text/plain;charset=utf-8"}), "text/plain");
  EXPECT_EQ(chosen({"text/html", "text/plain"}, {"text/*;a=b", "text/plain;c=d"}), "text/plain");
}

// R4975-8.6-7
TEST(ChooseType, WrappedTypesAreNoRoot) {
  const Strings types = {"message/cpim"}, wrapped = {"text/plain", "image/*"};
  const std::vector<std::string_view> candidates = {"image/png", "text/plain"};
  EXPECT_FALSE(choose_type(candidates, types));
  EXPECT_EQ(choose_wrapped_type(candidates, types, wrapped), 1U);  // listed before let through
  const std::vector<std::string_view> nested = {"message/cpim"};
  EXPECT_EQ(choose_wrapped_type(nested, types, wrapped), 0U);
  const std::vector<std::string_view> other = {"audio/x"};
  EXPECT_FALSE(choose_wrapped_type(other, types, wrapped));
}

// R4975-8.6-4
TEST(AcceptLists, MandatoryTypesAreSignalled) {
  const auto types = [](Strings listed) { return complete_lists({std::move(listed), {}}).types; };
  EXPECT_EQ(types({"*"}), Strings{"*"});
  EXPECT_EQ(types({"text/plain"}),
            (Strings{"text/plain", "message/cpim", "multipart/mixed", "multipart/alternative"}));
  EXPECT_EQ(types({"multipart/*", "Message/CPIM;x=y"}),
            (Strings{"multipart/*", "Message/CPIM;x=y"}));
  // In what is sent, and in what is enforced.
  Negotiation side = negotiation({.local = alice_path, .accepts = {{"text/plain"}, {}}});
  EXPECT_TRUE(says(offer_of(side),
                   "a=accept-types:text/plain message/cpim multipart/mixed multipart/alternative"));
  EXPECT_EQ(side.accepts().types.size(), 4U);
  Negotiation bare = negotiation(
      {.local = alice_path, .accepts = {{"text/plain"}, {}}, .add_mandatory_types = false});
  EXPECT_TRUE(says(offer_of(bare), "a=accept-types:text/plain"));
}

// R4975-8.6-8
TEST(AcceptLists, NothingIsSaidTwice) {
  Negotiation side =
      negotiation({.local = alice_path,
                   .accepts = {{"message/cpim", "text/plain"}, {"text/html", "TEXT/plain", "a/b"}},
                   .add_mandatory_types = false});
  EXPECT_TRUE(says(offer_of(side), "a=accept-wrapped-types:text/html a/b"));
}

// R4975-8.6-5
TEST(AcceptLists, WrappedTypesNeedAContainerThatIsListed) {
  const auto made = [](Strings types) {
    return Negotiation::create({.local = alice_path,
                                .accepts = {std::move(types), {"text/html"}},
                                .add_mandatory_types = false},
                               1);
  };
  EXPECT_EQ(made({"text/plain"}).error().code, Errc::invalid_argument);
  EXPECT_TRUE(made({"text/plain", "message/cpim"}));
  EXPECT_TRUE(made({"multipart/*"}));
  EXPECT_TRUE(made({"*"}));
}

// R4975-8.6-9
TEST(UsableTypes, AnOfferWithoutAnyIsRefused) {
  const auto refusal = [](Strings offered, Strings mine) {
    Negotiation alice = negotiation(
        {.local = alice_path, .accepts = {std::move(offered), {}}, .add_mandatory_types = false});
    Negotiation bob = negotiation(
        {.local = bob_path, .accepts = {std::move(mine), {}}, .add_mandatory_types = false});
    const Answer answer = answer_of(bob, offer_of(alice));
    EXPECT_EQ(section_of(answer.description).port == 0, answer.refusal != Refusal::none);
    return answer.refusal;
  };
  EXPECT_EQ(refusal({"text/plain"}, {"image/png"}), Refusal::no_usable_type);
  EXPECT_EQ(refusal({"text/*"}, {"image/png", "image/*"}), Refusal::no_usable_type);
  EXPECT_EQ(refusal({"text/plain;a=b", "x/y"}, {"TEXT/Plain"}), Refusal::none);
  EXPECT_EQ(refusal({"text/*"}, {"text/plain"}), Refusal::none);
  EXPECT_EQ(refusal({"*"}, {"text/plain"}), Refusal::none);
  EXPECT_EQ(refusal({"text/plain"}, {"*"}), Refusal::none);
  EXPECT_EQ(sip_not_acceptable, 488);
}

// R4975-8.6-9: who says what it sends is held to that.
TEST(UsableTypes, WhatIsSentMayDifferFromWhatIsTaken) {
  Negotiation alice = negotiation(
      {.local = alice_path, .accepts = {{"text/plain"}, {}}, .add_mandatory_types = false});
  Negotiation bob = negotiation({.local = bob_path, .sends = {"image/png"}});
  EXPECT_EQ(answer_of(bob, offer_of(alice)).refusal, Refusal::no_usable_type);
}

}  // namespace
}  // namespace msrp::test
