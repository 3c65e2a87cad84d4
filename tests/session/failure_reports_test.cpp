// Failure REPORTs of an application that knows late (RFC 4975 section 7.1.4).
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

SoloOptions manual() {
  SoloOptions options{.role = Role::passive};
  options.accepts.automatic_reports = false;
  return options;
}

// R4975-7.1.4-2, R4975-7.1.4-7, R4975-7.1.4-8, R4975-7.1.2-1, R4975-7.1.2-2, R4975-7.1.2-3: 200
// first, then any code there is but the 408 of relays.
TEST(FailureReports, CarryAnyCode) {
  for (const int code : {400, 403, 413, 415, 423, 481, 501, 506}) {
    Solo world(manual());
    world.peer_sends(world.parts("hello"));
    EXPECT_EQ(world.peer.next().word, "200");
    ASSERT_TRUE(world.node.engine().send_report(world.node.last_in().handle,
                                                static_cast<std::uint16_t>(code), world.now));
    world.drive();
    const WireChunk report = world.peer.next();
    EXPECT_EQ(report.word, "REPORT");
    EXPECT_EQ(report.header("Status").substr(0, 7), "000 " + std::to_string(code));
    EXPECT_EQ(report.header("Message-ID"), "peer-message-1");
    EXPECT_EQ(report.header("To-Path"), world.remote);
    EXPECT_FALSE(report.has("Success-Report"));
    EXPECT_FALSE(report.has("Failure-Report"));
    EXPECT_FALSE(report.body);
  }
}

// R4975-7.1.4-9, R4975-7.1.4-10, R4975-7.1.4-11: where it began and how long it is as announced,
// its end as counted.
TEST(FailureReports, NameTheRangeThatCame) {
  for (const char* range : {"1-*/5", "1-5/5", "1-4/5"}) {
    Solo world(manual());
    SendParts parts = world.parts("hello");
    parts.byte_range = range;
    world.peer_sends(parts);
    EXPECT_EQ(world.peer.next().word, "200") << range;
    ASSERT_TRUE(world.node.engine().send_report(world.node.last_in().handle, 403, world.now));
    world.drive();
    EXPECT_EQ(world.peer.next().header("Byte-Range"), "1-5/5") << range;
  }
}

// R4975-7.1.4-3, R4975-7.1.4-5, R4975-7.1.4-6: what "partial" and "no" leave of it.
TEST(FailureReports, AreOnlySentToWhoWantsThem) {
  for (const auto& [wanted, reports] :
       {std::pair<std::string, std::size_t>{"yes", 1}, {"partial", 1}, {"no", 0}}) {
    Solo world(manual());
    SendParts parts = world.parts("hello");
    parts.failure_report = wanted;
    parts.success_report = "yes";  // so that there is something to report on in any case
    world.peer_sends(parts);
    EXPECT_EQ(world.peer.take().size(), wanted == "yes" ? 1U : 0U) << wanted;
    ASSERT_TRUE(world.node.engine().send_report(world.node.last_in().handle, 403, world.now));
    world.drive();
    EXPECT_EQ(world.peer.take().size(), reports) << wanted;
  }
}

}  // namespace
}  // namespace msrp::test
