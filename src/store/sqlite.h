// SPDX-License-Identifier: GPL-3.0-or-later
// SQLite with owners for its handles and our error type. An error is sticky in a Statement:
// bind and step at will, ask once. Prepared statements are kept and used again: preparing costs
// more than most of them do.
#pragma once

#include <sqlite3.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace store {

// An open database and the statements that nobody uses at the moment, by their text.
class Connection {
 public:
  Connection(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

 private:
  friend class Statement;
  friend class Database;
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Idle = std::unordered_map<std::string, sqlite3_stmt*, Hash, std::equal_to<>>;
  static constexpr std::size_t max_idle = 128;

  // Which file it was, whatever stands at its place by now.
  struct File {
    std::string path;
    dev_t device = 0;
    ino_t inode = 0;
  };

  sqlite3* handle_;
  std::string path_;
  Idle idle_;
  std::vector<File> files_;
};

// At most as long as its Database.
class Statement {
 public:
  Statement(Statement&& other) noexcept = default;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // The next row is there. False at the end and on error alike: ask status() afterwards.
  bool next();
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::optional<std::int64_t> maybe_integer(int column) const;
  [[nodiscard]] std::string text(int column) const { return std::string(view(column)); }
  // Until the next row, or its number is asked for.
  [[nodiscard]] std::string_view view(int column) const;
  // Runs to the end and tells how that went.
  base::Status run();
  [[nodiscard]] base::Status status() const;

 private:
  friend class Database;
  Statement(Connection& connection, std::string_view sql);
  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view value);
  template <class Value>
  void bind(int index, const std::optional<Value>& value) {  // nothing is NULL
    if (value) return bind(index, *value);
    if (error_ == SQLITE_OK) note(sqlite3_bind_null(statement(), index));
  }
  void note(int code);
  [[nodiscard]] sqlite3_stmt* statement() const { return own_.empty() ? nullptr : own_.mapped(); }

  Connection* connection_;
  Connection::Idle::node_type own_;  // empty when it could not be prepared, or was moved from
  int error_ = SQLITE_OK;
  std::string message_;
};

class Database {
 public:
  enum class Access : std::uint8_t {
    create,    // made where it is missing
    existing,  // to read and write
    reading,   // of a database that no other program has open
  };
  static base::Result<Database> open(const std::string& path, Access access = Access::create);
  // A copy in memory, which ends with it.
  static base::Result<Database> in_memory(Database& of);
  [[nodiscard]] bool in_memory() const;

  // Keeps in mind which files it and its journal are. What is written after somebody removed or
  // replaced one of them is lost, and SQLite, which has them open, does not notice.
  void remember_files();
  [[nodiscard]] base::Status files_are_there() const;

  // Each '?' takes the next of `values`, integers or texts.
  template <class... Values>
  Statement query(std::string_view sql, const Values&... values) {
    Statement statement(*connection_, sql);
    int index = 0;
    (statement.bind(++index, values), ...);
    return statement;
  }
  template <class... Values>
  base::Status run(std::string_view sql, const Values&... values) {
    return query(sql, values...).run();
  }
  // Several statements in one text, without values.
  base::Status script(const std::string& sql);
  // Rows that the last INSERT, UPDATE or DELETE changed.
  [[nodiscard]] std::int64_t changed() const { return sqlite3_changes64(connection_->handle_); }
  [[nodiscard]] const std::string& path() const { return connection_->path_; }

 private:
  explicit Database(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
  std::unique_ptr<Connection> connection_;
};

// Undone by its destructor unless committed.
class Transaction {
 public:
  enum class For : std::uint8_t {
    reading,  // one state of the database throughout
    writing,  // takes the lock at once: fails at its start or not at all for being locked out
  };
  explicit Transaction(Database& database, For what = For::writing)
      : database_(database), begun_(database.run(what == For::writing ? "BEGIN IMMEDIATE" : "BEGIN")) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  [[nodiscard]] const base::Status& begun() const { return begun_; }
  base::Status commit();

 private:
  Database& database_;
  base::Status begun_;
  bool committed_ = false;
};

}  // namespace store
