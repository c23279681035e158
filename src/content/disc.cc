// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/disc.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/utf8.h"
#include "content/answer_fields.h"
#include "content/disc_facts_json.h"
#include "content/disc_job.h"

namespace content {
namespace {

tl::unexpected<ConfinedFailure> fail(ConfinedEnd end, std::string what) {
  return tl::unexpected(ConfinedFailure{end, std::move(what)});
}

std::string octets_at(int file, off_t at, std::size_t size) {
  std::string octets(size, '\0');
  const ssize_t got = ::pread(file, octets.data(), size, at);
  octets.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return octets;
}

}  // namespace

ConfinedResult<DiscInspection> inspect_disc(const FilePart& file, std::string_view entry,
                                            const ConfinedLimits& limits) {
  if (entry.size() > longest_menu_entry || !is_printable(entry))
    return fail(ConfinedEnd::refused, "no menu has an entry of such a name");
  const auto part = measured(file);
  if (!part) return tl::unexpected(part.error());
  const auto answer = run_confined(disc_job, entry, *part, limits);
  if (!answer) return tl::unexpected(answer.error());
  auto facts = parse_disc_facts(answer->text, part->size);
  if (!facts) return fail(ConfinedEnd::garbled, facts.error().what);
  return DiscInspection{std::move(*facts), answer->landlock};
}

ConfinedResult<FilePart> part_of_disc(int disc, const format::DiscFile& file) {
  if (file.extents.size() == 1) return FilePart(disc, file.extents[0].offset, file.extents[0].size);
  const std::string name = base::one_line(file.path, 120);
  if (file.extents.empty()) return fail(ConfinedEnd::refused, name + " is empty");
  return fail(ConfinedEnd::refused,
              fmt::format("{} lies in {} pieces on the disc: copy it out of the image first", name,
                          file.extents.size()));
}

bool is_disc_image(int file) {
  constexpr std::size_t magic = 8;  // of a Windows image, and of one that was written to a pipe
  const std::string front = octets_at(file, 0, magic);
  if (front == std::string_view("MSWIM\0\0\0", magic) || front == std::string_view("WLPWM\0\0\0", magic))
    return false;
  constexpr off_t descriptors = 32 * 1024;
  const std::string id = octets_at(file, descriptors + 1, 5);
  return id == "CD001" || id == "BEA01" || id == "NSR02" || id == "NSR03" || id == "BOOT2" || id == "CDW02";
}

}  // namespace content
