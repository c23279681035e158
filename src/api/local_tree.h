// SPDX-License-Identifier: GPL-3.0-or-later
// A folder on the administrator's side that is to become an image. Links inside it are
// followed, as netboot trees are full of them; what leads out of it is refused by name, and
// the kernel enforces that on every open, whatever happens to the folder meanwhile.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace api {

inline constexpr std::size_t max_image_files = 4096;

class LocalTree {
 public:
  // Walks the folder. Errors name the link that leads out, nowhere or in a circle, and
  // anything that is neither file nor folder.
  static base::Result<LocalTree> open(const std::string& path);

  // All files, relative and sorted; a folder behind a link has its files under both names.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] base::Result<base::Fd> open_file(const std::string& name) const;

 private:
  LocalTree(std::string path, base::Fd root) : path_(std::move(path)), root_(std::move(root)) {}
  std::string path_;
  base::Fd root_;
  std::vector<std::string> names_;

  friend class TreeWalk;
};

// One regular file for reading; never waits on a fifo.
base::Result<base::Fd> open_local_file(const std::string& path);

}  // namespace api
