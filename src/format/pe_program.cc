// SPDX-License-Identifier: GPL-3.0-or-later
#include "format/pe_program.h"

#include <algorithm>
#include <utility>

#include "format/authenticode.h"
#include "format/numbers_on_disk.h"

namespace format {
namespace {

using base::ByteView;
using policy::Arch;

constexpr std::size_t pe_offset_at = 0x3c;
constexpr std::size_t machine_at = 4;  // from the PE header on, as the next ones
constexpr std::size_t section_count_at = 6;
constexpr std::size_t optional_size_at = 20;
constexpr std::size_t optional_at = 24;
constexpr std::uint16_t pe32 = 0x10b;  // the optional header's first word
constexpr std::uint16_t pe32_plus = 0x20b;
constexpr std::uint32_t security_entry = 4;  // of the data directories
constexpr std::uint16_t pkcs7_certificate = 2;
constexpr std::size_t certificate_head = 8;  // length, revision, type
constexpr std::size_t section_size = 40;     // of an entry of the table of sections

Arch arch_of_machine(std::uint16_t machine) {
  switch (machine) {
    case 0x014c:
      return Arch::ia32;
    case 0x8664:
      return Arch::x64;
    case 0x01c0:
    case 0x01c2:
    case 0x01c4:
      return Arch::arm32;
    case 0xaa64:
      return Arch::arm64;
    case 0x5064:
      return Arch::riscv64;
    case 0x6264:
      return Arch::loongarch64;
    default:
      return Arch::other;
  }
}

}  // namespace

std::optional<std::size_t> find_pe_header(ByteView head) {
  if (head.size() < 2 || head[0] != 'M' || head[1] != 'Z') return std::nullopt;
  const auto at = little<std::uint32_t>(head, pe_offset_at);
  if (!at || little<std::uint32_t>(head, *at) != 0x00004550) return std::nullopt;  // "PE\0\0"
  return *at;
}

std::optional<Arch> pe_machine(ByteView head) {
  const auto header = find_pe_header(head);
  if (!header) return std::nullopt;
  return arch_of_machine(little<std::uint16_t>(head, *header + machine_at).value_or(0));
}

base::Result<std::vector<PeSection>> read_pe_sections(ByteView head, std::uint64_t size) {
  const auto header = find_pe_header(head);
  if (!header) return base::fail("not a PE program");
  const auto count = little<std::uint16_t>(head, *header + section_count_at);
  const auto optional_size = little<std::uint16_t>(head, *header + optional_size_at);
  if (!count || !optional_size) return base::fail("ends inside its header");
  if (*count > most_pe_sections) return base::fail("has too many sections");
  std::vector<PeSection> sections;
  for (std::size_t i = 0; i < *count; ++i) {
    const std::size_t at = *header + optional_at + *optional_size + i * section_size;
    const auto in_memory = little<std::uint32_t>(head, at + 8);
    const auto in_file = little<std::uint32_t>(head, at + 16);
    const auto offset = little<std::uint32_t>(head, at + 20);
    if (!in_memory || !in_file || !offset) return base::fail("ends inside its header");
    PeSection section;
    for (std::size_t c = 0; c < 8 && head[at + c] > ' ' && head[at + c] <= '~'; ++c)
      section.name += static_cast<char>(head[at + c]);
    section.place = {*offset, std::min(*in_memory, *in_file)};
    if (section.place.size == 0) section.place.offset = 0;
    if (section.place.offset > size || section.place.size > size - section.place.offset)
      return base::fail("a section lies outside the file");
    sections.push_back(std::move(section));
  }
  return sections;
}

// The attribute certificate table. Its directory entry holds an offset in the file, unlike all
// others.
base::Result<PeRange> find_pe_signatures(ByteView head, std::uint64_t size) {
  const auto header = find_pe_header(head);
  if (!header) return base::fail("not a PE program");
  const std::size_t optional = *header + optional_at;
  const auto magic = little<std::uint16_t>(head, optional);
  if (!magic) return base::fail("ends inside its header");
  if (*magic != pe32 && *magic != pe32_plus) return base::fail("a PE program of an unknown form");
  const std::size_t directories = optional + (*magic == pe32 ? 96 : 112);
  const auto count = little<std::uint32_t>(head, directories - 4);
  if (!count) return base::fail("ends inside its header");
  if (*count <= security_entry) return PeRange{};
  const auto at = little<std::uint32_t>(head, directories + 8 * security_entry);
  const auto octets = little<std::uint32_t>(head, directories + 8 * security_entry + 4);
  if (!at || !octets) return base::fail("ends inside its header");
  if (*at == 0 || *octets == 0) return PeRange{};
  if (*at > size || *octets > size - *at) return base::fail("its signature lies outside the file");
  return PeRange{*at, *octets};
}

// Entries begin at multiples of eight octets; what is shorter than an entry's head is filling.
base::Result<std::vector<PeSignature>> read_pe_signatures(ByteView table) {
  std::vector<PeSignature> all;
  for (ByteView rest = table; rest.size() >= certificate_head;) {
    const std::uint32_t length = *little<std::uint32_t>(rest, 0);
    const std::uint16_t type = *little<std::uint16_t>(rest, 6);
    if (length < certificate_head || length > rest.size())
      return base::fail("its table of signatures is damaged");
    if (type == pkcs7_certificate) {
      auto signatures = read_authenticode(rest.subspan(certificate_head, length - certificate_head));
      if (!signatures) return tl::unexpected(signatures.error());
      for (PeSignature& signature : *signatures) all.push_back(std::move(signature));
    }
    if (all.size() > most_pe_signatures) return base::fail("has too many signatures");
    rest = rest.subspan(std::min<std::size_t>(rest.size(), (std::size_t{length} + 7) / 8 * 8));
  }
  return all;
}

base::Result<PeProgram> read_pe_program(ByteView file) {
  const auto place = find_pe_signatures(file, file.size());
  if (!place) return tl::unexpected(place.error());
  auto signatures = read_pe_signatures(file.subspan(place->offset, place->size));
  if (!signatures) return tl::unexpected(signatures.error());
  return PeProgram{*pe_machine(file), std::move(*signatures)};
}

}  // namespace format
