// SPDX-License-Identifier: GPL-3.0-or-later
#include "bootimage/inject_plan.h"

#include <gtest/gtest.h>

#include <map>

#include "base/ascii.h"
#include "bootimage/inject_start.h"

namespace bootimage {
namespace {

using format::WimChange;
using format::WimEntryKind;

// A Windows image as files by name, and what the steps make of it.
struct Image {
  std::map<std::string, std::string> files;  // in small letters

  [[nodiscard]] content::WimLook look(const content::WimQuestion& question) const {
    content::WimLook look;
    look.facts.images.push_back({1, "Windows PE"});
    look.facts.images[0].arch = policy::Arch::x64;
    look.facts.image = 1;
    for (const std::string& path : question.paths) look.kinds.push_back(kind(path));
    for (const std::string& path : question.texts) {
      const auto found = files.find(base::lowered(path));
      look.texts.push_back(found == files.end() ? std::nullopt : std::optional(found->second));
    }
    return look;
  }
  [[nodiscard]] WimEntryKind kind(const std::string& path) const {
    const std::string small = base::lowered(path);
    if (files.contains(small)) return WimEntryKind::file;
    const auto below = files.lower_bound(small + "/");
    return below != files.end() && below->first.starts_with(small + "/") ? WimEntryKind::folder
                                                                         : WimEntryKind::none;
  }
  void apply(const InjectPlan& plan) {
    for (const content::WimStep& step : plan.steps) {
      const std::string path = base::lowered(step.change.path);
      switch (step.change.kind) {
        case WimChange::Kind::remove:
          std::erase_if(files,
                        [&](const auto& f) { return f.first == path || f.first.starts_with(path + "/"); });
          break;
        case WimChange::Kind::rename:
          ASSERT_TRUE(files.contains(path)) << path;
          files[base::lowered(step.change.other)] = files[path];
          files.erase(path);
          break;
        case WimChange::Kind::add:
          files[path] = step.content.open ? "a file" : step.content.text;
          break;
      }
    }
  }
};

const std::string s32 = "/windows/system32/";
Image windows_pe() { return {{{s32 + "startnet.cmd", "wpeinit\r\n"}, {s32 + "cmd.exe", "MZ"}}}; }

InjectSource source(std::string name) {
  return {std::move(name), 6, []() -> base::Result<base::Fd> { return base::fail("not here"); }};
}
DriverFolder driver(const std::string& name, policy::Arch arch = policy::Arch::x64) {
  DriverFolder folder{name, {source(name + ".inf"), source(name + ".sys")}, {}};
  format::Inf inf{"Net", {}, {{arch, {"PCI\\VEN_8086&DEV_15B8"}}}};
  folder.infs.push_back({name + ".inf", std::move(inf)});
  return folder;
}

base::Result<InjectPlan> plan_for(const InjectWish& wish, const Image& image) {
  const auto question = question_for(wish, 0);
  return plan_injection(wish, question, image.look(question));
}
Image injected(Image image, const InjectWish& wish) {
  const auto plan = plan_for(wish, image);
  EXPECT_TRUE(plan.has_value()) << (plan ? "" : plan.error().what);
  if (plan) image.apply(*plan);
  return image;
}
std::string refusal(const InjectWish& wish, const Image& image) {
  const auto plan = plan_for(wish, image);
  return plan ? "" : plan.error().what;
}

TEST(InjectPlan, StartnetRunsTheScriptWhichRunsWhatItWas) {
  const Image after = injected(windows_pe(), {{driver("e1d")}, {}, "X:\\go.cmd"});
  EXPECT_EQ(after.files.at(s32 + "startnet.cmd"), print_startnet());
  EXPECT_EQ(after.files.at(s32 + "startnet-original.cmd"), "wpeinit\r\n");
  EXPECT_EQ(after.files.at(s32 + "bootferry-start.cmd"),
            print_start_script({"/Drivers/1-e1d/e1d.inf"}, Before::startnet, "X:\\go.cmd"));
  EXPECT_TRUE(after.files.contains("/drivers/1-e1d/e1d.sys"));
  EXPECT_EQ(after.files.at(s32 + "cmd.exe"), "MZ");
}

TEST(InjectPlan, ASecondOneTakesThePlaceOfTheFirst) {
  const InjectWish first{{driver("old"), driver("older")}, {source("/Tools/x"), source("/y")}, "old"};
  const InjectWish second{{driver("new")}, {source("/Tools/z")}, "new"};
  for (Image image :
       {windows_pe(), Image{{{s32 + "winpeshl.ini", "[LaunchApps]\r\na.exe\r\n"}}},
        Image{{{"/setup.exe", "MZ"}, {s32 + "startnet.cmd", "wpeinit"}}}, Image{{{"/a", ""}}}}) {
    const Image both = injected(injected(image, first), second);
    EXPECT_EQ(both.files, injected(image, second).files);
    EXPECT_EQ(injected(both, second).files, both.files);
  }
}

TEST(InjectPlan, OneOfFilesAloneTakesTheStartBack) {
  const Image image = windows_pe();
  const Image after = injected(injected(image, {{driver("old")}, {}, ""}), {{}, {source("/x")}, ""});
  Image expected = image;
  expected.files["/x"] = "a file";
  expected.files[s32 + "bootferry-inject.txt"] = "bootferry inject 1\r\nstart none\r\nput \\x\r\n";
  EXPECT_EQ(after.files, expected.files);
}

TEST(InjectPlan, WinpeshlAndSetupGoBeforeStartnet) {
  Image image = windows_pe();
  image.files["/setup.exe"] = "MZ";
  Image after = injected(image, {{driver("e1d")}, {}, ""});
  EXPECT_EQ(after.files.at(s32 + "winpeshl.ini"), print_setup_winpeshl());
  EXPECT_EQ(after.files.at(s32 + "startnet.cmd"), "wpeinit\r\n");
  image.files[s32 + "winpeshl.ini"] = "[LaunchApp]\r\nAppPath=a.exe\r\n";
  after = injected(image, {{driver("e1d")}, {}, ""});
  EXPECT_EQ(after.files.at(s32 + "winpeshl.ini"), print_winpeshl("[LaunchApps]\na.exe\n").value());
  EXPECT_EQ(after.files.at(s32 + "winpeshl-original.ini"), "[LaunchApp]\r\nAppPath=a.exe\r\n");
  image.files[s32 + "winpeshl.ini"] = "";
  EXPECT_NE(refusal({{driver("e1d")}, {}, ""}, image).find("starts nothing"), std::string::npos);
  EXPECT_EQ(refusal({{}, {source("/x")}, ""}, image), "");
}

TEST(InjectPlan, DriversOfAnotherProcessorAreThereAndNotLoaded) {
  const Image after = injected(windows_pe(), {{driver("arm", policy::Arch::arm64)}, {}, ""});
  EXPECT_TRUE(after.files.contains("/drivers/1-arm/arm.inf"));
  EXPECT_EQ(after.files.at(s32 + "bootferry-start.cmd"), print_start_script({}, Before::startnet, ""));
}

TEST(InjectPlan, ReplacedFilesAreNamedAndStayAtTheNextInject) {
  Image image = windows_pe();
  image.files["/tools/x"] = "old";
  const auto plan = plan_for({{}, {source("/Tools/X"), source("/new")}, ""}, image);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->replaced, std::vector<std::string>{"/Tools/X"});
  image.apply(*plan);
  const auto next = plan_for({{}, {source("/other")}, ""}, image);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->taken_back, std::vector<std::string>{"/new"});
}

