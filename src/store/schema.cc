// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/schema.h"

#include <fmt/format.h>

#include <ctime>
#include <filesystem>
#include <system_error>

#include "store/copy.h"

namespace store {
namespace {

// "BFry". `file` shows it, and no other program's database is taken for ours.
constexpr std::int64_t application_id = 0x42467279;

base::Result<std::int64_t> number(Statement statement) {
  const std::int64_t value = statement.next() ? statement.integer(0) : 0;
  if (auto status = statement.status(); !status) return tl::unexpected(status.error());
  return value;
}

// An empty file is ours to fill; anything else must carry our mark.
base::Status claim(Database& database) {
  const auto id = number(database.query("PRAGMA application_id"));
  if (!id) return tl::unexpected(id.error());
  if (*id == application_id) return {};
  const auto tables = number(database.query("SELECT count(*) FROM sqlite_schema"));
  if (!tables) return tl::unexpected(tables.error());
  if (*id != 0 || *tables != 0) {
    return base::fail("{} is another program's database: name Bootferry's own state directory",
                      database.path());
  }
  return database.script(fmt::format("PRAGMA application_id = {}", application_id));
}

// The last version applied, each one compared with the step of that number.
base::Result<std::int64_t> applied_version(Database& database, std::span<const Migration> steps) {
  Statement rows = database.query("SELECT version, checksum FROM schema_migrations ORDER BY version");
  std::int64_t last = 0;
  std::string changed;
  while (rows.next()) {
    last = rows.integer(0);
    for (const Migration& step : steps) {
      if (step.version == last && checksum(step.sql) != rows.text(1)) changed = step.name;
    }
  }
  if (auto status = rows.status(); !status) return tl::unexpected(status.error());
  const std::int64_t known = steps.empty() ? 0 : steps.back().version;
  if (last > known) {
    return base::fail(
        "{} has schema {} of a newer Bootferry, this one knows {}: install the newer one again, or put "
        "back a backup from before the upgrade",
        database.path(), last, known);
  }
  if (!changed.empty()) {
    return base::fail("{} was made by another build of Bootferry (schema step «{}» differs): use that build",
                      database.path(), changed);
  }
  return last;
}

base::Status apply(Database& database, const Migration& step) {
  if (auto done = database.script(std::string(step.sql)); !done) return done;
  return database.run("INSERT INTO schema_migrations (version, name, checksum, applied) VALUES (?, ?, ?, ?)",
                      step.version, step.name, checksum(step.sql),
                      static_cast<std::int64_t>(std::time(nullptr)));
}

// «bootferry.db.schema-1»: what an older Bootferry can go back to. It takes the place of one from
// an earlier try only when it is whole.
base::Status back_up_before(Database& database, std::int64_t version) {
  const std::string path = fmt::format("{}.schema-{}", database.path(), version);
  const std::string unfinished = path + ".new";
  std::error_code error;
  std::filesystem::remove(unfinished, error);
  auto done = copy_database(database, unfinished);
  if (done) std::filesystem::rename(unfinished, path, error);
  if (done && !error) return {};
  return base::fail("{} cannot be copied before it is brought up to date: {}", database.path(),
                    done ? error.message() : done.error().what);
}

// The schema of a database of ours; 0: none yet, or not ours.
std::int64_t present_version(Database& database) {
  const auto id = number(database.query("PRAGMA application_id"));
  if (!id || *id != application_id) return 0;
  Statement row = database.query("SELECT max(version) FROM schema_migrations");
  return row.next() ? row.integer(0) : 0;
}

}  // namespace

// FNV-1a: it finds an edited step, nobody attacks it.
std::string checksum(std::string_view sql) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : sql) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("{:016x}", hash);
}

bool is_current(Database& database, std::span<const Migration> steps) {
  const std::int64_t present = present_version(database);
  return present > 0 && !steps.empty() && present == steps.back().version &&
         applied_version(database, steps).has_value();
}

base::Status migrate(Database& database, std::span<const Migration> steps) {
  const std::int64_t present = present_version(database);
  if (!database.in_memory() && present > 0 && !steps.empty() && present < steps.back().version) {
    if (auto kept = back_up_before(database, present); !kept) return kept;
  }
  Transaction transaction(database);
  if (!transaction.begun()) return transaction.begun();
  if (auto ours = claim(database); !ours) return ours;
  if (auto made = database.script("CREATE TABLE IF NOT EXISTS schema_migrations ("
                                  "version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, "
                                  "applied INTEGER NOT NULL) STRICT");
      !made) {
    return made;
  }
  const auto last = applied_version(database, steps);
  if (!last) return tl::unexpected(last.error());
  for (const Migration& step : steps) {
    if (step.version <= *last) continue;
    if (auto done = apply(database, step); !done) return done;
  }
  return transaction.commit();
}

}  // namespace store
