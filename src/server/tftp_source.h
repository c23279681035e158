// SPDX-License-Identifier: GPL-3.0-or-later
// The bytes of one transfer: a file on disk, read where it is needed, or rendered text.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "net/udp.h"

namespace server {

class TftpSource {
 public:
  // Regular files only, and never by waiting: opening a FIFO would stop everybody. The size
  // is that of the opened file, so one that is replaced by rename stays as it was.
  static base::Result<TftpSource> open(const std::string& path);
  static TftpSource of(std::string text);

  [[nodiscard]] std::uint64_t size() const { return size_; }
  // Fills `out` from `offset`. False when the file has become shorter or cannot be read.
  [[nodiscard]] bool read(std::uint64_t offset, std::span<std::uint8_t> out) const;

 private:
  net::Fd file_;  // not open: text_
  std::string text_;
  std::uint64_t size_ = 0;
};

}  // namespace server
