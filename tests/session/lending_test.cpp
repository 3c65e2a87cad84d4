// poll_transmit() lends, transmitted() consumes; what is lent stays as it is (contract rule 4). The
// world compares every lent octet with a copy when it is transmitted.
#include <gtest/gtest.h>

#include "support/pair.hpp"

namespace msrp::test {
namespace {

// One octet at a time, however it was lent.
TEST(Lending, TransmittedOctetByOctet) {
  for (const std::size_t spans : {std::size_t{1}, std::size_t{2}, std::size_t{16}}) {
    Pair pair;
    pair.transmit_max = 1;
    pair.lend_spans = spans;
    const std::string body = pattern(6000);
    const MessageHandle handle = pair.a.send("text/plain", body, {.success_report = true});
    pair.drive();
    EXPECT_TRUE(pair.a.out(handle).delivered);
    EXPECT_TRUE(pair.a.out(handle).done);
    EXPECT_TRUE(pair.b.last_in().body == body);
  }
}

// poll_transmit() consumes nothing: asked again it says the same.
TEST(Lending, AskingAgainSaysTheSame) {
  Solo world;
  End& end = world.end_of(world.node);
  end.deaf = true;
  world.node.send("text/plain", pattern(100'000));
  world.drive();
  const std::string lent = end.lent_copy;
  ASSERT_FALSE(lent.empty());
  for (int i = 0; i < 5; ++i) {
    std::vector<ConstBuffer> out(world.lend_spans);
    out.resize(world.node.engine().poll_transmit(end.conn, out, world.now));
    std::string again;
    for (const ConstBuffer& buffer : out) again += text_of(buffer);
    EXPECT_EQ(again.substr(0, lent.size()), lent);
  }
  // With fewer places: the same front.
  ConstBuffer one[1];
  ASSERT_EQ(world.node.engine().poll_transmit(end.conn, one, world.now), 1U);
  EXPECT_EQ(text_of(one[0]), std::string_view(lent).substr(0, one[0].size()));
  EXPECT_EQ(world.node.engine().poll_transmit(end.conn, {}, world.now), 0U);
}

// Sends, aborts, responses and time in between do not touch what is lent.
TEST(Lending, LentOctetsStayWhileOtherThingsHappen) {
  Solo world;
  End& end = world.end_of(world.node);
  end.deaf = true;
  std::vector<MessageHandle> handles;
  for (int i = 0; i < 10; ++i)
    handles.push_back(world.node.send("text/plain", pattern(3000, static_cast<std::uint64_t>(i))));
  world.drive();
  ASSERT_FALSE(end.lent.empty());
  const std::string before = end.lent_copy;
  for (int i = 0; i < 200; ++i) {
    world.node.send("text/plain", pattern(400));
    world.peer_sends(world.parts("interleaved"));
  }
  for (const MessageHandle handle : handles) world.node.engine().abort(handle, world.now);
  world.advance(std::chrono::seconds(100));
  std::string now;
  for (const ConstBuffer& buffer : end.lent) now += text_of(buffer);
  EXPECT_TRUE(now == before);
  end.deaf = false;
  world.drive();
  // What arrives is well framed whatever happened.
  for (const WireChunk& chunk : world.sent_and_answered())
    EXPECT_TRUE(chunk.word == "SEND" || chunk.word == "200") << chunk.word;
  EXPECT_TRUE(world.peer.got().empty());
}

// After the connection is lost, and after close(), until on_closed().
TEST(Lending, LentOctetsStayUntilOnClosed) {
  for (const bool lost : {false, true}) {
    Solo world;
    End& end = world.end_of(world.node);
    end.deaf = true;
    world.hold_closed = true;
    const std::string borrowed = pattern(50'000);
    const MessageHandle own = world.node.send("text/plain", pattern(50'000, 7));
    const MessageHandle lent =
        world.node.send({.content_type = "text/plain"}, BorrowedBody{bytes_of(borrowed)});
    world.drive();
    const std::string before = end.lent_copy;
    ASSERT_FALSE(before.empty());
    if (lost)
      world.lose(end);
    else
      world.node.engine().close(world.session, world.now);
    world.advance(std::chrono::seconds(60));
    std::string now;
    for (const ConstBuffer& buffer : end.lent) now += text_of(buffer);
    EXPECT_TRUE(now == before);
    if (lost) {
      EXPECT_FALSE(world.closes.empty()) << "DoClose follows on_lost()";
    }
    end.deaf = false;
    world.hold_closed = false;
    world.drive();
    EXPECT_TRUE(world.node.out(own).done);
    EXPECT_TRUE(world.node.out(lent).done);
    EXPECT_EQ(world.node.out(lent).released, 1);
    EXPECT_TRUE(world.node.session_closed(world.session));
    EXPECT_EQ(world.node.engine().stats().connections, 0U);
  }
}

// A borrowed body whose octets are lent when the connection is lost: released after on_closed().
TEST(Lending, ABorrowedBodyIsReleasedOnlyAfterOnClosed) {
  Solo world;
  End& end = world.end_of(world.node);
  end.deaf = true;
  world.hold_closed = true;
  const std::string body = pattern(50'000);
  const MessageHandle handle =
      world.node.send({.content_type = "text/plain"}, BorrowedBody{bytes_of(body)});
  world.drive();
  ASSERT_TRUE(std::ranges::any_of(end.lent, [&](ConstBuffer buffer) {
    return buffer.data() >= bytes_of(body).data() &&
           buffer.data() < bytes_of(body).data() + body.size();
  })) << "a large borrowed body is lent by reference";
  world.lose(end);
  world.drive();
  EXPECT_EQ(world.node.out(handle).released, 0);
  EXPECT_FALSE(world.node.out(handle).done);
  world.hold_closed = false;
  world.drive();
  EXPECT_EQ(world.node.out(handle).released, 1);
  EXPECT_TRUE(world.node.out(handle).done);
}

// A borrowed body is the caller's again by the time the message is done.
TEST(Lending, ABorrowedBodyIsReleasedByTheEnd) {
  Solo world;
  const std::string body = pattern(50'000);
  const MessageHandle handle =
      world.node.send({.content_type = "text/plain"}, BorrowedBody{bytes_of(body)});
  world.drive();
  EXPECT_TRUE(world.node.out(handle).sent);
  EXPECT_FALSE(world.node.out(handle).done);
  world.respond(world.peer.next());
  EXPECT_EQ(world.node.out(handle).released, 1);
  EXPECT_TRUE(world.node.out(handle).done);
}

// poll_sendable() names a connection once until something changes.
TEST(Lending, PollSendableNamesAConnectionOnce) {
  Solo world;
  EXPECT_FALSE(world.node.engine().poll_sendable());
  world.node.send("text/plain", "hello");
  const auto named = world.node.engine().poll_sendable();
  ASSERT_TRUE(named);
  EXPECT_EQ(*named, world.end_of(world.node).conn);
  EXPECT_FALSE(world.node.engine().poll_sendable());
  world.node.send("text/plain", "more");
  EXPECT_TRUE(world.node.engine().poll_sendable());
  ConstBuffer out[1];
  ASSERT_EQ(world.node.engine().poll_transmit(*named, out, world.now), 1U);
  world.peer.send("");
  world.node.engine().transmitted(*named, 1, world.now);
  EXPECT_TRUE(world.node.engine().poll_sendable()) << "there is more";
}

// Nothing to send is nothing.
TEST(Lending, UnknownAndIdleConnectionsLendNothing) {
  Solo world;
  ConstBuffer out[4];
  EXPECT_EQ(world.node.engine().poll_transmit(world.end_of(world.node).conn, out, world.now), 0U);
  EXPECT_EQ(world.node.engine().poll_transmit(ConnId{77, 3}, out, world.now), 0U);
  EXPECT_FALSE(world.node.engine().poll_sendable());
}

}  // namespace
}  // namespace msrp::test
