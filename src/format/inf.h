// SPDX-License-Identifier: GPL-3.0-or-later
// What a driver's .inf says that a boot image has to know: of which class it is, for which
// processors, and which devices it serves. Source: Microsoft's «INF Version Section», «INF
// Manufacturer Section», «INF Models Section».
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "policy/arch.h"

namespace format {

struct InfModels {
  // None: of a processor that no image of ours is for. Without a decoration x86 is meant.
  std::optional<policy::Arch> arch = {};
  std::vector<std::string> devices = {};  // hardware ids as they are written
  bool operator==(const InfModels&) const = default;
};

struct Inf {
  std::string driver_class = {};           // «Net», «SCSIAdapter»; empty: it does not say
  std::vector<std::string> catalogs = {};  // files that hold its signature, beside it
  std::vector<InfModels> models = {};
  bool operator==(const Inf&) const = default;
};

inline constexpr std::size_t largest_inf = 16U << 20U;  // octets
inline constexpr std::size_t most_inf_devices = 100'000;

// Texts in the result are one printable line each.
base::Result<Inf> read_inf(base::ByteView octets);

// Network and storage, and the buses that they hang on: what matters before Windows is there.
bool is_boot_class(std::string_view driver_class);

// The devices of one processor, short and each once, sorted: «8086:15b8» of PCI,
// «usb 0bda:8153» of USB, others as they are written.
std::vector<std::string> devices_for(const Inf& inf, policy::Arch arch);
bool is_for(const Inf& inf, policy::Arch arch);

}  // namespace format
