#include "store/postgres/schema.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/exit_code.h"

namespace audit::cli {

void AddSchema(CLI::App& app, int* exit_code) {
  auto roles = std::make_shared<store::PostgresRoles>();
  auto print = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand(
      "schema", "The SQL that makes the table in PostgreSQL, and roles with no more rights than needed");
  command->add_flag("--print", *print, "Write it to standard output")->required();
  command->add_option("--owner", roles->owner, "Owns the table, makes and drops its months; audit_owner by default")
      ->option_text("ROLE");
  command->add_option("--writer", roles->writer, "Of the service: reads and inserts; audit_writer by default")
      ->option_text("ROLE");
  command->add_option("--investigator", roles->investigator, "Reads; audit_investigator by default")
      ->option_text("ROLE");
  command->add_option("--schema", roles->schema, "public by default")->option_text("SCHEMA");
  command->footer(
      "May be run again, and on a table with years of rows: no row is changed.\n"
      "\n"
      "Examples:\n"
      "  audit-manager schema --print | psql -v ON_ERROR_STOP=1 auditmanager\n"
      "\n"
      "Exit codes: 0 done; 2 the command line is wrong.");
  // What the options write into lives as long as the command: `print` too.
  command->callback([roles, print, exit_code] {
    std::fputs(store::PostgresSchemaSql(*roles).c_str(), stdout);
    *exit_code = kOk;
  });
}

}  // namespace audit::cli
