// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/disc_needs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace content {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> unmet(const std::vector<std::string>& marked, std::string_view command_line) {
  std::vector<std::string> names;
  for (const DiscNeed* need : unmet_needs(marked, command_line)) names.emplace_back(need->name);
  return names;
}

std::vector<std::string> marked(std::initializer_list<const char*> paths) {
  format::Disc disc;
  for (const char* path : paths) disc.files.push_back({path, 0, {}});
  return marked_needs(disc);
}

TEST(DiscNeeds, EachRowSaysWhatAndWhatToDo) {
  std::set<std::string_view> names;
  for (const DiscNeed& need : disc_needs()) {
    EXPECT_TRUE(names.insert(need.name).second) << need.name;
    EXPECT_TRUE(need.consequence.ends_with('.')) << need.name;
    EXPECT_GT(need.remedy.size(), 20U) << need.name;
    EXPECT_FALSE(need.marker.empty() && need.told_by.empty()) << need.name;
    // What leads to the network is no sign of the disc.
    for (const std::string_view met : need.met_by) EXPECT_THAT(unmet({}, met), IsEmpty()) << met;
    for (const std::string_view word : need.told_by)
      EXPECT_THAT(unmet({}, word), testing::Contains(std::string(need.name))) << word;
  }
}

TEST(DiscNeeds, DiscsAreToldByWhatIsOnThem) {
  EXPECT_THAT(marked({"casper/filesystem.squashfs"}), ElementsAre("casper"));
  EXPECT_THAT(marked({"CASPER/VMLINUZ"}), ElementsAre("casper"));
  EXPECT_THAT(marked({"live/filesystem.squashfs", "live/vmlinuz"}), ElementsAre("live-boot"));
  EXPECT_THAT(marked({".disk/base_components", "install.amd/vmlinuz"}), ElementsAre("Debian's installer"));
  EXPECT_THAT(marked({"casper.txt", "live/vmlinuz", "linux"}), IsEmpty());
}

TEST(DiscNeeds, TheCommandLineTellsAndMeetsThem) {
  EXPECT_THAT(unmet({"casper"}, "--- quiet"), ElementsAre("casper"));
  EXPECT_THAT(unmet({"casper"}, "ip=dhcp url=http://10.0.0.2/ubuntu.iso ---"), IsEmpty());
  EXPECT_THAT(unmet({}, "boot=live components"), ElementsAre("live-boot"));
  EXPECT_THAT(unmet({}, "boot=live  fetch=http://10.0.0.2/filesystem.squashfs"), IsEmpty());
  EXPECT_THAT(unmet({"anaconda"}, "inst.stage2=hd:LABEL=Fedora-S-dvd-x86_64-39 quiet"),
              ElementsAre("anaconda"));
  EXPECT_THAT(unmet({"anaconda"}, "inst.repo=http://10.0.0.2/fedora/"), IsEmpty());
  EXPECT_THAT(unmet({"Debian's installer"}, "auto file=/cdrom/preseed.cfg"),
              ElementsAre("Debian's installer", "preseed"));
  EXPECT_THAT(unmet({"Debian's installer"}, "auto url=http://10.0.0.2/preseed.cfg"),
              ElementsAre("Debian's installer"));
  EXPECT_THAT(unmet({}, "archisobasedir=arch archisosearchuuid=2024-01-01-00-00-00-00"),
              ElementsAre("archiso"));
  EXPECT_THAT(unmet({}, "console=ttyS0 quiet"), IsEmpty());
  // What no row knows.
  EXPECT_THAT(unmet({}, "answers=/cdrom/answers"), ElementsAre("the disc"));
  EXPECT_THAT(unmet({}, "root=CDLABEL=X"), ElementsAre("the disc"));
}

}  // namespace
}  // namespace content
