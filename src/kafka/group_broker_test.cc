#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kafka/broker_test_support.h"
#include "kafka/plain_client.h"

extern char** environ;

namespace audit::kafka {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// The session time-out of the members here; a handover that waits for it takes longer than that.
constexpr milliseconds kSession{6'000};

std::vector<std::pair<std::optional<std::string>, std::string>> Spread(int from, int to) {
  std::vector<std::pair<std::optional<std::string>, std::string>> messages;
  for (int i = from; i < to; ++i) messages.emplace_back("key-" + std::to_string(i % 50), std::to_string(i));
  return messages;
}

SourceOptions OptionsOf(const std::string& topic, const std::string& group, const std::string& strategy) {
  SourceOptions options = Member::Options(topic, group);
  options.assignment_strategy = strategy;
  return options;
}

std::set<int> NumbersOf(const std::vector<Read>& read) {
  std::set<int> numbers;
  for (const Read& each : read) numbers.insert(std::stoi(each.value));
  return numbers;
}

class Strategies : public testing::TestWithParam<std::string> {};

TEST_P(Strategies, TwoMembersShareAndHandOver) {
  const std::string topic = MakeTopic(6);
  const std::string group = FreshName("group");
  PutRaw(topic, Spread(0, 300));
  Member first(OptionsOf(topic, group, GetParam()));
  ASSERT_TRUE(first.ReadUntil(300));
  std::optional<Member> second(std::in_place, OptionsOf(topic, group, GetParam()));
  ASSERT_TRUE(WaitFor([&] {
    first.Step();
    second->Step();
    return first.observer.assigned.size() == 3 && second->observer.assigned.size() == 3;
  }));
  PutRaw(topic, Spread(300, 600));
  ASSERT_TRUE(WaitFor([&] {
    first.Step();
    second->Step();
    return first.read.size() + second->read.size() >= 600;
  }));
  EXPECT_THAT(second->read, testing::Not(IsEmpty()));
  std::set<int> numbers = NumbersOf(first.read);
  numbers.merge(NumbersOf(second->read));
  EXPECT_THAT(numbers, SizeIs(600));
  EXPECT_EQ(first.read.size() + second->read.size(), 600U) << "nothing is read twice";
  second.reset();
  ASSERT_TRUE(WaitFor([&] {
    first.Step();
    return first.observer.assigned.size() == 6;
  }));
}

TEST_P(Strategies, AfterACleanStopTheNextMemberReadsAtOnce) {
  const std::string topic = MakeTopic(6);
  const std::string group = FreshName("group");
  PutRaw(topic, Spread(0, 60));
  std::optional<Member> first(std::in_place, OptionsOf(topic, group, GetParam()));
  ASSERT_TRUE(first->ReadUntil(60));
  PutRaw(topic, Spread(60, 120));
  const auto stopped = steady_clock::now();
  first.reset();
  const auto closed = steady_clock::now();
  Member next(OptionsOf(topic, group, GetParam()));
  ASSERT_TRUE(next.ReadUntil(1));
  const auto took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - stopped);
  std::printf("%s: clean stop %lld ms, first message of the next member after %lld ms\n", GetParam().c_str(),
              static_cast<long long>(std::chrono::duration_cast<milliseconds>(closed - stopped).count()),
              static_cast<long long>(took.count()));
  EXPECT_LT(took, kSession / 2);
}

TEST_P(Strategies, ABatchWhosePartitionsWereTakenIsNotOursAndCannotBeCommitted) {
  const std::string topic = MakeTopic(4);
  const std::string group = FreshName("group");
  PutRaw(topic, Spread(0, 200));
  Member first(OptionsOf(topic, group, GetParam()));
  ASSERT_TRUE(WaitFor([&] { return first.Step(false) > 0; }));
  std::set<std::int32_t> batch;
  for (const Read& read : first.read) batch.insert(read.partition);
  first.read.clear();
  EXPECT_TRUE(first.source->StillOurs());
  Member second(OptionsOf(topic, group, GetParam()));
  // The store is away; the pump asks meanwhile.
  bool still_ours = true;
  ASSERT_TRUE(WaitFor([&] {
    second.Step();
    still_ours = first.source->StillOurs();
    return second.observer.assigned.size() == 2 && first.observer.assigned.size() == 2;
  }));
  // The eager strategies take everything away before they share it out, the other only what moves.
  bool moved = GetParam() != "cooperative-sticky";
  for (const std::int32_t partition : second.observer.assigned) moved = moved || batch.contains(partition);
  EXPECT_EQ(still_ours, !moved);
  if (moved) {
    EXPECT_FALSE(first.source->Commit().ok());
  }
  first.source->Rewind();
  ASSERT_TRUE(WaitFor([&] {
    first.Step();
    second.Step();
    std::set<int> numbers = NumbersOf(first.read);
    numbers.merge(NumbersOf(second.read));
    return numbers.size() == 200;
  })) << "first has "
      << first.read.size() << " of " << testing::PrintToString(first.observer.assigned) << ", second "
      << second.read.size() << " of " << testing::PrintToString(second.observer.assigned) << first.last_commit_error;
}

INSTANTIATE_TEST_SUITE_P(Source, Strategies, testing::Values("roundrobin", "range", "cooperative-sticky"),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST(GroupBrokerTest, AMemberOfAnotherProgramJoinsAndLeavesBesideOurs) {
  const std::string topic = MakeTopic(4);
  const std::string group = FreshName("group");
  std::optional<PlainMember> old(std::in_place, topic, group);
  PutRaw(topic, Spread(0, 100));
  ASSERT_TRUE(WaitFor([&] { return old->read() == 100; }));  // it was there first
  Member ours(OptionsOf(topic, group, "roundrobin"));
  ASSERT_TRUE(WaitFor([&] {
    ours.Step();
    return ours.observer.assigned.size() == 2 && old->partitions() == 2;
  }));
  PutRaw(topic, Spread(100, 300));
  ASSERT_TRUE(WaitFor([&] {
    ours.Step();
    return old->read() + static_cast<int>(ours.read.size()) == 300;
  }));
  old.reset();
  PutRaw(topic, Spread(300, 350));
  const std::size_t before = ours.read.size();
  ASSERT_TRUE(ours.ReadUntil(before + 50));
  EXPECT_THAT(ours.observer.assigned, SizeIs(4));
  // And last: it comes back.
  old.emplace(topic, group);
  ASSERT_TRUE(WaitFor([&] {
    ours.Step();
    return ours.observer.assigned.size() == 2 && old->partitions() == 2;
  }));
  EXPECT_EQ(ours.read.size(), before + 50);
}

TEST(GroupBrokerTest, AMemberThatItsGroupRefusesSaysWhyAndGetsInLater) {
  const std::string topic = MakeTopic(2);
  const std::string group = FreshName("group");
  PutRaw(topic, Spread(0, 10));
  std::optional<PlainMember> eager(std::in_place, topic, group);
  ASSERT_TRUE(WaitFor([&] { return eager->read() == 10; }));
  Member ours(OptionsOf(topic, group, "cooperative-sticky"));
  ASSERT_TRUE(WaitFor([&] {
    ours.Step();
    return !ours.observer.refusals.empty();
  }));
  EXPECT_THAT(ours.observer.refusals.front(), HasSubstr("kafka.consumer.assignment_strategy"));
  PutRaw(topic, Spread(10, 20));
  ASSERT_TRUE(WaitFor([&] { return eager->read() == 20; }));  // undisturbed
  eager.reset();
  PutRaw(topic, Spread(20, 30));
  EXPECT_TRUE(ours.ReadUntil(10));
}

TEST(GroupBrokerTest, AStaticMemberKeepsItsPartitionsOverARestart) {
  const std::string topic = MakeTopic(4);
  const std::string group = FreshName("group");
  SourceOptions options = OptionsOf(topic, group, "roundrobin");
  options.group_instance_id = "replica-0";
  std::optional<Member> first(std::in_place, options);
  Member second(OptionsOf(topic, group, "roundrobin"));
  ASSERT_TRUE(WaitFor([&] {
    first->Step();
    second.Step();
    return first->observer.assigned.size() == 2 && second.observer.assigned.size() == 2;
  }));
  first.reset();
  second.observer.assigned.clear();  // tells whether there was a rebalance
  first.emplace(options);
  ASSERT_TRUE(WaitFor([&] {
    first->Step();
    second.Step();
    return first->observer.assigned.size() == 2;
  }));
  EXPECT_THAT(second.observer.assigned, IsEmpty());
}

TEST(GroupBrokerTest, AFencedMemberSaysWhyAndTheBatchIsNotItsOwn) {
  const std::string topic = MakeTopic(1);
  const std::string group = FreshName("group");
  SourceOptions options = OptionsOf(topic, group, "roundrobin");
  options.group_instance_id = "the-same-id";
  PutRaw(topic, Spread(0, 10));
  Member first(options);
  ASSERT_TRUE(WaitFor([&] { return first.Step(false) > 0; }));
  Member second(options);
  ASSERT_TRUE(WaitFor([&] {
    second.Step();
    return !first.source->StillOurs();
  }));
  EXPECT_FALSE(first.source->Commit().ok());
  first.source->Rewind();
  ASSERT_TRUE(WaitFor([&] { return !first.observer.refusals.empty() || !first.source->Fetch(1, 1'000).ok(); }));
  ASSERT_FALSE(first.observer.refusals.empty());
  EXPECT_THAT(first.observer.refusals.front(), HasSubstr("group_instance_id"));
  ASSERT_TRUE(second.ReadUntil(10));
}

// Not a test by itself: the member that the test below kills.
TEST(MemberProcess, ReadsUntilItIsKilled) {
  const char* topic = std::getenv("AUDIT_TEST_MEMBER_TOPIC");
  const char* group = std::getenv("AUDIT_TEST_MEMBER_GROUP");
  if (topic == nullptr || group == nullptr) GTEST_SKIP() << "runs as a process of another test";
  Member member(OptionsOf(topic, group, std::getenv("AUDIT_TEST_MEMBER_STRATEGY")));
  ASSERT_TRUE(member.ReadUntil(60));
  std::printf("reading\n");
  std::fflush(stdout);
  WaitFor([&] {
    member.Step();
    return false;
  });
}

class Killed : public testing::TestWithParam<std::string> {};

TEST_P(Killed, AfterAKillTheNextMemberReadsWhenTheSessionHasTimedOut) {
  const std::string topic = MakeTopic(6);
  const std::string group = FreshName("group");
  PutRaw(topic, Spread(0, 60));
  setenv("AUDIT_TEST_MEMBER_TOPIC", topic.c_str(), 1);
  setenv("AUDIT_TEST_MEMBER_GROUP", group.c_str(), 1);
  setenv("AUDIT_TEST_MEMBER_STRATEGY", GetParam().c_str(), 1);
  int output[2];
  ASSERT_EQ(pipe2(output, O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  std::string program = "/proc/self/exe";
  std::string filter = "--gtest_filter=MemberProcess.*";
  char* arguments[] = {program.data(), filter.data(), nullptr};
  pid_t child = 0;
  ASSERT_EQ(posix_spawn(&child, program.c_str(), &actions, nullptr, arguments, environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  close(output[1]);
  unsetenv("AUDIT_TEST_MEMBER_TOPIC");
  std::string said;
  std::array<char, 1'024> buffer{};
  while (said.find("reading\n") == std::string::npos) {
    const ssize_t count = read(output[0], buffer.data(), buffer.size());
    ASSERT_GT(count, 0) << said;
    said.append(buffer.data(), static_cast<std::size_t>(count));
  }
  kill(child, SIGKILL);
  const auto killed = steady_clock::now();
  waitpid(child, nullptr, 0);
  close(output[0]);
  PutRaw(topic, Spread(60, 120));
  Member next(OptionsOf(topic, group, GetParam()));
  ASSERT_TRUE(next.ReadUntil(1));
  const auto took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - killed);
  std::printf("%s: first message of the next member %lld ms after a kill, session time-out %lld ms\n",
              GetParam().c_str(), static_cast<long long>(took.count()), static_cast<long long>(kSession.count()));
  EXPECT_LT(took, 3 * kSession);
}

INSTANTIATE_TEST_SUITE_P(Source, Killed, testing::Values("roundrobin", "cooperative-sticky"), [](const auto& instance) {
  std::string name = instance.param;
  std::erase(name, '-');
  return name;
});

}  // namespace
}  // namespace audit::kafka
