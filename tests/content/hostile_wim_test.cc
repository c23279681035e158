// SPDX-License-Identifier: GPL-3.0-or-later
// Damaged and hostile images by the hundred. The ordinary suite tries some; all of them:
//   BOOTFERRY_HOSTILE_WIMS=500 build/dev/tests/content_test --gtest_filter='HostileWim.*'
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdlib>
#include <map>

#include "content/confined_pipe.h"
#include "content/wim.h"
#include "hostile_wims.h"
#include "wim_maker.h"

namespace content {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t first_number = 1;
constexpr std::uint32_t ordinary_count = 120;

std::uint32_t count() {
  const char* wanted = std::getenv("BOOTFERRY_HOSTILE_WIMS");
  return wanted != nullptr ? static_cast<std::uint32_t>(std::atoi(wanted)) : ordinary_count;
}

bool one_printable_line(const std::string& text) {
  return !text.empty() && text.size() <= 400 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

TEST(HostileWim, EachEndsWithinItsLimitsWithOneReasonAndNoFile) {
  // A sanitizer's allocator ends the process unless it is told to say no.
  if (sanitized) ::setenv("ASAN_OPTIONS", "allocator_may_return_null=1", 0);
  const Scratch scratch;
  const HostileWims wims(scratch);
  ConfinedLimits limits;
  limits.memory = 256U << 20U;
  limits.processor = 3s;
  limits.wall = 10s;
  limits.output = 64U << 20U;
  std::filesystem::create_directories(scratch.path("out"));
  std::map<std::string, int> endings;
  std::map<std::string, std::map<std::string, int>> reasons;  // of each kind of attack
  const auto judge = [&](const std::string& attack, const std::string& what, const auto& result) {
    if (result) {
      ++endings["good"];
      return;
    }
    ++endings[std::string(print(result.error().end))];
    ++reasons[attack][result.error().what];
    EXPECT_TRUE(one_printable_line(result.error().what)) << what << ": " << result.error().what;
    EXPECT_NE(result.error().end, ConfinedEnd::not_started) << what << ": " << result.error().what;
    EXPECT_NE(result.error().end, ConfinedEnd::garbled) << what;
    EXPECT_NE(result.error().end, ConfinedEnd::forbidden) << what;
  };
  for (std::uint32_t number = first_number; number < first_number + count(); ++number) {
    const HostileWim wim = wims.make(number);
    const std::string what = "number " + std::to_string(number) + ", " + wim.attack;
    const base::Fd fd = scratch.open("hostile.wim", wim.bytes);
    const auto before = std::chrono::steady_clock::now();
    const auto looked = inspect_wim(fd.get(), 0, limits);
    judge(wim.attack, what, looked);
    const auto taken = extract_wim_boot_files(fd.get(), 0, scratch.path("out"), limits);
    judge(wim.attack, what, taken);
    EXPECT_LT(std::chrono::steady_clock::now() - before, 2 * (limits.wall + 2s)) << what;
    EXPECT_TRUE(looked || !taken) << what << ": refused, and taken apart all the same";
    EXPECT_TRUE(taken || scratch.list("out").empty()) << what;
    for (const std::string& name : scratch.list("out"))
      EXPECT_TRUE(std::filesystem::is_regular_file(scratch.path("out/" + name)) || name.starts_with("fonts"))
          << what << ": " << name;
    std::filesystem::remove_all(scratch.path("out"));
    std::filesystem::create_directories(scratch.path("out"));
    ASSERT_EQ(scratch.list(""), (std::vector<std::string>{"hostile.wim", "out"})) << what;
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
  EXPECT_GT(endings["refused"], static_cast<int>(count()) / 2);  // most of them are no images any more
  for (const auto& [ending, times] : endings) std::printf("  %-14s %d\n", ending.c_str(), times);
  for (const auto& [attack, told] : reasons) {
    std::printf("  %s\n", attack.c_str());
    for (const auto& [reason, times] : told) std::printf("    %4d %s\n", times, reason.c_str());
  }
}

}  // namespace
}  // namespace content
