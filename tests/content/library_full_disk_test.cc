// SPDX-License-Identifier: GPL-3.0-or-later
// The disk is full at each point of an add: on a file system of its own, in a namespace of its own,
// with one page or one inode more at each try.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "content/library.h"
#include "scratch.h"

namespace content {
namespace {

constexpr std::uint64_t page = 4096;

bool own_mounts() {
  if (::geteuid() == 0) {
    if (::unshare(CLONE_NEWNS) != 0) return false;
  } else if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
    return false;
  }
  return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

// In a process of its own; what it says is why it failed. "skip": it may not mount.
std::string in_own_namespace(const std::function<std::string()>& work) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const base::Fd read_end(ends[0]);
  base::Fd write_end(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string said = own_mounts() ? work() : "skip";
    ::_exit(::write(write_end.get(), said.data(), said.size()) == static_cast<ssize_t>(said.size()) ? 0 : 1);
  }
  write_end = base::Fd();
  std::string said;
  char c = 0;
  while (::read(read_end.get(), &c, 1) == 1) said += c;
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  return said;
}

// Takes all but `pages` of what is free.
void fill(const std::string& path, std::uint64_t pages) {
  const std::string block(page, 'f');
  const base::Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0640));
  std::uint64_t size = 0;
  while (::pwrite(fd.get(), block.data(), page, static_cast<off_t>(size)) == static_cast<ssize_t>(page))
    size += page;
  if (::ftruncate(fd.get(), static_cast<off_t>(size - std::min(size, pages * page))) != 0) ::_exit(9);
}

std::string fault(Library& library, const base::Sha256& kept) {
  if (!library.package(kept)) return "what was there is lost";
  const auto verified = library.verify({});
  if (!verified) return verified.error().what;
  if (!verified->damaged.empty()) return "a file is there by half";
  return "";
}

// One try: "" fine, else what is wrong; `ended` says whether the add found room.
std::string add_with(const Scratch& scratch, const char* mount_options, std::optional<std::uint64_t> pages,
                     bool& ended) {
  const std::string disk = scratch.path("disk");
  std::filesystem::create_directories(disk);
  if (::mount("none", disk.c_str(), "tmpfs", 0, mount_options) != 0) return "skip";
  const base::Fd first = scratch.open("first", "first");
  const base::Fd big = scratch.open("big", std::string(5 * page, 'b'));
  const base::Fd empty = scratch.open("empty", "");
  const base::Fd small = scratch.open("small", "small");
  std::string wrong;
  {
    auto library = Library::open(disk + "/library");
    if (!library) return "no room for an empty library";
    base::Sha256 kept{};
    {
      auto added = (*library)->add(std::vector<SourceFile>{{"first", first.get()}}, {});
      if (!added) return "no room for the first";
      added->pins.keep();
      kept = added->manifest;
    }
    const std::vector<SourceFile> sources = {
        {"big", big.get()}, {"empty", empty.get()}, {"first", first.get()}, {"small", small.get()}};
    const auto another = [&](std::uint64_t done, std::uint64_t) {
      if (done == 0 && pages) fill(disk + "/filler", *pages);
    };
    {
      auto added = (*library)->add(sources, another);
      ended = added.has_value();
      if (ended) added->pins.keep();
      if (!ended && added.error().what.find("the disk is full: make room and try again") == std::string::npos)
        wrong = "it says: " + added.error().what;
      if (!ended && !std::filesystem::is_empty(disk + "/library/incoming")) wrong = "something is left";
    }
    if (wrong.empty()) wrong = fault(**library, kept);
    const auto swept = (*library)->collect(std::vector{kept}, Library::Sweep::given_up);
    if (wrong.empty() && !swept) wrong = swept.error().what;
    std::filesystem::remove(disk + "/filler");
    const bool more = ::mount("none", disk.c_str(), "tmpfs", MS_REMOUNT, "size=1m,nr_inodes=1000") == 0;
    auto again = (*library)->add(sources, {});
    if (wrong.empty() && more && !again) wrong = "with room: " + again.error().what;
    if (wrong.empty()) wrong = fault(**library, kept);
  }
  if (::umount(disk.c_str()) != 0) wrong = "umount";
  return wrong;
}

TEST(LibraryFullDisk, AtEachPage) {
  const std::string said = in_own_namespace([]() -> std::string {
    const Scratch scratch;
    for (std::uint64_t pages = 0; pages < 40; ++pages) {
      bool ended = false;
      if (auto wrong = add_with(scratch, "size=1m", pages, ended); !wrong.empty())
        return wrong == "skip" ? wrong : fmt::format("with {} pages: {}", pages, wrong);
      if (ended) return pages < 7 ? fmt::format("{} pages were enough", pages) : "";
    }
    return "it never ends";
  });
  if (said == "skip") GTEST_SKIP() << "this kernel lets us mount nothing";
  EXPECT_EQ(said, "");
}

TEST(LibraryFullDisk, AtEachInode) {
  const std::string said = in_own_namespace([]() -> std::string {
    const Scratch scratch;
    int failed = 0;
    for (int inodes = 8; inodes < 60; ++inodes) {
      bool ended = false;
      const std::string options = fmt::format("size=1m,nr_inodes={}", inodes);
      const auto wrong = add_with(scratch, options.c_str(), std::nullopt, ended);
      if (wrong.starts_with("no room for")) {
        ::umount(scratch.path("disk").c_str());
        continue;
      }
      if (!wrong.empty()) return wrong == "skip" ? wrong : fmt::format("with {} inodes: {}", inodes, wrong);
      if (ended) return failed < 5 ? fmt::format("it failed only {} times", failed) : "";
      ++failed;
    }
    return "it never ends";
  });
  if (said == "skip") GTEST_SKIP() << "this kernel lets us mount nothing";
  EXPECT_EQ(said, "");
}

}  // namespace
}  // namespace content
