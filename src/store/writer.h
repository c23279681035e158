// SPDX-License-Identifier: GPL-3.0-or-later
// One batch on its way into the tables: the first refusal stays, and what comes after it does
// nothing. For write.cc and write_records.cc only.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "store/records.h"
#include "store/sqlite.h"

namespace store {

std::string_view table_of(Kind kind);

class Writer {
 public:
  using Why = Refused::Why;
  Writer(Database& database, std::int64_t revision) : database_(database), revision_(revision) {}

  // Refusals from now on are about this step of the batch.
  void at_step(std::size_t step) { step_ = step; }
  void refuse(Why why, std::string what) {
    if (!refused_) refused_ = Refused{why, step_, std::move(what)};
  }
  [[nodiscard]] bool refused() const { return refused_.has_value(); }
  [[nodiscard]] const std::optional<Refused>& refusal() const { return refused_; }
  [[nodiscard]] std::int64_t revision() const { return revision_; }

  template <class... Values>
  void run(std::string_view sql, const Values&... values) {
    if (!refused_) check(database_.run(sql, values...));
  }
  // As run(); whether a row was changed.
  template <class... Values>
  bool changes(std::string_view sql, const Values&... values) {
    run(sql, values...);
    return !refused_ && database_.changed() > 0;
  }
  // `row` with each one that comes, until it returns false.
  template <class Row, class... Values>
  void each(const Row& row, std::string_view sql, const Values&... values) {
    if (refused_) return;
    Statement rows = database_.query(sql, values...);
    while (rows.next() && row(rows)) continue;
    check(rows.status());
  }
  // The first column of the first row.
  template <class... Values>
  std::optional<std::int64_t> number(std::string_view sql, const Values&... values) {
    std::optional<std::int64_t> found;
    each([&](Statement& row) { return found = row.integer(0), false; }, sql, values...);
    return found;
  }
  template <class... Values>
  std::optional<std::string> text(std::string_view sql, const Values&... values) {
    std::optional<std::string> found;
    each([&](Statement& row) { return found = row.text(0), false; }, sql, values...);
    return found;
  }

  // Writes the row of a record, a new one where id is 0; `columns` as "name, address". Its id.
  template <class... Values>
  std::int64_t row(Kind kind, std::int64_t id, std::string_view columns, const Values&... values) {
    std::string marks = "?";
    for (std::size_t i = 0; i < sizeof...(Values); ++i) marks += ", ?";
    const std::string_view table = table_of(kind);
    if (id == 0) {
      const auto sql =
          fmt::format("INSERT INTO {} ({}, revision) VALUES ({}) RETURNING id", table, columns, marks);
      return number(sql, values..., revision_).value_or(0);
    }
    run(fmt::format("UPDATE {} SET ({}, revision) = ({}) WHERE id = ?", table, columns, marks), values...,
        revision_, id);
    return id;
  }

  // References hold when the whole batch is written, so that its steps may come in any order.
  void needs(Kind kind, std::int64_t id) { needed_.try_emplace({kind, id}, step_); }
  // 0 refers to nothing.
  void may_need(Kind kind, std::int64_t id) {
    if (id != 0) needs(kind, id);
  }
  void may_need_program(const std::string& name) {
    if (!name.empty()) needed_programs_.try_emplace(name, step_);
  }
  void check_references();

 private:
  void check(const base::Status& done) {
    if (!done) refuse(Why::not_written, done.error().what);
  }

  Database& database_;
  std::int64_t revision_;
  std::size_t step_ = 0;
  std::optional<Refused> refused_;
  // Each with the first step that refers to it.
  std::map<std::pair<Kind, std::int64_t>, std::size_t> needed_;
  std::map<std::string, std::size_t> needed_programs_;
};

// The record with all its parts. Its id.
std::int64_t put_record(Writer& writer, const Record& record);

}  // namespace store
