// SPDX-License-Identifier: GPL-3.0-or-later
// What somebody who has taken over the limited process would try, each with what must come of
// it. Each is harmless where a wall fails it: nothing outside of the directory is touched.
#pragma once

#include <span>
#include <string>
#include <string_view>

struct WallAttempt {
  static constexpr int killed = -1;  // the end of the process

  std::string_view name;
  long (*attempt)(const std::string& directory);  // of the server's, with «records» in it; < 0 and errno
  int seccomp;                                    // errno, or killed, behind seccomp
  int landlock;  // errno behind Landlock alone; 0: it does not keep it from anybody
  int abi = 1;   // the first version of Landlock that does
};
std::span<const WallAttempt> wall_attempts();

// "done", or the name of the error.
std::string try_at_wall(std::string_view name, const std::string& directory);
