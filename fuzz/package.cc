// SPDX-License-Identifier: GPL-3.0-or-later
// Any text in a manifest's place. Properties: what is taken has exactly this spelling, and its names
// can be asked for.
#include "content/package.h"

#include "base/bytes.h"
#include "content/sources.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = base::as_text({data, size});
  const auto package = content::parse_package(text);
  if (!package) {
    BOOTFERRY_CHECK(!package.error().what.empty() && package.error().what.size() < 1000);
    return 0;
  }
  BOOTFERRY_CHECK(content::print(*package) == text);
  for (const content::PackageFile& file : package->files)
    BOOTFERRY_CHECK(content::check_file_name(file.name).has_value());
  return 0;
}
