// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers below 0 stand for records that a batch itself creates: later steps refer to them
// before the store has given them a number.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "store/records.h"

namespace store {

class Placeholders {
 public:
  // The record behind `id` has got its number. Ids from 0 on are no placeholders.
  void name(std::int64_t id, std::int64_t number) {
    if (id < 0) numbers_[id] = number;
  }
  // The number behind an id; nothing for a placeholder that stands for no record yet.
  [[nodiscard]] std::optional<std::int64_t> number(std::int64_t id) const;

  // What the record refers to gets its numbers, and it is tidy again (store/shape.h). The first
  // placeholder that stands for nothing, if there is one.
  std::optional<std::int64_t> resolve(Record& record) const;

 private:
  std::unordered_map<std::int64_t, std::int64_t> numbers_;
};

}  // namespace store
