#include "spool/spool.h"

#include <utility>

#include "spool/log.h"
#include "spool/log_reader.h"

namespace audit::spool {

Spool::Spool(std::unique_ptr<Log> log) : log_(std::move(log)) {}
Spool::~Spool() = default;

Result<std::unique_ptr<Spool>> Spool::Open(env::FileSystem& files, env::Clock& clock, env::Random& random,
                                           Options options, Observer* observer) {
  auto log = std::make_unique<Log>(files, clock, random, std::move(options), observer);
  if (auto recovered = log->Recover(); !recovered) return std::move(recovered).error();
  return std::unique_ptr<Spool>(new Spool(std::move(log)));
}

AppendResult Spool::Append(std::span<const std::string_view> payloads) { return log_->Append(payloads); }

void Spool::OnWorkAvailable(std::function<void()> work_available) { log_->work_available_ = std::move(work_available); }

void Spool::OnMaintenanceNeeded(std::function<void()> maintenance_needed) {
  log_->maintenance_needed_ = std::move(maintenance_needed);
}

void Spool::AddListener(ProgressListener* listener) { log_->listeners_.push_back(listener); }

Result<bool> Spool::Flush() { return log_->Flush(); }

Result<void> Spool::Maintain() { return log_->Maintain(); }

Result<std::unique_ptr<Reader>> Spool::OpenReader(const std::string& name) { return LogReader::Open(*log_, name); }

void Spool::Close() { log_->Close(); }

std::size_t Spool::max_append_bytes() const { return log_->max_append_bytes_; }

Sequence Spool::synced() const { return log_->synced(); }

Stats Spool::stats() const { return log_->GetStats(); }

}  // namespace audit::spool
