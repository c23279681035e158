// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <ctime>
#include <filesystem>
#include <utility>

#include "store/copy.h"
#include "store/read.h"
#include "store/runs.h"
#include "store/schema.h"
#include "store/sqlite.h"
#include "store/store.h"
#include "store/write.h"
#include "store/writer.h"

namespace store {
namespace {

// Reading a small database once at the start costs less than serving from a damaged one; the
// pages of a large one are looked at when they are used.
constexpr std::uintmax_t small_database = 32 << 20;

base::Status check_pages(Database& database) {
  std::error_code error;
  if (std::filesystem::file_size(database.path(), error) > small_database) return {};
  Statement check = database.query("PRAGMA quick_check(1)");
  const std::string verdict = check.next() ? check.text(0) : "ok";
  if (auto status = check.status(); !status) return status;
  if (verdict == "ok") return {};
  return base::fail("{} is damaged ({}): keep a copy of it, then put back a backup", database.path(),
                    verdict);
}

class SqliteStore final : public Store {
 public:
  explicit SqliteStore(Database database, std::string read_only = {})
      : database_(std::move(database)), read_only_(std::move(read_only)) {}

  base::Result<Everything> load() override {
    const Transaction transaction(database_, Transaction::For::reading);
    if (!transaction.begun()) return tl::unexpected(transaction.begun().error());
    return read_everything(database_);
  }

  base::Result<Applied, Refused> apply(const Batch& batch, const Veto& veto) override {
    const auto failed = [](const base::Error& error) {
      return tl::unexpected(Refused{Refused::Why::not_written, 0, error.what});
    };
    if (auto there = look(); !there) return failed(there.error());
    Transaction transaction(database_);
    if (!transaction.begun()) return failed(transaction.begun().error());
    auto applied = write_batch(database_, batch, std::time(nullptr));
    if (!applied) return applied;
    if (auto fine = veto ? veto(*applied) : base::Status(); !fine) {
      return tl::unexpected(Refused{Refused::Why::contradiction, 0, fine.error().what});
    }
    if (auto done = transaction.commit(); !done) return failed(done.error());
    // Removed in between: what was written is lost, so it counts as not written.
    if (auto there = look(); !there) return failed(there.error());
    return applied;
  }

  base::Result<std::optional<std::int64_t>> revision(Kind kind, std::int64_t id) override {
    Statement row =
        kind == Kind::settings
            ? database_.query("SELECT settings FROM site WHERE only = ?", id)
            : database_.query(fmt::format("SELECT revision FROM {} WHERE id = ?", table_of(kind)), id);
    const auto found = row.next() ? std::optional(row.integer(0)) : std::nullopt;
    if (auto status = row.status(); !status) return tl::unexpected(status.error());
    return found;
  }

  base::Result<std::vector<Event>> events(std::int64_t after, std::size_t count) override {
    std::vector<Event> events;
    Statement rows = database_.query(
        "SELECT id, at, revision, who, verb, kind, subject, name FROM events WHERE id > ? ORDER BY id LIMIT "
        "?",
        after, static_cast<std::int64_t>(count));
    while (rows.next()) {
      events.push_back({rows.integer(0), rows.integer(1), rows.integer(2), rows.text(3), rows.text(4),
                        parse_kind(rows.text(5)).value_or(Kind::settings), rows.integer(6), rows.text(7)});
    }
    if (auto status = rows.status(); !status) return tl::unexpected(status.error());
    return events;
  }

  base::Result<std::int64_t> next_version(const std::string& place) override {
    if (auto there = look(); !there) return tl::unexpected(there.error());
    const auto next = number(
        database_.query("INSERT INTO versions (place, last) VALUES (?, 1) ON CONFLICT (place) DO UPDATE "
                        "SET last = last + 1 RETURNING last",
                        place));
    if (auto there = look(); !there) return tl::unexpected(there.error());
    return next;
  }
  base::Result<std::int64_t> last_version(const std::string& place) override {
    return number(database_.query("SELECT last FROM versions WHERE place = ?", place));
  }

  base::Result<std::vector<policy::Run>> runs(const RunQuery& query) override {
    return read_runs(database_, query);
  }
  base::Status put_runs(std::span<const policy::Run> runs,
                        const std::optional<policy::BreakerMark>& breaker) override {
    if (auto there = look(); !there) return there;
    Transaction transaction(database_);
    if (!transaction.begun()) return transaction.begun();
    for (const policy::Run& run : runs) {
      if (auto put = write_run(database_, run); !put) return put;
    }
    if (breaker) {
      if (auto put = write_breaker(database_, *breaker); !put) return put;
    }
    if (auto done = transaction.commit(); !done) return done;
    return look();
  }
  base::Status remove_runs(std::int64_t device, std::int64_t deployment) override {
    if (auto there = look(); !there) return there;
    return database_.run("DELETE FROM runs WHERE device = ? AND (? = 0 OR deployment = ?)", device,
                         deployment, deployment);
  }
  base::Result<policy::BreakerMark> breaker() override { return read_breaker(database_); }

  base::Status look() override {
    if (!read_only_.empty()) return base::fail("{}", read_only_);
    return database_.files_are_there();
  }

  base::Status back_up(const std::string& path) override { return copy_database(database_, path); }

 private:
  static base::Result<std::int64_t> number(Statement row) {
    const std::int64_t value = row.next() ? row.integer(0) : 0;
    if (auto done = row.run(); !done) return tl::unexpected(done.error());
    return value;
  }

  Database database_;
  std::string read_only_;  // why; empty where it is not
};

}  // namespace

base::Result<std::unique_ptr<Store>> open_sqlite(const std::string& path) {
  auto database = Database::open(path);
  if (!database) return tl::unexpected(database.error());
  if (auto sound = check_pages(*database); !sound) return tl::unexpected(sound.error());
  if (auto migrated = migrate(*database, migrations()); !migrated) return tl::unexpected(migrated.error());
  // Only now, when it is known to be ours: the mode is written into the file.
  if (auto set = database->run("PRAGMA journal_mode = WAL"); !set) return tl::unexpected(set.error());
  // Reading makes the journal, where there is none.
  if (auto read = database->run("SELECT revision FROM site"); !read) return tl::unexpected(read.error());
  database->remember_files();
  return std::make_unique<SqliteStore>(std::move(*database));
}

base::Result<std::unique_ptr<Store>> open_sqlite_copy(const std::string& path, std::string why) {
  auto file = Database::open(path, Database::Access::reading);
  if (!file) return tl::unexpected(file.error());
  if (auto sound = check_pages(*file); !sound) return tl::unexpected(sound.error());
  if (is_current(*file, migrations())) return std::make_unique<SqliteStore>(std::move(*file), std::move(why));
  auto copy = Database::in_memory(*file);
  if (!copy) return tl::unexpected(copy.error());
  if (auto migrated = migrate(*copy, migrations()); !migrated) return tl::unexpected(migrated.error());
  return std::make_unique<SqliteStore>(std::move(*copy), std::move(why));
}

}  // namespace store
