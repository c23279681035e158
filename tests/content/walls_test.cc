// SPDX-License-Identifier: GPL-3.0-or-later
// The walls of the limited process, tried from within: both together, as the server has them,
// seccomp alone, as on kernels without Landlock, and Landlock alone, to see that it stands.
#include <gtest/gtest.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <functional>
#include <thread>

#include "content/confined.h"
#include "content/confined_pipe.h"
#include "content/confined_walls.h"
#include "scratch.h"
#include "wall_attempts.h"

namespace content {
namespace {

using namespace std::chrono_literals;

int landlock_abi() {
  return static_cast<int>(
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION));
}

// In a process of its own: what it does to itself stays there. Gives its wait status.
int in_a_process(const std::function<int()>& work) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(work());
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status;
}

// For this process and those that it starts, as on a kernel that has none.
bool hide_landlock() {
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  scmp_filter_ctx rules = seccomp_init(SCMP_ACT_ALLOW);
  const bool hidden =
      rules != nullptr &&
      seccomp_rule_add(rules, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0) == 0 &&
      seccomp_load(rules) == 0;
  seccomp_release(rules);
  return hidden && landlock_abi() < 0;
}

class Walls : public testing::Test {
 protected:
  Walls() {
    scratch_.write("state/records", "records");
    limits_.wall = 20s;
  }
  // How an attempt ends in a limited process; empty when that is as it should be.
  std::string wrong(const WallAttempt& attempt, bool with_landlock) {
    const auto answer = run_confined("attempt", std::string(attempt.name) + "\n" + scratch_.path("state"),
                                     file_.get(), limits_);
    if (!answer) {
      const bool right =
          attempt.seccomp == WallAttempt::killed && answer.error().end == ConfinedEnd::forbidden;
      return right ? "" : answer.error().what;
    }
    if (answer->landlock != with_landlock) return "Landlock is not as it should be";
    const bool right = attempt.seccomp > 0 && answer->text == ::strerrorname_np(attempt.seccomp);
    return right ? "" : answer->text;
  }
  // Every attempt that did not end as it should, with what came of it.
  std::string all_wrong(bool with_landlock) {
    std::string all;
    for (const WallAttempt& attempt : wall_attempts()) {
      const std::string what = wrong(attempt, with_landlock);
      if (!what.empty()) all += std::string(attempt.name) + ": " + what + "\n";
    }
    return all;
  }
  void expect_untouched() {
    EXPECT_EQ(scratch_.list("state"), std::vector<std::string>{"records"});
    EXPECT_EQ(read_text(scratch_.path("state/records")), "records");
    EXPECT_EQ(read_text(scratch_.path("given")), "the file's text");
  }

  Scratch scratch_;
  base::Fd file_ = scratch_.open("given", "the file's text");
  ConfinedLimits limits_;
};

TEST_F(Walls, KeepEverythingOutTogether) {
  EXPECT_EQ(all_wrong(landlock_abi() >= 1), "");
  expect_untouched();
}

TEST_F(Walls, SeccompAloneKeepsEverythingOut) {
  const int status = in_a_process([&] {
    if (!hide_landlock()) return 2;
    const std::string wrong = all_wrong(false);
    std::fputs(wrong.c_str(), stderr);
    return wrong.empty() ? 0 : 1;
  });
  EXPECT_EQ(status, 0);
  expect_untouched();
}

// Not everything is its matter: where it is not, the table says so.
TEST_F(Walls, LandlockAloneKeepsFilesAndOthersOut) {
  if (landlock_abi() < 1) GTEST_SKIP() << "this kernel has no Landlock";
  int tried = 0;
  for (const WallAttempt& attempt : wall_attempts()) {
    if (attempt.landlock == 0 || attempt.abi > landlock_abi()) continue;
    const int status = in_a_process([&] {
      if (::dup2(file_.get(), child_file) < 0 || !drop_rights() || !raise_landlock()) return 255;
      return try_at_wall(attempt.name, scratch_.path("state")) == "done" ? 0 : errno;
    });
    EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, attempt.landlock) << attempt.name;
    ++tried;
  }
  EXPECT_GE(tried, 20);
  expect_untouched();
}

// As the kernel has it, from outside, while the process is at work.
TEST_F(Walls, TheKernelSaysThatNoRightIsLeft) {
  limits_.wall = 5s;
  std::thread worker([&] { (void)run_confined("sleep", "", file_.get(), limits_); });
  std::string status;
  pid_t child = 0;
  for (int turn = 0; turn < 300 && status.find("Seccomp:\t2\n") == status.npos; ++turn) {
    std::this_thread::sleep_for(10ms);
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
      const std::string children = read_text(task.path() / "children");
      if (!children.empty()) child = std::atoi(children.c_str());
    }
    if (child > 0) status = read_text("/proc/" + std::to_string(child) + "/status");
  }
  if (child > 0) ::kill(child, SIGKILL);
  worker.join();
  for (const char* line :
       {"Seccomp:\t2\n", "NoNewPrivs:\t1\n", "CapInh:\t0000000000000000\n", "CapPrm:\t0000000000000000\n",
        "CapEff:\t0000000000000000\n", "CapAmb:\t0000000000000000\n"})
    EXPECT_NE(status.find(line), status.npos) << line << status;
  // Only who may change the bounding set has one that matters.
  EXPECT_TRUE(::geteuid() != 0 || status.find("CapBnd:\t0000000000000000\n") != status.npos);
}

}  // namespace
}  // namespace content
