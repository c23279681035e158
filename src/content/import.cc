// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/import.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/fd.h"
#include "content/directory.h"
#include "content/file_copy.h"
#include "content/published.h"

namespace content {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view debris_prefix = ".incoming-";
constexpr mode_t file_mode = 0640;

base::Result<struct stat> regular_file(const SourceFile& file) {
  struct stat facts {};
  if (::fstat(file.fd, &facts) != 0) return base::fail_errno(file.name, errno);
  if (!S_ISREG(facts.st_mode)) return base::fail("{}: not a regular file", file.name);
  return facts;
}

bool same_moment(const struct stat& a, const struct stat& b) {
  return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
         a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

// Progress over all files, and the room that is left to fill.
class Copier {
 public:
  Copier(const std::string& directory, Owner owner, std::uint64_t total, const CopyProgress& progress)
      : directory_(directory), owner_(owner), total_(total), progress_(progress) {
    if (progress_) progress_(0, total_);
  }

  base::Status copy(const SourceFile& file) {
    const auto before = regular_file(file);
    if (!before) return tl::unexpected(before.error());
    if (auto made = make_parents(file.name); !made) return made;
    const std::string path = fmt::format("{}/{}", directory_, file.name);
    const base::Fd to(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, file_mode));
    if (!to.open()) return base::fail_errno("create " + path, errno);
    give_to(to.get(), owner_);
    const int error =
        copy_file(file.fd, to.get(), static_cast<std::uint64_t>(before->st_size), [&](std::uint64_t n) {
          done_ += n;
          if (progress_) progress_(done_, total_);
        });
    if (error == ENODATA) return base::fail("{}: became shorter while it was copied", file.name);
    if (error != 0) return base::fail_errno("copy " + file.name, error);
    const auto after = regular_file(file);
    if (!after || !same_moment(*before, *after)) {
      return base::fail("{}: changed while it was copied: try again when nobody writes to it", file.name);
    }
    if (::fsync(to.get()) != 0) return base::fail_errno("copy " + file.name, errno);
    return {};
  }

  // Deepest first, the staging directory itself last.
  base::Status sync_directories() {
    for (auto name = directories_.rbegin(); name != directories_.rend(); ++name) {
      if (auto synced = sync_directory(fmt::format("{}/{}", directory_, *name)); !synced) return synced;
    }
    return sync_directory(directory_);
  }

 private:
  base::Status make_parents(const std::string& name) {
    for (std::size_t slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1)) {
      const std::string parent = name.substr(0, slash);
      if (!directories_.insert(parent).second) continue;
      if (auto made = make_directory(fmt::format("{}/{}", directory_, parent), owner_); !made) return made;
    }
    return {};
  }

  const std::string& directory_;
  Owner owner_;
  std::uint64_t total_;
  std::uint64_t done_ = 0;
  const CopyProgress& progress_;
  std::set<std::string> directories_;
};

// A full disk found before the copy costs nobody any time. Where blocks are shared instead of
// copied less is needed: then this refuses too early only when the disk is nearly full.
base::Status check_room(const std::string& area, std::uint64_t needed) {
  struct statvfs room {};
  if (::statvfs(area.c_str(), &room) != 0) return {};
  const std::uint64_t free_octets = std::uint64_t{room.f_bavail} * room.f_frsize;
  if (needed <= free_octets) return {};
  return base::fail("{}: {} MiB needed, {} MiB free: make room and try again", area, (needed >> 20U) + 1,
                    free_octets >> 20U);
}

}  // namespace

Staged::Staged(std::string area, std::string directory)
    : area_(std::move(area)), directory_(std::move(directory)) {}

Staged::Staged(Staged&& other) noexcept
    : area_(std::move(other.area_)), directory_(std::exchange(other.directory_, std::string())) {}

Staged::~Staged() {
  if (directory_.empty()) return;
  std::error_code ignored;  // what cannot be removed now goes with the next start
  fs::remove_all(directory_, ignored);
}

base::Result<Staged> Staged::copy(const std::string& area, std::span<const SourceFile> files,
                                  const CopyProgress& progress) {
  if (auto checked = check_sources(files); !checked) return tl::unexpected(checked.error());
  std::uint64_t total = 0;
  for (const SourceFile& file : files) {
    const auto facts = regular_file(file);
    if (!facts) return tl::unexpected(facts.error());
    total += static_cast<std::uint64_t>(facts->st_size);
  }
  if (auto room = check_room(area, total); !room) return tl::unexpected(room.error());

  const auto owner = owner_of(area);
  if (!owner) return tl::unexpected(owner.error());
  std::string directory = fmt::format("{}/{}XXXXXX", area, debris_prefix);
  if (::mkdtemp(directory.data()) == nullptr) return base::fail_errno("create " + directory, errno);
  Staged staged(area, directory);
  if (::chmod(directory.c_str(), 0750) != 0) return base::fail_errno(directory, errno);
  if (auto made = make_directory(directory, *owner); !made) return tl::unexpected(made.error());

  Copier copier(directory, *owner, total, progress);
  for (const SourceFile& file : files) {
    if (auto copied = copier.copy(file); !copied) return tl::unexpected(copied.error());
  }
  if (auto synced = copier.sync_directories(); !synced) return tl::unexpected(synced.error());
  return staged;
}

base::Status Staged::commit(const std::string& place) {
  const std::string target = fmt::format("{}/{}", area_, place);
  const std::string parent = fs::path(target).parent_path().string();
  const auto owner = owner_of(area_);
  if (!owner) return tl::unexpected(owner.error());
  if (auto made = make_directory(parent, *owner); !made) return made;
  if (::renameat2(AT_FDCWD, directory_.c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) != 0) {
    return base::fail_errno("create " + target, errno);
  }
  // From here on the destructor would remove the published place if the sync failed, as it
  // must: a version whose place is not durable is not recorded.
  directory_ = target;
  for (const std::string& path : {parent, area_}) {
    if (auto synced = sync_directory(path); !synced) return synced;
  }
  directory_.clear();
  return {};
}

void remove_debris(const std::string& area) {
  std::error_code error;
  std::vector<fs::path> dead;
  for (const auto& entry : fs::directory_iterator(area, error)) {
    if (entry.path().filename().string().starts_with(debris_prefix)) dead.push_back(entry.path());
  }
  for (const fs::path& path : dead) fs::remove_all(path, error);
}

}  // namespace content
