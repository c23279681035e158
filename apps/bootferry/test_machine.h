// SPDX-License-Identifier: GPL-3.0-or-later
// A virtual PC of QEMU's, as the calling user: what it says on its serial line, and its screen.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace cli {

// What a console said, without what steers a terminal: an image may say anything.
class ConsoleText {
 public:
  // The readable part of what came; sequences may be cut anywhere.
  std::string add(std::string_view octets);

 private:
  enum class State { text, escape, sequence, one_more };
  State state_ = State::text;
};

class TestMachine {
 public:
  // Before there are other threads, which would take an interrupt: from now on listen() tells it.
  static void hold_interrupts();
  // Starts QEMU with these arguments, and with a serial line and a monitor in addition.
  static base::Result<TestMachine> start(const std::string& program, std::vector<std::string> arguments);
  TestMachine(TestMachine&& other) noexcept;
  TestMachine& operator=(TestMachine&&) = delete;
  ~TestMachine();  // the machine is gone afterwards

  enum class Ended { stopped_listening, time_is_over, machine_ended, interrupted };
  // `hear` gets each piece of the serial line until it says false.
  Ended listen(std::chrono::seconds most, const std::function<bool(std::string_view)>& hear);

  // Writes the screen to a file: PNG where its name ends so, else PPM.
  base::Status write_screen(const std::string& path);
  // What QEMU had to complain of, its last line; empty: nothing.
  std::string complaint();

 private:
  TestMachine() = default;
  // Sends a command to the monitor; the answer's reason where it is refused.
  base::Status command(std::string_view json);
  base::Result<std::string> read_line(std::chrono::steady_clock::time_point until);

  pid_t process_ = -1;
  base::Fd serial_, to_monitor_, from_monitor_, errors_, signals_;
  std::string unread_;  // of the monitor
};

}  // namespace cli
