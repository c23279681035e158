// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/place_at_server.h"

#include <algorithm>
#include <cmath>

#include "policy/recipe.h"

namespace policy {
namespace {

std::optional<ServerPlace> place_at(const Referral::Share& share, const Facts& facts,
                                    const Snapshot& snapshot) {
  const BootServer* const server = snapshot.server(share.server);
  if (server == nullptr || share.weight == 0) return std::nullopt;
  const auto file = std::ranges::find_if(server->files, [&facts](const BootServer::File& each) {
    return !facts.firmware_known || each.arch == facts.arch;  // nothing is known against it
  });
  if (file == server->files.end()) return std::nullopt;
  return ServerPlace{server, file->path, snapshot.alive(share.server)};
}

// Spreads every bit over all (splitmix64): adapters are numbered one after the other, or in steps
// of their ports, and servers from 1 on.
std::uint64_t mixed(std::uint64_t v) {
  v = (v ^ (v >> 30)) * 0xbf58476d1ce4e5b9ULL;
  v = (v ^ (v >> 27)) * 0x94d049bb133111ebULL;
  return v ^ (v >> 31);
}

// Rendezvous hashing: each machine draws a time for each server, exponential with the weight as
// its rate, and the earliest wins, which is in proportion to the weights. A server that goes takes
// its own draws along and no other's.
double draw(const base::Mac& mac, const Referral::Share& share) {
  std::uint64_t address = 0;
  for (const std::uint8_t octet : mac.octets) address = address << 8 | octet;
  const std::uint64_t hash =
      mixed(mixed(address + 0x9e3779b97f4a7c15ULL) ^ mixed(static_cast<std::uint64_t>(share.server)));
  const double uniform = (static_cast<double>(hash >> 11) + 0.5) * 0x1p-53;  // never 0, never 1
  return -std::log(uniform) / share.weight;
}

}  // namespace

std::optional<ServerPlace> place_at_server(const Referral& referral, const Facts& facts,
                                           const Snapshot& snapshot) {
  if (facts.firmware_known && !can_be_referred(facts.kind)) return std::nullopt;
  std::optional<ServerPlace> best;
  double earliest = 0;
  for (const auto& share : referral.shares) {
    const auto place = place_at(share, facts, snapshot);
    if (!place || (best && best->answers && !place->answers)) continue;
    const double drawn = draw(facts.mac, share);
    if (best && best->answers == place->answers && drawn >= earliest) continue;
    best = place;
    earliest = drawn;
  }
  return best;
}

}  // namespace policy
