// SPDX-License-Identifier: GPL-3.0-or-later
// What the kernel's command line says to the agent.
#pragma once

#include <string>
#include <string_view>

namespace agent {

struct CommandLine {
  std::string report;        // «http://192.0.2.1/boot/v1/4f1c…»; empty: nobody asked for a report
  std::string boot_mac;      // BOOTIF, as «52:54:00:12:34:56»; empty where the loader told none
  bool debug_shell = false;  // bootferry.debug-shell
  std::string shown;         // all of it but for the report's word, which is a secret

  static CommandLine parse(std::string_view text);
};

}  // namespace agent
