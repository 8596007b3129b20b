#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/commands.h"
#include "cli/configuration_flags.h"
#include "cli/event_output.h"
#include "cli/exit_code.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "cli/time_argument.h"
#include "env/clock.h"
#include "instance/backend_options.h"
#include "instance/data_layout.h"
#include "store/postgres/query.h"
#include "store/sqlite/query.h"

namespace audit::cli {
namespace {

constexpr std::uint64_t kTableLimit = 100;

struct EventsFlags {
  std::shared_ptr<const ConfigurationFlags> configuration;
  store::EventQuery query;
  std::string since;
  std::string until;
  std::optional<std::uint64_t> limit;
  bool oldest_first = false;
  std::string format = "table";
};

std::unique_ptr<EventOutput> OutputFor(const std::string& format) {
  const auto write = [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); };
  if (format == "ndjson") return NewEventNdjson(write);
  if (format == "csv") return NewEventCsv(write);
  const bool terminal = IsTerminal(STDOUT_FILENO);
  return NewEventTable(terminal ? TerminalWidth(STDOUT_FILENO) : 0, ColoursAllowed(STDOUT_FILENO), write);
}

Result<store::EventQuery> QueryOf(const EventsFlags& flags) {
  store::EventQuery query = flags.query;
  const time::UnixMicros now = env::SystemClock().Now();
  for (const auto& [text, into] : {std::pair(&flags.since, &query.from), std::pair(&flags.until, &query.before)}) {
    if (text->empty()) continue;
    Result<time::UnixMicros> when = ParseTimeArgument(*text, now);
    if (!when.ok()) return std::move(when).error();
    *into = *when;
  }
  if (flags.oldest_first) query.order = store::Order::kOldestFirst;
  query.limit = flags.limit;
  if (!query.limit && flags.format == "table") query.limit = kTableLimit;
  if (query.limit == 0) query.limit.reset();
  return query;
}

Result<std::uint64_t> QueryStore(const config::Config& config, const store::EventQuery& query,
                                 const std::function<bool(const store::StoredEvent&)>& each) {
  if (config.store_backend == config::StoreBackend::kPostgres)
    return store::QueryEvents(instance::PostgresOptionsOf(config), query, each);
  return store::QueryEvents(instance::StoreDirectory(config), query, each);
}

int RunEvents(const EventsFlags& flags) {
  const Result<config::Loaded> loaded = LoadConfiguration(*flags.configuration);
  if (!loaded.ok()) return ReportFailure(loaded.error()), kUsage;
  const Result<store::EventQuery> query = QueryOf(flags);
  if (!query.ok()) return ReportFailure(query.error()), kUsage;

  const std::unique_ptr<EventOutput> output = OutputFor(flags.format);
  const Result<std::uint64_t> count = QueryStore(loaded->config, *query, [&output](const store::StoredEvent& event) {
    output->Write(event);
    return std::ferror(stdout) == 0;
  });
  output->Finish();
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    return ReportFailure(Error::FromErrno(errno, "write to standard output")), kFailed;
  }
  if (!count.ok()) return ReportFailure(count.error()), kFailed;
  if (flags.format == "table" && *count == 0) std::fputs("no event matches\n", stderr);
  if (flags.format == "table" && !flags.limit && *count == kTableLimit) {
    std::fprintf(stderr, "the first %llu; --limit N shows more, --limit 0 all\n",
                 static_cast<unsigned long long>(kTableLimit));
  }
  return kOk;
}

}  // namespace

void AddEvents(CLI::App& app, int* exit_code) {
  auto flags = std::make_shared<EventsFlags>();
  CLI::App* command =
      app.add_subcommand("events", "Look at stored events, the newest first, while the service runs or not");
  store::EventQuery& query = flags->query;
  command->add_option("--actor", query.actor_id, "Who did it: the actor's id")->option_text("ID");
  command->add_option("--resource-type", query.resource_type, "What kind of thing it was done to")->option_text("TYPE");
  command->add_option("--resource-id", query.resource_id, "Which one")->option_text("ID");
  command->add_option("--type", query.type, "The event's type")->option_text("TYPE");
  command->add_option("--outcome", query.outcomes, "success, failure or denied; several are an or")
      ->delimiter(',')
      ->check(CLI::IsMember({"success", "failure", "denied"}))
      ->option_text("success|failure|denied");
  command->add_option("--source", query.source, "The service that reported it")->option_text("SOURCE");
  command->add_option("--trace", query.trace_id, "The trace it belongs to, 32 hex digits")->option_text("ID");
  command->add_option("--id", query.id, "The event's id")->option_text("ID");
  command->add_option("--since", flags->since, "Not before then: 2026-11-24T10:00:00Z, 2026-11-24, 24h, 7d")
      ->option_text("TIME");
  command->add_option("--until", flags->until, "Before then, in the same ways")->option_text("TIME");
  command->add_option("--limit", flags->limit, "At most so many; for a table 100 by default, 0 for all")
      ->option_text("N");
  command->add_flag("--oldest-first", flags->oldest_first, "Turn the order around");
  command->add_option("--format", flags->format, "table by default; ndjson and csv hold all 15 columns")
      ->check(CLI::IsMember({"table", "ndjson", "csv"}))
      ->option_text("table|ndjson|csv");
  flags->configuration = AddConfigurationFlags(*command);
  command->footer(
      "All conditions must hold. Times are when it happened, in UTC.\n"
      "\n"
      "Examples:\n"
      "  audit-manager events --since 24h --outcome denied,failure\n"
      "  audit-manager events --actor asha --resource-type application --format ndjson | jq .details\n"
      "  audit-manager events --trace 4bf92f3577b34da6a3ce929d0e0e4736\n"
      "  audit-manager events --since 2026-11-01 --until 2026-12-01 --format csv > november.csv\n"
      "\n"
      "Exit codes: 0 done, also when nothing matches; 1 the store could not be read; 2 the command line\n"
      "or the configuration is wrong.");
  command->callback([flags, exit_code] { *exit_code = RunEvents(*flags); });
}

}  // namespace audit::cli
