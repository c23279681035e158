// SPDX-License-Identifier: GPL-3.0-or-later
// Looks at one image as whoever takes it in would, for tests/interop/test_hostile_images.py:
// what a disc boots, what each Windows image or unified kernel image is, and its boot files taken out below
// OUT. A line a look: verb, how it ended, milliseconds, KiB that the largest process so far had, words.
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/resource.h>

#include <chrono>
#include <filesystem>

#include "base/fd.h"
#include "content/confined_child.h"
#include "content/disc.h"
#include "content/uki.h"
#include "content/wim.h"

namespace {

using namespace content;
using Clock = std::chrono::steady_clock;

ConfinedLimits limits() {
  using namespace std::chrono_literals;
  return {.memory = 256U << 20U, .processor = 2s, .wall = 8s, .output = 64U << 20U};
}

long largest_child() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  return usage.ru_maxrss;
}

template <class Look>
auto look(std::string_view verb, Look work) {
  const auto before = Clock::now();
  auto result = work();
  const auto taken = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - before);
  fmt::print("{}\t{}\t{}\t{}\t{}\n", verb, result ? "good" : print(result.error().end), taken.count(),
             largest_child(), result ? "" : result.error().what);
  return result;
}

void look_at_wim(const FilePart& wim, const std::string& out) {
  std::filesystem::create_directories(out);
  (void)look("inspect", [&] { return inspect_wim(wim, 0, limits()); });
  (void)look("extract", [&] { return extract_wim_boot_files(wim, 0, out, limits()); });
}

void look_at_disc(int disc, const std::string& out) {
  const auto looked = look("disc", [&] { return inspect_disc(disc, {}, limits()); });
  if (!looked) return;
  const auto* windows = std::get_if<WindowsMedia>(&looked->facts.media);
  if (windows == nullptr) return;
  for (const WindowsTree& tree : windows->trees) {
    const auto part =
        look("part", [&] { return part_of_disc(disc, tree.boot_wim ? *tree.boot_wim : *tree.install); });
    if (part) look_at_wim(*part, out + "/" + (tree.folder.empty() ? "disc" : tree.folder));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (const auto code = run_confined_child(argc, argv, confined_jobs())) return *code;
  if (argc != 3) {
    fmt::print(stderr, "usage: look_at_image OUT IMAGE\n");
    return 2;
  }
  const base::Fd image(::open(argv[2], O_RDONLY | O_CLOEXEC));
  if (!image.open()) return 2;
  if (is_disc_image(image.get()))
    look_at_disc(image.get(), argv[1]);
  else if (is_uki(image.get()))
    (void)look("uki", [&] { return inspect_uki(image.get(), limits()); });
  else
    look_at_wim(image.get(), argv[1]);
}
