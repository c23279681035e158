// SPDX-License-Identifier: GPL-3.0-or-later
// What may be offered to one machine, in the order in which it is: required before available,
// then order, then the newest.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <tuple>

#include "policy/plan.h"

namespace policy {

// Of all that is deployed to this machine the best few, in order: no allocation, however many
// there are.
class Candidates {
 public:
  // The one that there is no room for, if so.
  const Deployment* add(const Choice& choice) {
    auto place = std::find_if(best_.begin(), best_.begin() + size_,
                              [&](const Choice& other) { return comes_before(choice, other); });
    if (place == best_.end()) return choice.deployment;
    const bool full = size_ == static_cast<std::ptrdiff_t>(best_.size());
    const Deployment* const dropped = full ? best_.back().deployment : nullptr;
    if (!full) ++size_;
    std::move_backward(place, best_.begin() + size_ - 1, best_.begin() + size_);
    *place = choice;
    return dropped;
  }
  [[nodiscard]] std::span<const Choice> entries() const {
    return {best_.data(), static_cast<std::size_t>(size_)};
  }

 private:
  static bool comes_before(const Choice& a, const Choice& b) {
    const Deployment &x = *a.deployment, &y = *b.deployment;
    return std::tuple(x.purpose != Purpose::required, x.order, y.created, y.id) <
           std::tuple(y.purpose != Purpose::required, y.order, x.created, x.id);
  }
  std::array<Choice, Menu::capacity> best_{};
  std::ptrdiff_t size_ = 0;
};

}  // namespace policy
