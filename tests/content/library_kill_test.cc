// SPDX-License-Identifier: GPL-3.0-or-later
// The process dies at any moment of adding and freeing: packages that were acknowledged are there
// with all their files, and no file is there by half.
// BOOTFERRY_KILLS says how often (`./dev matrix`: 1000).
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <random>
#include <thread>

#include "content/library.h"
#include "scratch.h"

namespace content {
namespace {

// What a database would say: the packages that records name.
struct Message {
  char what = ' ';  // '+' a record names it from now on, '-' no longer
  base::Sha256 manifest{};
};

class Writer {
 public:
  Writer(const Scratch& scratch, std::set<base::Sha256> named, std::uint64_t seed, int acknowledged)
      : scratch_(scratch), named_(named.begin(), named.end()), random_(seed), acknowledged_(acknowledged) {}

  // Until it is killed; its exit code says what else went wrong.
  [[noreturn]] void write() {
    auto library = Library::open(scratch_.path("library"));
    if (!library) ::_exit(1);
    library_ = library->get();
    while (true) {
      add();
      while (named_.size() > 4) drop();
      const bool all = random_() % 4 == 0;
      if (!library_->collect(named_, all ? Library::Sweep::all : Library::Sweep::given_up)) ::_exit(2);
    }
  }

 private:
  void add() {
    std::vector<base::Fd> opened;
    std::vector<SourceFile> sources;
    const std::size_t count = 1 + random_() % 4;
    for (std::size_t i = 0; i < count; ++i) {
      opened.emplace_back(
          ::open(scratch_.path(fmt::format("from/{}", random_() % 12)).c_str(), O_RDONLY | O_CLOEXEC));
      sources.push_back({fmt::format("file {}", i), opened.back().get()});
    }
    auto added = library_->add(sources, {});
    if (!added) ::_exit(3);
    tell({'+', added->manifest});
    added->pins.keep();
    named_.push_back(added->manifest);
  }
  void drop() {
    const base::Sha256 oldest = named_.front();
    if (!library_->give_up(oldest)) ::_exit(4);
    std::erase(named_, oldest);
    tell({'-', oldest});
  }
  void tell(const Message& message) const {
    if (::write(acknowledged_, &message, sizeof message) != sizeof message) ::_exit(5);
  }

  const Scratch& scratch_;
  std::vector<base::Sha256> named_;
  std::mt19937_64 random_;
  int acknowledged_;
  Library* library_ = nullptr;
};

// Changes `named` to what was acknowledged; how many messages there were.
int write_and_kill(const Scratch& scratch, std::set<base::Sha256>& named, std::uint64_t seed,
                   std::chrono::microseconds after) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const base::Fd read_end(ends[0]);
  base::Fd write_end(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) Writer(scratch, named, seed, write_end.get()).write();
  write_end = base::Fd();
  std::this_thread::sleep_for(after);
  ::kill(child, SIGKILL);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status)) << "it ended by itself: " << WEXITSTATUS(status);
  int messages = 0;
  for (Message message; ::read(read_end.get(), &message, sizeof message) == sizeof message; ++messages) {
    if (message.what == '+') named.insert(message.manifest);
    if (message.what == '-') named.erase(message.manifest);
  }
  return messages;
}

void check(const Scratch& scratch, const std::set<base::Sha256>& named) {
  auto library = Library::open(scratch.path("library"));
  ASSERT_TRUE(library) << library.error().what;
  const auto verified = (*library)->verify({});
  ASSERT_TRUE(verified) << verified.error().what;
  ASSERT_THAT(verified->damaged, testing::IsEmpty()) << "a file is there by half";
  for (const base::Sha256& manifest : named) {
    const auto package = (*library)->package(manifest);
    ASSERT_TRUE(package) << package.error().what;
    for (const PackageFile& file : package->files) ASSERT_TRUE((*library)->describe(file, "x")) << file.name;
  }
}

TEST(LibraryKill, WhatWasAcknowledgedIsThereAndNothingByHalf) {
  // In memory where there is room: a disk's own pace would leave the process waiting for it.
  if (std::getenv("TMPDIR") == nullptr) ::setenv("TMPDIR", "/dev/shm", 1);
  const char* wanted = std::getenv("BOOTFERRY_KILLS");
  const int kills = wanted == nullptr ? 40 : std::atoi(wanted);
  const std::uint64_t seed = std::random_device{}();
  std::mt19937_64 random(seed);
  Scratch scratch;
  for (int i = 0; i < 12; ++i) {
    std::string text(random() % (i % 3 == 0 ? 4'000'000 : 70'000), static_cast<char>('a' + i));
    if (text.size() > 100) text[random() % text.size()] = '#';
    scratch.write(fmt::format("from/{}", i), text);
  }
  std::set<base::Sha256> named;
  int messages = 0;
  for (int i = 0; i < kills && !testing::Test::HasFatalFailure(); ++i) {
    messages += write_and_kill(scratch, named, random(), std::chrono::microseconds(random() % 40'000));
    check(scratch, named);
  }
  EXPECT_GT(messages, kills / 4) << "too slow to tell anything";
  EXPECT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
  fmt::print("seed {}: {} changes acknowledged in {} lives\n", seed, messages, kills);
}

}  // namespace
}  // namespace content
