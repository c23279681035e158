// SPDX-License-Identifier: GPL-3.0-or-later
// The first process of Bootferry's boot image, and so one that must never end: it prepares the
// file systems, lets a child do the work, and restarts the machine afterwards.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <set>
#include <string>

#include "agent/command_line.h"
#include "agent/facts.h"
#include "agent/files.h"
#include "agent/programs.h"
#include "agent/screen.h"
#include "agent/work.h"

namespace {

using agent::Screen;

constexpr double shortest_shell = 2;               // seconds
constexpr int after_done = 5, after_failure = 60;  // seconds until the restart

void mount_at(const char* what, const char* where) {
  ::mkdir(where, 0755);
  ::mount(what, where, what, MS_NOSUID, nullptr);
}

// Both what the image was built for and what its command line says: an image without a shell
// cannot be talked into one, and one with it can be had without.
bool shell_wanted() {
  return agent::image_says("", "debug-shell") == "yes" &&
         agent::CommandLine::parse(agent::read_octets("/proc/cmdline")).debug_shell;
}

pid_t open_shell(const std::string& console) {
  const pid_t process = ::fork();
  if (process != 0) return process;
  ::setsid();
  const int tty = ::open(("/dev/" + console).c_str(), O_RDWR);
  if (tty < 0) ::_exit(127);
  ::ioctl(tty, TIOCSCTTY, 0);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(tty, fd);
  ::execl("/bin/busybox", "sh", "-l", static_cast<char*>(nullptr));
  ::_exit(127);
}

void shells(Screen& screen) {
  agent::run_busybox({"--install", "-s", "/bin"});
  screen.say("a shell is open here; \"exit\" restarts the machine");
  const double begun = agent::seconds_since_start();
  std::set<pid_t> open;
  for (const std::string& console : agent::consoles())
    open.insert(open_shell(console == "tty0" ? "tty1" : console));
  while (!open.empty()) {
    const pid_t ended = ::wait(nullptr);  // or an orphan, which is nobody's business
    if (ended < 0 && errno != EINTR) return;
    // One that ends at once has no console: a serial port that is not there.
    if (open.erase(ended) == 1 && agent::seconds_since_start() > begun + shortest_shell) return;
  }
}

[[noreturn]] void restart(Screen& screen, int seconds) {
  for (; seconds > 0; --seconds) {
    screen.show("the machine restarts in " + std::to_string(seconds) + " s ");
    ::sleep(1);
  }
  screen.say("restarting");
  ::sync();
  ::reboot(RB_AUTOBOOT);
  for (;;) ::pause();
}

int child_ended(pid_t child) {
  for (;;) {  // orphans of the child come here, too
    int status = 0;
    const pid_t ended = ::wait(&status);
    if (ended == child || (ended < 0 && errno == ECHILD)) return status;
  }
}

}  // namespace

int main() {
  Screen screen;
  if (::getpid() != 1) {
    constexpr char words[] =
        "bootferry-agent is the first process of Bootferry's boot image, and nothing else\n";
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, words, sizeof words - 1);
    return 2;
  }
  mount_at("proc", "/proc");
  mount_at("sysfs", "/sys");
  mount_at("devtmpfs", "/dev");
  mount_at("tmpfs", "/run");
  ::setenv("PATH", "/bin:/sbin", 1);

  const pid_t child = ::fork();
  if (child == 0) ::_exit(agent::work(screen));
  const int status = child < 0 ? -1 : child_ended(child);
  if (status == 0) {
    screen.say("done");
    restart(screen, after_done);
  }
  if (status < 0 || WIFSIGNALED(status)) screen.say("the agent ended unexpectedly");
  if (shell_wanted()) shells(screen);
  restart(screen, after_failure);
}
