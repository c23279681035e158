// SPDX-License-Identifier: GPL-3.0-or-later
// How files come into the library. A source is read once. While it is what a file that we have
// already begins with, nothing is written: that file is one of the same size (most likely the same
// content), or what an add has left that was killed. From the first difference on it is copied.
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "content/confined.h"
#include "content/file_copy.h"
#include "content/library.h"
#include "content/library_disk.h"

namespace content {
namespace {

bool same_moment(const struct stat& a, const struct stat& b) {
  return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
         a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

// A source, and the file that it is, or is a part of.
struct Seen {
  struct stat file {};
  FilePart part{-1};  // measured
  [[nodiscard]] bool whole() const { return part.size == static_cast<std::uint64_t>(file.st_size); }
};

base::Result<Seen> look_at(const SourceFile& source) {
  Seen seen;
  if (::fstat(source.part.fd, &seen.file) != 0) return base::fail_errno(source.name, errno);
  const auto part = measured(source.part);
  if (!part) return base::fail("{}: {}", source.name, part.error().what);
  seen.part = *part;
  return seen;
}

// Of the same source at the next try; whether it really is the same, its octets tell.
std::string identity(const Seen& seen) {
  std::string text = fmt::format("{:x}-{:x}-{:x}.{:x}", seen.file.st_ino, seen.file.st_size,
                                 seen.file.st_mtim.tv_sec, seen.file.st_mtim.tv_nsec);
  if (!seen.whole()) text += fmt::format("-{:x}-{:x}", seen.part.offset, seen.part.size);
  return text;
}

bool has_octets(int fd, base::ByteView octets, std::uint64_t at, std::vector<std::uint8_t>& scratch) {
  scratch.resize(octets.size());
  return read_at(fd, scratch.data(), octets.size(), at) == static_cast<ssize_t>(octets.size()) &&
         std::memcmp(scratch.data(), octets.data(), octets.size()) == 0;
}

// Both ends: what differs in one of these is not worth to be compared any further.
bool ends_alike(int file, const FilePart& source) {
  std::vector<std::uint8_t> end(std::min<std::uint64_t>(source.size, 65536)), scratch;
  for (const std::uint64_t at : {std::uint64_t{0}, source.size - end.size()}) {
    if (read_at(file, end.data(), end.size(), at) != static_cast<ssize_t>(end.size())) return false;
    if (!has_octets(source.fd, end, source.offset + at, scratch)) return false;
  }
  return true;
}

}  // namespace

class Library::Adding {
 public:
  Adding(Library& library, const CopyProgress& progress) : library_(library), progress_(progress) {}

  base::Status measure(std::span<const SourceFile> files) {
    std::uint64_t needed = 0;
    for (const SourceFile& file : files) {
      const auto seen = look_at(file);
      if (!seen) return tl::unexpected(seen.error());
      total_ += seen->part.size;
      const std::lock_guard lock(library_.mutex_);
      // What has a file's size here is most likely this file.
      if (!library_.by_size_.contains(seen->part.size)) needed += seen->part.size;
    }
    if (auto room = check_room(needed); !room) return room;
    if (progress_) progress_(0, total_);
    return {};
  }

  base::Result<PackageFile> take(const SourceFile& source, Take how) {
    const auto before = look_at(source);
    if (!before) return tl::unexpected(before.error());
    source_ = &source;
    before_ = *before;
    auto hash = how == Take::link ? link() : base::Result<std::optional<base::Sha256>>();
    if (!hash) return tl::unexpected(hash.error());
    if (!*hash) {
      auto copied = copy();
      if (!copied) return tl::unexpected(copied.error());
      *hash = *copied;
    }
    return PackageFile{**hash, before_.part.size, source.name};
  }

  base::Status write_manifest(const std::string& text, const base::Sha256& hash) {
    // One that is damaged is written again.
    if (const auto there = read_small(library_.path(hash), text.size());
        there && *there == text && held(hash))
      return sync();
    auto incoming = open_incoming("manifest-" + base::print(hash));
    if (!incoming) return tl::unexpected(incoming.error());
    if (::ftruncate(incoming->fd(), 0) != 0) return write_error(library_.directory_, errno);
    if (const int error = write_at(incoming->fd(), base::as_bytes(text), 0))
      return write_error(library_.directory_, error);
    if (auto placed = place(*incoming, hash, text.size()); !placed) return placed;
    return sync();
  }

  // The names of what was placed are durable after this.
  base::Status sync() {
    for (const std::string& folder : touched_) {
      if (auto synced = sync_directory(folder); !synced) return synced;
    }
    touched_.clear();
    return {};
  }

  Pins pins() && { return std::move(pins_); }

