// SPDX-License-Identifier: GPL-3.0-or-later
// SQLite with owners for its handles and our error type. An error is sticky in a Statement:
// bind and step at will, ask once.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace store {

class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // The next row is there. False at the end and on error alike: ask status() afterwards.
  bool next();
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::optional<std::int64_t> maybe_integer(int column) const;
  [[nodiscard]] std::string text(int column) const;
  // Runs to the end and tells how that went.
  base::Status run();
  [[nodiscard]] base::Status status() const;

 private:
  friend class Database;
  Statement(sqlite3* database, const std::string& path, std::string_view sql);
  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view value);
  void bind(int index, const std::optional<std::int64_t>& value);  // nothing is NULL
  void note(int code);

  sqlite3* database_;
  const std::string* path_;
  sqlite3_stmt* statement_ = nullptr;
  int error_ = SQLITE_OK;
  std::string message_;
};

class Database {
 public:
  static base::Result<Database> open(const std::string& path);
  Database(Database&& other) noexcept;
  Database& operator=(Database&&) = delete;
  ~Database();

  // Each '?' takes the next of `values`, integers or texts.
  template <class... Values>
  Statement query(std::string_view sql, const Values&... values) {
    Statement statement(handle_, path_, sql);
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
  [[nodiscard]] std::int64_t changed() const { return sqlite3_changes64(handle_); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  sqlite3* handle_;
  std::string path_;
};

// Undone by its destructor unless committed. IMMEDIATE: a transaction that will write takes
// the lock at once, so that it fails at its start or not at all for being locked out.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database), begun_(database.run("BEGIN IMMEDIATE")) {}
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
