// Why a start failed, in one line that says what, where and what to do.
#pragma once

#include <string>

#include "errors/result.h"

namespace audit::instance {

// `error` came from opening the spool or the store below `data_dir`.
Error ExplainDataError(const Error& error, const std::string& data_dir);

}  // namespace audit::instance
