#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backends/common/clock.hpp"
#include "backends/resolve/cares_resolver.hpp"
#include "name_server.hpp"

namespace msrp::backend {
namespace {

using Texts = std::vector<std::string>;

class Watched final : public DescriptorWatcher {
 public:
  void watch(int descriptor, bool readable, bool writable) noexcept override {
    if (readable || writable)
      all[descriptor] = static_cast<short>((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
    else
      all.erase(descriptor);
  }
  std::map<int, short> all;
};

class ResolverTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(server.ready());
    options.servers = server.address();
    options.try_timeout = std::chrono::seconds(20);  // no test waits for it
    options.tries = 1;
  }

  CaresResolver& resolver() {
    if (!resolver_) resolver_.emplace(options, watched);
    return *resolver_;
  }

  static ResolveId id(std::uint32_t number) { return {number, 1}; }
  static Instant far() { return steady_now() + std::chrono::hours(1); }
  void ask(std::uint32_t number, std::string_view host) {
    resolver().resolve(id(number), host, far(), steady_now());
  }

  // Waits for something to do and does it, on the server's side and on the resolver's.
  void run_once() {
    std::vector<pollfd> polled{{server.descriptor(), POLLIN, 0}};
    for (const auto& [descriptor, events] : watched.all) polled.push_back({descriptor, events, 0});
    const auto due = resolver().next_timeout(steady_now());
    const auto left = due ? std::chrono::ceil<std::chrono::milliseconds>(*due - steady_now())
                          : std::chrono::milliseconds(0);
    ::poll(polled.data(), polled.size(), static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (polled[0].revents != 0) server.serve();
    for (std::size_t i = 1; i < polled.size(); ++i) {
      if (polled[i].revents == 0) continue;
      resolver().process(polled[i].fd, (polled[i].revents & ~POLLOUT) != 0,
                         (polled[i].revents & POLLOUT) != 0);
    }
    if (due && *due <= steady_now()) resolver().handle_timeout(steady_now());
  }

  std::vector<CaresResolver::Answer> answers() {
    while (!resolver().has_answers() && resolver().next_timeout(steady_now())) run_once();
    return resolver().take_answers();
  }

  static Texts texts(const CaresResolver::Answer& answer, bool v6) {
    Texts out;
    for (const DnsRecord& record : answer.records) {
      const auto* address = std::get_if<AddressRecord>(&record);
      if (address != nullptr && address->ip.v6 == v6) out.push_back(address->ip.text());
    }
    return out;
  }

  void expect_fault(std::uint32_t number, Errc code) {
    const auto all = answers();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].query, id(number));
    EXPECT_TRUE(all[0].records.empty());
    ASSERT_TRUE(all[0].error);
    EXPECT_EQ(all[0].error->code, code) << describe(all[0].error->code);
  }

  NameServer server;
  Watched watched;
  ResolverOptions options;

 private:
  std::optional<CaresResolver> resolver_;
};

// R4975-6.2-2, R4975-6.2-3: A and AAAA, no SRV, each family in the order of its records. Sorting
// by reachability would put the loopback first.
TEST_F(ResolverTest, AddressesOfBothFamiliesInTheirOrder) {
  server["both.example"].a = {"203.0.113.9", "127.0.0.1", "203.0.113.1"};
  server["both.example"].aaaa = {"2001:db8::9", "::1", "2001:db8::1"};
  ask(7, "both.example");
  const auto all = answers();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].query, id(7));
  EXPECT_FALSE(all[0].error);
  EXPECT_EQ(all[0].records.size(), 6U);
  EXPECT_EQ(texts(all[0], false), server["both.example"].a);
  EXPECT_EQ(texts(all[0], true), server["both.example"].aaaa);
  Texts asked = server.asked();
  std::ranges::sort(asked);
  EXPECT_EQ(asked, (Texts{"both.example A", "both.example AAAA"}));
  EXPECT_EQ(resolver().queries(), 0U);
  EXPECT_FALSE(resolver().next_timeout(steady_now()));
}

TEST_F(ResolverTest, OneFamilyIsEnough) {
  server["four.example"].a = {"192.0.2.4"};
  server["six.example"].aaaa = {"2001:db8::6"};
  ask(1, "four.example");
  auto all = answers();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_FALSE(all[0].error);
  EXPECT_EQ(texts(all[0], false), Texts{"192.0.2.4"});
  EXPECT_TRUE(texts(all[0], true).empty());
  ask(2, "six.example");
  all = answers();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].query, id(2));
  EXPECT_FALSE(all[0].error);
  EXPECT_EQ(texts(all[0], true), Texts{"2001:db8::6"});
}

TEST_F(ResolverTest, ANameThatDoesNotExist) {
  ask(1, "no.example");
  expect_fault(1, Errc::resolve_failed);
  EXPECT_EQ(resolver().queries(), 0U);
}

TEST_F(ResolverTest, ANameWithoutAnAddress) {
  server["empty.example"];
  ask(1, "empty.example");
  expect_fault(1, Errc::resolve_failed);
}