TEST(InjectPlan, WhatItRefuses) {
  Image image = windows_pe();
  const auto file = [](const char* name) { return InjectWish{{}, {source(name)}, ""}; };
  EXPECT_NE(refusal(file("/Windows/Boot/PXE/wdsnbp.com"), image).find("not replaced"), std::string::npos);
  EXPECT_NE(refusal(file("/Windows/System32"), image).find("something else than a file"), std::string::npos);
  EXPECT_NE(refusal(file("/Windows/System32/cmd.exe/x"), image).find("is no folder"), std::string::npos);
  EXPECT_NE(refusal(file("/windows/system32/bootferry-start.cmd"), image).find("--start"), std::string::npos);
  EXPECT_EQ(refusal(file("/windows/system32/startnet.cmd"), image), "");
  EXPECT_NE(refusal({{driver("a")}, {source("/windows/system32/startnet.cmd")}, ""}, image).find("--start"),
            std::string::npos);
  EXPECT_NE(refusal({{}, {source("/a"), source("/A")}, ""}, image).find("two files"), std::string::npos);
  image.files["/drivers/1-a/x"] = "";
  EXPECT_NE(refusal({{driver("a")}, {}, ""}, image).find("\\Drivers\\1-a is in the image"),
            std::string::npos);
  image = windows_pe();
  image.files[s32 + "startnet-original.cmd"] = "";
  EXPECT_NE(refusal({{driver("a")}, {}, ""}, image).find("startnet-original.cmd is in the image"),
            std::string::npos);
  image.files[s32 + "bootferry-inject.txt"] = "put everything";
  EXPECT_NE(refusal(file("/a"), image).find("not as `image inject` wrote it"), std::string::npos);
}

TEST(InjectDrivers, WarnsOfWhatWillNotHelp) {
  DriverFolder folder = driver("e1d");
  folder.infs[0].inf.catalogs = {"e1d.cat"};
  ASSERT_EQ(driver_warnings(folder, policy::Arch::x64).size(), 1U);
  EXPECT_NE(driver_warnings(folder, policy::Arch::x64)[0].find("e1d.cat is not beside it"),
            std::string::npos);
  folder.files.push_back(source("E1D.CAT"));
  EXPECT_TRUE(driver_warnings(folder, policy::Arch::x64).empty());
  EXPECT_NE(driver_warnings(folder, policy::Arch::arm64)[0].find("no devices for arm64"), std::string::npos);
  folder.infs[0].inf.driver_class = "Printer";
  EXPECT_NE(driver_warnings(folder, policy::Arch::x64)[0].find("Printer"), std::string::npos);
  EXPECT_EQ(served_devices(folder, policy::Arch::x64), std::vector<std::string>{"8086:15b8"});
}

}  // namespace
}  // namespace bootimage
