// What the facts about Kafka mean for the service. Pure.
#pragma once

#include <vector>

#include "config/config.h"
#include "preflight/expectations.h"
#include "preflight/finding.h"
#include "preflight/kafka_facts.h"

namespace audit::preflight {

[[nodiscard]] std::vector<Finding> JudgeKafka(const config::Config& config, const Expectations& expectations,
                                              const KafkaFacts& facts);

}  // namespace audit::preflight
