// SPDX-License-Identifier: GPL-3.0-or-later
// The process dies at any moment while images are added, replaced and removed: what was acknowledged
// is there, what is published is whole, and nothing is served by half.
// BOOTFERRY_KILLS says how often (`./dev matrix`: 1000).
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <thread>

#include "../content/scratch.h"
#include "site/administration.h"

namespace site {
namespace {

constexpr int images = 3;

// Which initrd an image has, told before and after each change; 0: the image is not there.
struct Message {
  bool done = false;
  int image = 0;
  std::uint64_t initrd = 0;
};

std::string initrd_text(std::uint64_t number) {
  return std::string(number % 200'000, static_cast<char>('a' + number % 26)) + std::to_string(number);
}

[[noreturn]] void change_until_killed(const Scratch& scratch, std::uint64_t seed, int acknowledged) {
  auto admin = Administration::open(scratch.path("state"), {});
  if (!admin) ::_exit(1);
  std::mt19937_64 random(seed);
  const auto tell = [&](const Message& message) {
    if (::write(acknowledged, &message, sizeof message) != sizeof message) ::_exit(2);
  };
  while (true) {
    const int which = static_cast<int>(random() % images);
    const std::string name = fmt::format("image{}", which);
    const auto model = (*admin)->site()->policy.model();
    const auto there = std::ranges::find(model.images, name, &policy::Image::name);
    const bool remove = there != model.images.end() && random() % 4 == 0;
    const std::uint64_t initrd = remove ? 0 : 1 + random() % 1'000'000;
    tell({false, which, initrd});
    if (remove) {
      if (!(*admin)->remove_with_files(store::Kind::image, there->id, "a test")) ::_exit(3);
    } else {
      NewImage added;
      added.name = name;
      added.kernel = "linux";
      added.initrds = {"initrd"};
      added.files.push_back({"linux", scratch.open("from/linux", fake_kernel())});
      added.files.push_back({"initrd", scratch.open("from/initrd", initrd_text(initrd))});
      if (!(*admin)->add_image(std::move(added), {})) ::_exit(4);
    }
    tell({true, which, initrd});
  }
}

struct Story {
  std::map<int, std::uint64_t> known;  // acknowledged
  std::optional<Message> under_way;
  int acknowledged = 0;
};

void change_and_kill(const Scratch& scratch, Story& story, std::uint64_t seed,
                     std::chrono::microseconds after) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const base::Fd read_end(ends[0]);
  base::Fd write_end(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) change_until_killed(scratch, seed, write_end.get());
  write_end = base::Fd();
  std::this_thread::sleep_for(after);
  ::kill(child, SIGKILL);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself: " << WEXITSTATUS(status);
  story.under_way.reset();
  for (Message message; ::read(read_end.get(), &message, sizeof message) == sizeof message;) {
    story.under_way.reset();
    if (!message.done) story.under_way = message;
    if (message.done) story.known[message.image] = message.initrd;
    if (message.done) ++story.acknowledged;
  }
}

// What is served of the image: the number of its initrd, 0 for none.
std::uint64_t served(const Site& site, const std::string& name) {
  for (const policy::Image& image : site.policy.model().images) {
    if (image.name != name) continue;
    const auto entry = site.published->find(image.initrds.at(0));
    const auto* const file = std::get_if<const content::DiskFile*>(&entry);
    if (file == nullptr) return ~std::uint64_t{0};
    const std::string text = read_text((*file)->path);
    EXPECT_EQ(text.size(), (*file)->size);
    const std::size_t digits = text.find_last_not_of("0123456789") + 1;
    const std::uint64_t number = std::stoull(text.substr(digits));
    EXPECT_EQ(text, initrd_text(number));
    EXPECT_TRUE(std::holds_alternative<const content::DiskFile*>(site.published->find(image.kernel)));
    return number;
  }
  return 0;
}

void check(const Scratch& scratch, Story& story) {
  const auto admin = Administration::open(scratch.path("state"), {});
  ASSERT_TRUE(admin) << admin.error().what;
  EXPECT_THAT((*admin)->problems(), testing::Not(testing::Contains(testing::HasSubstr("image"))));
  EXPECT_THAT((*admin)->verify(std::nullopt, {})->damaged, testing::IsEmpty());
  for (int which = 0; which < images; ++which) {
    const std::uint64_t now = served(*(*admin)->site(), fmt::format("image{}", which));
    const bool may_be_new =
        story.under_way && story.under_way->image == which && story.under_way->initrd == now;
    ASSERT_TRUE(now == story.known[which] || may_be_new)
        << "image " << which << " has " << now << ", acknowledged was " << story.known[which];
    story.known[which] = now;
  }
}

TEST(ImageKill, WhatWasAcknowledgedIsServedWholly) {
  if (std::getenv("TMPDIR") == nullptr) ::setenv("TMPDIR", "/dev/shm", 1);
  const char* wanted = std::getenv("BOOTFERRY_KILLS");
  const int kills = wanted == nullptr ? 20 : std::atoi(wanted);
  const std::uint64_t seed = std::random_device{}();
  std::mt19937_64 random(seed);
  Scratch scratch;
  Story story;
  for (int i = 0; i < kills && !testing::Test::HasFailure(); ++i) {
    change_and_kill(scratch, story, random(), std::chrono::microseconds(random() % 60'000));
    check(scratch, story);
  }
  EXPECT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
  EXPECT_GT(story.acknowledged, kills / 4) << "too slow to tell anything";
  // What no image needs is little, and a sweep leaves what is served.
  {
    const auto admin = Administration::open(scratch.path("state"), {});
    ASSERT_TRUE(admin && (*admin)->collect(false));
  }
  check(scratch, story);
  fmt::print("seed {}: {} changes acknowledged in {} lives\n", seed, story.acknowledged, kills);
}

}  // namespace
}  // namespace site
