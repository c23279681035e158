// SPDX-License-Identifier: GPL-3.0-or-later
// Bootferry's own boot image: Debian's kernel and busybox, the drivers of real machines, and the
// agent (agent/), as a kernel and an initramfs. The same packages give the same octets.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "bootimage/modules.h"
#include "bootimage/packages.h"

namespace bootimage {

struct Order {
  std::string agent;                           // the static program
  std::string kernel_package;                  // a file; empty: Debian's present kernel
  std::string packages;                        // a folder that keeps packages
  std::vector<std::string> drivers, firmware;  // files or folders, in addition
  bool debug_shell = false;
  bool uki = false;
  std::string output;  // a folder, which is there
};

struct Built {
  std::string release;              // the kernel's
  std::string version;              // of the image
  std::string kernel, initrd, uki;  // files in the output folder
  std::uint64_t kernel_size = 0, initrd_size = 0, uki_size = 0;
  std::string command_line;
  std::size_t network_drivers = 0, storage_drivers = 0, modules = 0, pci_ids = 0;
  std::vector<std::string> added_drivers;  // --driver's that are in it
  std::vector<PciId> newly_served;         // by them
  std::vector<std::string> firmware;       // files in it
  std::vector<std::string> no_firmware;    // files that drivers may ask for and that are not
  std::vector<std::string> warnings;
};

// Kernel and initramfs together shall be no larger; what is larger is warned about.
inline constexpr std::uint64_t most_octets = 16'000'000;

base::Result<Built> build(const Order& order, const Tell& tell);

}  // namespace bootimage
