// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/state_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <limits>
#include <optional>

#include "content/directory.h"

namespace site {
namespace {

namespace fs = std::filesystem;

constexpr mode_t file_mode = 0640;
constexpr std::string_view debris_prefix = ".incoming-";

// Created here rather than by whoever writes it first: root, on a stopped server's state,
// must not leave files that the server's user cannot open.
base::Result<base::Fd> open_owned(const std::string& path, const content::Owner& owner) {
  base::Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, file_mode));
  if (!fd.open()) return base::fail_errno("open " + path, errno);
  content::give_to(fd.get(), owner);
  return fd;
}

std::string holder(int lock) {
  std::array<char, 32> text{};
  const ssize_t size = ::pread(lock, text.data(), text.size() - 1, 0);
  int pid = 0;
  if (size > 0) std::from_chars(text.data(), text.data() + size, pid);
  return pid > 0 ? fmt::format("process {}", pid) : "another process";
}

base::Status take_lock(int lock, const std::string& directory) {
  while (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return base::fail_errno("lock " + directory, errno);
    return base::fail(
        "state directory {} is in use by {}: leave out --state to talk to the running server, or stop it",
        directory, holder(lock));
  }
  // For the message above, in the process that comes second. Nothing depends on it: on a full
  // disk it stays empty.
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(lock, 0) == 0) static_cast<void>(!::pwrite(lock, pid.data(), pid.size(), 0));
  return {};
}

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<std::int64_t> version_number(const std::string& name) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size() || number <= 0) return std::nullopt;
  return number;
}

bool contains(const std::vector<std::string>& list, const std::string& what) {
  return std::find(list.begin(), list.end(), what) != list.end();
}

}  // namespace

base::Result<StateDirectory> StateDirectory::open(const std::string& path) {
  std::error_code error;
  const std::string full = fs::absolute(path, error).lexically_normal().string();
  const fs::path parent = fs::path(full).parent_path();
  if (!parent.empty()) fs::create_directories(parent, error);
  if (::mkdir(full.c_str(), 0750) != 0 && errno != EEXIST) {
    return base::fail("state directory {}: {}: name another with --state, or create it for Bootferry's user",
                      full, std::generic_category().message(errno));
  }
  const auto owner = content::owner_of(full);
  if (!owner) return tl::unexpected(owner.error());
  auto lock = open_owned(full + "/lock", *owner);
  if (!lock) return tl::unexpected(lock.error());
  if (auto locked = take_lock(lock->get(), full); !locked) return tl::unexpected(locked.error());
  StateDirectory state(full, std::move(*lock));
  struct stat facts {};
  state.found_database_ = ::stat(state.database().c_str(), &facts) == 0 && facts.st_size > 0;
  const bool lost = !state.found_database_ && ::access(state.copy().c_str(), F_OK) == 0;
  if (!lost) {
    if (auto file = open_owned(state.database(), *owner); !file) return tl::unexpected(file.error());
  }
  return state;
}

std::string StateDirectory::below(std::string_view relative) const {
  return fmt::format("{}/{}", path_, relative);
}

std::vector<std::string> StateDirectory::tidy(store::Store& store,
                                              const std::vector<std::string>& recorded) const {
  std::vector<std::string> strangers;
  for (const std::string_view area : {images_area, programs_area}) {
    for (const std::string& name : names_in(below(area))) {
      if (name.starts_with(debris_prefix)) {
        std::error_code ignored;
        fs::remove_all(fmt::format("{}/{}", below(area), name), ignored);
        continue;
      }
      const std::string place = fmt::format("{}/{}", area, name);
      const auto last = store.last_version(place);
      for (const std::string& version : names_in(below(place))) {
        const std::string directory = fmt::format("{}/{}", place, version);
        if (contains(recorded, directory)) continue;
        const auto number = version_number(version);
        std::error_code ignored;
        if (number && last && *number <= *last) {
          fs::remove_all(below(directory), ignored);
        } else {
          strangers.push_back(fmt::format("{}: not in the database, left alone: remove it, or add it again",
                                          below(directory)));
        }
      }
      // Goes only when nothing is left in it.
      ::rmdir(below(place).c_str());
    }
    ::rmdir(below(area).c_str());
  }
  return strangers;
}

}  // namespace site
