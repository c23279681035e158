// SPDX-License-Identifier: GPL-3.0-or-later
// What a machine is, as its kernel tells it. docs/reporting.md has the form in which it is said.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "agent/command_line.h"

namespace agent {

// Seconds since the kernel began; 0: not yet.
struct Times {
  double agent = 0, link = 0, lease = 0, report = 0;
};

struct InterfaceAddress {
  std::string interface, address;  // «eth0», «192.0.2.7/24»
};

// `root` is "" on the machine itself and a folder in tests.
nlohmann::json gather_facts(const std::string& root, const CommandLine& command_line, const Times& times,
                            const std::vector<InterfaceAddress>& addresses);

// Ethernet interfaces with a device behind them, sorted.
std::vector<std::string> ethernet_interfaces(const std::string& root);
// Network devices (PCI class 02) and storage (01) that no driver took: «8086:15b8».
std::vector<std::string> pci_without_driver(const std::string& root, const std::string& pci_class);

// "key=value" of /etc/bootferry-image; empty where it is not there.
std::string image_says(const std::string& root, const std::string& key);

}  // namespace agent
