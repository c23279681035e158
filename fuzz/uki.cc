// SPDX-License-Identifier: GPL-3.0-or-later
// Any file that is looked at as a unified kernel image. Properties: each section lies within the file
// and has a printable name, the parts are sections, a system's name is one line, and the signatures
// stand where the whole file's reader finds them.
#include "format/uki.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::ByteView file(data, size);
  const std::string name = format::system_name(base::as_text(file));
  BOOTFERRY_CHECK(base::one_line(name, format::longest_pe_name) == name);

  const auto place = format::find_pe_signatures(file, size);
  if (place) BOOTFERRY_CHECK(place->offset <= size && place->size <= size - place->offset);

  const auto sections = format::read_pe_sections(file, size);
  if (!sections) {
    BOOTFERRY_CHECK(!sections.error().what.empty() && sections.error().what.size() < 100);
    return 0;
  }
  BOOTFERRY_CHECK(sections->size() <= format::most_pe_sections);
  for (const format::PeSection& section : *sections) {
    BOOTFERRY_CHECK(section.place.offset <= size && section.place.size <= size - section.place.offset);
    BOOTFERRY_CHECK(
        std::all_of(section.name.begin(), section.name.end(), [](char c) { return c > ' ' && c <= '~'; }));
  }
  const auto parts = format::find_uki_parts(*sections);
  if (!parts) return 0;
  const auto is_section = [&](const format::PeRange& range) {
    return std::ranges::any_of(*sections, [&](const auto& section) { return section.place == range; });
  };
  BOOTFERRY_CHECK(parts->kernel.size > 0 && is_section(parts->kernel));
  BOOTFERRY_CHECK(std::ranges::all_of(parts->initrds, is_section));
  return 0;
}
