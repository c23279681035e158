// SPDX-License-Identifier: GPL-3.0-or-later
// How many requests one asker may make: a bucket each, bounded in number.
#pragma once

#include <algorithm>
#include <chrono>

#include "session/recent_map.h"

namespace session {

template <class Key>
class RequestRate {
 public:
  RequestRate(double per_second, double at_once, std::size_t capacity)
      : per_second_(per_second), at_once_(at_once), buckets_(capacity, lifetime) {}

  // Whether this one may be answered; it counts then.
  bool allow(const Key& key, base::Time now) {
    Bucket& bucket = buckets_.touch(key, now);
    const double since =
        bucket.filled == base::Time{} ? at_once_ / per_second_ : seconds(now - bucket.filled);
    bucket.left = std::min(at_once_, bucket.left + since * per_second_);
    bucket.filled = now;
    if (bucket.left < 1) return false;
    bucket.left -= 1;
    return true;
  }

 private:
  struct Bucket {
    double left = 0;
    base::Time filled{};
  };
  static constexpr base::Duration lifetime = std::chrono::hours(1);
  static double seconds(base::Duration d) { return std::chrono::duration<double>(d).count(); }

  double per_second_, at_once_;
  RecentMap<Bucket, Key> buckets_;
};

}  // namespace session
