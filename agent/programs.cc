// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/programs.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace agent {

pid_t start_busybox(const std::vector<std::string>& arguments) {
  std::string program = "/bin/busybox";
  std::vector<std::string> words = arguments;
  std::vector<char*> argv{program.data()};
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    ::posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
  pid_t process = -1;
  const int error = ::posix_spawn(&process, program.c_str(), &files, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&files);
  return error == 0 ? process : -1;
}

bool run_busybox(const std::vector<std::string>& arguments) {
  const pid_t process = start_busybox(arguments);
  if (process < 0) return false;
  int status = 0;
  while (::waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) return false;
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool has_ended(pid_t process) {
  int status = 0;
  const pid_t got = ::waitpid(process, &status, WNOHANG);
  return got == process || (got < 0 && errno == ECHILD);
}

}  // namespace agent
