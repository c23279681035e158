// SPDX-License-Identifier: GPL-3.0-or-later
// What the content library does with the disk, a file at a time. Its own .cc files use this.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/fd.h"
#include "base/result.h"
#include "content/directory.h"

namespace content {

inline constexpr std::size_t library_block = 1U << 20U;

// At most `size` octets from there on, fewer at the end; -1 and errno.
ssize_t read_at(int fd, void* to, std::size_t size, std::uint64_t at);
// All or an errno; 0: done.
int write_at(int fd, base::ByteView octets, std::uint64_t at);
base::Result<std::string> read_small(const std::string& path, std::uint64_t most = 1U << 20U);
// «write library: …», and of a full disk what to do about it.
tl::unexpected<base::Error> write_error(const std::string& what, int error);

// A file in incoming/ while it is filled. Removed with this object, unless it got its place; who is
// killed leaves it to whoever adds the same source again.
class IncomingFile {
 public:
  // Waits while another add fills the one of that name.
  static base::Result<IncomingFile> open(std::string path, const Owner& owner);
  IncomingFile(IncomingFile&& other) noexcept;
  IncomingFile& operator=(IncomingFile&&) = delete;
  ~IncomingFile();

  [[nodiscard]] int fd() const { return fd_.get(); }
  // How much an earlier add wrote that was killed.
  [[nodiscard]] std::uint64_t left() const { return left_; }
  // Makes it `target`, in place of what is there. Its octets are durable then, its name not yet.
  base::Status place(const std::string& target);

 private:
  IncomingFile(std::string path, base::Fd fd, std::uint64_t left)
      : path_(std::move(path)), fd_(std::move(fd)), left_(left) {}
  std::string path_;  // empty: has its place
  base::Fd fd_;
  std::uint64_t left_ = 0;
};

}  // namespace content
