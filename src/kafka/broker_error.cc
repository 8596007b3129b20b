#include "kafka/broker_error.h"

namespace audit::kafka {
namespace {

ErrorCode CodeFor(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION: return ErrorCode::kInvalidArgument;
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT: return ErrorCode::kTimeout;
    default: return ErrorCode::kUnavailable;
  }
}

std::string_view Remedy(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
      return "the group's members use another assignment strategy: give kafka.consumer.assignment_strategy the one "
             "they have, or wait until they have left";
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID: return "another process uses the same kafka.consumer.group_instance_id";
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC: return "make it with audit-manager topics ensure";
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return "its user has no right to do that to this topic: grant it, docs/kafka.md lists what is needed";
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return "its user has no right to be in this group: grant Read on it, docs/kafka.md says how";
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return "its user has no right to do that to the cluster: grant it, docs/kafka.md lists what is needed";
    default: return {};
  }
}

bool LacksRight(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED || code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
}

std::string GrantOf(const Right& right) {
  const std::string operation(right.operation);
  const std::string topic(right.topic);
  return "its user lacks the right " + operation + " on topic " + topic +
         ": grant it (kafka-acls.sh --bootstrap-server HOST:PORT --add --allow-principal User:NAME --operation " +
         operation + " --topic " + topic + "), see docs/kafka.md";
}

}  // namespace

Blame BlameFor(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    // The time of a message never changes, so the answer would not either.
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP: return Blame::kMessage;
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
    case RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE:
    case RD_KAFKA_RESP_ERR__FATAL: return Blame::kBystander;
    default: return Blame::kEnvironment;
  }
}

bool RefusesMember(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
    case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED:
    case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID: return true;
    default: return false;
  }
}

bool ConcernsConnection(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN: return true;
    default: return false;
  }
}

Error BrokerError(rd_kafka_resp_err_t code, std::string_view what, std::string_view detail, const Right& right) {
  std::string message(what);
  message += ": ";
  message += detail.empty() ? std::string_view(rd_kafka_err2str(code)) : detail;
  if (LacksRight(code) && !right.operation.empty()) {
    message += "; " + GrantOf(right);
  } else if (const std::string_view remedy = Remedy(code); !remedy.empty()) {
    message += "; ";
    message += remedy;
  }
  return {CodeFor(code), std::move(message)};
}

}  // namespace audit::kafka