TEST_F(ResolverTest, QueriesAtTheSameTimeKeepTheirAnswersApart) {
  for (std::uint32_t i = 0; i < 50; ++i)
    server["host" + std::to_string(i) + ".example"].a = {"192.0.2." + std::to_string(i + 1)};
  for (std::uint32_t i = 0; i < 50; ++i) ask(i, "host" + std::to_string(i) + ".example");
  std::map<std::uint32_t, Texts> found;
  while (resolver().next_timeout(steady_now()) || resolver().has_answers())
    for (const auto& answer : answers()) found[answer.query.index] = texts(answer, false);
  ASSERT_EQ(found.size(), 50U);
  for (const auto& [index, addresses] : found)
    EXPECT_EQ(addresses, Texts{"192.0.2." + std::to_string(index + 1)});
}

TEST_F(ResolverTest, AnAnswerWithAnotherIdIsNotBelieved) {
  server["bank.example"].a = {"192.0.2.1"};
  server["bank.example"].forged = true;
  server["bank.example"].forged_a = "198.51.100.66";
  ask(1, "bank.example");
  const auto all = answers();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(texts(all[0], false), Texts{"192.0.2.1"});
}

TEST_F(ResolverTest, AServerThatIsSilentTimesOut) {
  options.try_timeout = std::chrono::milliseconds(30);
  server["silent.example"].silent = true;
  ask(1, "silent.example");
  expect_fault(1, Errc::timed_out);
  EXPECT_EQ(resolver().queries(), 0U);
}

// The library goes on with the query: what it says later is dropped.
TEST_F(ResolverTest, TheDeadlineAnswersOnce) {
  server["late.example"].a = {"192.0.2.1"};
  const Instant start = steady_now();
  const Instant deadline = start + std::chrono::seconds(5);
  resolver().resolve(id(3), "late.example", deadline, start);
  EXPECT_EQ(resolver().next_timeout(start), deadline) << "the earlier of the two";
  resolver().handle_timeout(deadline - std::chrono::nanoseconds(1));
  EXPECT_FALSE(resolver().has_answers());
  resolver().handle_timeout(deadline);
  expect_fault(3, Errc::timed_out);
  resolver().handle_timeout(deadline + std::chrono::seconds(1));
  EXPECT_FALSE(resolver().has_answers());
  EXPECT_EQ(resolver().queries(), 1U) << "counts until the library gives it up";
  while (resolver().queries() != 0 && resolver().next_timeout(steady_now())) run_once();
  EXPECT_EQ(resolver().queries(), 0U);
  EXPECT_FALSE(resolver().has_answers());
}

TEST_F(ResolverTest, NamesThatCannotBeAskedForAreRefusedAtOnce) {
  const std::string label(63, 'a');
  std::uint32_t number = 0;
  for (const std::string& host :
       {std::string(), std::string("a.exa\0mple", 10), std::string(256, 'a'),
        label + "." + label + "." + label + "." + label + "." + label,
        std::string(64, 'a') + ".example", std::string("a..example")}) {
    ask(++number, host);
    expect_fault(number, Errc::resolve_failed);
  }
  server.serve();
  EXPECT_TRUE(server.asked().empty());
}

TEST_F(ResolverTest, QueriesAreLimited) {
  options.queries_max = 2;
  for (const char* name : {"a.example", "b.example", "c.example"}) server[name].a = {"192.0.2.1"};
  ask(1, "a.example");
  ask(2, "b.example");
  ask(3, "c.example");
  expect_fault(3, Errc::limit_exceeded);
  EXPECT_EQ(resolver().queries(), 2U);
  std::size_t found = 0;
  while (resolver().next_timeout(steady_now()) || resolver().has_answers())
    for (const auto& answer : answers()) found += answer.error ? 0 : 1;
  EXPECT_EQ(found, 2U);
  ask(4, "c.example");
  EXPECT_EQ(texts(answers().at(0), false), Texts{"192.0.2.1"}) << "there is room again";
}

TEST_F(ResolverTest, RecordsAreLimited) {
  options.records_max = 3;
  for (int i = 1; i <= 20; ++i) server["many.example"].a.push_back("192.0.2." + std::to_string(i));
  ask(1, "many.example");
  const auto all = answers();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].records.size(), 3U);
}

TEST_F(ResolverTest, TheHostsFileIsReadWithoutAskingAServer) {
  ask(1, "localhost");
  const auto all = answers();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_FALSE(all[0].error);
  Texts found = texts(all[0], false);
  if (found.empty()) found = texts(all[0], true);
  ASSERT_FALSE(found.empty());
  EXPECT_TRUE(found[0] == "127.0.0.1" || found[0] == "::1") << found[0];
  server.serve();
  EXPECT_TRUE(server.asked().empty());
}

TEST_F(ResolverTest, AListOfServersThatIsNoneFailsEveryQuery) {
  options.servers = "no address";
  ask(1, "a.example");
  expect_fault(1, Errc::resolve_failed);
  EXPECT_TRUE(watched.all.empty());
}

TEST(Resolver, GoneWithQueriesUnderWayItLeavesNothingWatched) {
  NameServer server;
  ASSERT_TRUE(server.ready());
  Watched watched;
  {
    CaresResolver resolver({.servers = server.address()}, watched);
    resolver.resolve({1, 1}, "a.example", steady_now() + std::chrono::hours(1), steady_now());
    resolver.resolve({2, 1}, "b.example", steady_now() + std::chrono::hours(1), steady_now());
    EXPECT_FALSE(watched.all.empty());
    EXPECT_EQ(resolver.queries(), 2U);
  }
  EXPECT_TRUE(watched.all.empty());
}

}  // namespace
}  // namespace msrp::backend
