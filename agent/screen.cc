// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/screen.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "agent/files.h"
#include "base/fd.h"

namespace agent {
namespace {

constexpr std::size_t most_log = 256 * 1024;

void write_everywhere(const std::string& text) {
  for (const std::string& name : consoles()) {
    // A serial port that nobody reads must not hold up the work: what does not fit is lost.
    const base::Fd console(::open(("/dev/" + name).c_str(), O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    if (console.open()) [[maybe_unused]]
      const ssize_t written = ::write(console.get(), text.data(), text.size());
  }
}

}  // namespace

double seconds_since_start() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::vector<std::string> consoles() {
  std::vector<std::string> names{"tty0"};
  const std::string active = read_text("/sys/class/tty/console/active");
  for (std::size_t at = 0; at < active.size();) {
    const std::size_t end = std::min(active.find(' ', at), active.size());
    const std::string name = active.substr(at, end - at);
    if (name != "tty0") names.push_back(name);
    at = end + 1;
  }
  return names;
}

void Screen::say(const std::string& line) {
  std::array<char, 32> time{};
  std::snprintf(time.data(), time.size(), "[%7.1f] ", seconds_since_start());
  const std::string whole = time.data() + line + "\n";
  if (log_.size() + whole.size() <= most_log) log_ += whole;
  write_everywhere(
      "\r\x1b[K"
      "bootferry: " +
      line + "\r\n");
}

void Screen::show(const std::string& line) {
  write_everywhere(
      "\r\x1b[K"
      "bootferry: " +
      line);
}

}  // namespace agent
