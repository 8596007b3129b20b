// What the configuration says about Kafka and PostgreSQL, in the terms of their rooms: for the process
// that serves, and for the commands that look at them from outside.
#pragma once

#include <functional>
#include <vector>

#include "config/config.h"
#include "kafka/kafka_dead_letter_queue.h"
#include "kafka/kafka_publisher.h"
#include "kafka/kafka_source.h"
#include "kafka/topic_admin.h"
#include "store/postgres/options.h"

namespace audit::instance {

[[nodiscard]] store::PostgresOptions PostgresOptionsOf(const config::Config& config);

// librdkafka's own lines go to `log`.
[[nodiscard]] kafka::ConnectionOptions KafkaConnectionOf(const config::Config& config, kafka::LogCallback log);
[[nodiscard]] kafka::PublisherOptions PublisherOptionsOf(const config::Config& config, kafka::LogCallback log);
[[nodiscard]] kafka::SourceOptions SourceOptionsOf(const config::Config& config, kafka::LogCallback log);
[[nodiscard]] kafka::DeadLetterOptions DeadLetterOptionsOf(const config::Config& config, kafka::LogCallback log);
// The topic of the events and that of the dead letters, as they are made where they are missing.
[[nodiscard]] std::vector<kafka::TopicSpec> TopicsOf(const config::Config& config);

}  // namespace audit::instance
