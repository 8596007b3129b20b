#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cli/commands.h"
#include "cli/configuration_flags.h"
#include "cli/dead_letter_output.h"
#include "cli/exit_code.h"
#include "cli/letter_box.h"
#include "cli/letter_event.h"
#include "cli/report.h"
#include "cli/service_flags.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "cli/time_argument.h"
#include "client/refusal.h"
#include "client/sender.h"
#include "env/clock.h"
#include "env/random.h"

namespace audit::cli {
namespace {

constexpr double kRequestTimeoutSeconds = 30;

// What all four have in common, and what each has besides.
struct DlqFlags {
  std::shared_ptr<const ConfigurationFlags> configuration;
  std::shared_ptr<const ServiceFlags> service;
  std::vector<std::string> names;
  bool local = false;
  bool through = false;
  bool all = false;
  bool yes = false;
  bool raw = false;
  std::string reason;
  std::string since;
  std::string until;
  std::string format = "table";
};

Result<LetterFilter> FilterOf(const DlqFlags& flags) {
  LetterFilter filter;
  if (!flags.reason.empty()) filter.reason = flags.reason;
  const time::UnixMicros now = env::SystemClock().Now();
  for (const auto& [text, into] : {std::pair(&flags.since, &filter.from), std::pair(&flags.until, &filter.before)}) {
    if (text->empty()) continue;
    Result<time::UnixMicros> when = ParseTimeArgument(*text, now);
    if (!when.ok()) return std::move(when).error();
    *into = *when;
  }
  return filter;
}

// Opens the box, works out what is meant, and hands both on.
int WithBox(const DlqFlags& flags, const std::function<int(LetterBox&, const LetterFilter&)>& work) {
  const Result<config::Loaded> loaded = LoadConfiguration(*flags.configuration);
  if (!loaded.ok()) return ReportFailure(loaded.error()), kUsage;
  const Result<LetterFilter> filter = FilterOf(flags);
  if (!filter.ok()) return ReportFailure(filter.error()), kUsage;
  const auto box = OpenLetterBox(loaded->config, flags.local);
  if (!box.ok()) return ReportFailure(box.error()), ExitCodeOf(box.error());
  return work(**box, *filter);
}

int ReportMissing(const std::string& name) {
  ReportFailure("no dead letter has the number " + name + ": see audit-manager dlq list");
  return kFailed;
}

int List(const DlqFlags& flags) {
  return WithBox(flags, [&flags](LetterBox& box, const LetterFilter& filter) {
    const auto write = [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); };
    Table table({{"NUMBER", false}, {"DIED", false}, {"REASON"}, {"FROM", false}, {"BYTES", false}},
                IsTerminal(STDOUT_FILENO) ? TerminalWidth(STDOUT_FILENO) : 0, ColoursAllowed(STDOUT_FILENO), write);
    const Result<std::uint64_t> count = box.List(filter, [&](const BoxedLetter& letter) {
      if (flags.format == "ndjson") {
        write(LetterJson(letter));
      } else {
        table.Add(LetterCells(letter));
      }
      return true;
    });
    table.Finish();
    if (!count.ok()) return ReportFailure(count.error()), kFailed;
    if (*count == 0 && flags.format == "table") std::fputs("no dead letters\n", stderr);
    return kOk;
  });
}

int Show(const DlqFlags& flags) {
  return WithBox(flags, [&flags](LetterBox& box, const LetterFilter&) {
    for (const std::string& name : flags.names) {
      const Result<bool> found = box.Find(name, [&flags](const BoxedLetter& letter) {
        const std::string text = flags.raw ? std::string(letter.letter.value) + '\n' : LetterText(letter);
        std::fwrite(text.data(), 1, text.size(), stdout);
      });
      if (!found.ok()) return ReportFailure(found.error()), kFailed;
      if (!*found) return ReportMissing(name);
    }
    return kOk;
  });
}

// Those that the command line means; those of --all as they are now.
Result<std::vector<std::string>> NamesOf(const DlqFlags& flags, LetterBox& box, const LetterFilter& filter) {
  if (!flags.all) return flags.names;
  std::vector<std::string> names;
  const Result<std::uint64_t> listed = box.List(filter, [&names](const BoxedLetter& letter) {
    names.push_back(letter.name);
    return true;
  });
  if (!listed.ok()) return listed.error();
  return names;
}

// Posts one letter's event; where the service has it, takes the letter out, if that can be done
// without others. False: it is not accepted.
Result<bool> ReplayOne(const std::string& name, LetterBox& box, client::Sender& sender) {
  Result<std::string> event = std::string();
  const Result<bool> found = box.Find(name, [&event](const BoxedLetter& letter) { event = EventOf(letter.letter); });
  if (!found.ok()) return found.error();
  if (!*found) return ReportMissing(name) == kOk;
  const auto refused = [&name](const std::string& why) {
    std::printf("%s: refused, kept: %s\n", name.c_str(), Harmless(why).c_str());
  };
  if (!event.ok()) return refused(event.error().message()), false;
  Result<client::Answer> answer = sender.Post("/v1/auditmanager/events", "application/json", *event);
  if (!answer.ok()) return std::move(answer).error();
  if (answer->status != 202) {
    for (const client::Refusal& refusal : client::ParseRefusals(answer->status, answer->body)) {
      refused(Describe(refusal));
    }
    return false;
  }
  if (box.drops_what_is_before()) {
    std::printf("%s: accepted; the letter stays until the topic's retention ends or it is dropped\n", name.c_str());
    return true;
  }
  if (const Result<bool> dropped = box.Drop(name); !dropped.ok()) return dropped.error();
  std::printf("%s: accepted, dropped from the queue\n", name.c_str());
  return true;
}

int Replay(const DlqFlags& flags) {
  Result<client::ClientOptions> options = ClientOptionsOf(*flags.service, *flags.configuration);
  if (!options.ok()) return ReportFailure(options.error()), kUsage;
  Result<std::unique_ptr<client::HttpClient>> http = client::HttpClient::Create(*std::move(options));
  if (!http.ok()) return ReportFailure(http.error()), kUsage;
  return WithBox(flags, [&](LetterBox& box, const LetterFilter& filter) {
    const Result<std::vector<std::string>> names = NamesOf(flags, box, filter);
    if (!names.ok()) return ReportFailure(names.error()), kFailed;
    const std::unique_ptr<env::Random> random = env::NewSystemRandom();
    client::Sender sender(**http, {}, env::SystemClock(), *random,
                          {.wait =
                               [](std::chrono::milliseconds wait) {
                                 std::this_thread::sleep_for(wait);
                                 return true;
                               },
                           .on_retry = [](std::string_view why, auto) { ReportWarning(Harmless(why)); }});
    std::uint64_t kept = 0;
    for (const std::string& name : *names) {
      const Result<bool> replayed = ReplayOne(name, box, sender);
      if (!replayed.ok()) return ReportFailure(replayed.error()), kFailed;
      if (!*replayed) ++kept;
    }
    std::fprintf(stderr, "%llu of %llu replayed\n", static_cast<unsigned long long>(names->size() - kept),
                 static_cast<unsigned long long>(names->size()));
    return kept == 0 ? kOk : kFailed;
  });
}

bool Confirm(std::uint64_t count, bool and_before) {
  std::fprintf(stderr, "Drop %llu dead letter%s%s for good? [y/N] ", static_cast<unsigned long long>(count),
               count == 1 ? "" : "s", and_before ? ", and all before in their partitions," : "");
  char answer[8] = {};
  return std::fgets(answer, sizeof answer, stdin) != nullptr && (answer[0] == 'y' || answer[0] == 'Y');
}

int Drop(const DlqFlags& flags) {
  if (!flags.yes && !IsTerminal(STDIN_FILENO)) {
    ReportFailure("dlq drop: nobody is there to be asked: say --yes");
    return kUsage;
  }
  return WithBox(flags, [&flags](LetterBox& box, const LetterFilter& filter) {
    if (box.drops_what_is_before() && !flags.through) {
      ReportFailure(
          "dlq drop: a topic cannot lose a single letter: say --through to drop those before it in its partition too, "
          "or leave it to the topic's retention");
      return kUsage;
    }
    const Result<std::vector<std::string>> names = NamesOf(flags, box, filter);
    if (!names.ok()) return ReportFailure(names.error()), kFailed;
    if (!flags.yes && !names->empty() && !Confirm(names->size(), box.drops_what_is_before())) {
      std::fputs("nothing was dropped\n", stderr);
      return kFailed;
    }
    std::uint64_t dropped = 0;
    // The newest first: in a topic it takes the others along.
    for (auto name = names->rbegin(); name != names->rend(); ++name) {
      const Result<bool> gone = box.Drop(*name);
      if (!gone.ok()) return ReportFailure(gone.error()), kFailed;
      if (!*gone && !(flags.all && box.drops_what_is_before())) return ReportMissing(*name);
      ++dropped;
    }
    std::fprintf(stderr, "%llu dropped\n", static_cast<unsigned long long>(dropped));
    return kOk;
  });
}

void AddFilters(CLI::App& command, DlqFlags& flags) {
  command.add_option("--reason", flags.reason, "Those whose reason begins like this: conflict, rejected")
      ->option_text("TEXT");
  command.add_option("--since", flags.since, "Those that died not before then: 2026-11-24T10:00:00Z, 24h, 7d")
      ->option_text("TIME");
  command.add_option("--until", flags.until, "Those that died before then")->option_text("TIME");
}

void AddSelection(CLI::App& command, DlqFlags& flags) {
  CLI::Option* numbers = command.add_option("NUMBER", flags.names, "Which, as `dlq list` numbers them");
  CLI::Option* all = command.add_flag("--all", flags.all, "All of them, or all that the filters leave");
  all->excludes(numbers);
  AddFilters(command, flags);
}

}  // namespace

