// SPDX-License-Identifier: GPL-3.0-or-later
// Loss, duplication and reordering, injected by the client: a veth loses nothing and the
// kernel may lack netem. Each transfer draws from its own stream, so that the n-th packet
// of a transfer meets the same fate whatever the server's speed or the other transfers.
#pragma once

#include <cstdint>

namespace bench {

struct Weather {
  double loss = 0;  // of either direction
  double reorder = 0, duplicate = 0;
  std::uint64_t seed = 1;
  [[nodiscard]] bool fair() const { return loss == 0 && reorder == 0 && duplicate == 0; }
};

// splitmix64
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  bool hit(double share) {
    if (share <= 0) return false;
    return static_cast<double>(next() >> 11) * 0x1.0p-53 < share;
  }
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

}  // namespace bench
