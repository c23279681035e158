// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/place_at_server.h"

#include <algorithm>

namespace policy {
namespace {

std::optional<ServerPlace> place_at(const Referral::Share& share, const Facts& facts,
                                    const Snapshot& snapshot) {
  const BootServer* const server = snapshot.server(share.server);
  if (server == nullptr || share.weight == 0 || !snapshot.alive(share.server)) return std::nullopt;
  const auto file = std::ranges::find_if(server->files, [&facts](const BootServer::File& each) {
    return !facts.firmware_known || each.arch == facts.arch;  // nothing is known against it
  });
  if (file == server->files.end()) return std::nullopt;
  return ServerPlace{server, file->path};
}

// The low bits of the hash follow those of the address, and adapters with several ports are
// numbered in steps: the high ones of a product decide.
std::uint64_t ticket_of(const base::Mac& mac) {
  return std::hash<base::Mac>{}(mac)*0x9e3779b97f4a7c15ULL >> 32;
}

}  // namespace

std::optional<ServerPlace> place_at_server(const Referral& referral, const Facts& facts,
                                           const Snapshot& snapshot) {
  std::uint64_t total = 0;
  for (const auto& share : referral.shares) {
    if (place_at(share, facts, snapshot)) total += share.weight;
  }
  if (total == 0) return std::nullopt;
  std::uint64_t ticket = ticket_of(facts.mac) % total;
  for (const auto& share : referral.shares) {
    const auto place = place_at(share, facts, snapshot);
    if (!place) continue;
    if (ticket < share.weight) return place;
    ticket -= share.weight;
  }
  return std::nullopt;
}

}  // namespace policy
