// SPDX-License-Identifier: GPL-3.0-or-later
// The bytes of one transfer: a file on disk, or rendered text.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <string>

#include "server/open_files.h"

namespace server {

class TftpSource {
 public:
  static TftpSource of(std::shared_ptr<const MappedFile> file) {
    TftpSource source;
    source.file_ = std::move(file);
    return source;
  }
  static TftpSource of(std::string text) {
    TftpSource source;
    source.text_ = std::move(text);
    return source;
  }

  [[nodiscard]] std::uint64_t size() const { return file_ ? file_->size() : text_.size(); }
  // For the kernel to read: see MappedFile.
  [[nodiscard]] iovec part(std::uint64_t offset, std::size_t octets) const {
    const void* at = nullptr;
    if (octets > 0 && file_) at = file_->at(offset);
    if (octets > 0 && !file_) at = text_.data() + offset;
    return {const_cast<void*>(at), octets};
  }
  [[nodiscard]] bool unchanged() const { return !file_ || file_->unchanged(); }

 private:
  std::shared_ptr<const MappedFile> file_;  // null: text_
  std::string text_;
};

}  // namespace server
