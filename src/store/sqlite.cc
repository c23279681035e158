// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite.h"

#include <sys/stat.h>

#include <cstddef>
#include <utility>

namespace store {
namespace {

constexpr int busy_milliseconds = 5000;
constexpr const char* memory = ":memory:";

// SQLite's words name neither the file nor what a person does about it.
tl::unexpected<base::Error> failure(const std::string& path, int code, std::string_view message) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return base::fail("{} is damaged ({}): keep a copy of it, then put back a backup", path, message);
    case SQLITE_FULL:
      return base::fail("{}: the disk is full: nothing was changed; make room and try again", path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return base::fail("{} is locked by another program: close it (sqlite3?) and try again", path);
    case SQLITE_IOERR:
      return base::fail("{} cannot be read or written ({}): look at the disk and the kernel's log", path,
                        message);
    case SQLITE_READONLY:
      return base::fail("{} cannot be written ({}): check its owner and its directory's", path, message);
    case SQLITE_CANTOPEN:
      return base::fail("{} cannot be opened ({}): check that its directory exists and whose it is", path,
                        message);
    default:
      return base::fail("{}: {}", path, message);
  }
}

}  // namespace

Connection::~Connection() {
  for (const auto& [sql, statement] : idle_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

Statement::Statement(Connection& connection, std::string_view sql) : connection_(&connection) {
  Connection::Idle& idle = connection.idle_;
  if (const auto kept = idle.find(sql); kept != idle.end()) {
    own_ = idle.extract(kept);
    return;
  }
  sqlite3_stmt* statement = nullptr;
  note(sqlite3_prepare_v3(connection.handle_, sql.data(), static_cast<int>(sql.size()),
                          SQLITE_PREPARE_PERSISTENT, &statement, nullptr));
  if (statement == nullptr) return;
  Connection::Idle one;
  own_ = one.extract(one.emplace(sql, statement).first);
}

Statement::~Statement() {
  if (own_.empty()) return;
  sqlite3_reset(statement());
  sqlite3_clear_bindings(statement());
  Connection::Idle& idle = connection_->idle_;
  if (idle.size() < Connection::max_idle) {
    own_ = idle.insert(std::move(own_)).node;  // comes back when its like is there already
  }
  sqlite3_finalize(statement());
}

void Statement::note(int code) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE || error_ != SQLITE_OK) return;
  error_ = code;
  message_ = sqlite3_errmsg(connection_->handle_);
}

void Statement::bind(int index, std::int64_t value) {
  if (error_ == SQLITE_OK) note(sqlite3_bind_int64(statement(), index, value));
}

void Statement::bind(int index, std::string_view value) {
  if (error_ != SQLITE_OK) return;
  // A null pointer would bind NULL, which is not the empty text.
  const char* data = value.data() == nullptr ? "" : value.data();
  note(sqlite3_bind_text64(statement(), index, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

bool Statement::next() {
  if (error_ != SQLITE_OK) return false;
  const int code = sqlite3_step(statement());
  note(code);
  return code == SQLITE_ROW;
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement(), column); }

bool Statement::is_null(int column) const { return sqlite3_column_type(statement(), column) == SQLITE_NULL; }

std::optional<std::int64_t> Statement::maybe_integer(int column) const {
  return is_null(column) ? std::nullopt : std::optional(integer(column));
}

std::string_view Statement::view(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement(), column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement(), column))};
}

base::Status Statement::run() {
  while (next()) continue;
  return status();
}

base::Status Statement::status() const {
  if (error_ == SQLITE_OK) return {};
  return failure(connection_->path_, error_, message_);
}

base::Result<Database> Database::open(const std::string& path, Access access) {
  sqlite3* handle = nullptr;
  const int access_flags = access == Access::reading    ? SQLITE_OPEN_READONLY
                           : access == Access::existing ? SQLITE_OPEN_READWRITE
                                                        : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  // One thread at a time is the store's rule already: no lock of SQLite's own for each column.
  const int code = sqlite3_open_v2(path.c_str(), &handle, access_flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(std::make_unique<Connection>(handle, path));
  if (code != SQLITE_OK)
    return failure(path, code, handle == nullptr ? "out of memory" : sqlite3_errmsg(handle));
  sqlite3_busy_timeout(handle, busy_milliseconds);
  sqlite3_extended_result_codes(handle, 1);
  // FULL: what was acknowledged survives a power cut, also in WAL mode. Functions in a schema
  // that somebody else wrote into the file are not to run. None of this changes the file.
  for (const char* setting :
       {"PRAGMA trusted_schema = OFF", "PRAGMA foreign_keys = ON", "PRAGMA synchronous = FULL"}) {
    if (auto set = database.run(setting); !set) return tl::unexpected(set.error());
  }
  return database;
}

base::Result<Database> Database::in_memory(Database& of) {
  auto copy = open(memory);
  if (!copy) return copy;
  sqlite3* const from = of.connection_->handle_;
  sqlite3* const to = copy->connection_->handle_;
  sqlite3_backup* const backup = sqlite3_backup_init(to, "main", from, "main");
  int code = backup == nullptr ? sqlite3_errcode(to) : SQLITE_OK;
  if (backup != nullptr) {
    sqlite3_backup_step(backup, -1);
    code = sqlite3_backup_finish(backup);
  }
  if (code != SQLITE_OK) return failure(of.path(), code, sqlite3_errstr(code));
  return copy;
}

bool Database::in_memory() const { return path() == memory; }

void Database::remember_files() {
  connection_->files_.clear();
  // The journal stays the same file for as long as somebody has the database open.
  for (const std::string& name : {path(), path() + "-wal"}) {
    struct stat facts {};
    if (::stat(name.c_str(), &facts) == 0) connection_->files_.push_back({name, facts.st_dev, facts.st_ino});
  }
}

base::Status Database::files_are_there() const {
  for (const Connection::File& file : connection_->files_) {
    struct stat facts {};
    const bool there = ::stat(file.path.c_str(), &facts) == 0;
    if (there && facts.st_dev == file.device && facts.st_ino == file.inode) continue;
    return base::fail("{} was {} while it was in use: stop the server, put back a backup and start it again",
                      file.path, there ? "replaced" : "removed");
  }
  return {};
}

base::Status Database::script(const std::string& sql) {
  const int code = sqlite3_exec(connection_->handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return {};
  return failure(path(), code, sqlite3_errmsg(connection_->handle_));
}

Transaction::~Transaction() {
  // SQLite may have rolled back by itself (disk full): then this does nothing.
  if (begun_ && !committed_) static_cast<void>(database_.run("ROLLBACK"));
}

base::Status Transaction::commit() {
  auto done = database_.run("COMMIT");
  committed_ = done.has_value();
  return done;
}

}  // namespace store
