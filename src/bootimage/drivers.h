// SPDX-License-Identifier: GPL-3.0-or-later
// Which of a kernel's drivers are in the image: one table, each with its reason. What they need
// of other modules follows by itself.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace bootimage {

enum class DriverKind : std::uint8_t { network, storage, support };
std::string_view print(DriverKind kind);

struct Driver {
  const char* module;
  DriverKind kind;
  const char* reason;
};
std::span<const Driver> drivers();

// What a module that somebody gives us drives, by the kernel's functions that it asks for;
// nothing: neither network nor storage.
std::optional<DriverKind> kind_of_module(std::string_view octets);

}  // namespace bootimage
