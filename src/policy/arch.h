// SPDX-License-Identifier: GPL-3.0-or-later
// Processor architectures as boot programs and option 93 know them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace policy {

// What a boot program must be built for. BIOS clients call themselves 0 whatever their CPU.
enum class Arch : std::uint8_t { bios, ia32, x64, arm32, arm64, riscv64, loongarch64, other };
inline constexpr std::size_t arch_count = 8;
std::string_view print(Arch arch);                      // "bios", "ia32", "x64", ...
std::optional<Arch> parse_arch(std::string_view text);  // also "x86_64", "amd64", "aarch64", "i386"

// Processor-architecture ids of option 93 (IANA registry). 7 and 9 are both x64: RFC 4578's
// text swapped them (erratum 4624) and firmware of both readings is in the field.
struct ArchId {
  Arch arch = Arch::other;
  bool http = false;   // the id of an HTTP Boot client (15, 16, 18, 19, ...)
  bool uboot = false;  // 21..24
};
ArchId arch_of(std::uint16_t id);

}  // namespace policy
