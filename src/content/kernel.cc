// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/kernel.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "format/numbers_on_disk.h"
#include "format/pe_program.h"

namespace content {
namespace {

using base::ByteView;
using format::little;
using policy::Arch;

// Offsets in Linux's Documentation/arch/x86/boot.rst; each field is valid from the boot
// protocol on that is named here.
constexpr std::size_t setup_sectors_at = 0x1f1;
constexpr std::size_t magic_at = 0x202;  // "HdrS"
constexpr std::size_t protocol_at = 0x206;
constexpr std::size_t version_pointer_at = 0x20e;    // minus 0x200; 2.00
constexpr std::size_t load_flags_at = 0x211;         // 2.00
constexpr std::size_t extended_flags_at = 0x236;     // 2.12
constexpr std::size_t command_line_size_at = 0x238;  // 2.06
constexpr std::uint16_t protocol_2_00 = 0x0200;
constexpr std::uint16_t protocol_2_06 = 0x0206;
constexpr std::uint16_t protocol_2_12 = 0x020c;
constexpr std::uint8_t loaded_high = 1;
constexpr std::uint16_t has_64_bit_entry = 1;

constexpr std::size_t longest_version = 128;

bool holds(ByteView bytes, std::size_t at, std::string_view magic) {
  return at <= bytes.size() && magic.size() <= bytes.size() - at &&
         base::as_text(bytes.subspan(at, magic.size())) == magic;
}

// "6.1.0-50-amd64 (debian-kernel@…) #1 …": the first word. Only printable characters, as it
// goes to a terminal and the text is the file's own.
std::string version_at(ByteView head, std::size_t at, std::size_t end) {
  std::string version;
  for (std::size_t i = at; i < std::min(end, head.size()) && version.size() < longest_version; ++i) {
    const char c = static_cast<char>(head[i]);
    if (c <= ' ' || c > '~') break;
    version += c;
  }
  return version;
}

base::Result<KernelFacts> read_x86(ByteView head) {
  constexpr std::string_view cut_short = "a Linux kernel that ends inside its header: the file is incomplete";
  const auto protocol = little<std::uint16_t>(head, protocol_at);
  const auto pointer = little<std::uint16_t>(head, version_pointer_at);
  if (!protocol || !pointer || load_flags_at >= head.size()) return base::fail("{}", cut_short);
  if (*protocol < protocol_2_00 || (head[load_flags_at] & loaded_high) == 0) {
    return base::fail(
        "a Linux kernel of a form given up before 2.6 (boot protocol {}.{:02}, loaded low): no loader starts "
        "it",
        *protocol >> 8, *protocol & 0xff);
  }
  KernelFacts facts;
  // Before protocol 2.12 (Linux 3.8) the header does not tell 32 from 64 bit. Machines are
  // x64 nearly always, and such a machine starts both kinds from a BIOS.
  facts.arch = Arch::x64;
  if (*protocol >= protocol_2_12) {
    const auto flags = little<std::uint16_t>(head, extended_flags_at);
    if (!flags) return base::fail("{}", cut_short);
    if ((*flags & has_64_bit_entry) == 0) facts.arch = Arch::ia32;
  }
  if (*protocol >= protocol_2_06) {
    const auto size = little<std::uint32_t>(head, command_line_size_at);
    if (!size) return base::fail("{}", cut_short);
    facts.command_line_max = *size;
  }
  // The text stands in the setup part, which the pointer must not leave.
  const std::size_t sectors = head[setup_sectors_at] == 0 ? 4 : head[setup_sectors_at];
  const std::size_t setup_end = (sectors + 1) * 512;
  if (*pointer != 0) facts.version = version_at(head, std::size_t{*pointer} + 0x200, setup_end);
  facts.efi_stub = format::find_pe_header(head).has_value();
  return facts;
}

struct Magic {
  std::size_t at;
  std::string_view text;
  Arch arch;
};
// Kernels of other architectures name themselves in one word.
constexpr std::array<Magic, 3> magics = {{
    {56, "ARM\x64", Arch::arm64},
    {56, "RSC\x05", Arch::riscv64},
    {0x24, "\x18\x28\x6f\x01", Arch::arm32},
}};

// What people take for a kernel by mistake.
std::string_view name_of_content(ByteView head) {
  if (head.empty()) return "an empty file";
  if (holds(head, 0, "\x1f\x8b")) return "gzip data (an initrd, or a kernel that must be unpacked first)";
  if (holds(head, 0,
            std::string_view("\xfd"
                             "7zXZ\0",
                             6)))
    return "xz data";
  if (holds(head, 0, "\x28\xb5\x2f\xfd")) return "zstd data";
  if (holds(head, 0, "070701")) return "a cpio archive (an initrd)";
  if (holds(head, 0,
            "\x7f"
            "ELF"))
    return "an ELF program (a vmlinux must be made a bzImage)";
  if (holds(head, 0, std::string_view("MSWIM\0\0\0", 8))) return "a Windows image";
  if (holds(head, 0x8001, "CD001")) return "an ISO image";
  if (format::find_pe_header(head)) return "a UEFI program without a Linux kernel header";
  return "something else";
}

}  // namespace

std::optional<Arch> efi_program_arch(ByteView head) { return format::pe_machine(head); }

base::Result<KernelFacts> read_kernel_header(ByteView head) {
  if (holds(head, magic_at, "HdrS")) return read_x86(head);
  for (const Magic& magic : magics) {
    if (holds(head, magic.at, magic.text))
      return KernelFacts{magic.arch, "", format::find_pe_header(head).has_value(), 0};
  }
  // A kernel packed into a UEFI program that unpacks itself (arm64, riscv64, loongarch64).
  if (holds(head, 4, "zimg")) {
    if (const auto arch = efi_program_arch(head)) return KernelFacts{*arch, "", true, 0};
  }
  return base::fail("not a Linux kernel but {}", name_of_content(head));
}

}  // namespace content
