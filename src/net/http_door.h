// SPDX-License-Identifier: GPL-3.0-or-later
// How many connections there may be, in all and of one address: an IPv6 host has many, but a
// classroom shares a /64, so there it is the bound on all that holds. One lock for all threads,
// taken when a connection comes and when it goes.
#pragma once

#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "base/ip.h"

namespace net {

class HttpDoor {
 public:
  HttpDoor(unsigned most, unsigned most_of_address) : most_(most), most_of_address_(most_of_address) {}

  [[nodiscard]] bool enter(const base::Ip& from) {
    const std::lock_guard lock(mutex_);
    if (inside_ >= most_) return false;
    unsigned& here = of_address_[from];  // as many entries as connections, at most
    if (here >= most_of_address_) return false;
    ++here;
    ++inside_;
    return true;
  }
  void leave(const base::Ip& from) {
    const std::lock_guard lock(mutex_);
    --inside_;
    const auto found = of_address_.find(from);
    if (--found->second == 0) of_address_.erase(found);
  }
  [[nodiscard]] std::uint64_t inside() const {
    const std::lock_guard lock(mutex_);
    return inside_;
  }

 private:
  const unsigned most_, most_of_address_;
  mutable std::mutex mutex_;
  unsigned inside_ = 0;
  std::unordered_map<base::Ip, unsigned> of_address_;
};

}  // namespace net
