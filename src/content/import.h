// SPDX-License-Identifier: GPL-3.0-or-later
// Taking files in: copied into a hidden directory beside the published ones, made durable,
// then given their place by one rename. Whoever dies on the way leaves nothing but a hidden
// directory, which the next start removes.
//
//   <area>/.incoming-XXXXXX/...      being filled; never published
//   <area>/<name>/<version>/...      whole; never changed afterwards
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "content/sources.h"

namespace content {

// A copy that has no place yet. Removed with this object unless committed.
class Staged {
 public:
  // Files belong to the owner of `area`, also when root does this on a stopped server.
  static base::Result<Staged> copy(const std::string& area, std::span<const SourceFile> files,
                                   const CopyProgress& progress);
  Staged(Staged&& other) noexcept;
  Staged& operator=(Staged&&) = delete;
  ~Staged();

  // Renames to <area>/<place>, «debian/3», which must not exist. All or nothing.
  base::Status commit(const std::string& place);

 private:
  Staged(std::string area, std::string directory);
  std::string area_;
  std::string directory_;  // empty after commit
};

// Removes what copies that died left in `area`. Only when no copy is under way.
void remove_debris(const std::string& area);

}  // namespace content
