// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "../content/scratch.h"

namespace agent {
namespace {

using Json = nlohmann::json;

TEST(CommandLine, TheReportsWordIsTakenOutOfWhatIsShown) {
  const auto line = CommandLine::parse(
      "BOOT_IMAGE=linux bootferry.report=http://192.0.2.1/boot/v1/4f1c console=ttyS0 "
      "BOOTIF=01-52-54-00-12-34-AB\n");
  EXPECT_EQ(line.report, "http://192.0.2.1/boot/v1/4f1c");
  EXPECT_EQ(line.boot_mac, "52:54:00:12:34:ab");
  EXPECT_EQ(line.shown, "BOOT_IMAGE=linux console=ttyS0 BOOTIF=01-52-54-00-12-34-AB");
  EXPECT_FALSE(line.debug_shell);
  EXPECT_TRUE(CommandLine::parse("a bootferry.debug-shell").debug_shell);
  EXPECT_EQ(CommandLine::parse("BOOTIF=52:54:00:12:34:56").boot_mac, "52:54:00:12:34:56");
  EXPECT_EQ(CommandLine::parse("BOOTIF=eth0").boot_mac, "");
  EXPECT_EQ(CommandLine::parse("").shown, "");
}

// A machine as its kernel's files show it.
class FactsTest : public testing::Test {
 protected:
  void device(const std::string& folder, const std::string& bus_path,
              std::initializer_list<std::pair<const char*, const char*>> files) {
    for (const auto& [name, text] : files) machine.write(bus_path + "/" + name, text);
    std::filesystem::create_directories(machine.path(folder).substr(0, machine.path(folder).rfind('/')));
    std::filesystem::create_symlink(machine.path(bus_path), machine.path(folder));
  }
  Json facts(const char* command_line = "quiet") {
    return gather_facts(machine.path(), CommandLine::parse(command_line), {1.26, 0, 3.5, 4},
                        {{"eth0", "192.0.2.7/24"}});
  }
  Scratch machine;
};

TEST_F(FactsTest, AMachineOfManyParts) {
  machine.write("sys/class/dmi/id/product_uuid", "00112233-4455-6677-8899-aabbccddeeff\n");
  machine.write("sys/class/dmi/id/sys_vendor", "Maker\n");
  machine.write("sys/class/dmi/id/product_name", "Box 7  \n");
  machine.write("proc/cpuinfo",
                "processor\t: 0\nmodel name\t: Fast 1\n\nprocessor\t: 1\nmodel name\t: Fast 1\n");
  machine.write("proc/meminfo", "MemTotal:        1024 kB\nMemFree: 1 kB\n");
  machine.write("proc/sys/kernel/osrelease", "6.1.0-56-amd64\n");
  machine.write("etc/bootferry-image", "version=0.1.0+x\ndebug-shell=no\n");
  machine.write("sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
                std::string("\6\0\0\0\1", 5));
  device("sys/class/net/eth0", "sys/devices/pci0/net/eth0",
         {{"type", "1\n"},
          {"address", "52:54:00:12:34:56\n"},
          {"carrier", "1\n"},
          {"speed", "1000\n"},
          {"device/x", ""}});
  device("sys/class/net/lo", "sys/devices/virtual/net/lo",
         {{"type", "772\n"}, {"address", "00:00:00:00:00:00\n"}});
  device("sys/block/sda", "sys/devices/pci0/ata1/host0/block/sda",
         {{"size", "8\n"}, {"device/model", "DISK  \n"}});
  machine.write("sys/devices/pci0/ata1/host0/block/sda/device/vpd_pg80",
                std::string("\0\x80\0\x06  S-17", 10));
  device("sys/block/nvme0n1", "sys/devices/pci0/nvme/nvme0/nvme0n1",
         {{"size", "16\n"}, {"device/serial", "N1 \n"}});
  device("sys/block/loop0", "sys/devices/virtual/block/loop0", {{"size", "8\n"}});
  device("sys/block/sdb", "sys/devices/pci0/usb1/host1/block/sdb", {{"size", "0\n"}});
  machine.write("sys/bus/pci/devices/0000:00:03.0/class", "0x020000\n");
  machine.write("sys/bus/pci/devices/0000:00:03.0/vendor", "0x8086\n");
  machine.write("sys/bus/pci/devices/0000:00:03.0/device", "0x15b8\n");

  const Json json = facts("BOOTIF=52:54:00:12:34:56 bootferry.report=http://192.0.2.1/x");
  EXPECT_EQ(json["machine"]["uuid"], "00112233-4455-6677-8899-aabbccddeeff");
  EXPECT_EQ(json["machine"]["manufacturer"], "Maker");
  EXPECT_EQ(json["machine"]["product"], "Box 7");
  EXPECT_EQ(json["processors"], (Json{{"count", 2}, {"model", "Fast 1"}}));
  EXPECT_EQ(json["memory"], 1024 * 1024);
  EXPECT_EQ(json["firmware"], (Json{{"kind", "uefi"}, {"secure_boot", true}}));
  EXPECT_EQ(json["interfaces"], (Json::array({{{"name", "eth0"},
                                               {"mac", "52:54:00:12:34:56"},
                                               {"link", true},
                                               {"megabits", 1000},
                                               {"addresses", {"192.0.2.7/24"}}}})));
  EXPECT_EQ(
      json["disks"],
      (Json::array(
          {{{"name", "nvme0n1"}, {"size", 8192}, {"serial", "N1"}, {"transport", "nvme"}},
           {{"name", "sda"}, {"size", 4096}, {"model", "DISK"}, {"serial", "S-17"}, {"transport", "ata"}}})));
  EXPECT_EQ(json["without_driver"], Json::array({"8086:15b8"}));
  EXPECT_EQ(json["boot_mac"], "52:54:00:12:34:56");
  EXPECT_EQ(json["command_line"], "BOOTIF=52:54:00:12:34:56");
  EXPECT_EQ(json["kernel"], "6.1.0-56-amd64");
  EXPECT_EQ(json["image"], "0.1.0+x");
  EXPECT_EQ(json["seconds"], (Json{{"agent", 1.2}, {"lease", 3.5}, {"report", 4.0}}));
}

TEST_F(FactsTest, AMachineThatTellsNothing) {
  const Json json = facts();
  EXPECT_EQ(json["firmware"], (Json{{"kind", "bios"}}));
  EXPECT_EQ(json["disks"], Json::array());
  EXPECT_EQ(json["interfaces"], Json::array());
  EXPECT_EQ(json["processors"], (Json{{"count", 0}}));
  EXPECT_FALSE(json.contains("image"));
  EXPECT_EQ(image_says(machine.path(), "debug-shell"), "");
}

}  // namespace
}  // namespace agent
