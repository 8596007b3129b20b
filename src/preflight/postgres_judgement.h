// What the facts about PostgreSQL mean for the service. Pure.
#pragma once

#include <vector>

#include "config/config.h"
#include "preflight/expectations.h"
#include "preflight/finding.h"
#include "store/postgres/survey.h"
#include "time/unix_micros.h"

namespace audit::preflight {

[[nodiscard]] std::vector<Finding> JudgePostgres(const config::Config& config, const Expectations& expectations,
                                                 const Result<store::PostgresSurvey>& survey, time::UnixMicros now);

}  // namespace audit::preflight
