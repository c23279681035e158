// SPDX-License-Identifier: GPL-3.0-or-later
// Reads Windows image files through libwim. The library does not expect enemies: of some
// hundred damaged files one took gigabytes and minutes. So this is for a process that has
// nothing to lose, content::run_confined's; nothing else should call it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "format/wim.h"
#include "format/wim_change.h"

struct WIMStruct;

namespace format {

// One line that does not name the file.
struct WimFault {
  enum class Kind { refused, out_of_memory, too_large };
  Kind kind = Kind::refused;
  std::string what = {};
};
template <class T>
using WimResult = base::Result<T, WimFault>;

// What the library means by a code that is not 0.
tl::unexpected<WimFault> wim_fault(int code);

class WimReader {
 public:
  static WimResult<WimReader> open(const char* file);
  WimReader(WimReader&& other) noexcept;
  WimReader& operator=(WimReader&&) = delete;
  ~WimReader();

  // All but the size and the boot files. `image` 0 means the one that the file itself boots.
  WimResult<WimFacts> facts(int image);

  // The boot files of one image, looked up without regard to case. Names, paths and sizes.
  WimResult<std::vector<WimBootFile>> find_boot_files(int image);

  // Writes one file's octets to the process's standard output: the only way that the library
  // has of handing them over without naming files itself.
  WimResult<void> write_to_output(int image, const std::string& path);

  // What stands at a path, without regard to case.
  WimResult<WimEntryKind> kind_of(int image, const std::string& path);
  // All of the changes or none, in memory. Parents that are missing are made.
  WimResult<void> change(int image, std::span<const WimChange> changes);
  // The whole file with all its images to an empty file that is open for both. What is in it
  // compressed is copied as it is; boot index, properties, compression and whether there is an
  // integrity table stay.
  WimResult<void> write_changed(int to);

 private:
  explicit WimReader(WIMStruct* wim) : wim_(wim) {}
  WIMStruct* wim_;
};

}  // namespace format
