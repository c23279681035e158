// SPDX-License-Identifier: GPL-3.0-or-later
// An immutable map whose changed copy shares all but the shards that changed: one device of a
// million is replaced by copying some hundred, while packets are decided from the old map.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace policy {

template <class Key, class Value>
class ShardedMap {
 public:
  struct Change {
    Key key;
    std::optional<Value> value;  // nothing: erased
  };

  [[nodiscard]] const Value* find(const Key& key) const {
    if (shards_.empty()) return nullptr;
    const Shard* shard = shards_[place(key)].get();
    if (shard == nullptr) return nullptr;
    const auto it = std::lower_bound(shard->begin(), shard->end(), key, before);
    return it != shard->end() && it->first == key ? &it->second : nullptr;
  }

  // Of several changes to one key the last counts. Costs what the touched shards hold, and a
  // pointer for each of the others.
  [[nodiscard]] ShardedMap with(std::vector<Change> changes) const {
    ShardedMap next = *this;
    next.grow(size_ + changes.size());
    // By shard first, where no key is looked at: a million are sorted at a start. Then by key
    // within each shard, and of one key as given.
    std::vector<Placed> placed;
    placed.reserve(changes.size());
    for (Change& change : changes) placed.push_back({next.place(change.key), &change});
    std::ranges::sort(placed, {}, &Placed::place);
    for (auto first = placed.begin(); first != placed.end();) {
      const auto last =
          std::find_if(first, placed.end(), [&](const Placed& each) { return each.place != first->place; });
      std::sort(first, last, [](const Placed& a, const Placed& b) {
        if (a.change->key != b.change->key) return a.change->key < b.change->key;
        return a.change < b.change;
      });
      next.merge(first->place, first, last);
      first = last;
    }
    return next;
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  // In no order that means anything.
  template <class Visit>
  void each(const Visit& visit) const {
    for (const auto& shard : shards_) {
      if (shard == nullptr) continue;
      for (const auto& [key, value] : *shard) visit(key, value);
    }
  }

 private:
  struct Placed {
    std::size_t place;
    Change* change;
  };
  using Entry = std::pair<Key, Value>;
  using Shard = std::vector<Entry>;
  // Small enough to copy in microseconds, large enough that their pointers weigh little.
  static constexpr std::size_t per_shard = 128;

  static bool before(const Entry& entry, const Key& key) { return entry.first < key; }

  // Linear hashing: as many low bits as give a shard that is there.
  [[nodiscard]] std::size_t place(const Key& key) const {
    // Identity hashes of integers, and addresses of one maker, differ in their low bits only.
    const std::size_t mixed = std::hash<Key>{}(key)*0x9e3779b97f4a7c15ULL >> 32;
    const std::size_t level = std::bit_floor(shards_.size());
    const std::size_t at = mixed & (2 * level - 1);
    return at < shards_.size() ? at : at - level;
  }

  // Shard by shard, so that no single change pays for a map twice as large.
  void grow(std::size_t size) {
    const std::size_t wanted = std::max<std::size_t>(1, size / per_shard);
    if (size_ == 0 && shards_.size() < wanted) shards_.assign(wanted, nullptr);
    while (shards_.size() < wanted) split();
  }

  void split() {
    const std::size_t from = shards_.size() - std::bit_floor(shards_.size());
    const auto old = std::exchange(shards_[from], nullptr);
    shards_.emplace_back();
    if (old == nullptr) return;
    Shard kept, moved;
    for (const Entry& entry : *old) (place(entry.first) == from ? kept : moved).push_back(entry);
    store(from, std::move(kept));
    store(shards_.size() - 1, std::move(moved));
  }

  void store(std::size_t at, Shard shard) {
    shard.shrink_to_fit();
    shards_[at] = shard.empty() ? nullptr : std::make_shared<const Shard>(std::move(shard));
  }

  template <class Iterator>
  void merge(std::size_t at, Iterator first, Iterator last) {
    static const Shard nothing;
    const Shard& old = shards_[at] == nullptr ? nothing : *shards_[at];
    Shard merged;
    merged.reserve(old.size() + static_cast<std::size_t>(last - first));
    auto kept = old.begin();
    while (first != last) {
      auto newest = first;
      while (++first != last && first->change->key == newest->change->key) newest = first;
      Change& change = *newest->change;
      while (kept != old.end() && kept->first < change.key) merged.push_back(*kept++);
      if (kept != old.end() && kept->first == change.key) ++kept;
      if (change.value) merged.emplace_back(change.key, std::move(*change.value));
    }
    merged.insert(merged.end(), kept, old.end());
    size_ = size_ - old.size() + merged.size();
    store(at, std::move(merged));
  }

  std::vector<std::shared_ptr<const Shard>> shards_;
  std::size_t size_ = 0;
};

}  // namespace policy
