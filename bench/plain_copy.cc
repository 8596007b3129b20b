#include "plain_copy.h"

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "store/postgres/binary.h"
#include "store/postgres/shares.h"

namespace audit::bench {
namespace {

[[noreturn]] void Fail(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(1);
}

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) Fail(std::string(name) + " is not set: run this with tests/servers/postgres.py run");
  return value;
}

}  // namespace

store::PostgresOptions TestServer() {
  return {.host = Environment("AUDIT_TEST_POSTGRES_HOST"),
          .port = std::stoi(Environment("AUDIT_TEST_POSTGRES_PORT")),
          .name = Environment("AUDIT_TEST_POSTGRES_NAME"),
          .user = Environment("AUDIT_TEST_POSTGRES_USER"),
          .password = Environment("AUDIT_TEST_POSTGRES_PASSWORD")};
}

PlainConnection::PlainConnection(const store::PostgresOptions& options)
    : handle_(PQsetdbLogin(options.host.c_str(), std::to_string(options.port).c_str(), nullptr, nullptr,
                           options.name.c_str(), options.user.c_str(), options.password.c_str())) {
  if (PQstatus(handle_) != CONNECTION_OK) Fail(PQerrorMessage(handle_));
}

PlainConnection::~PlainConnection() { PQfinish(handle_); }

void PlainConnection::Run(const std::string& sql, ExecStatusType expected) {
  PGresult* result = PQexec(handle_, sql.c_str());
  if (PQresultStatus(result) != expected) Fail(PQerrorMessage(handle_));
  PQclear(result);
}

void PlainConnection::Copy(const std::string& bytes) {
  Run("COPY audit_events (" + std::string(store::postgres::kCopyColumns) + ") FROM STDIN (FORMAT BINARY)",
      PGRES_COPY_IN);
  if (PQputCopyData(handle_, bytes.data(), static_cast<int>(bytes.size())) != 1 ||
      PQputCopyEnd(handle_, nullptr) != 1) {
    Fail(PQerrorMessage(handle_));
  }
  for (PGresult* result = PQgetResult(handle_); result != nullptr; result = PQgetResult(handle_)) {
    if (PQresultStatus(result) != PGRES_COMMAND_OK) Fail(PQerrorMessage(handle_));
    PQclear(result);
  }
}

std::vector<std::string> EncodeCopies(std::span<const event::Record> records, int connections) {
  store::postgres::Share places;
  for (std::uint32_t i = 0; i < records.size(); ++i) places.push_back(i);
  std::vector<std::string> copies;
  for (const auto& share : store::postgres::DivideByKey(records, std::move(places), connections).shares) {
    if (share.empty()) continue;
    store::postgres::CopyEncoder encoder;
    encoder.Begin();
    for (const std::uint32_t place : share) encoder.Append(records[place]);
    encoder.End();
    copies.emplace_back(encoder.bytes());
  }
  return copies;
}

PlainWriter::PlainWriter(const store::PostgresOptions& options, int connections) {
  for (int i = 0; i < connections; ++i) connections_.push_back(std::make_unique<PlainConnection>(options));
}

void PlainWriter::Write(std::span<const std::string> copies) {
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < copies.size(); ++i) {
    others.emplace_back([&, i] { connections_[i]->Copy(copies[i]); });
  }
  connections_[0]->Copy(copies[0]);
  for (std::thread& other : others) other.join();
}

}  // namespace audit::bench
