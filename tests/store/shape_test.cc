// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

const base::Mac one = *base::Mac::parse("52:54:00:00:00:01"), two = *base::Mac::parse("52:54:00:00:00:02");

TEST(Tidy, ListsWithoutAnOrderGetOneAndEachEntryOnce) {
  policy::Device device;
  device.macs = {two, one, two};
  device.collections = {9, 3, 9, 3};
  device.more = std::make_shared<const policy::DeviceExtras>(policy::DeviceExtras{
      {{"b", "1"}, {"a", "old"}, {"a", "new"}},
      "",
      0,
      0,
      {{7, policy::RunEnd::held}, {5, policy::RunEnd::done}, {7, policy::RunEnd::done}}});
  Record record = device;
  tidy(record);
  const auto& neat = std::get<policy::Device>(record);
  EXPECT_THAT(neat.macs, ElementsAre(two, one)) << "the first one is what people see";
  EXPECT_THAT(neat.collections, ElementsAre(3, 9));
  EXPECT_THAT(neat.extras().variables, ElementsAre(Pair("a", "new"), Pair("b", "1")));
  EXPECT_THAT(neat.extras().runs, ElementsAre(policy::RunMark{5, policy::RunEnd::done},
                                              policy::RunMark{7, policy::RunEnd::done}));
}

TEST(Tidy, EmptyExtrasAreNone) {
  policy::Device device;
  device.more = std::make_shared<const policy::DeviceExtras>();
  Record record = device;
  tidy(record);
  EXPECT_EQ(std::get<policy::Device>(record).more, nullptr);
}

TEST(Tidy, ABatch) {
  SiteSettings settings;
  settings.ignored_macs = {*policy::MacPrefix::parse("52:54"), *policy::MacPrefix::parse("00:50")};
  Batch batch{"",
              "",
              {Put{policy::Program{0, "p", {}, {policy::Role::detect, policy::Role::boot}, false, ""}, {}},
               SetSettings{settings, {}}}};
  tidy(batch);
  const auto& program = std::get<policy::Program>(std::get<Put>(batch.steps[0]).record);
  EXPECT_THAT(program.roles, ElementsAre(policy::Role::boot, policy::Role::detect));
  EXPECT_EQ(std::get<SetSettings>(batch.steps[1]).settings.ignored_macs.front().print(), "00:50");
}

template <class Value, class Edit>
std::string fault_of(Value value, const Edit& edit) {
  const auto fine = check(Record(value));
  EXPECT_TRUE(fine) << fine.error().what;
  edit(value);
  const auto status = check(Record(value));
  return status ? "none" : status.error().what;
}

TEST(Check, NamesAndTextsHaveBounds) {
  const policy::Program good{0, "p", {}, {}, false, "programs/p"};
  EXPECT_EQ(fault_of(good, [](auto& p) { p.name = ""; }), "it has no name");
  EXPECT_EQ(fault_of(good, [](auto& p) { p.name = std::string(256, 'x'); }),
            "its name is too long: 256 of at most 255");
  EXPECT_EQ(fault_of(good, [](auto& p) { p.name = std::string(255, 'x'); }), "none");
  EXPECT_EQ(fault_of(good, [](auto& p) { p.name = "Größe 1"; }), "none");
  EXPECT_EQ(fault_of(good, [](auto& p) { p.path = "a\nb"; }), "its path holds a control character");
  ImageRecord image;
  image.image.name = "debian";
  EXPECT_THAT(fault_of(image, [](auto& i) { i.image.command_line = std::string(max_text + 1, 'x'); }),
              HasSubstr("its command line is too long"));
  EXPECT_THAT(fault_of(image,
                       [](auto& i) {
                         i.image.initrds = {"a", "b\x01"};
                       }),
              HasSubstr("the name of an initrd"));
  policy::TaskSequence sequence{0, "s", 1, {}};
  EXPECT_EQ(fault_of(sequence,
                     [](auto& s) {
                       s.variables = {{"", "x"}};
                     }),
            "one of its variables has no name");
  EXPECT_THAT(fault_of(sequence, [](auto& s) { s.variables.resize(max_list + 1); }),
              HasSubstr("list of variables"));
}

TEST(Check, DevicesAreMachines) {
  policy::Device good;
  good.name = "pc";
  good.macs = {one};
  EXPECT_THAT(fault_of(good, [](auto& d) { d.macs.clear(); }), HasSubstr("neither a hardware address"));
  EXPECT_THAT(fault_of(good, [](auto& d) { d.macs = {base::Mac{}}; }),
              HasSubstr("not the address of a machine"));
  EXPECT_THAT(fault_of(good, [](auto& d) { d.macs = {base::Mac{{1}}}; }),
              HasSubstr("not the address of a machine"));
  EXPECT_THAT(fault_of(good, [](auto& d) { d.uuid = base::Uuid{}; }), HasSubstr("names no machine"));
  EXPECT_THAT(fault_of(good, [](auto& d) { d.request = 3; }), HasSubstr("waits for approval"));
}

TEST(Check, TimesMakeSense) {
  policy::Deployment deployment;
  deployment.name = "d";
  deployment.from = 100;
  EXPECT_EQ(fault_of(deployment, [](auto& d) { d.until = 100; }), "it ends before it begins");
  EXPECT_EQ(fault_of(deployment, [](auto& d) { d.once = d.again = true; }),
            "it is to boot once and at every boot");
  policy::Network network;
  network.name = "n";
  EXPECT_THAT(fault_of(network,
                       [](auto& n) {
                         n.maintenance = {{60, 10}, {60, 20}};
                       }),
              HasSubstr("same minute"));
}

}  // namespace
}  // namespace store