 private:
  // A full disk found before the copy costs nobody any time. Where blocks are shared instead of
  // copied less is needed: then this refuses too early only when the disk is nearly full.
  base::Status check_room(std::uint64_t needed) const {
    struct statvfs room {};
    if (::statvfs(library_.directory_.c_str(), &room) != 0) return {};
    const std::uint64_t free_octets = std::uint64_t{room.f_bavail} * room.f_frsize;
    if (needed <= free_octets) return {};
    return base::fail("{}: {} MiB needed, {} MiB free: make room and try again", library_.directory_,
                      (needed >> 20U) + 1, free_octets >> 20U);
  }

  base::Result<IncomingFile> open_incoming(const std::string& name) const {
    return IncomingFile::open(fmt::format("{}/incoming/{}", library_.directory_, name), library_.owner_);
  }

  void tell(std::uint64_t octets) {
    done_ += octets;
    if (progress_) progress_(done_, total_);
  }

  // Pins it where it is here already. Its name may be so new that it is not durable yet.
  bool held(const base::Sha256& hash) {
    const std::lock_guard lock(library_.mutex_);
    if (!library_.holds(hash)) return false;
    pin(hash);
    touch(hash);
    return true;
  }

  std::string touch(const base::Sha256& hash) {
    std::string folder = std::filesystem::path(library_.path(hash)).parent_path().string();
    touched_.insert(library_.folder("files"));
    touched_.insert(folder);
    return folder;
  }

  void pin(const base::Sha256& hash) {
    ++library_.pinned_[hash];
    pins_.held_.push_back(hash);
  }

  base::Status make_folder(const base::Sha256& hash) {
    const std::string folder = touch(hash);
    if (::access(folder.c_str(), F_OK) == 0) return {};
    if (::mkdir(folder.c_str(), 0750) != 0 && errno != EEXIST) return write_error("create " + folder, errno);
    return make_directory(folder, library_.owner_);
  }

  base::Status place(IncomingFile& incoming, const base::Sha256& hash, std::uint64_t size) {
    if (auto made = make_folder(hash); !made) return made;
    const std::lock_guard lock(library_.mutex_);
    pin(hash);
    if (!library_.holds(hash)) pins_.fresh_.push_back(hash);
    // In place of one that is there: if it were whole, this one would seldom have been written.
    if (auto placed = incoming.place(library_.path(hash)); !placed) return placed;
    library_.index(hash, size);
    return {};
  }

  base::Status unchanged() const {
    const auto after = look_at(*source_);
    if (after && same_moment(before_.file, after->file)) return {};
    return base::fail("{}: changed while it was copied: try again when nobody writes to it", source_->name);
  }

  base::Result<base::Sha256> copy() {
    auto incoming = open_incoming(identity(before_));
    if (!incoming) return tl::unexpected(incoming.error());
    // Btrfs, XFS: no data moves. What was cloned does not change with its source.
    if (incoming->left() == 0 && before_.whole() && before_.part.size > 0 &&
        ::ioctl(incoming->fd(), FICLONE, before_.part.fd) == 0) {
      const SourceFile clone{source_->name, incoming->fd()};
      const auto hash = hash_of(clone);
      if (!hash) return hash;
      if (auto same = unchanged(); !same) return tl::unexpected(same.error());
      if (held(*hash)) return hash;
      if (auto placed = place(*incoming, *hash, before_.part.size); !placed)
        return tl::unexpected(placed.error());
      return hash;
    }
    std::optional<base::Sha256> like = incoming->left() == 0 ? find_like() : std::nullopt;
    const base::Fd like_file(like ? ::open(library_.path(*like).c_str(), O_RDONLY | O_CLOEXEC) : -1);
    if (!like_file.open()) like.reset();
    Written written{*incoming, like ? like_file.get() : incoming->fd(), like.has_value()};
    const auto hash = read_source(written);
    if (!hash) return hash;
    if (auto same = unchanged(); !same) return tl::unexpected(same.error());
    // All of it was in a file that we have, unless that one was found damaged and moved meanwhile.
    if (written.alike && like == *hash && held(*hash)) return hash;
    if (auto ended = end_likeness(written, before_.part.size); !ended) return tl::unexpected(ended.error());
    if (auto placed = place(*incoming, *hash, before_.part.size); !placed)
      return tl::unexpected(placed.error());
    return hash;
  }

  // Of the same size, and pinned: the one that begins and ends as the source does.
  std::optional<base::Sha256> find_like() {
    std::vector<base::Sha256> hashes;
    {
      const std::lock_guard lock(library_.mutex_);
      const auto [from, to] = library_.by_size_.equal_range(before_.part.size);
      for (auto it = from; it != to; ++it) hashes.push_back(it->second);
    }
    for (const base::Sha256& hash : hashes) {
      const base::Fd file(::open(library_.path(hash).c_str(), O_RDONLY | O_CLOEXEC));
      if (file.open() && ends_alike(file.get(), before_.part) && held(hash)) return hash;
    }
    return std::nullopt;
  }

  struct Written {
    IncomingFile& incoming;
    int like;           // what the source is compared with, as long as
    bool elsewhere;     // and it is not the incoming file itself
    bool alike = true;  // they agree
  };

