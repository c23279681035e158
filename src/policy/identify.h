// SPDX-License-Identifier: GPL-3.0-or-later
// Which device record is meant: by hardware address and machine UUID, each of which lies in
// its own way.
#pragma once

#include <cstdint>
#include <string_view>

#include "policy/device.h"
#include "policy/facts.h"

namespace policy {

class Snapshot;

enum class IdentifiedBy : std::uint8_t {
  nothing,  // a machine that no record knows
  both,
  mac,
  uuid,
  conflict,  // the address names one device, the UUID another
};
std::string_view print(IdentifiedBy by);

struct Identity {
  IdentifiedBy by = IdentifiedBy::nothing;
  const Device* device = nullptr;  // lives in the snapshot; of a conflict the address's
  const Device* other = nullptr;   // of a conflict: the UUID's
  // Boards that were never given a UUID of their own, all of a series with the same one.
  bool uuid_banned = false;
  // An address of a dock or a USB adapter, that goes with the cable: the UUID decides alone.
  bool mac_wanders = false;
};
Identity identify(const Facts& facts, const Snapshot& snapshot);

}  // namespace policy
