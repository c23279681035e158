// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/open_files.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <utility>

namespace server {
namespace {

constexpr base::Duration kept_for = std::chrono::seconds(30);
// Beyond it only what is being sent is kept: whole trees go by with their thousand packages.
constexpr std::size_t most_kept = 1024;

bool same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

}  // namespace

base::Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::string& path) {
  const std::shared_ptr<MappedFile> result(new MappedFile);
  result->file_ = base::Fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!result->file_.open()) return base::fail_errno("open " + path, errno);
  if (::fstat(result->file_.get(), &result->identity_) != 0) return base::fail_errno("stat " + path, errno);
  if (!S_ISREG(result->identity_.st_mode)) return base::fail("{}: not a regular file", path);
  result->size_ = static_cast<std::uint64_t>(result->identity_.st_size);
  if (result->size_ == 0) return result;
  void* const bytes = ::mmap(nullptr, result->size_, PROT_READ, MAP_SHARED, result->file_.get(), 0);
  if (bytes == MAP_FAILED) return base::fail_errno("map " + path, errno);
  result->bytes_ = static_cast<const std::uint8_t*>(bytes);
  // From the disk in large pieces, ahead of the readers. Advice: it may be refused.
  static_cast<void>(::madvise(bytes, result->size_, MADV_SEQUENTIAL));
  return result;
}

MappedFile::~MappedFile() {
  if (bytes_ != nullptr) ::munmap(const_cast<std::uint8_t*>(bytes_), size_);
}

bool MappedFile::unchanged() const {
  struct stat now {};
  return ::fstat(file_.get(), &now) == 0 && same(now, identity_);
}

bool MappedFile::is(const std::string& path) const {
  struct stat now {};
  return ::lstat(path.c_str(), &now) == 0 && same(now, identity_);
}

base::Result<std::shared_ptr<const MappedFile>> OpenFiles::open(const std::string& path, base::Time now) {
  const auto found = files_.find(path);
  if (found != files_.end() && found->second.file->is(path)) {
    found->second.asked = now;
    return found->second.file;
  }
  auto file = MappedFile::open(path);
  if (!file) {
    if (found != files_.end()) files_.erase(found);
    return file;
  }
  if (files_.size() >= most_kept) {
    std::erase_if(files_, [](const auto& entry) { return entry.second.file.use_count() == 1; });
  }
  files_.insert_or_assign(path, Entry{*file, now});
  return file;
}

void OpenFiles::tidy(base::Time now) {
  std::erase_if(files_, [&](const auto& entry) {
    return entry.second.file.use_count() == 1 && now - entry.second.asked >= kept_for;
  });
}

}  // namespace server
