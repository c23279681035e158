// SPDX-License-Identifier: GPL-3.0-or-later
// The directory in which a site keeps everything, held by one process at a time. Its layout
// is described in docs/formats/state-directory.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "store/store.h"

namespace site {

inline constexpr std::string_view images_area = "images";
inline constexpr std::string_view programs_area = "programs";

class StateDirectory {
 public:
  // Makes what is missing and takes the lock, which goes with this object or the process.
  static base::Result<StateDirectory> open(const std::string& path);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string database() const { return below("bootferry.db"); }
  // The copy that is kept of it.
  [[nodiscard]] std::string copy() const { return below("bootferry.kept.db"); }
  // Whether there was a database when this was opened: an empty file is none.
  [[nodiscard]] bool found_database() const { return found_database_; }
  // «images», «images/debian/3»
  [[nodiscard]] std::string below(std::string_view relative) const;

  // Deletes what an older Bootferry has left in directories and no reader can need any more: copies
  // that died, and versions that the database once numbered and no longer names. What it never knew
  // stays, as the database may be the one that is wrong (a lost file, an old backup): a sentence
  // about each.
  std::vector<std::string> tidy(store::Store& store, const std::vector<std::string>& recorded) const;

 private:
  StateDirectory(std::string path, base::Fd lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  std::string path_;
  base::Fd lock_;
  bool found_database_ = false;
};

}  // namespace site
