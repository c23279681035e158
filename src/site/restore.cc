// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/restore.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <optional>

#include "site/administration.h"
#include "site/state_directory.h"
#include "store/whole.h"

namespace site {
namespace {

namespace fs = std::filesystem;

// SQLite keeps what is not yet in the file beside it; the two belong together.
constexpr const char* companions[] = {"", "-wal", "-shm"};

// With the copy that an upgrade keeps of an older schema: the file that was given is that copy.
void remove_all(const std::string& database) {
  std::error_code ignored;
  for (const char* companion : companions) fs::remove(database + companion, ignored);
  for (const auto& entry : fs::directory_iterator(fs::path(database).parent_path(), ignored)) {
    if (entry.path().string().starts_with(database + ".schema-")) fs::remove(entry.path(), ignored);
  }
}

// Root must not leave what the server cannot read.
base::Status give_to_owner_of(const std::string& directory, const std::string& path) {
  struct stat owner {};
  if (::stat(directory.c_str(), &owner) != 0) return base::fail_errno(directory, errno);
  if (::geteuid() == 0 && ::chown(path.c_str(), owner.st_uid, owner.st_gid) != 0)
    return base::fail_errno(path, errno);
  if (::chmod(path.c_str(), 0600) != 0) return base::fail_errno(path, errno);
  return {};
}

// A name that nothing has: the time, and a number where that is taken.
std::string set_aside_name(const std::string& database) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char stamp[32];
  std::strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &parts);
  std::string name = fmt::format("{}.before-restore-{}", database, stamp);
  std::error_code ignored;
  for (int i = 2; fs::exists(name, ignored); ++i)
    name = fmt::format("{}.before-restore-{}-{}", database, stamp, i);
  return name;
}

base::Status move_with_companions(const std::string& from, const std::string& to) {
  for (const char* companion : companions) {
    if (::rename((from + companion).c_str(), (to + companion).c_str()) != 0 && errno != ENOENT)
      return base::fail_errno(from + companion, errno);
  }
  return {};
}

base::Status replace(const StateDirectory& state, const std::string& file, std::string& before) {
  const std::string database = state.database();
  const std::string copy = database + ".restoring";
  remove_all(copy);
  std::error_code error;
  fs::copy_file(file, copy, error);
  if (error) return base::fail("{}: {}", file, error.message());
  auto good = store::check_whole(copy);
  if (good) good = give_to_owner_of(state.path(), copy);
  if (!good) {
    remove_all(copy);
    return base::fail("{}: {}; nothing was changed", file, good.error().what);
  }
  if (fs::exists(database, error)) {
    before = set_aside_name(database);
    if (auto moved = move_with_companions(database, before); !moved) return moved;
  }
  if (::rename(copy.c_str(), database.c_str()) != 0) {
    const auto failure = base::fail_errno(database, errno);
    if (!before.empty()) static_cast<void>(move_with_companions(before, database));
    return failure;
  }
  remove_all(copy);
  const base::Fd directory(::open(state.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.open() || ::fsync(directory.get()) != 0) return base::fail_errno(state.path(), errno);
  return {};
}

}  // namespace

base::Result<Restored> restore(const std::string& state_directory, const std::string& file) {
  Restored out;
  {
    const auto state = StateDirectory::open(state_directory);
    if (!state) return tl::unexpected(state.error());
    if (auto done = replace(*state, file, out.before); !done) return tl::unexpected(done.error());
  }
  const auto opened = Administration::open(state_directory, {});
  if (!opened) return tl::unexpected(opened.error());
  out.problems = (*opened)->problems();
  return out;
}

}  // namespace site
