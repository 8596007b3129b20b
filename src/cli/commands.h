// The subcommands, each in the file of its name. Every one adds itself to the root app; what it does
// runs after the whole command line was found good, and leaves its exit code (exit_code.h) in
// `*exit_code`, which outlives the app.
#pragma once

namespace CLI {
class App;
}

namespace audit::cli {

void AddCompletion(CLI::App& app, int* exit_code);
void AddConfig(CLI::App& app, int* exit_code);
void AddDlq(CLI::App& app, int* exit_code);
void AddEmit(CLI::App& app, int* exit_code);
void AddEvents(CLI::App& app, int* exit_code);
void AddHealthcheck(CLI::App& app, int* exit_code);
void AddMetrics(CLI::App& app, int* exit_code);
void AddPreflight(CLI::App& app, int* exit_code);
void AddSchema(CLI::App& app, int* exit_code);
void AddServe(CLI::App& app, int* exit_code);
void AddSpool(CLI::App& app, int* exit_code);
void AddTopics(CLI::App& app, int* exit_code);
void AddVersion(CLI::App& app, int* exit_code);

}  // namespace audit::cli
