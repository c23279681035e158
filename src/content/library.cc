// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/library.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "content/disk_file.h"
#include "content/library_disk.h"

namespace content {
namespace {

namespace fs = std::filesystem;

// Far above the manifest of most_package_files short names; what claims more is damaged.
constexpr std::uint64_t longest_manifest = 64U << 20U;

}  // namespace

base::Result<std::unique_ptr<Library>> Library::open(const std::string& directory) {
  const auto owner = owner_of(fs::path(directory).parent_path().string());
  if (!owner) return tl::unexpected(owner.error());
  std::unique_ptr<Library> library(new Library(directory, *owner));
  for (const std::string& path : {directory, library->folder("files"), library->folder("incoming")}) {
    if (auto made = make_directory(path, *owner); !made) return tl::unexpected(made.error());
  }
  if (auto looked = library->look(); !looked) return tl::unexpected(looked.error());
  return library;
}

std::string Library::folder(std::string_view name) const { return fmt::format("{}/{}", directory_, name); }

std::string Library::path(const base::Sha256& hash) const {
  const std::string name = base::print(hash);
  return fmt::format("{}/files/{}/{}", directory_, name.substr(0, 2), name);
}

base::Status Library::look() {
  std::error_code error;
  // Folders are what others unpack there for a moment; whoever did is dead.
  std::vector<fs::path> dead;
  for (const auto& entry : fs::directory_iterator(folder("incoming"), error)) {
    if (entry.is_directory(error)) dead.push_back(entry.path());
  }
  for (const fs::path& path : dead) fs::remove_all(path, error);
  error.clear();
  for (fs::recursive_directory_iterator walk(folder("files"), error), end; !error && walk != end;
       walk.increment(error)) {
    if (walk->symlink_status(error).type() != fs::file_type::regular) continue;
    // A stranger's file is none of ours, and stays.
    const auto hash = base::parse_sha256(walk->path().filename().string());
    if (hash && walk->path() == path(*hash)) index(*hash, walk->file_size(error));
  }
  if (error) return base::fail("{}: {}", folder("files"), error.message());
  const auto text = read_small(folder("superseded"));
  for (std::size_t at = 0; text && at + 64 < text->size(); at += 65) {
    if (const auto hash = base::parse_sha256(std::string_view(*text).substr(at, 64)))
      superseded_.insert(*hash);
  }
  return {};
}

void Library::index(const base::Sha256& hash, std::uint64_t size) {
  forget(hash);
  sizes_.emplace(hash, size);
  by_size_.emplace(size, hash);
}

void Library::forget(const base::Sha256& hash) {
  const auto found = sizes_.find(hash);
  if (found == sizes_.end()) return;
  const auto [from, to] = by_size_.equal_range(found->second);
  by_size_.erase(std::find_if(from, to, [&](const auto& entry) { return entry.second == hash; }));
  sizes_.erase(found);
}

bool Library::holds(const base::Sha256& hash) const { return sizes_.contains(hash); }

base::Result<Package> Library::package(const base::Sha256& manifest) const {
  const std::string file = path(manifest);
  const auto text = read_small(file, longest_manifest);
  if (!text) return tl::unexpected(text.error());
  if (base::sha256(*text) != manifest) return base::fail("{}: is damaged", file);
  return parse_package(*text);
}

std::optional<DiskFile> Library::describe(const PackageFile& file, std::string_view published_name) const {
  auto described = describe_file(path(file.hash), published_name);
  if (!described || described->size != file.size) return std::nullopt;
  described->etag = base::print(file.hash);
  return std::move(*described);
}

Library::Pins::Pins(Pins&& other) noexcept
    : library_(other.library_),
      held_(std::exchange(other.held_, {})),
      fresh_(std::exchange(other.fresh_, {})) {}

Library::Pins::~Pins() {
  const std::lock_guard lock(library_->mutex_);
  library_->loose_.insert(fresh_.begin(), fresh_.end());
  for (const base::Sha256& hash : held_) {
    const auto pinned = library_->pinned_.find(hash);
    if (--pinned->second == 0) library_->pinned_.erase(pinned);
  }
}

}  // namespace content
