// SPDX-License-Identifier: GPL-3.0-or-later
// What a limited process says that a unified kernel image is: it may have been taken over by it.
// Properties: every part lies within the file, and what is taken survives being written again.
#include "content/uki.h"

namespace {

constexpr std::uint64_t file_size = 10'000;

void check(const format::PeRange& range) {
  BOOTFERRY_CHECK(range.size > 0 && range.offset <= file_size && range.size <= file_size - range.offset);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto facts = content::parse_uki_facts(base::as_text({data, size}), file_size);
  if (!facts) return 0;
  check(facts->kernel);
  for (const format::PeRange& initrd : facts->initrds) check(initrd);
  BOOTFERRY_CHECK(facts->command_line.find('\n') == facts->command_line.npos);
  const std::string json = content::print_uki_facts(*facts);
  const auto again = content::parse_uki_facts(json, file_size);
  BOOTFERRY_CHECK(again && content::print_uki_facts(*again) == json);
  return 0;
}