void AddDlq(CLI::App& app, int* exit_code) {
  CLI::App* dlq =
      app.add_subcommand("dlq", "Look at the dead letters: accepted events that could not be stored, with the reason");
  dlq->require_subcommand(1);
  const auto add = [dlq, exit_code](const char* name, const char* description, int (*run)(const DlqFlags&)) {
    auto flags = std::make_shared<DlqFlags>();
    CLI::App* command = dlq->add_subcommand(name, description);
    flags->configuration = AddConfigurationFlags(*command);
    command->add_flag("--local", flags->local,
                      "With Kafka: what Kafka refused of this instance, kept in its data folder");
    command->callback([flags, run, exit_code] { *exit_code = run(*flags); });
    return std::pair(command, flags);
  };
  // Without a selection nothing is meant: asked for before anything is done.
  const auto select = [](CLI::App* command, DlqFlags& flags) {
    AddSelection(*command, flags);
    command->parse_complete_callback([&flags] {
      if (!flags.all && flags.names.empty()) throw CLI::RequiredError("NUMBER or --all");
    });
  };

  auto [list, list_flags] = add("list", "Those that there are, the oldest first, with Kafka of each partition", List);
  AddFilters(*list, *list_flags);
  list->add_option("--format", list_flags->format, "table by default")
      ->check(CLI::IsMember({"table", "ndjson"}))
      ->option_text("table|ndjson");

  auto [show, show_flags] = add("show", "One of them, with the event as it was accepted", Show);
  show->add_option("NUMBER", show_flags->names, "Which, as `dlq list` numbers them")->required();
  show->add_flag("--raw", show_flags->raw, "The event and nothing else, byte for byte, a line feed behind it");

  auto [replay, replay_flags] = add("replay", "Post them to the service again, and drop each that it accepts", Replay);
  select(replay, *replay_flags);
  replay_flags->service = AddServiceFlags(*replay, kRequestTimeoutSeconds);

  auto [drop, drop_flags] = add("drop", "Drop them for good", Drop);
  select(drop, *drop_flags);
  drop->add_flag("--yes", drop_flags->yes, "Do not ask");
  drop->add_flag("--through", drop_flags->through, "In a topic: and all before it in its partition");

  dlq->footer(
      "What was accepted and cannot be stored is here and not lost: events under an id and time that\n"
      "another event has (conflict), and events that no store takes (rejected). Replaying a conflict makes\n"
      "a conflict again, until the event is mended. With Kafka they lie in the dead-letter topic, numbered by\n"
      "partition and offset (3:17).\n"
      "\n"
      "Examples:\n"
      "  audit-manager dlq list --since 24h\n"
      "  audit-manager dlq show 7\n"
      "  audit-manager dlq show 7 --raw > event.json      mend it, then: audit-manager emit event.json\n"
      "  audit-manager dlq replay --all --reason rejected\n"
      "  audit-manager dlq drop 7\n"
      "\n"
      "Exit codes: 0 done; 1 something was refused, missing or not to be read; 2 the command line or the\n"
      "configuration is wrong.");
}

}  // namespace audit::cli
