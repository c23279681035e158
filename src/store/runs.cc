// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/runs.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace store {
namespace {

std::string to_hex(const policy::TokenHash& hash) {
  std::string text;
  for (const std::uint8_t octet : hash) text += fmt::format("{:02x}", octet);
  return text;
}

std::optional<policy::TokenHash> from_hex(std::string_view text) {
  policy::TokenHash hash;
  if (text.size() != 2 * hash.size()) return std::nullopt;
  for (std::uint8_t& octet : hash) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + 2, octet, 16);
    if (error != std::errc() || end != text.data() + 2) return std::nullopt;
    text.remove_prefix(2);
  }
  return hash;
}

// Nothing where somebody edited the file.
std::optional<policy::Run> run_of(const Statement& row) {
  policy::Run run;
  run.key = {row.integer(0), row.integer(1)};
  const auto state = policy::parse_run_state(row.view(2));
  const auto address = base::Ip::parse(row.view(10));
  if (!state || !address || !std::in_range<std::uint32_t>(row.integer(7))) return std::nullopt;
  run.state = *state;
  run.held = row.integer(3) != 0;
  run.offered = row.integer(4);
  run.started = row.integer(5);
  run.ended = row.integer(6);
  run.failures = static_cast<std::uint32_t>(row.integer(7));
  run.message = row.text(8);
  if (!row.is_null(9)) {
    run.token = from_hex(row.view(9));
    if (!run.token) return std::nullopt;
  }
  run.address = *address;
  return run;
}

}  // namespace

base::Result<std::vector<policy::Run>> read_runs(Database& database, const RunQuery& query) {
  std::string sql =
      "SELECT device, deployment, state, held, offered, started, ended, failures, message, token, address "
      "FROM "
      "runs WHERE (device, deployment) > (?, ?) AND offered >= ?";
  if (query.device) sql += fmt::format(" AND device = {}", *query.device);
  if (query.state) sql += fmt::format(" AND state = '{}'", policy::print(*query.state));
  if (query.open) sql += " AND state <> 'done' AND held = 0";
  sql += " ORDER BY device, deployment LIMIT ?";
  Statement rows = database.query(sql, query.after.device, query.after.deployment, query.offered_from,
                                  static_cast<std::int64_t>(query.count));
  std::vector<policy::Run> runs;
  while (rows.next()) {
    auto run = run_of(rows);
    if (!run) {
      return base::fail(
          "{}: the run of device {} and deployment {} holds a value that Bootferry never writes: "
          "put back a backup",
          database.path(), rows.integer(0), rows.integer(1));
    }
    runs.push_back(std::move(*run));
  }
  if (auto status = rows.status(); !status) return tl::unexpected(status.error());
  return runs;
}

base::Status write_run(Database& database, const policy::Run& run) {
  const auto token = run.token ? std::optional(to_hex(*run.token)) : std::nullopt;
  return database.run(
      "INSERT OR REPLACE INTO runs SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? "
      "WHERE EXISTS (SELECT 1 FROM devices WHERE id = ?) AND EXISTS (SELECT 1 FROM deployments WHERE id = ?)",
      run.key.device, run.key.deployment, policy::print(run.state), std::int64_t{run.held}, run.offered,
      run.started, run.ended, std::int64_t{run.failures}, run.message, token, run.address.print(),
      run.key.device, run.key.deployment);
}

base::Result<policy::BreakerMark> read_breaker(Database& database) {
  Statement row = database.query("SELECT failures_in_row, stopped_at FROM install_breaker");
  policy::BreakerMark mark;
  if (row.next() && std::in_range<std::uint32_t>(row.integer(0))) {
    mark = {static_cast<std::uint32_t>(row.integer(0)), row.integer(1)};
  }
  if (auto status = row.status(); !status) return tl::unexpected(status.error());
  return mark;
}

base::Status write_breaker(Database& database, const policy::BreakerMark& mark) {
  return database.run("INSERT OR REPLACE INTO install_breaker VALUES (1, ?, ?)",
                      std::int64_t{mark.failures_in_row}, mark.stopped_at);
}

}  // namespace store
