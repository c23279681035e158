// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/arch.h"

#include "base/ascii.h"

namespace policy {
namespace {

struct ArchName {
  std::string_view name;
  Arch arch;
};

// The first name of an architecture is the one that is printed.
constexpr ArchName arch_names[] = {
    {"bios", Arch::bios},
    {"ia32", Arch::ia32},
    {"i386", Arch::ia32},
    {"x86", Arch::ia32},
    {"x64", Arch::x64},
    {"x86_64", Arch::x64},
    {"amd64", Arch::x64},
    {"arm32", Arch::arm32},
    {"arm", Arch::arm32},
    {"armhf", Arch::arm32},
    {"arm64", Arch::arm64},
    {"aarch64", Arch::arm64},
    {"riscv64", Arch::riscv64},
    {"loongarch64", Arch::loongarch64},
    {"loong64", Arch::loongarch64},
    {"other", Arch::other},
};

struct ArchRow {
  std::uint16_t id;
  ArchId meaning;
};

// The rows of the IANA registry that we have a name for. What is missing (IA64, PowerPC,
// s390, MIPS, the 32- and 128-bit RISC-Vs …) is Arch::other: served with nothing, and the
// message shows the number.
constexpr ArchRow arch_rows[] = {
    {0, {Arch::bios, false, false}},
    {6, {Arch::ia32, false, false}},
    {7, {Arch::x64, false, false}},
    {9, {Arch::x64, false, false}},  // "EBC": x64 firmware that read RFC 4578 before its erratum
    {10, {Arch::arm32, false, false}},
    {11, {Arch::arm64, false, false}},
    {15, {Arch::ia32, true, false}},
    {16, {Arch::x64, true, false}},
    {17, {Arch::x64, true, false}},  // "EBC" once more, by HTTP
    {18, {Arch::arm32, true, false}},
    {19, {Arch::arm64, true, false}},
    {20, {Arch::bios, true, false}},
    {21, {Arch::arm32, false, true}},
    {22, {Arch::arm64, false, true}},
    {23, {Arch::arm32, true, true}},
    {24, {Arch::arm64, true, true}},
    {27, {Arch::riscv64, false, false}},
    {28, {Arch::riscv64, true, false}},
    {39, {Arch::loongarch64, false, false}},
    {40, {Arch::loongarch64, true, false}},
};

}  // namespace

std::string_view print(Arch arch) {
  for (const ArchName& row : arch_names) {
    if (row.arch == arch) return row.name;
  }
  return "other";
}

std::optional<Arch> parse_arch(std::string_view text) {
  for (const ArchName& row : arch_names) {
    if (base::same_but_for_case(row.name, text)) return row.arch;
  }
  return std::nullopt;
}

ArchId arch_of(std::uint16_t id) {
  for (const ArchRow& row : arch_rows) {
    if (row.id == id) return row.meaning;
  }
  return {};
}

}  // namespace policy
