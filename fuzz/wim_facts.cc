// SPDX-License-Identifier: GPL-3.0-or-later
// What a limited process says that an image is: it may have been taken over by the image.
// Properties: what is taken has names that are safe as names of files, and survives being
// written again.
#include "content/wim_facts_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto facts = content::parse_wim_facts(base::as_text({data, size}));
  if (!facts) return 0;
  BOOTFERRY_CHECK(facts->booted().index == facts->image);
  for (const format::WimBootFile& file : facts->boot_files) {
    BOOTFERRY_CHECK(!file.name.empty() && file.name.find("..") == file.name.npos);
    BOOTFERRY_CHECK(file.name.front() != '/' && file.size <= format::largest_wim_boot_file);
  }
  const auto again = content::parse_wim_facts(content::print_wim_facts(*facts));
  BOOTFERRY_CHECK(again && *again == *facts);
  return 0;
}
