#include "preflight/postgres_judgement.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "preflight/sizes.h"

namespace audit::preflight {
namespace {

using config::Config;
using store::Month;

constexpr int kOldestVersion = 130'000;
// Of a replica, beside its writers: for the health check, and for maintenance.
constexpr std::int64_t kConnectionsBeside = 2;
constexpr std::int64_t kClockOffMs = 1'000;
constexpr const char* kSchemaRemedy = "audit-manager schema --print | psql -v ON_ERROR_STOP=1 -1, as a superuser";

bool OnThisMachine(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.") || host.starts_with('/');
}

struct Known {
  std::string_view part;  // of what server or libpq say
  std::string_view remedy;
};

// The first that fits counts.
constexpr auto kKnown = std::to_array<Known>({
    {"password authentication failed", "set DB_USER and DB_PASSWORD to what the server has: ALTER ROLE ... PASSWORD"},
    {"no password supplied", "set DB_PASSWORD"},
    {"requires a valid client certificate",
     "take clientcert out of the line of pg_hba.conf, or give libpq one with PGSSLCERT and PGSSLKEY"},
    {"certificate verify failed",
     "database.ssl_root_certificate_file must hold the certificate of the authority that signed the server's"},
    {"does not match host name",
     "set DB_HOST to a name in the server's certificate, or database.ssl_mode to verify-ca, which looks at no name"},
    {"root certificate file",
     "set database.ssl_root_certificate_file to a PEM file with the authority's certificate, or database.ssl_mode to "
     "require, which checks none"},
    {"does not support SSL", "turn ssl on in the server, or set database.ssl_mode to prefer"},
    {"SQLSTATE 53300", "raise max_connections, the role's or the database's limit, or put PgBouncer in front"},
    {"could not translate host name", "see DB_HOST, and the name's DNS entry"},
});

// The address in: no pg_hba.conf entry for host "10.0.0.1", user ...; as the server sees this machine.
std::string AddressIn(const std::string& said) {
  constexpr std::string_view kBefore = "entry for host \"";
  const std::size_t at = said.find(kBefore);
  if (at == std::string::npos) return "ADDRESS";
  const std::size_t begin = at + kBefore.size();
  const std::string address = said.substr(begin, said.find('"', begin) - begin);
  return address + (address.find(':') == std::string::npos ? "/32" : "/128");
}

// As SQL has a name: in quotes where it is not all small letters, digits and underscores.
std::string Identifier(const std::string& name) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyz0123456789_";
  const bool plain = name.find_first_not_of(kPlain) == std::string::npos;
  if (plain && !name.empty() && (name.front() < '0' || name.front() > '9')) return name;
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

std::string RemedyFor(const Config& config, const std::string& said) {
  const auto says = [&said](std::string_view part) { return said.find(part) != std::string::npos; };
  const Config::Database& database = config.database;
  if (says("no pg_hba.conf entry")) {
    const std::string line = std::string(" a line in pg_hba.conf, ") + (says("SSL encryption") ? "hostssl " : "host ") +
                             database.name + ' ' + database.user + ' ' + AddressIn(said) +
                             " scram-sha-256, then SELECT pg_reload_conf()";
    // Refused without TLS, and not tried with it.
    if (!says("SSL encryption")) return "set database.ssl_mode to require or verify-full; else it takes" + line;
    return "it takes" + line;
  }
  if (says("is not permitted to log in")) return "ALTER ROLE " + Identifier(database.user) + " LOGIN";
  if (says("CONNECT privilege"))
    return "GRANT CONNECT ON DATABASE " + Identifier(database.name) + " TO " + Identifier(database.user);
  if (says("SQLSTATE 3D000")) return "see DB_NAME, or CREATE DATABASE " + Identifier(database.name);
  for (const Known& known : kKnown) {
    if (says(known.part)) return std::string(known.remedy);
  }
  return "see DB_HOST and DB_PORT, the name's DNS entry, the network policy, and whether the server runs";
}

void JudgeServer(const Config& config, const Expectations& expectations, const store::PostgresServer& server,
                 Findings& findings) {
  if (server.version_number < kOldestVersion) {
    findings.Error("version", server.version, "PostgreSQL 13 or later");
  } else {
    findings.Ok("version", server.version);
  }
  if (server.standby || server.read_only) {
    findings.Error("writing", server.standby ? "a standby, which takes no writes" : "read-only",
                   server.standby ? "set DB_HOST to the primary, or to all hosts separated by commas"
                                  : "look at default_transaction_read_only of server, database and role");
  } else {
    findings.Ok("writing", "it takes writes");
  }
  if (server.encrypted || OnThisMachine(config.database.host)) {
    findings.Ok("tls", server.encrypted ? "encrypted, database.ssl_mode is " + config.database.ssl_mode
                                        : "not encrypted, on this machine");
  } else {
    findings.Warning("tls", "not encrypted",
                     "let the server have a certificate, and set database.ssl_mode to verify-full");
  }
  if (server.pooled) {
    findings.Ok("pooler", "one lies in between, and takes transactions");
  } else {
    findings.Ok("pooler", "none");
  }
  if (server.may_use_temporary_tables) {
    findings.Ok("role", server.role + " may use temporary tables");
  } else {
    findings.Error(
        "role", server.role + " may not use temporary tables, through which batches with duplicates go",
        "GRANT TEMPORARY ON DATABASE " + Identifier(config.database.name) + " TO " + Identifier(server.role));
  }
  const std::int64_t needed =
      expectations.replicas * (static_cast<std::int64_t>(config.database.writers) + kConnectionsBeside);
  const std::string connections = std::to_string(needed) + " for " + std::to_string(expectations.replicas) +
                                  " replicas; of " + std::to_string(server.connections) + " others use " +
                                  std::to_string(server.connections_of_others);
  const std::string remedy = "set database.writers lower, or max_connections (of server, database or role) higher";
  if (needed > server.connections) {
    findings.Error("connections", connections, remedy);
  } else if (needed > server.connections - server.connections_of_others) {
    findings.Warning("connections", connections, remedy);
  } else {
    findings.Ok("connections", connections);
  }
}

void JudgeClock(const store::PostgresServer& server, Findings& findings) {
  const std::string found = "PostgreSQL's is " + std::to_string(std::abs(server.clock_ahead_ms)) + " ms " +
                            (server.clock_ahead_ms < 0 ? "behind" : "ahead of") + " this machine's, give or take " +
                            std::to_string(server.clock_uncertainty_ms) + " ms";
  if (std::abs(server.clock_ahead_ms) > kClockOffMs + server.clock_uncertainty_ms) {
    findings.Warning("clock", found, "let both follow a time server: `timedatectl` tells whether they do");
  } else {
    findings.Ok("clock", found);
  }
}

std::string RemedyForMonths(const std::string& role, const store::PostgresTable& table) {
  if (table.month_function) return "GRANT EXECUTE ON FUNCTION audit_events_make_month TO " + Identifier(role);
  return "let DB_USER be the table's owner, " + table.owner + "; or, where no Python service is left, " + kSchemaRemedy;
}

void JudgeMonths(const Config& config, const std::string& role, const store::PostgresTable& table, time::UnixMicros now,
                 Findings& findings) {
  std::string absent;
  for (int ahead = 0; ahead < config.database.partition_pre_create_months; ++ahead) {
    const Month month = Month::Of(now).Plus(ahead);
    if (!std::ranges::any_of(table.months, [&](const auto& each) { return each.month == month; })) {
      absent += (absent.empty() ? "" : ", ") + month.ToString();
    }
  }
  const std::string span = table.months.empty()
                               ? "none"
                               : std::to_string(table.months.size()) + ", " + table.months.front().month.ToString() +
                                     " to " + table.months.back().month.ToString();
  if (!table.may_make_months) {
    findings.Error("months",
                   span + "; " + role + " may not make one" + (absent.empty() ? "" : ", and missing are " + absent),
                   RemedyForMonths(role, table));
  } else if (!table.month_function_owner.empty() && role != table.owner) {
    findings.Error("months",
                   span + "; audit_events_make_month belongs to " + table.month_function_owner +
                       ", who may do nothing to the table of " + table.owner,
                   "ALTER FUNCTION audit_events_make_month OWNER TO " + Identifier(table.owner));
  } else {
    findings.Ok("months", span + (absent.empty() ? "" : "; the service makes " + absent));
  }
  std::string shifted;
  for (const store::PostgresMonth& each : table.months) {
    const bool begins = each.from && each.from->value == each.month.begin().value;
    const bool ends = each.to && each.to->value == each.month.Plus(1).begin().value;
    if (!begins || !ends) shifted += (shifted.empty() ? "" : ", ") + each.month.ToString();
  }
  if (shifted.empty()) {
    findings.Ok("month bounds", "in UTC");
  } else {
    findings.Warning(
        "month bounds", "not those of a month in UTC: " + shifted,
        "nothing to do: new months join where these end; a query by partition finds some hours in the next");
  }
  if (table.default_partition) {
    findings.Warning("default partition",
                     *table.default_partition + " is locked and read through whenever a month is made",
                     "move its rows to months of their own, and detach it");
  }
  if (!table.strangers.empty()) {
    std::string names;
    for (const std::string& name : table.strangers) names += (names.empty() ? "" : ", ") + name;
    findings.Error("strangers", names + ": named like a month and no partition, so that its events cannot be stored",
                   "ALTER TABLE audit_events ATTACH PARTITION ..., or rename it");
  }
  const int kept = config.database.partition_retention_months;
  const bool drops = config.role_maintain && kept > 0;
  if (drops && std::ranges::any_of(table.months, [](const auto& each) { return !each.ours_to_drop; })) {
    findings.Warning("retention",
                     "the role may not drop months that grow older than " + std::to_string(kept) + " months",
                     "run one replica with the role maintain as the table's owner, or set "
                     "database.partition_retention_months to 0");
  }
}

// There is none, as far as the role can see.
void JudgeMissing(const std::string& role, const store::PostgresTable& table, Findings& findings) {
  const std::string schema = table.other_schema;
  if (!schema.empty() && !table.may_use_schema) {
    findings.Error("table", role + " may not look into the schema " + schema + ", where audit_events is",
                   "GRANT USAGE ON SCHEMA " + Identifier(schema) + " TO " + Identifier(role));
  } else if (!schema.empty()) {
    findings.Warning("table",
                     "audit_events is in the schema " + schema + ", which is not in the search_path of " + role,
                     "ALTER ROLE " + Identifier(role) + " SET search_path = " + Identifier(schema) +
                         ", unless it is somebody else's table");
  } else if (table.may_make_it) {
    findings.Ok("table", "audit_events is not there; the service makes it");
  } else {
    findings.Error("table", "audit_events is not there, and " + role + " may not make it", kSchemaRemedy);
  }
}

// Which the role may not use.
void JudgeSequence(const std::string& role, const std::string& sequence, Findings& findings) {
  findings.Error("table", role + " may not use " + sequence + ", which a column takes its default from",
                 "GRANT USAGE ON SEQUENCE " + sequence + " TO " + Identifier(role));
}

void JudgeTable(const Config& config, const std::string& role, const Result<store::PostgresTable>& asked,
                time::UnixMicros now, Findings& findings) {
  if (!asked) {
    findings.Error("table", asked.error().message(), "see the server's log");
    return;
  }
  if (!asked->exists) return JudgeMissing(role, *asked, findings);
  if (asked->fits) {
    findings.Ok("table", "audit_events fits, with " + Bytes(asked->bytes));
  } else {
    const bool shape = asked->fits.error().code() == ErrorCode::kInvalidArgument;
    findings.Error(
        "table", asked->fits.error().message(),
        shape ? "mend the table as docs/postgres.md has it; until then nothing is stored"
              : "as its owner, " + asked->owner + ": GRANT SELECT, INSERT ON audit_events TO " + Identifier(role));
  }
  for (const std::string& sequence : asked->closed_sequences) JudgeSequence(role, sequence, findings);
  for (const std::string& line : asked->advice) {
    findings.Warning("table", line, "as said there; docs/postgres.md has the reasons");
  }
  JudgeMonths(config, role, *asked, now, findings);
}

}  // namespace

std::vector<Finding> JudgePostgres(const Config& config, const Expectations& expectations,
                                   const Result<store::PostgresSurvey>& survey, time::UnixMicros now) {
  Findings findings("postgres");
  if (!survey) {
    findings.Error("server", survey.error().message(), RemedyFor(config, survey.error().message()));
    return findings.Take();
  }
  JudgeServer(config, expectations, survey->server, findings);
  JudgeClock(survey->server, findings);
  JudgeTable(config, survey->server.role, survey->table, now, findings);
  findings.Skipped(
      "disk",
      "PostgreSQL does not tell how much room it has; the database takes " + Bytes(survey->server.database_bytes),
      "on its machine: df -h on the data_directory");
  return findings.Take();
}

}  // namespace audit::preflight
