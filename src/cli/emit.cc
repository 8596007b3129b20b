#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/emit_console.h"
#include "cli/emit_run.h"
#include "cli/exit_code.h"
#include "cli/input_file.h"
#include "cli/report.h"
#include "cli/service_flags.h"
#include "cli/terminal.h"

namespace audit::cli {
namespace {

constexpr double kRequestTimeoutSeconds = 30;
constexpr std::chrono::milliseconds kDrawInterval{100};

struct EmitFlags {
  std::shared_ptr<const ServiceFlags> service;
  std::string file = "-";
  InputFormat input_format = InputFormat::kAuto;
  std::size_t batch_size = 100;
  unsigned concurrency = 4;
  double max_wait_seconds = 60;
  bool check = false;
  bool quiet = false;
  bool json_summary = false;
  std::string refused_file;
};

volatile std::sig_atomic_t interrupted = 0;

void OnInterrupt(int /*signal*/) { interrupted = 1; }

// The first Ctrl-C lets requests in flight be answered; the next one ends the process.
void InterruptOnce() {
  struct sigaction action{};
  action.sa_handler = OnInterrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // a service that hangs up is an error to be told, not the end
}

using FilePointer = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

int RunEmit(const EmitFlags& flags) {
  EmitOptions options{.batch_size = flags.batch_size, .concurrency = flags.concurrency, .check_only = flags.check};
  options.retry.give_up_after = std::chrono::milliseconds(static_cast<std::int64_t>(flags.max_wait_seconds * 1'000));
  Result<client::ClientOptions> client = ClientOptionsOf(*flags.service, {});
  if (!client.ok()) return ReportFailure(client.error()), kUsage;
  options.client = *std::move(client);

  Result<std::unique_ptr<InputFile>> input = InputFile::Open(flags.file);
  if (!input.ok()) return ReportFailure(input.error()), kUsage;
  if ((*input)->is_terminal()) ReportWarning("reading events from the terminal; Ctrl-D ends them");
  FilePointer refused(nullptr, std::fclose);
  if (!flags.refused_file.empty()) {
    refused.reset(std::fopen(flags.refused_file.c_str(), "we"));
    if (!refused) return ReportFailure(Error::FromErrno(errno, "open " + flags.refused_file)), kUsage;
  }

  env::Clock& clock = env::SystemClock();
  EmitConsole console({.progress = !flags.quiet && IsTerminal(STDERR_FILENO) && !(*input)->is_terminal(),
                       .total_bytes = (*input)->size(),
                       .refused_file = refused.get()});
  std::unique_ptr<EmitRun> run;
  const auto read = [&run, &input](std::span<char> into) { return (*input)->Read(into, run->stopped()); };
  run = std::make_unique<EmitRun>(options, read, flags.input_format, clock, console);

  InterruptOnce();
  const env::SteadyTime start = clock.SteadyNow();
  if (Result<void> started = run->Start(); !started.ok()) return ReportFailure(started.error()), kUsage;
  while (!run->WaitFor(kDrawInterval)) {
    console.Draw(run->counts(), clock.SteadyNow() - start);
    if (interrupted != 0) run->Stop();
  }
  console.Clear();

  const EmitCounts counts = run->counts();
  const std::chrono::nanoseconds elapsed = clock.SteadyNow() - start;
  if (const std::optional<Error> error = run->error()) ReportFailure(*error);
  if (interrupted != 0) ReportFailure("interrupted");
  if (flags.json_summary) {
    std::fputs(SummaryJson(counts, elapsed).c_str(), stdout);
  } else if (!flags.quiet) {
    std::fputs(SummaryText(counts, elapsed, flags.check).c_str(), stderr);
  }
  if (refused && std::fflush(refused.get()) != 0) {
    return ReportFailure(Error::FromErrno(errno, "write " + flags.refused_file)), kFailed;
  }
  return counts.refused == 0 && counts.unsent == 0 && !run->error() && interrupted == 0 ? kOk : kFailed;
}

}  // namespace

void AddEmit(CLI::App& app, int* exit_code) {
  auto flags = std::make_shared<EmitFlags>();
  CLI::App* command = app.add_subcommand(
      "emit", "Send events from a file or standard input to a service, and say of each that it refuses why");
  command->add_option("FILE", flags->file, "NDJSON or a JSON array of events; - is standard input")
      ->option_text("FILE");
  flags->service = AddServiceFlags(*command, kRequestTimeoutSeconds);
  const std::map<std::string, InputFormat> formats = {{"auto", InputFormat::kAuto},
                                                      {"ndjson", InputFormat::kNdjson},
                                                      {"array", InputFormat::kArray},
                                                      {"values", InputFormat::kValues}};
  command->add_option("--input", flags->input_format, "How the events are laid out; auto looks at the beginning")
      ->transform(CLI::CheckedTransformer(formats))
      ->option_text("auto|ndjson|array|values");
  command->add_option("--batch-size", flags->batch_size, "Events in one request; 100 by default")
      ->check(CLI::Range(1, 10'000))
      ->option_text("N");
  command
      ->add_option("--concurrency", flags->concurrency,
                   "Requests at once; 4 by default, 1 keeps the order of the input")
      ->check(CLI::Range(1, 256))
      ->option_text("N");
  command
      ->add_option("--max-wait", flags->max_wait_seconds,
                   "How long to try again while the service is full or away; 60 by default")
      ->check(CLI::Range(0.0, 604'800.0))
      ->option_text("SECONDS");
  command->add_flag("--check", flags->check, "Only check the events, send nothing");
  command->add_option("--refused-to", flags->refused_file, "Write refused events here, to be mended and sent again")
      ->option_text("FILE");
  command->add_flag("--quiet", flags->quiet, "No progress and no summary; refusals and failures are still told");
  command->add_flag("--json", flags->json_summary, "The summary as one JSON object on standard output");
  command->footer(
      "An event without `id` or `time` is given one before it is sent, so that a request that has to be\n"
      "repeated is not stored twice. Running the command again gives new ones: events that have an id and\n"
      "a time of their own may be sent again without harm.\n"
      "\n"
      "Examples:\n"
      "  audit-manager emit events.ndjson\n"
      "  audit-manager emit --check events.json\n"
      "  zcat old.ndjson.gz | audit-manager emit --url https://audit.example.org --batch-size 500\n"
      "  audit-manager emit --refused-to refused.ndjson events.ndjson\n"
      "\n"
      "Exit codes: 0 every event was accepted; 1 some were refused or could not be sent; 2 the command\n"
      "line or a file named there is wrong.");
  command->callback([flags, exit_code] { *exit_code = RunEmit(*flags); });
}

}  // namespace audit::cli
