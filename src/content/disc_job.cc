// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/disc_job.h"

#include <fcntl.h>

#include <cerrno>

#include "content/disc_facts_json.h"

namespace content {
namespace {

tl::unexpected<ConfinedFailure> refuse(std::string what) {
  return tl::unexpected(ConfinedFailure{ConfinedEnd::refused, std::move(what)});
}

}  // namespace

ConfinedResult<std::string> run_disc_job(std::string_view entry) {
  const base::Fd file(::open(confined_file, O_RDONLY | O_CLOEXEC));
  if (!file.open()) return refuse(base::fail_errno("open the image", errno).value().what);
  const auto source = format::disc_source(file.get());
  if (!source) return refuse(source.error().what);
  const auto disc = format::read_disc(*source);
  if (!disc) return refuse(disc.error().what);
  auto media = find_boot_parts(*source, *disc, entry);
  if (!media) return refuse(media.error().what);
  const DiscFacts facts{source->size, disc->names, disc->label, disc->files.size(), std::move(*media)};
  if (auto fits = check_disc_facts(facts); !fits) return refuse(fits.error().what);
  return print_disc_facts(facts);
}

}  // namespace content
