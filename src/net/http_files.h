// SPDX-License-Identifier: GPL-3.0-or-later
// Open files that came beside the octets of one connection, each until the request is whole in
// whose octets it came. Their number is bounded over all connections together.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/fd.h"

namespace net {

class HttpFiles {
 public:
  HttpFiles(std::atomic<std::size_t>& held, std::size_t most) : held_(held), most_(most) {}
  ~HttpFiles() { clear(); }
  HttpFiles(const HttpFiles&) = delete;
  HttpFiles& operator=(const HttpFiles&) = delete;

  // They came with octets of which the last is before `end`. False: there are too many; then none
  // of the connection's is left.
  [[nodiscard]] bool add(std::vector<base::Fd> files, std::size_t end) {
    if (files.empty()) return true;
    if (held_.fetch_add(files.size()) + files.size() > most_) {
      held_.fetch_sub(files.size());
      clear();
      return false;
    }
    for (base::Fd& file : files) files_.push_back({std::move(file), end});
    return true;
  }
  // Those of a request that takes up the first `used` octets, which go with it.
  std::vector<base::Fd> take(std::size_t used) {
    std::vector<base::Fd> taken;
    std::size_t kept = 0;
    for (File& file : files_) {
      if (file.end <= used) {
        taken.push_back(std::move(file.fd));
      } else {
        file.end -= used;
        files_[kept++] = std::move(file);
      }
    }
    files_.resize(kept);
    held_.fetch_sub(taken.size());
    return taken;
  }
  // So many octets were no part of any request.
  void skip(std::size_t octets) {
    for (File& file : files_) file.end = file.end > octets ? file.end - octets : 1;
  }
  void clear() {
    held_.fetch_sub(files_.size());
    files_.clear();
  }

 private:
  struct File {
    base::Fd fd;
    std::size_t end = 0;
  };
  std::atomic<std::size_t>& held_;
  const std::size_t most_;
  std::vector<File> files_;
};

}  // namespace net
