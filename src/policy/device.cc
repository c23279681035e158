// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/device.h"

namespace policy {

std::string_view print(DeviceState state) {
  switch (state) {
    case DeviceState::approved:
      return "approved";
    case DeviceState::pending:
      return "pending";
    case DeviceState::rejected:
      return "rejected";
  }
  return "unknown";
}

std::optional<DeviceState> parse_device_state(std::string_view text) {
  for (const DeviceState state : {DeviceState::approved, DeviceState::pending, DeviceState::rejected}) {
    if (print(state) == text) return state;
  }
  return std::nullopt;
}

const DeviceExtras& Device::extras() const {
  static const DeviceExtras none;
  return more == nullptr ? none : *more;
}

bool Device::operator==(const Device& other) const {
  return id == other.id && name == other.name && macs == other.macs && uuid == other.uuid &&
         state == other.state && request == other.request && collections == other.collections &&
         extras() == other.extras();
}

}  // namespace policy
