// SPDX-License-Identifier: GPL-3.0-or-later
// What a limited process says is on a disc image: it may have been taken over by the image.
// Properties: every part lies within the image and adds up to its size, every path stays on the
// disc, and what is taken survives being written again.
#include "content/disc_facts_json.h"

#include "content/disc_needs.h"

namespace {

constexpr std::uint64_t image_size = 10'000;

void check(const format::DiscFile& file) {
  const std::string wrapped = "/" + file.path + "/";
  BOOTFERRY_CHECK(wrapped.find("/../") == wrapped.npos && wrapped.find("//") == wrapped.npos);
  BOOTFERRY_CHECK(wrapped.find('\n') == wrapped.npos && wrapped.find('\0') == wrapped.npos);
  std::uint64_t size = 0;
  for (const format::Extent& extent : file.extents) {
    BOOTFERRY_CHECK(extent.offset <= image_size && extent.size <= image_size - extent.offset);
    size += extent.size;
  }
  BOOTFERRY_CHECK(size == file.size);
}

void check(const content::LinuxMedia& media) {
  check(media.kernel);
  for (const format::DiscFile& initrd : media.initrds) check(initrd);
  for (const auto* need : content::unmet_needs(media.needs, media.entry.command_line))
    BOOTFERRY_CHECK(!need->consequence.empty() && !need->remedy.empty());
}
void check(const content::WindowsMedia& media) {
  BOOTFERRY_CHECK(!media.trees.empty() && media.trees.size() <= content::most_windows_trees);
  for (const content::WindowsTree& tree : media.trees) {
    BOOTFERRY_CHECK(tree.boot_wim || tree.install);
    for (const auto* file : {&tree.boot_wim, &tree.install, &tree.boot_sdi}) {
      if (*file) check(**file);
    }
    for (const format::DiscFile& font : tree.fonts) check(font);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto facts = content::parse_disc_facts(base::as_text({data, size}), image_size);
  if (!facts) return 0;
  BOOTFERRY_CHECK(content::check_disc_facts(*facts));
  std::visit([](const auto& media) { check(media); }, facts->media);
  const std::string json = content::print_disc_facts(*facts);
  const auto again = content::parse_disc_facts(json, image_size);
  BOOTFERRY_CHECK(again && content::print_disc_facts(*again) == json);
  return 0;
}
