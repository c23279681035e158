// SPDX-License-Identifier: GPL-3.0-or-later
// What the agent tells whoever stands in front of the machine, or reads its serial console.
#pragma once

#include <string>
#include <vector>

namespace agent {

double seconds_since_start();  // of the kernel

// The consoles that the kernel writes to, and the screen: «tty0», «ttyS0».
std::vector<std::string> consoles();

class Screen {
 public:
  // One line, on every console, and kept for the log.
  void say(const std::string& line);
  // In place of the line that show() wrote before; not kept.
  void show(const std::string& line);
  [[nodiscard]] const std::string& log() const { return log_; }

 private:
  std::string log_;
};

}  // namespace agent
