// SPDX-License-Identifier: GPL-3.0-or-later
// The files that are being sent, each held once for all its readers of a loop: mapped, so
// that a block leaves the page cache without passing through memory of ours.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/fd.h"
#include "base/result.h"
#include "base/time.h"

namespace server {

// A regular file as it was when it was opened; replacing it by rename does not touch it.
//
// Its bytes are for the kernel alone. Where somebody made the file shorter, reading them here
// would end the process (SIGBUS); a system call that reads them fails with EFAULT instead.
class MappedFile {
 public:
  static base::Result<std::shared_ptr<const MappedFile>> open(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::uint64_t size() const { return size_; }
  // For an iovec, never to be read through. `offset` at most size().
  [[nodiscard]] const std::uint8_t* at(std::uint64_t offset) const { return bytes_ + offset; }
  // Whether it is still what was opened: written to in place, a file may be sent half old and
  // half new, and that must not end well.
  [[nodiscard]] bool unchanged() const;
  // Whether `path` still leads here, unchanged.
  [[nodiscard]] bool is(const std::string& path) const;

 private:
  MappedFile() = default;

  base::Fd file_;
  struct stat identity_ {};
  const std::uint8_t* bytes_ = nullptr;
  std::uint64_t size_ = 0;
};

// Used by one loop only.
class OpenFiles {
 public:
  // Error: absent, not regular, not readable. Never waits: opening a FIFO would stop everybody.
  base::Result<std::shared_ptr<const MappedFile>> open(const std::string& path, base::Time now);
  // Lets go of what nobody asked for lately; a removed image gives its disk space back then.
  void tidy(base::Time now);
  [[nodiscard]] std::size_t size() const { return files_.size(); }

 private:
  struct Entry {
    std::shared_ptr<const MappedFile> file;
    base::Time asked;
  };
  std::unordered_map<std::string, Entry> files_;
};

}  // namespace server
