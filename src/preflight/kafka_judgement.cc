#include "preflight/kafka_judgement.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>

#include "kafka/client_log.h"

namespace audit::preflight {
namespace {

using config::Config;
using Settings = std::map<std::string, std::string>;

// Key and headers of a message, beside the event.
constexpr std::int64_t kMessageOverhead = 1'024;
constexpr std::int64_t kMsPerHour = 3'600'000;

// As the brokers write numbers; -1 of retention.ms and its like means without a limit.
std::optional<std::int64_t> NumberIn(const Settings& settings, const std::string& name) {
  const auto found = settings.find(name);
  if (found == settings.end()) return std::nullopt;
  std::int64_t number = 0;
  const char* const end = found->second.data() + found->second.size();
  if (std::from_chars(found->second.data(), end, number).ptr != end || found->second.empty()) return std::nullopt;
  return number;
}

std::string TextIn(const Settings& settings, const std::string& name) {
  const auto found = settings.find(name);
  return found == settings.end() ? "" : found->second;
}

std::string Hours(std::int64_t milliseconds) {
  const std::int64_t hours = milliseconds / kMsPerHour;
  return hours >= 1 ? std::to_string(hours) + " h" : std::to_string(milliseconds / 1'000) + " s";
}

constexpr const char* kAskTheBrokers =
    "see whether the brokers are in order: kafka-topics.sh --describe, and their logs";

bool LacksRight(const Error& error) { return error.message().find("uthorization failed") != std::string::npos; }

// For a shell, where a certificate's subject or a topic has something in it that one would take for its own.
std::string Quoted(const std::string& text) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.,:=@/";
  if (text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// What the user of the service may not do, and who can change that.
class Rights {
 public:
  Rights(const Config& config, const KafkaFacts& facts) : servers_(config.kafka.bootstrap_servers), facts_(facts) {}

  // `operations` as the brokers' own tool calls them, "Read"; of `kind` "topic", "group" or, without a name, "cluster".
  [[nodiscard]] std::string Grant(const std::vector<std::string>& operations, const std::string& kind,
                                  const std::string& name) const {
    std::string command = "kafka-acls.sh --bootstrap-server " + servers_.substr(0, servers_.find(',')) +
                          " --add --allow-principal " + Quoted(facts_.principal);
    for (const std::string& operation : operations) command.append(" --operation ").append(operation);
    command.append(" --").append(kind);
    return name.empty() ? command : command + ' ' + Quoted(name);
  }
  [[nodiscard]] std::string Lacks(const std::string& operation, const Error& error) const {
    return facts_.principal + " lacks the right " + operation + ": " + Reason(error);
  }
  // "Topic authorization failed", without what was asked before it and the advice behind it.
  [[nodiscard]] static std::string Reason(const Error& error) {
    std::string_view text = error.message();
    text = text.substr(0, text.find("; "));
    if (const auto at = text.rfind(": "); LacksRight(error) && at != std::string_view::npos) text.remove_prefix(at + 2);
    while (text.ends_with('.')) text.remove_suffix(1);
    return std::string(text);
  }

 private:
  const std::string& servers_;
  const KafkaFacts& facts_;
};

// One topic, by what it is for.
class TopicJudgement {
 public:
  TopicJudgement(const Config& config, const Expectations& expectations, const KafkaFacts& facts, bool of_events,
                 Findings& findings)
      : config_(config),
        expectations_(expectations),
        topic_(of_events ? config.kafka.topic : config.kafka.dlq_topic),
        of_events_(of_events),
        brokers_(facts.brokers.size()),
        rights_(config, facts),
        facts_(of_events ? *facts.events : *facts.dead_letters),
        findings_(findings) {}

  void Judge() {
    if (!facts_.state) return JudgeUnseen(facts_.state.error());
    if (!facts_.state->exists) return JudgeMissing();
    JudgePartitions();
    if (Writes() && facts_.writable) JudgeRight("writing", "Write", *facts_.writable);
    if (Reads() && facts_.readable) JudgeRight("reading", "Read", *facts_.readable);
    if (!facts_.settings) return;
    if (!*facts_.settings) {
      const Error& error = facts_.settings->error();
      findings_.Skipped(
          Check("settings"), LacksRight(error) ? rights_.Lacks("DescribeConfigs", error) : error.message(),
          LacksRight(error)
              ? rights_.Grant({"DescribeConfigs"}, "topic", topic_) + ", or look with kafka-configs.sh --describe"
              : kAskTheBrokers);
      return JudgeReplicas({});
    }
    const Settings& settings = **facts_.settings;
    JudgeReplicas(settings);
    JudgeSize(settings);
    JudgeKeeping(settings);
    if (of_events_) {
      JudgeTimes(settings);
      JudgeCompression(settings);
    }
  }

 private:
  [[nodiscard]] std::string Check(const std::string& what = {}) const {
    return "topic " + topic_ + (what.empty() ? "" : ": " + what);
  }
  [[nodiscard]] std::string Change(const std::string& setting) const {
    return "kafka-configs.sh --alter --entity-type topics --entity-name " + topic_ + " --add-config " + setting;
  }

  // What the roles of this replica do with the topic. Whoever stores also writes dead letters.
  [[nodiscard]] bool Writes() const { return of_events_ ? config_.role_ingest : config_.role_persist; }
  [[nodiscard]] bool Reads() const { return of_events_ && config_.role_persist; }

  // Whoever may read or write may look, too.
  [[nodiscard]] std::vector<std::string> Needed() const {
    std::vector<std::string> operations;
    if (Reads()) operations.emplace_back("Read");
    if (Writes()) operations.emplace_back("Write");
    if (operations.empty()) operations.emplace_back("Describe");
    return operations;
  }

  void JudgeUnseen(const Error& error) {
    if (LacksRight(error)) {
      findings_.Error(Check(), rights_.Lacks("Describe", error), rights_.Grant(Needed(), "topic", topic_));
    } else {
      findings_.Error(Check(), error.message(), kAskTheBrokers);
    }
  }

  void JudgeMissing() {
    const Config::Kafka::Topics& topics = config_.kafka.topics;
    if (facts_.makeable && !*facts_.makeable && LacksRight(facts_.makeable->error())) {
      findings_.Error(
          Check(), "is not there, and " + rights_.Lacks("Create", facts_.makeable->error()),
          rights_.Grant({"Create"}, "topic", topic_) + ", then `audit-manager topics ensure`; or let somebody make it");
      return;
    }
    const std::string found = "is not there; the service would make it with " + std::to_string(topics.partitions) +
                              " partitions, each on " + std::to_string(topics.replication_factor) +
                              (topics.replication_factor == 1 ? " broker" : " brokers");
    if (static_cast<std::size_t>(topics.replication_factor) > brokers_) {
      findings_.Error(Check(), found + ", of which there are not that many",
                      "set kafka.topics.replication_factor to at most " + std::to_string(brokers_));
      return;
    }
    if (facts_.makeable && !*facts_.makeable) {
      findings_.Error(Check(), found + ", which they refuse: " + Rights::Reason(facts_.makeable->error()),
                      "see kafka.topics, and create.topic.policy.class.name of the brokers");
      return;
    }
    findings_.Warning(Check(), found,
                      topics.replication_factor == 1
                          ? "set kafka.topics.replication_factor to 3 where there are as many brokers, then "
                            "`audit-manager topics ensure`"
                          : "`audit-manager topics ensure`");
  }

  void JudgePartitions() {
    const kafka::TopicState& state = *facts_.state;
    const std::string found = std::to_string(state.partitions) + " partitions";
    if (state.without_leader > 0) {
      findings_.Error(Check("partitions"),
                      found + ", " + std::to_string(state.without_leader) + " of them without a leader",
                      "start the brokers that are away: kafka-topics.sh --describe --topic " + topic_ + " names them");
    } else if (of_events_ && state.partitions < expectations_.replicas) {
      findings_.Warning(
          Check("partitions"),
          found + " for " + std::to_string(expectations_.replicas) + " replicas: some would store nothing",
          "set kafka.topics.partitions, then `audit-manager topics ensure`, or run fewer replicas");
    } else {
      findings_.Ok(Check("partitions"), found);
    }
  }

  void JudgeRight(const char* what, const char* operation, const Result<void>& answer) {
    if (answer) {
      findings_.Ok(Check(what), "allowed");
    } else if (LacksRight(answer.error())) {
      findings_.Error(Check(what), rights_.Lacks(operation, answer.error()),
                      rights_.Grant({operation}, "topic", topic_));
    } else {
      findings_.Error(Check(what), answer.error().message(), kAskTheBrokers);
    }
  }

  void JudgeReplicas(const Settings& settings) {
    const kafka::TopicState& state = *facts_.state;
    const std::int64_t needed = NumberIn(settings, "min.insync.replicas").value_or(1);
    const std::string found = std::to_string(state.replication) +
                              (state.replication == 1 ? " replica, " : " replicas, ") + std::to_string(state.in_sync) +
                              " in sync" + (settings.empty() ? "" : ", min.insync.replicas " + std::to_string(needed));
    const std::string check = Check("replicas");
    if (needed > state.replication) {
      findings_.Error(check, found + ": it takes no message, ever",
                      Change("min.insync.replicas=" + std::to_string(std::max(1, state.replication - 1))));
    } else if (needed > state.in_sync) {
      findings_.Error(check, found + ": it takes no message now", "start the brokers that are away");
    } else if (state.replication == 1) {
      findings_.Warning(check, found + ": an event that Kafka acknowledged is on one machine",
                        "with three brokers: kafka-reassign-partitions.sh to 3 replicas, and min.insync.replicas=2");
    } else if (!settings.empty() && needed == 1) {
      findings_.Warning(check, found + ": an event that Kafka acknowledged may be on one machine",
                        Change("min.insync.replicas=2"));
    } else if (!settings.empty() && needed == state.replication) {
      findings_.Warning(check, found + ": without any one of its brokers it takes no message",
                        "kafka-reassign-partitions.sh to one replica more than min.insync.replicas");
    } else {
      findings_.Ok(check, found);
    }
  }

  void JudgeSize(const Settings& settings) {
    const auto limit = NumberIn(settings, "max.message.bytes");
    if (!limit) return;
    const std::int64_t needed = static_cast<std::int64_t>(config_.ingest.max_event_bytes) + kMessageOverhead;
    const std::string found =
        std::to_string(*limit) + " bytes, ingest.max_event_bytes is " + std::to_string(config_.ingest.max_event_bytes);
    const std::string check = Check("max.message.bytes");
    if (*limit >= needed) return findings_.Ok(check, found);
    const std::string remedy = Change("max.message.bytes=" + std::to_string(needed)) +
                               (of_events_ ? ", or set ingest.max_event_bytes lower" : "");
    if (of_events_) {
      findings_.Error(check, found + ": larger events are accepted and then refused by Kafka", remedy);
    } else {
      findings_.Warning(check, found + ": larger dead letters are put there in parts", remedy);
    }
  }

  void JudgeKeeping(const Settings& settings) {
    const std::string policy = TextIn(settings, "cleanup.policy");
    if (policy.find("compact") != std::string::npos) {
      findings_.Error(Check("cleanup.policy"), policy + ": all events of a key but the last would be deleted",
                      Change("cleanup.policy=delete"));
    } else {
      findings_.Ok(Check("cleanup.policy"), policy);
    }
    if (const auto bytes = NumberIn(settings, "retention.bytes"); of_events_ && bytes && *bytes >= 0) {
      findings_.Warning(Check("retention.bytes"),
                        std::to_string(*bytes) + " a partition: events that are not stored yet may be deleted for room",
                        Change("retention.bytes=-1"));
    }
    const auto kept = NumberIn(settings, "retention.ms");
    if (!kept) return;
    const std::int64_t wanted = std::int64_t{expectations_.store_outage.count()} * kMsPerHour;
    const std::string found = *kept < 0 ? "for ever" : Hours(*kept);
    if (of_events_ && *kept >= 0 && *kept < wanted) {
      findings_.Warning(Check("retention.ms"),
                        found + ": where the store is away longer events are lost, and " +
                            std::to_string(expectations_.store_outage.count()) + " h are to be outlasted",
                        Change("retention.ms=" + std::to_string(wanted)));
    } else {
      findings_.Ok(Check("retention.ms"), found);
    }
  }

  // An event waits in the spool for as long as Kafka is away, and keeps the time at which it came in.
  void JudgeTimes(const Settings& settings) {
    const auto oldest = NumberIn(settings, "message.timestamp.before.max.ms");
    if (!oldest) return;
    const std::int64_t wanted = std::int64_t{expectations_.store_outage.count()} * kMsPerHour;
    if (*oldest < wanted) {
      findings_.Warning(
          Check("message.timestamp.before.max.ms"),
          Hours(*oldest) + ": events that waited longer for Kafka in the spool are refused",
          Change("message.timestamp.before.max.ms=" + std::to_string(std::numeric_limits<std::int64_t>::max())));
    } else {
      findings_.Ok(Check("message.timestamp.before.max.ms"), "long enough");
    }
  }

  void JudgeCompression(const Settings& settings) {
    const std::string topic = TextIn(settings, "compression.type");
    const std::string& producer = config_.kafka.producer.compression_type;
    const std::string& effective = topic == "producer" ? producer : topic;
    const std::string found =
        effective + (topic == "producer" ? ", by kafka.producer.compression_type" : ", by the topic");
    const std::string check = Check("compression");
    const std::set<std::string> read_by_python{"gzip", "none", "uncompressed"};
    if (read_by_python.contains(effective)) return findings_.Ok(check, found);
    if (!expectations_.python_may_return) return findings_.Ok(check, found + "; the Python service could not read it");
    findings_.Warning(check, found + ": a replica of the Python service stops at such a message, without a word",
                      "set kafka.producer.compression_type to gzip while it may come back, else give --without-python");
  }

  const Config& config_;
  const Expectations& expectations_;
  const std::string& topic_;
  const bool of_events_;
  const std::size_t brokers_;
  const Rights rights_;
  const TopicFacts& facts_;
  Findings& findings_;
};

void JudgeBrokers(const KafkaFacts& facts, Findings& findings) {
  for (const auto& [address, answer] : facts.brokers) {
    const std::string check = "broker " + address;
    if (answer) {
      findings.Ok(check, "answers");
      continue;
    }
    const std::string& said = answer.error().message();
    const std::string_view known = kafka::RemedyFor(said);
    // Also where the remedy is a broker's address: it may be right, and the way to it closed.
    const bool connects = known.empty() || said.find("Connection refused") != std::string::npos;
    findings.Error(check, said,
                   connects ? "see kafka.bootstrap_servers and kafka.security.protocol, the name's DNS entry, the "
                              "network policy, and the broker's advertised.listeners"
                            : std::string(known));
  }
}

void JudgeMembers(const Config& config, const Expectations& expectations, const kafka::GroupState& group,
                  Findings& findings) {
  const std::string& ours = config.kafka.consumer.assignment_strategy;
  std::set<std::string> clients;
  for (const kafka::GroupMember& member : group.members) clients.insert(member.client_id);
  std::string found = group.members.empty() ? "no members" : std::to_string(group.members.size()) + " members";
  if (!group.strategy.empty() && !group.members.empty()) found += " that share by " + group.strategy;
  for (const std::string& client : clients) found += (client == *clients.begin() ? ": " : ", ") + client;
  const std::string check = "group " + config.kafka.consumer_group + ": members";
  if (!group.members.empty() && !group.strategy.empty() && group.strategy != ours) {
    findings.Error(check, found + "; ours is " + ours + ", so that the group lets no replica of ours in",
                   "set kafka.consumer.assignment_strategy to " + group.strategy + ", or stop those members first");
  } else if (expectations.python_may_return && ours != "roundrobin") {
    findings.Warning(check, found + "; ours is " + ours + ", beside which the Python service cannot start",
                     "set kafka.consumer.assignment_strategy to roundrobin while it may come back, else give "
                     "--without-python");
  } else {
    findings.Ok(check, found);
  }
}

void JudgeOffsets(const Config& config, const kafka::GroupState& group, const std::vector<kafka::Watermarks>& contents,
                  Findings& findings) {
  std::int64_t lag = 0;
  std::int64_t unread = 0;  // in partitions of which the group has no offset
  std::string missing;
  std::string anew;
  std::size_t committed = 0;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    const auto& offset = group.committed[i];
    if (!offset) {
      unread += contents[i].high - contents[i].low;
      continue;
    }
    ++committed;
    lag += std::max<std::int64_t>(0, contents[i].high - std::max(*offset, contents[i].low));
    const std::string place = " partition " + std::to_string(i) + ": " + std::to_string(*offset) + " to " +
                              std::to_string(contents[i].low - 1) + ';';
    if (*offset < contents[i].low) missing += place;
    if (*offset > contents[i].high) anew += " partition " + std::to_string(i) + ';';
  }
  const std::string check = "group " + config.kafka.consumer_group + ": offsets";
  if (!missing.empty()) {
    missing.pop_back();
    findings.Error(check, "events were deleted before they were stored," + missing,
                   "they are gone; raise retention.ms, then start: the service counts the hole and goes on behind it");
  }
  if (!anew.empty()) {
    anew.pop_back();
    findings.Error(check, "committed behind the topic's end, as if it had been made anew," + anew,
                   "with no member running, kafka-consumer-groups.sh --reset-offsets --to-earliest --execute --group " +
                       config.kafka.consumer_group + " --topic " + config.kafka.topic);
  }
  if (unread > 0 && config.kafka.consumer.auto_offset_reset == "latest") {
    findings.Warning(
        check,
        std::to_string(unread) + " events lie in partitions of which the group has no offset, and are passed over",
        "set kafka.consumer.auto_offset_reset to earliest");
    return;
  }
  if (!missing.empty() || !anew.empty()) return;
  if (committed == 0) return findings.Ok(check, "none yet; " + std::to_string(unread) + " events are there to be read");
  findings.Ok(check, std::to_string(lag + unread) + " events wait to be stored");
}

void JudgeCommitting(const Config& config, const KafkaFacts& facts, Findings& findings) {
  const std::string check = "group " + config.kafka.consumer_group + ": committing";
  if (!config.role_persist || !facts.committable) return;
  if (*facts.committable) return findings.Ok(check, "allowed");
  const Error& error = facts.committable->error();
  const Rights rights(config, facts);
  if (LacksRight(error)) {
    findings.Error(check, rights.Lacks("Read", error), rights.Grant({"Read"}, "group", config.kafka.consumer_group));
  } else {
    findings.Error(check, error.message(), kAskTheBrokers);
  }
}

// Where a topic may not be written to that is said there already, and newer brokers mean nothing else by it.
void JudgeIdempotence(const Config& config, const KafkaFacts& facts, Findings& findings) {
  const std::string check = "idempotent writing";
  if (!facts.idempotent || (!config.role_ingest && !config.role_persist)) return;
  if (*facts.idempotent) return findings.Ok(check, "allowed");
  const Error& error = facts.idempotent->error();
  if (!LacksRight(error)) return findings.Error(check, error.message(), kAskTheBrokers);
  const Rights rights(config, facts);
  const std::string found = facts.principal + " may not begin: " + Rights::Reason(error);
  bool allowed = false;
  bool missing = false;
  for (const TopicFacts* topic : {&*facts.events, &*facts.dead_letters}) {
    allowed = allowed || (topic->writable && topic->writable->ok());
    missing = missing || (topic->state && !topic->state->exists);
  }
  if (allowed) {
    findings.Error(check, found + ", which brokers older than Kafka 3.0 ask for",
                   rights.Grant({"IdempotentWrite"}, "cluster", ""));
  } else if (missing) {
    const std::string& topic = config.role_ingest ? config.kafka.topic : config.kafka.dlq_topic;
    findings.Error(check, found + ", with the right Write on no topic yet",
                   rights.Grant({"Write"}, "topic", topic) + ", also before the topic is made");
  } else {
    findings.Skipped(check, found, "see the topics above");
  }
}

void JudgeGroup(const Config& config, const Expectations& expectations, const KafkaFacts& facts, Findings& findings) {
  const std::string check = "group " + config.kafka.consumer_group;
  JudgeCommitting(config, facts, findings);
  if (!facts.group) return findings.Skipped(check, "without the topic there is nothing to share", "see above");
  if (!*facts.group) {
    if (!LacksRight(facts.group->error())) return findings.Error(check, facts.group->error().message(), kAskTheBrokers);
    // Whoever may commit may look, too: what is missing has been said.
    return findings.Skipped(check, Rights(config, facts).Lacks("Describe", facts.group->error()), "see above");
  }
  JudgeMembers(config, expectations, **facts.group, findings);
  if (facts.contents && *facts.contents) {
    JudgeOffsets(config, **facts.group, **facts.contents, findings);
  } else if (facts.contents) {
    findings.Skipped(check + ": offsets", facts.contents->error().message(), kAskTheBrokers);
  }
}

}  // namespace

std::vector<Finding> JudgeKafka(const Config& config, const Expectations& expectations, const KafkaFacts& facts) {
  Findings findings("kafka");
  if (!facts.client) {
    findings.Error("client", facts.client.error().message(), "see kafka.security and kafka.properties");
    return findings.Take();
  }
  JudgeBrokers(facts, findings);
  if (!facts.events) {
    findings.Skipped("topics and group", "no broker answers", "see above");
    return findings.Take();
  }
  TopicJudgement(config, expectations, facts, true, findings).Judge();
  TopicJudgement(config, expectations, facts, false, findings).Judge();
  JudgeIdempotence(config, facts, findings);
  JudgeGroup(config, expectations, facts, findings);
  findings.Skipped("clock", "Kafka tells its time to nobody",
                   "let its brokers follow a time server: they refuse messages from an hour ahead of theirs");
  return findings.Take();
}

}  // namespace audit::preflight
