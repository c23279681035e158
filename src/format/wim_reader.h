// SPDX-License-Identifier: GPL-3.0-or-later
// Reads Windows image files through libwim. The library does not expect enemies: of some
// hundred damaged files one took gigabytes and minutes. So this is for a process that has
// nothing to lose, content::run_confined's; nothing else should call it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "format/wim.h"

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

 private:
  explicit WimReader(WIMStruct* wim) : wim_(wim) {}
  WIMStruct* wim_;
};

}  // namespace format
