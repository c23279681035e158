// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/loss_memory.h"

#include <algorithm>

namespace session {
namespace {

constexpr std::uint64_t fewest_losses = 3;   // fewer are chance
constexpr std::uint64_t lossy_one_in = 50;   // blocks: 2 %
constexpr std::uint64_t clean_one_in = 200;  // 0.5 %
constexpr std::uint64_t telling_blocks = 100;

}  // namespace

void LossMemory::ended(const base::Ip& client, std::uint16_t windowsize, std::uint64_t blocks,
                       std::uint64_t resent, base::Time now) {
  // Going back resends half a window for each loss. Random loss strikes a small window as
  // often as a large one, and the large one is through sooner; a queue that is too short for
  // the window loses a good part of each.
  const std::uint64_t losses = resent / std::max(1U, windowsize / 2U);
  if (windowsize > smallest && losses >= fewest_losses && losses * lossy_one_in > blocks) {
    const auto half = static_cast<std::uint16_t>(std::max<unsigned>(windowsize / 2U, smallest));
    clients_.touch(key_of(client, 0), now) = {half, now};
    return;
  }
  const std::uint16_t limit = window_for(client, now);
  const bool clean = blocks >= telling_blocks && losses * clean_one_in <= blocks;
  if (limit == unlimited || windowsize < limit || !clean) return;
  if (limit > largest_kept / 2) return clients_.erase(key_of(client, 0));
  clients_.touch(key_of(client, 0), now) = {static_cast<std::uint16_t>(limit * 2), now};
}

std::uint16_t LossMemory::window_for(const base::Ip& client, base::Time now) {
  const Limit* const limit = clients_.find(key_of(client, 0), now);
  if (limit == nullptr) return unlimited;
  const auto doublings = std::min<std::int64_t>((now - limit->since) / doubles_each, 16);
  const auto window = std::uint64_t{limit->window} << doublings;
  return window > largest_kept ? unlimited : static_cast<std::uint16_t>(window);
}

}  // namespace session
