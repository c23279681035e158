// SPDX-License-Identifier: GPL-3.0-or-later
// What goes when nobody needs it any more.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <filesystem>
#include <utility>

#include "content/library.h"
#include "content/library_disk.h"

namespace content {
namespace {

namespace fs = std::filesystem;

// Whoever was killed and tries again does so soon.
constexpr std::time_t unfinished_kept_for = 24 * 3600;

bool is_old(const struct stat& facts) {
  return std::time(nullptr) - facts.st_mtim.tv_sec > unfinished_kept_for;
}

// What adds have left that were killed.
void sweep_incoming(const std::string& directory, bool dry_run, Library::Collected& out) {
  std::error_code error;
  std::vector<std::string> paths;
  for (const auto& entry : fs::directory_iterator(directory, error)) paths.push_back(entry.path().string());
  for (const std::string& path : paths) {
    const base::Fd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat facts {};
    if (!fd.open() || ::fstat(fd.get(), &facts) != 0 || !S_ISREG(facts.st_mode) || !is_old(facts)) continue;
    // Somebody continues it now.
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) continue;
    if (!dry_run && ::unlink(path.c_str()) != 0) continue;
    ++out.files;
    out.octets += static_cast<std::uint64_t>(facts.st_size);
  }
}

}  // namespace

base::Status Library::give_up(const base::Sha256& manifest) {
  const std::lock_guard lock(mutex_);
  if (!superseded_.insert(manifest).second) return {};
  return write_superseded();
}

base::Status Library::write_superseded() {
  std::string text;
  for (const base::Sha256& hash : superseded_) text += base::print(hash) + "\n";
  auto file = IncomingFile::open(folder("incoming/superseded"), owner_);
  if (!file) return tl::unexpected(file.error());
  if (::ftruncate(file->fd(), 0) != 0) return write_error(directory_, errno);
  if (const int error = write_at(file->fd(), base::as_bytes(text), 0)) return write_error(directory_, error);
  if (auto placed = file->place(folder("superseded")); !placed) return placed;
  return sync_directory(directory_);
}

std::vector<base::Sha256> Library::candidates(Sweep sweep, const std::set<base::Sha256>& marked) const {
  std::vector<base::Sha256> out;
  if (sweep == Sweep::all) {
    for (const auto& [hash, size] : sizes_) out.push_back(hash);
    return out;
  }
  out.assign(loose_.begin(), loose_.end());
  if (sweep == Sweep::failed) return out;
  for (const base::Sha256& manifest : superseded_) {
    if (marked.contains(manifest)) continue;
    // One that cannot be read names nothing any more: `Sweep::all` finds what it had.
    if (const auto old = package(manifest)) {
      for (const PackageFile& file : old->files) out.push_back(file.hash);
    }
    out.push_back(manifest);
  }
  return out;
}

base::Result<Library::Collected> Library::collect(std::span<const base::Sha256> manifests, Sweep sweep,
                                                  bool dry_run) {
  std::set<base::Sha256> marked(manifests.begin(), manifests.end());
  for (const base::Sha256& manifest : manifests) {
    const auto needed = package(manifest);
    if (!needed)
      return base::fail("nothing is freed while a package cannot be read: {}", needed.error().what);
    for (const PackageFile& file : needed->files) marked.insert(file.hash);
  }
  Collected out;
  const std::lock_guard lock(mutex_);
  for (const base::Sha256& hash : candidates(sweep, marked)) {
    const auto found = sizes_.find(hash);
    if (found == sizes_.end() || marked.contains(hash) || pinned_.contains(hash)) continue;
    ++out.files;
    out.octets += found->second;
    if (dry_run) {
      // Counted once, though two packages that were given up have it.
      marked.insert(hash);
      continue;
    }
    if (::unlink(path(hash).c_str()) != 0 && errno != ENOENT)
      return write_error("remove " + path(hash), errno);
    forget(hash);
  }
  sweep_incoming(folder("incoming"), dry_run, out);
  if (dry_run) return out;
  loose_.clear();
  if (sweep == Sweep::failed) return out;
  if (std::erase_if(superseded_, [&](const base::Sha256& each) { return !marked.contains(each); }) > 0) {
    if (auto written = write_superseded(); !written) return tl::unexpected(written.error());
  }
  return out;
}

}  // namespace content
