// SPDX-License-Identifier: GPL-3.0-or-later
// A bounded table of what strangers tell us: entries expire, and when it is full the one
// touched longest ago makes room. Keys are 64 bits (a MAC, an IPv4 address with its
// interface), or an address of either family with its interface.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <list>
#include <random>
#include <unordered_map>

#include "base/ip.h"
#include "base/time.h"

namespace session {

inline std::uint64_t key_of(const base::Mac& mac) {
  std::uint64_t key = 0;
  for (const std::uint8_t octet : mac.octets) key = (key << 8) | octet;
  return key;
}
inline std::uint64_t key_of(base::Ipv4 address, unsigned interface) {
  return (std::uint64_t{interface} << 32) | address.host_order();
}

// Either family: the halves of the address, and the interface.
using IpKey = std::array<std::uint64_t, 3>;
inline IpKey key_of(const base::Ip& address, unsigned interface) {
  IpKey key{0, 0, interface};
  std::memcpy(key.data(), address.octets.data(), address.octets.size());
  return key;
}

template <class Value, class Key = std::uint64_t>
class RecentMap {
 public:
  RecentMap(std::size_t capacity, base::Duration lifetime)
      : capacity_(capacity), lifetime_(lifetime), index_(0, Hash{random_seed()}) {}

  // nullptr when absent or expired. Valid until the next touch() or erase().
  Value* find(const Key& key, base::Time now) {
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    if (expired(*found->second, now)) {
      remove(found->second);
      return nullptr;
    }
    return &found->second->value;
  }

  // The entry, made when absent; its lifetime begins anew.
  Value& touch(const Key& key, base::Time now) {
    while (!entries_.empty() && expired(entries_.back(), now)) remove(std::prev(entries_.end()));
    if (const auto found = index_.find(key); found != index_.end()) {
      entries_.splice(entries_.begin(), entries_, found->second);
    } else {
      if (entries_.size() >= capacity_) remove(std::prev(entries_.end()));
      entries_.push_front(Entry{key, now, {}});
      index_.emplace(key, entries_.begin());
    }
    entries_.front().touched = now;
    return entries_.front().value;
  }

  void erase(const Key& key) {
    if (const auto found = index_.find(key); found != index_.end()) remove(found->second);
  }
  void clear() {
    index_.clear();
    entries_.clear();
  }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Key key;
    base::Time touched;
    Value value;
  };
  using Place = typename std::list<Entry>::iterator;
  // The keys come from packets: without a secret in the hash, chosen ones would all meet in
  // one bucket. (The mixer is splitmix64's finisher.)
  struct Hash {
    std::uint64_t seed;
    std::size_t operator()(std::uint64_t key) const noexcept {
      std::uint64_t x = key ^ seed;
      x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
      x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
      return static_cast<std::size_t>(x ^ (x >> 31));
    }
    std::size_t operator()(const IpKey& key) const noexcept {
      std::uint64_t x = 0;
      for (const std::uint64_t word : key) x = (*this)(x ^ word);
      return static_cast<std::size_t>(x);
    }
  };

  static std::uint64_t random_seed() {
    std::random_device random;
    return (std::uint64_t{random()} << 32) | random();
  }
  [[nodiscard]] bool expired(const Entry& entry, base::Time now) const {
    return now - entry.touched >= lifetime_;
  }
  void remove(Place place) {
    index_.erase(place->key);
    entries_.erase(place);
  }

  std::size_t capacity_;
  base::Duration lifetime_;
  std::list<Entry> entries_;  // the most recently touched first
  std::unordered_map<Key, Place, Hash> index_;
};

}  // namespace session
