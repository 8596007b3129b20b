// Why a start failed, in one line that says what, where and what to do.
#pragma once

#include <string>

#include "config/config.h"
#include "errors/result.h"

namespace audit::instance {

// An error where the configuration asks for what this version does not have.
Result<void> CheckSupported(const config::Config& config);

// `error` came from opening the spool or the store below `data_dir`.
Error ExplainDataError(const Error& error, const std::string& data_dir);

}  // namespace audit::instance
