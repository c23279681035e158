// SPDX-License-Identifier: GPL-3.0-or-later
// The content library: each content once, under its SHA-256, and packages that say which names
// they have (content/package.h). What is under a name never changes; who serves a file that is
// swept or replaced meanwhile goes on with what it opened.
//
//   files/e8/e8a136…     whole, mode 0440
//   incoming/…           being written, or left by an add that was killed and to be continued
//   damaged/e8a136…      what verify() found not to be its name any more
//   superseded           packages that records named once and gave up
//
// docs/formats/content-library.md tells more. All threads; a file's copying, reading and hashing
// is done outside of the lock.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "content/directory.h"
#include "content/package.h"
#include "content/published.h"
#include "content/sources.h"

namespace content {

class Library {
 public:
  // Makes what is missing, removes folders that are left in incoming/, and looks which files are
  // there; reads none.
  static base::Result<std::unique_ptr<Library>> open(const std::string& directory);

  // Contents that no collect() takes as long as this lives.
  class Pins {
   public:
    explicit Pins(Library& library) : library_(&library) {}
    Pins(Pins&& other) noexcept;
    Pins& operator=(Pins&&) = delete;
    ~Pins();
    // A record names the package: what was added for it is nothing to give up.
    void keep() { fresh_.clear(); }

   private:
    friend class Library;
    Library* library_;
    std::vector<base::Sha256> held_;
    std::vector<base::Sha256> fresh_;  // of those: put in place by this add
  };
  struct Added {
    base::Sha256 manifest{};
    Package package;
    Pins pins;  // until a record names the manifest
  };
  enum class Take : std::uint8_t {
    copy,
    link,  // the sources are ours, on this file system, and change no more: hard links where it can
  };
  // Reads each source once and writes what is not here yet; durable when it returns. Fails on
  // sources that cannot be (check_sources), that change meanwhile, and on a full disk; what an
  // add that failed has brought is free to go with the next collect().
  base::Result<Added> add(std::span<const SourceFile> files, const CopyProgress& progress,
                          Take take = Take::copy);

  // The package of a manifest that is whole; the error says what is wrong with it.
  [[nodiscard]] base::Result<Package> package(const base::Sha256& manifest) const;
  [[nodiscard]] std::string path(const base::Sha256& hash) const;
  // To publish a file; its entity tag is the hash. nullopt: it is not here, or has another size.
  [[nodiscard]] std::optional<DiskFile> describe(const PackageFile& file,
                                                 std::string_view published_name) const;

  struct Verify {
    std::optional<base::Sha256> after;  // only those behind it in the order of hashes
    std::optional<std::set<base::Sha256>> only;
    std::uint64_t octets_per_second = 0;  // 0: as fast as the disk
    std::stop_token stop = {};
    CopyProgress progress = {};                                 // octets
    std::function<void(const base::Sha256& hash)> passed = {};  // a file is done, whole or not
  };
  struct Verified {
    std::uint64_t files = 0, octets = 0;  // that were read
    std::vector<base::Sha256> damaged;    // not here any more
    bool stopped = false;
  };
  // Reads files from the disk and moves those that are not their name to damaged/. Fails where
  // the disk as a whole lets nobody read or move files.
  base::Result<Verified> verify(const Verify& wish);

  // Remembers, also over a start, that a record gives this package up. Before the record does.
  base::Status give_up(const base::Sha256& manifest);
  enum class Sweep : std::uint8_t {
    failed,    // what adds that failed have left
    given_up,  // that, and what packages given up have left
    all,       // all that no package needs
  };
  struct Collected {
    std::uint64_t files = 0, octets = 0;  // that are gone, or would go
  };
  // Frees what is neither in the packages of `manifests` nor pinned, and what adds that were killed
  // left unfinished a day ago. Nobody may make a record name another package meanwhile. Refuses
  // where a manifest cannot be read: what it needs is unknown.
  base::Result<Collected> collect(std::span<const base::Sha256> manifests, Sweep sweep, bool dry_run = false);

 private:
  class Adding;
  explicit Library(std::string directory, Owner owner) : directory_(std::move(directory)), owner_(owner) {}

  [[nodiscard]] std::string folder(std::string_view name) const;
  base::Status look();
  void index(const base::Sha256& hash, std::uint64_t size);
  void forget(const base::Sha256& hash);
  [[nodiscard]] bool holds(const base::Sha256& hash) const;
  base::Result<bool> condemn(const base::Sha256& hash, int fd);
  base::Status write_superseded();
  [[nodiscard]] std::vector<base::Sha256> candidates(Sweep sweep, const std::set<base::Sha256>& marked) const;

  const std::string directory_;
  const Owner owner_;

  mutable std::mutex mutex_;  // guards what follows, and which files are in files/
  std::map<base::Sha256, std::uint64_t> sizes_;
  std::multimap<std::uint64_t, base::Sha256> by_size_;
  ByHash<std::size_t> pinned_;
  std::set<base::Sha256> loose_;       // of adds that failed
  std::set<base::Sha256> superseded_;  // manifests; as in the file of that name
};

}  // namespace content
