// SPDX-License-Identifier: GPL-3.0-or-later
// The front of any file that is added as a kernel or a boot program. Properties: whatever is
// said about it is one printable line; a version is the file's own text; what stands in the
// header does not depend on where the front was cut.
#include "content/kernel.h"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::ByteView head(data, size);
  const std::string_view text = base::as_text(head);
  const auto program = content::efi_program_arch(head);
  if (program) BOOTFERRY_CHECK(text.starts_with("MZ") && text.find("PE") != text.npos);

  const auto facts = content::read_kernel_header(head);
  if (!facts) {
    const std::string& what = facts.error().what;
    BOOTFERRY_CHECK(!what.empty() && what.size() < 200);
    BOOTFERRY_CHECK(std::all_of(what.begin(), what.end(), [](char c) { return c >= ' ' && c <= '~'; }));
    return 0;
  }
  BOOTFERRY_CHECK(facts->arch != policy::Arch::bios && !policy::print(facts->arch).empty());
  BOOTFERRY_CHECK(facts->efi_stub == program.has_value());
  BOOTFERRY_CHECK(facts->version.size() <= 128 && text.find(facts->version) != text.npos);
  BOOTFERRY_CHECK(
      std::all_of(facts->version.begin(), facts->version.end(), [](char c) { return c > ' ' && c <= '~'; }));

  base::Bytes longer(head.begin(), head.end());
  longer.resize(size + 64);
  auto again = content::read_kernel_header(longer);
  BOOTFERRY_CHECK(again);
  again->efi_stub = facts->efi_stub;  // its signature may be what was cut
  BOOTFERRY_CHECK(*again == *facts || facts->arch == policy::Arch::other);
  return 0;
}
