// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/wim_edit_job.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "content/wim_edit.h"
#include "content/wim_job.h"
#include "content/wim_look_json.h"
#include "format/wim_reader.h"

namespace content {
namespace {

using Json = nlohmann::ordered_json;
using format::WimChange;
using format::WimEntryKind;

tl::unexpected<ConfinedFailure> refuse(std::string what) {
  return tl::unexpected(ConfinedFailure{ConfinedEnd::refused, std::move(what)});
}

// What our parent wrote, from an octet on to the end.
ConfinedResult<Json> read_wish(std::uint64_t from) {
  const base::Fd file(::open(confined_beside, O_RDONLY | O_CLOEXEC));
  if (!file.open() || ::lseek(file.get(), static_cast<off_t>(from), SEEK_SET) < 0)
    return refuse("its reader was told nothing");
  std::string text;
  char block[65536];
  for (ssize_t n = 0; (n = ::read(file.get(), block, sizeof block)) > 0;)
    text.append(block, static_cast<std::size_t>(n));
  Json wish = Json::parse(text, nullptr, false);
  if (wish.is_discarded()) return refuse("its reader was told nonsense");
  return wish;
}

struct Opened {
  format::WimReader wim;
  format::WimFacts facts;
};
ConfinedResult<Opened> open_wim(int image) {
  auto wim = format::WimReader::open(confined_file);
  if (!wim) return failure_of(wim.error());
  auto facts = wim->facts(image);
  if (!facts) return failure_of(facts.error());
  return Opened{std::move(*wim), std::move(*facts)};
}

// The text's octets go to the output; how many they are.
ConfinedResult<std::optional<std::uint64_t>> read_text(Opened& opened, const std::string& path) {
  const auto kind = opened.wim.kind_of(opened.facts.image, path);
  if (!kind) return failure_of(kind.error());
  if (*kind != WimEntryKind::file) return std::nullopt;
  const off_t before = ::lseek(confined_output, 0, SEEK_CUR);
  if (auto written = opened.wim.write_to_output(opened.facts.image, path); !written)
    return failure_of(written.error());
  const off_t size = ::lseek(confined_output, 0, SEEK_CUR) - before;
  if (size < 0 || static_cast<std::uint64_t>(size) > largest_wim_text)
    return refuse(path + " in it is larger than such a text is");
  return static_cast<std::uint64_t>(size);
}

WimChange change_of(const Json& step, std::vector<FilePart>& parts) {
  const auto verb = step.at(0).get<std::string>();
  WimChange change{WimChange::Kind::remove, step.at(1).get<std::string>()};
  if (verb == "rename") {
    change.kind = WimChange::Kind::rename;
    change.other = step.at(2).get<std::string>();
  } else if (verb == "add") {
    change.kind = WimChange::Kind::add;
    change.other = fmt::format("{}/{}", confined_beside, parts.size());
    parts.emplace_back(-1, step.at(2).get<std::uint64_t>(), step.at(3).get<std::uint64_t>());
  }
  return change;
}

}  // namespace

ConfinedResult<std::string> run_wim_look_job(std::string_view) {
  const auto wish = read_wish(0);
  if (!wish) return tl::unexpected(wish.error());
  auto opened = open_wim(wish->at("image").get<int>());
  if (!opened) return tl::unexpected(opened.error());
  WimLookAnswer answer;
  for (const Json& path : wish->at("paths")) {
    const auto kind = opened->wim.kind_of(opened->facts.image, path.get<std::string>());
    if (!kind) return failure_of(kind.error());
    answer.kinds.push_back(*kind);
  }
  for (const Json& path : wish->at("texts")) {
    const auto size = read_text(*opened, path.get<std::string>());
    if (!size) return tl::unexpected(size.error());
    answer.sizes.push_back(*size);
  }
  answer.facts = std::move(opened->facts);
  return print_wim_look(answer);
}

ConfinedResult<std::string> run_wim_edit_job(std::string_view argument) {
  std::uint64_t from = 0;
  std::from_chars(argument.data(), argument.data() + argument.size(), from);
  const auto wish = read_wish(from);
  if (!wish) return tl::unexpected(wish.error());
  std::vector<FilePart> parts;
  std::vector<WimChange> changes;
  for (const Json& step : wish->at("steps")) changes.push_back(change_of(step, parts));
  name_parts_beside(std::move(parts));
  auto opened = open_wim(wish->at("image").get<int>());
  if (!opened) return tl::unexpected(opened.error());
  if (auto changed = opened->wim.change(opened->facts.image, changes); !changed)
    return failure_of(changed.error());
  if (auto written = opened->wim.write_changed(confined_output); !written) return failure_of(written.error());
  return std::string();
}

}  // namespace content
