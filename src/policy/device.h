// SPDX-License-Identifier: GPL-3.0-or-later
// A machine that an administrator knows, as decisions need it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.h"

namespace policy {

enum class DeviceState : std::uint8_t {
  approved,
  pending,   // it asked as a stranger and waits for an administrator
  rejected,  // never served
};
std::string_view print(DeviceState state);
std::optional<DeviceState> parse_device_state(std::string_view text);

// What became of a deployment on this machine, where that decides whether it is offered again.
enum class RunEnd : std::uint8_t {
  done,  // a required one is not offered a second time
  held,  // failed or fell silent too often: waits for an administrator
};
struct RunMark {
  std::int64_t deployment = 0;
  RunEnd end = RunEnd::done;
  bool operator==(const RunMark&) const = default;
};

using Variables = std::vector<std::pair<std::string, std::string>>;  // by name, each once

// What few devices have; one of a million need not carry room for it.
struct DeviceExtras {
  Variables variables;
  std::string program;        // name of the boot program it gets instead of the default; empty: none
  std::int64_t image = 0;     // boot image it gets instead of the deployed one; 0: none
  std::int64_t referral = 0;  // referral that sends it to another server; 0: none
  std::vector<RunMark> runs;  // ascending by deployment
  bool operator==(const DeviceExtras&) const = default;
};

struct Device {
  std::int64_t id = 0;
  std::string name;
  std::vector<base::Mac> macs;  // at least one of macs and uuid is there
  std::optional<base::Uuid> uuid;
  DeviceState state = DeviceState::approved;
  std::uint32_t request = 0;                 // of a pending one: the number that it shows; else 0
  std::vector<std::int64_t> collections;     // that list it by name; ascending
  std::shared_ptr<const DeviceExtras> more;  // null: none of them

  [[nodiscard]] const DeviceExtras& extras() const;
  bool operator==(const Device& other) const;
};

}  // namespace policy