  base::Result<base::Sha256> read_source(Written& written) {
    base::Hasher hasher;
    std::vector<std::uint8_t> block(std::min<std::uint64_t>(library_block, before_.part.size)), scratch;
    for (std::uint64_t at = 0; at < before_.part.size;) {
      const std::size_t wanted = std::min<std::uint64_t>(block.size(), before_.part.size - at);
      const ssize_t n = read_at(before_.part.fd, block.data(), wanted, before_.part.offset + at);
      if (n < 0) return base::fail_errno("read " + source_->name, errno);
      if (static_cast<std::size_t>(n) < wanted)
        return base::fail("{}: became shorter while it was copied", source_->name);
      const base::ByteView octets(block.data(), wanted);
      hasher.add(octets);
      if (written.alike && !has_octets(written.like, octets, at, scratch)) {
        if (auto ended = end_likeness(written, at); !ended) return tl::unexpected(ended.error());
      }
      if (!written.alike) {
        if (const int error = write_at(written.incoming.fd(), octets, at))
          return write_error(library_.directory_, error);
      }
      at += wanted;
      tell(wanted);
    }
    return hasher.finish();
  }

  // From here on the incoming file stands on its own: it gets what was alike.
  base::Status end_likeness(Written& written, std::uint64_t size) {
    if (!written.alike) return {};
    written.alike = false;
    const int to = written.incoming.fd();
    if (::ftruncate(to, written.elsewhere ? 0 : static_cast<off_t>(size)) != 0)
      return write_error(library_.directory_, errno);
    // Room is refused here rather than at the last block. Not every file system can.
    const auto whole = static_cast<off_t>(before_.part.size);
    if (whole > 0 && ::fallocate(to, FALLOC_FL_KEEP_SIZE, 0, whole) != 0 && errno == ENOSPC)
      return write_error(library_.directory_, ENOSPC);
    if (!written.elsewhere) return {};
    if (const int error = copy_file(written.like, to, size, [](std::uint64_t) {}))
      return write_error(library_.directory_, error);
    return {};
  }

  // Of a whole file.
  base::Result<base::Sha256> hash_of(const SourceFile& file) {
    base::Hasher hasher;
    std::vector<std::uint8_t> block(library_block);
    for (std::uint64_t at = 0;;) {
      const ssize_t n = read_at(file.part.fd, block.data(), block.size(), at);
      if (n < 0) return base::fail_errno("read " + file.name, errno);
      if (n == 0) return hasher.finish();
      hasher.add({block.data(), static_cast<std::size_t>(n)});
      at += static_cast<std::uint64_t>(n);
      tell(static_cast<std::uint64_t>(n));
    }
  }

  // nullopt: it cannot be linked, or only to be copied.
  base::Result<std::optional<base::Sha256>> link() {
    if (!before_.whole()) return std::nullopt;
    const auto hash = hash_of(*source_);
    if (!hash) return tl::unexpected(hash.error());
    if (auto same = unchanged(); !same) return tl::unexpected(same.error());
    if (held(*hash)) return *hash;
    if (auto made = make_folder(*hash); !made) return tl::unexpected(made.error());
    const std::lock_guard lock(library_.mutex_);
    const std::string from = fmt::format("/proc/self/fd/{}", before_.part.fd);
    if (::fchmod(before_.part.fd, 0440) != 0 || ::fsync(before_.part.fd) != 0 ||
        ::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, library_.path(*hash).c_str(), AT_SYMLINK_FOLLOW) != 0) {
      done_ -= before_.part.size;
      return std::nullopt;
    }
    give_to(before_.part.fd, library_.owner_);
    pin(*hash);
    library_.index(*hash, before_.part.size);
    return *hash;
  }

  Library& library_;
  const CopyProgress& progress_;
  Pins pins_{library_};
  std::uint64_t total_ = 0, done_ = 0;
  std::set<std::string> touched_;
  const SourceFile* source_ = nullptr;
  Seen before_;
};

base::Result<Library::Added> Library::add(std::span<const SourceFile> files, const CopyProgress& progress,
                                          Take take) {
  if (auto checked = check_sources(files); !checked) return tl::unexpected(checked.error());
  Adding adding(*this, progress);
  if (auto measured = adding.measure(files); !measured) return tl::unexpected(measured.error());
  Package package;
  for (const SourceFile& file : files) {
    auto taken = adding.take(file, take);
    if (!taken) return tl::unexpected(taken.error());
    package.files.push_back(std::move(*taken));
  }
  // Files first: a manifest is never there without what it names.
  if (auto synced = adding.sync(); !synced) return tl::unexpected(synced.error());
  std::ranges::sort(package.files, {}, &PackageFile::name);
  const std::string text = print(package);
  const base::Sha256 manifest = base::sha256(text);
  if (auto written = adding.write_manifest(text, manifest); !written) return tl::unexpected(written.error());
  return Added{manifest, std::move(package), std::move(adding).pins()};
}

}  // namespace content
