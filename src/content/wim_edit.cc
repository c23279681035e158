// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/wim_edit.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "content/wim_edit_job.h"
#include "content/wim_look_json.h"

namespace content {
namespace {

using Json = nlohmann::ordered_json;
using format::WimChange;

// For images of some gigabytes, whose tables have to be in memory; libwim checks what it has
// compressed itself, and the octets of a whole file where it has an integrity table.
ConfinedLimits limits_for(std::uint64_t size) {
  ConfinedLimits limits;
  limits.memory = 1U << 30U;
  limits.processor = std::chrono::seconds(120 + (size >> 23U));
  limits.wall = std::chrono::seconds(300 + (size >> 22U));
  return limits;
}
// What a new file and its name take in an image beside its octets.
constexpr std::uint64_t beside_each_file = 4096;
constexpr std::uint64_t beside_all = 64U << 20U;

tl::unexpected<ConfinedFailure> fail(ConfinedEnd end, std::string what) {
  return tl::unexpected(ConfinedFailure{end, std::move(what)});
}

base::Status write_all(int to, std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t n = ::write(to, octets.data(), octets.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::fail_errno("write", errno);
    octets.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

base::Result<std::uint64_t> copy_all(int from, int to) {
  std::array<char, 65536> block;
  for (std::uint64_t size = 0;;) {
    const ssize_t n = ::read(from, block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::fail_errno("read", errno);
    if (n == 0) return size;
    if (auto written = write_all(to, {block.data(), static_cast<std::size_t>(n)}); !written)
      return tl::unexpected(written.error());
    size += static_cast<std::uint64_t>(n);
  }
}

// Gathers what is added, and gives the octets that it has.
base::Result<std::uint64_t> gather(const WimContent& content, int to) {
  if (!content.open) {
    if (auto written = write_all(to, content.text); !written) return tl::unexpected(written.error());
    return content.text.size();
  }
  const auto file = content.open();
  if (!file) return tl::unexpected(file.error());
  return copy_all(file->get(), to);
}

std::string read_part(int file, std::uint64_t at, std::size_t size) {
  std::string text(size, '\0');
  const ssize_t n = ::pread(file, text.data(), size, static_cast<off_t>(at));
  text.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  return text;
}

// The texts stand one behind the other in the output.
ConfinedResult<WimLook> look_of(const ConfinedAnswer& answer, const WimQuestion& question,
                                std::uint64_t size) {
  auto said = parse_wim_look(answer.text, question.paths.size(), question.texts.size());
  if (!said) return fail(ConfinedEnd::garbled, said.error().what);
  WimLook look{std::move(said->facts), std::move(said->kinds), {}, answer.landlock};
  look.facts.size = size;
  std::uint64_t at = 0;
  for (const auto& octets : said->sizes) {
    look.texts.emplace_back();
    if (!octets) continue;
    look.texts.back() = read_part(answer.output.get(), at, static_cast<std::size_t>(*octets));
    if (look.texts.back()->size() != *octets)
      return fail(ConfinedEnd::garbled, "its texts have other sizes than it says");
    at += *octets;
  }
  return look;
}

Json step_of(const WimStep& step, std::uint64_t at, std::uint64_t size) {
  switch (step.change.kind) {
    case WimChange::Kind::rename:
      return Json::array({"rename", step.change.path, step.change.other});
    case WimChange::Kind::add:
      return Json::array({"add", step.change.path, at, size});
    case WimChange::Kind::remove:
      break;
  }
  return Json::array({"remove", step.change.path});
}

// Where the file system ends before the limit does, it is the disk that is full.
ConfinedFailure why_too_large(ConfinedFailure failure, const ConfinedLimits& limits, int output) {
  struct stat facts {};
  if (failure.end != ConfinedEnd::too_large || ::fstat(output, &facts) != 0) return failure;
  if (static_cast<std::uint64_t>(facts.st_size) + (1U << 20U) < limits.output)
    return {ConfinedEnd::not_started, "the changed image cannot be written: the disk is full"};
  return failure;
}

}  // namespace

ConfinedResult<WimLook> look_into_wim(const FilePart& file, const WimQuestion& question) {
  const auto part = measured(file);
  if (!part) return tl::unexpected(part.error());
  const Json wish{{"image", question.image}, {"paths", question.paths}, {"texts", question.texts}};
  const base::Fd beside(::memfd_create("question", MFD_CLOEXEC));
  if (!beside.open()) return fail(ConfinedEnd::not_started, "no memory for a question");
  if (auto written = write_all(beside.get(), wish.dump()); !written)
    return fail(ConfinedEnd::not_started, written.error().what);
  ConfinedLimits limits = limits_for(part->size);
  limits.output = (question.texts.size() + 1) * largest_wim_text;
  limits.answer = (1U << 20U) + question.paths.size();
  ConfinedExtras extras;
  extras.beside = beside.get();
  const auto answer = run_confined(wim_look_job, "", *part, limits, extras);
  if (!answer) return tl::unexpected(answer.error());
  return look_of(*answer, question, part->size);
}

ConfinedResult<std::uint64_t> edit_wim(const FilePart& file, WimEdit edit) {
  const auto part = measured(file);
  if (!part) return tl::unexpected(part.error());
  Json steps = Json::array();
  std::uint64_t gathered = 0;
  for (const WimStep& step : edit.steps) {
    std::uint64_t size = 0;
    if (step.change.kind == WimChange::Kind::add) {
      const auto octets = gather(step.content, edit.scratch.get());
      if (!octets) return fail(ConfinedEnd::not_started, octets.error().what);
      size = *octets;
    }
    steps.push_back(step_of(step, gathered, size));
    gathered += size;
  }
  const Json wish{{"image", edit.image}, {"steps", std::move(steps)}};
  if (auto written = write_all(edit.scratch.get(), wish.dump()); !written)
    return fail(ConfinedEnd::not_started, written.error().what);
  ConfinedLimits limits = limits_for(part->size + gathered);
  limits.output = part->size + gathered + edit.steps.size() * beside_each_file + beside_all;
  const ConfinedExtras extras{edit.scratch.get(), edit.output, edit.written};
  const auto answer = run_confined(wim_edit_job, fmt::format("{}", gathered), *part, limits, extras);
  if (!answer) return tl::unexpected(why_too_large(answer.error(), limits, edit.output));
  return answer->size;
}

}  // namespace content
