// SPDX-License-Identifier: GPL-3.0-or-later
// Records by their names and names by their records' numbers, as one snapshot has them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "policy/snapshot.h"
#include "store/records.h"

namespace api {

// In lower case, as far as names care: ASCII letters.
std::string folded(std::string_view name);

// Costs nothing until it is asked: a kind's names are put in order when the first one is looked
// up; devices, of which there may be a million, when a second one is (the first is searched for).
// One thread at a time. The snapshot must outlive it.
class Names {
 public:
  explicit Names(const policy::Snapshot& snapshot);

  // What a record is called; empty where it is not there, and for 0, which refers to nothing.
  [[nodiscard]] std::string_view name(store::Kind kind, std::int64_t id) const;
  // Names know no case (of ASCII letters). Settings have none.
  [[nodiscard]] std::optional<std::int64_t> find_named(store::Kind kind, std::string_view name) const;
  // A device by one of its addresses or by its UUID as well, if no device has that for its name.
  [[nodiscard]] std::optional<std::int64_t> find(store::Kind kind, std::string_view name) const;

  // Records that are about to be: `name` means `id` from now on, before any record of that name.
  // Ids below 0 stand for records that a batch creates.
  void promise(store::Kind kind, std::string_view name, std::int64_t id);
  // Only promised ones are found from now on: the others of this kind are about to go.
  void forget_others(store::Kind kind);

  [[nodiscard]] const policy::Snapshot& snapshot() const { return snapshot_; }

 private:
  using Hashed = std::pair<std::uint64_t, std::int64_t>;  // of a name without case; id
  struct Table {
    std::vector<Hashed> by_name;                               // ascending
    std::unordered_map<std::int64_t, std::string_view> by_id;  // not of devices
    bool made = false;
  };
  struct Promises {
    std::unordered_map<std::string, std::int64_t> by_name;  // in lower case
    std::unordered_map<std::int64_t, std::string> by_id;
    bool only = false;
  };
  static constexpr std::size_t kinds = 9;  // all but settings

  Table& table(store::Kind kind) const;

  const policy::Snapshot& snapshot_;
  mutable std::array<Table, kinds> tables_;
  mutable bool searched_devices_ = false;
  std::array<Promises, kinds> promises_;
};

}  // namespace api
