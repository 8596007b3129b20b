#include "bare_producer.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace audit::bench {
namespace {

[[noreturn]] void Fail(const char* why) {
  std::fprintf(stderr, "a bare producer: %s\n", why);
  std::exit(1);
}

void Set(rd_kafka_conf_t* conf, const char* name, const std::string& value) {
  std::array<char, 256> text{};
  if (rd_kafka_conf_set(conf, name, value.c_str(), text.data(), text.size()) != RD_KAFKA_CONF_OK) Fail(text.data());
}

// False: the queue is full.
bool Produce(rd_kafka_t* producer, rd_kafka_topic_t* topic, BareMessage message, std::size_t number, bool whole) {
  void* const bytes = const_cast<char*>(message.value.data());
  if (!whole) {
    if (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, bytes, message.value.size(),
                         message.key.data(), message.key.size(), nullptr) == 0) {
      return true;
    }
    if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) Fail(rd_kafka_err2str(rd_kafka_last_error()));
    return false;
  }
  static constexpr std::string_view kContentType = "application/cloudevents+json; charset=UTF-8";
  std::array<rd_kafka_vu_t, 6> values{};
  values[0].vtype = RD_KAFKA_VTYPE_RKT;
  values[0].u.rkt = topic;
  values[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  values[1].u.i = RD_KAFKA_MSG_F_COPY;
  values[2].vtype = RD_KAFKA_VTYPE_VALUE;
  values[2].u.mem = {bytes, message.value.size()};
  values[3].vtype = RD_KAFKA_VTYPE_KEY;
  values[3].u.mem = {const_cast<char*>(message.key.data()), message.key.size()};
  values[4].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
  values[4].u.i64 = 1'777'000'000'000 + static_cast<std::int64_t>(number / 1'000);
  values[5].vtype = RD_KAFKA_VTYPE_HEADER;
  values[5].u.header = {"content-type", kContentType.data(), static_cast<ssize_t>(kContentType.size())};
  rd_kafka_error_t* error = rd_kafka_produceva(producer, values.data(), values.size());
  if (error == nullptr) return true;
  const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
  rd_kafka_error_destroy(error);
  if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) Fail(rd_kafka_err2str(code));
  return false;
}

}  // namespace

double PublishBare(const BareProducerOptions& options, const std::function<BareMessage(std::size_t)>& message) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  Set(conf, "bootstrap.servers", options.bootstrap);
  Set(conf, "enable.idempotence", "true");
  Set(conf, "acks", "all");
  Set(conf, "compression.type", "lz4");
  Set(conf, "linger.ms", std::to_string(options.linger_ms));
  Set(conf, "batch.size", std::to_string(options.batch_bytes));
  Set(conf, "partitioner", "murmur2_random");
  Set(conf, "queue.buffering.max.messages", "50000");
  std::size_t delivered = 0;
  rd_kafka_conf_set_opaque(conf, &delivered);
  rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* report, void* count) {
    if (report->err != RD_KAFKA_RESP_ERR_NO_ERROR) Fail(rd_kafka_err2str(report->err));
    ++*static_cast<std::size_t*>(count);
  });
  rd_kafka_t* producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, nullptr, 0);
  rd_kafka_topic_t* topic = rd_kafka_topic_new(producer, options.topic.c_str(), nullptr);
  const auto began = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < options.count; ++i) {
    const BareMessage next = message(i);
    while (!Produce(producer, topic, next, i, options.whole)) rd_kafka_poll(producer, 10);
    rd_kafka_poll(producer, 0);
  }
  while (delivered < options.count) rd_kafka_poll(producer, 100);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(producer);
  return static_cast<double>(options.count) / took.count();
}

}  // namespace audit::bench
