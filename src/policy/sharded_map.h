// SPDX-License-Identifier: GPL-3.0-or-later
// An immutable map whose changed copy shares all but the shards that changed: one device of a
// million is replaced by copying some hundred, while packets are decided from the old map.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <span>
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
    const std::uint64_t hash = mixed(key);
    const Shard* const shard = shards_[place(hash)].get();
    return shard == nullptr ? nullptr : shard->find(tag(hash), key);
  }

  // That find() is about to be called: what it reads comes from memory meanwhile.
  void expect(const Key& key) const {
    if (shards_.empty()) return;
    if (const Shard* const shard = shards_[place(mixed(key))].get()) shard->expect();
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
    for (Change& change : changes) placed.push_back({next.place(mixed(change.key)), &change});
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
      for (const auto& [key, value] : shard->entries()) visit(key, value);
    }
  }

 private:
  struct Placed {
    std::size_t place;
    Change* change;
  };
  // Small enough to copy in microseconds, large enough that their pointers weigh little.
  static constexpr std::size_t per_shard = 128;
  using Entry = std::pair<Key, Value>;
  using Entries = std::vector<Entry>;  // by key

  // Of a million keys most are in no cache: all that a look needs is side by side, a tag of each
  // entry and then the entries themselves, in one block. Halving the entries again and again would
  // read a line of memory at each step.
  class Shard {
   public:
    static std::shared_ptr<const Shard> make(Entries from) {
      static_assert(alignof(Entry) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
      void* const block = ::operator new(entries_at(from.size()) + from.size() * sizeof(Entry));
      const Shard* const made = new (block) Shard(std::move(from));
      return {made, [](const Shard* shard) {
                std::destroy(shard->entries().begin(), shard->entries().end());
                ::operator delete(const_cast<Shard*>(shard));  // NOLINT: as it came from new
              }};
    }
    [[nodiscard]] const Value* find(std::uint16_t wanted, const Key& key) const {
      const std::uint16_t* const tags = tags_of(this);
      for (const std::uint16_t* at = tags; (at = std::find(at, tags + size_, wanted)) != tags + size_; ++at) {
        const Entry& entry = entries()[static_cast<std::size_t>(at - tags)];
        if (entry.first == key) return &entry.second;
      }
      return nullptr;
    }
    void expect() const {  // of a shard of the usual size
      constexpr std::size_t line = 64;
      const auto* const block = reinterpret_cast<const char*>(this);
      for (std::size_t at = 0; at < entries_at(per_shard); at += line) __builtin_prefetch(block + at);
    }
    [[nodiscard]] std::span<const Entry> entries() const {
      const auto* const block = reinterpret_cast<const std::byte*>(this);
      return {reinterpret_cast<const Entry*>(block + entries_at(size_)), size_};
    }

   private:
    explicit Shard(Entries from) : size_(from.size()) {
      std::ranges::transform(from, const_cast<std::uint16_t*>(tags_of(this)),
                             [](const Entry& entry) { return tag(mixed(entry.first)); });
      std::uninitialized_move(from.begin(), from.end(), const_cast<Entry*>(entries().data()));
    }
    static const std::uint16_t* tags_of(const Shard* shard) {
      return reinterpret_cast<const std::uint16_t*>(shard + 1);
    }
    static constexpr std::size_t entries_at(std::size_t size) {
      const std::size_t end = sizeof(Shard) + size * sizeof(std::uint16_t);
      return (end + alignof(Entry) - 1) / alignof(Entry) * alignof(Entry);
    }
    std::size_t size_;
  };
  // Identity hashes of integers, and addresses of one maker, differ in their low bits only.
  static std::uint64_t mixed(const Key& key) { return std::hash<Key>{}(key)*0x9e3779b97f4a7c15ULL; }
  static std::uint16_t tag(std::uint64_t hash) { return static_cast<std::uint16_t>(hash >> 48); }

  // Linear hashing: as many low bits, of those in the middle, as give a shard that is there.
  [[nodiscard]] std::size_t place(std::uint64_t hash) const {
    const std::size_t level = std::bit_floor(shards_.size());
    const std::size_t at = (hash >> 24) & (2 * level - 1);
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
    Entries kept, moved;
    for (const Entry& entry : old->entries())
      (place(mixed(entry.first)) == from ? kept : moved).push_back(entry);
    store(from, std::move(kept));
    store(shards_.size() - 1, std::move(moved));
  }

  void store(std::size_t at, Entries entries) {
    shards_[at] = entries.empty() ? nullptr : Shard::make(std::move(entries));
  }

  template <class Iterator>
  void merge(std::size_t at, Iterator first, Iterator last) {
    const auto old = shards_[at] == nullptr ? std::span<const Entry>() : shards_[at]->entries();
    Entries merged;
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
