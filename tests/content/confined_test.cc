// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/confined.h"

#include <dirent.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <thread>

#include "confined_jobs.h"
#include "content/confined_pipe.h"
#include "content/confined_walls.h"
#include "scratch.h"

namespace content {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

std::string read_fd(int fd) {
  std::string text(4096, '\0');
  const ssize_t n = ::pread(fd, text.data(), text.size(), 0);
  text.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  return text;
}

// Something that a process does to itself, in one of its own: what it returns.
template <class Do>
int in_a_process(Do work) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(work());
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

class Confined : public testing::Test {
 protected:
  Confined() {
    limits_.memory = 256U << 20U;
    limits_.processor = 1s;
    limits_.wall = 20s;
    limits_.output = 1U << 20U;
  }
  ConfinedResult<ConfinedAnswer> run(std::string_view job, std::string_view argument = "") {
    return run_confined(job, argument, file_.get(), limits_);
  }
  std::string text(std::string_view job, std::string_view argument = "") {
    const auto answer = run(job, argument);
    return answer ? answer->text : std::string(print(answer.error().end));
  }
  std::string part_text(const FilePart& part) {
    const auto answer = run_confined("read", "", part, limits_);
    return answer ? answer->text : answer.error().what;
  }
  ConfinedFailure failure(std::string_view job, std::string_view argument = "") {
    const auto answer = run(job, argument);
    EXPECT_FALSE(answer) << job;
    return answer ? ConfinedFailure{} : answer.error();
  }

  Scratch scratch_;
  base::Fd file_ = scratch_.open("given", "the file's text");
  ConfinedLimits limits_;
};

TEST_F(Confined, ReadsTheFileThatItWasGivenAndMovesNoPosition) {
  ASSERT_EQ(::lseek(file_.get(), 5, SEEK_SET), 5);
  EXPECT_EQ(text("read"), "the file's text");
  EXPECT_EQ(text("read"), "the file's text");
  EXPECT_EQ(::lseek(file_.get(), 0, SEEK_CUR), 5);
}

// By position, from where the last read ended, and up to the end: as if there were no more.
TEST_F(Confined, APartIsTakenForTheWhole) {
  EXPECT_EQ(part_text({file_.get(), 4, 11}), "file's text");
  EXPECT_EQ(part_text({file_.get(), 4, 6}), "file's");
  EXPECT_EQ(part_text({file_.get(), 4, FilePart::to_the_end}), "file's text");
  for (const FilePart& outside : {FilePart(file_.get(), 16, 0), FilePart(file_.get(), 15, 1),
                                  FilePart(file_.get(), 4, ~std::uint64_t{1})}) {
    const auto answer = run_confined("read", "", outside, limits_);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().end, ConfinedEnd::refused);
    EXPECT_THAT(answer.error().what, HasSubstr("beyond the end of the file"));
  }
}

// As the server's user, for whom a command line opened a file that it may not open itself.
TEST_F(Confined, ReadsAFileThatHasNoNameAnyMore) {
  ASSERT_EQ(::unlink(scratch_.path("given").c_str()), 0);
  EXPECT_EQ(text("read"), "the file's text");
}

TEST_F(Confined, AFileBesideItIsReadInPartsByNumber) {
  const base::Fd beside = scratch_.open("second", "one second");
  ConfinedExtras extras;
  extras.beside = beside.get();
  const auto answer = run_confined("beside", "", file_.get(), limits_, extras);
  ASSERT_TRUE(answer) << answer.error().what;
  const std::string none = "No such file or directory\n";
  EXPECT_EQ(answer->text,
            "10 one second\n3 one\n6 second\n3 ond\n0 \n" + none + none + none + none + none + none);
  EXPECT_EQ(run_confined("read", "", file_.get(), limits_, extras)->text, "the file's text");
  EXPECT_EQ(run_confined("descriptors", "", file_.get(), limits_, extras)->text, "0 1 2 3 4 5 ");
  EXPECT_EQ(text("beside").find("No such"), std::string::npos) << "without one nothing can be asked by name";
}

TEST_F(Confined, ResultsGoWhereTheyAreWanted) {
  const base::Fd output(::open(scratch_.path("results").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  std::uint64_t seen = 0;
  ConfinedExtras extras;
  extras.output = output.get();
  extras.written = [&](std::uint64_t octets) { seen = octets; };
  const auto answer = run_confined("write_some", "result", file_.get(), limits_, extras);
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_FALSE(answer->output.open());
  EXPECT_EQ(answer->size, 6U);
  EXPECT_EQ(seen, 6U);
  EXPECT_EQ(read_fd(output.get()), "result");
  const auto much = run_confined("write_much", "", file_.get(), limits_, extras);
  ASSERT_FALSE(much);
  EXPECT_EQ(much.error().end, ConfinedEnd::too_large);
}

TEST_F(Confined, OpensNothingElse) {
  const std::string secret = scratch_.write("state/bootferry.db", "the records");
  for (const std::string& path : {secret, std::string("/proc/self/fd/3"), std::string("/dev/null"),
                                  std::string("/etc/passwd"), std::string("/proc/self/mem")})
    EXPECT_EQ(text("open", path), "No such file or directory") << path;
  EXPECT_EQ(text("list", scratch_.path("state")), "No such file or directory");
  EXPECT_EQ(text("write_file"), "Permission denied");
  EXPECT_EQ(scratch_.list(""), (std::vector<std::string>{"given", "state", "state/bootferry.db"}));
}

TEST_F(Confined, HasTheFileItsResultsAndThePipe) {
  const base::Fd other(::open("/dev/null", O_RDONLY));  // would be inherited
  EXPECT_EQ(text("descriptors"), "0 1 2 3 4 ");
  EXPECT_TRUE(sanitized || text("environment") == "none");
}

// All that it might try, and what each wall does about it: walls_test.cc.
TEST_F(Confined, WhatOnlyAnAttackDoesEndsIt) {
  const auto failed = failure("attempt", "start a program\n/");
  EXPECT_EQ(failed.end, ConfinedEnd::forbidden);
  EXPECT_THAT(failed.what, HasSubstr("attack"));
}

TEST_F(Confined, Limits) {
  if (sanitized) GTEST_SKIP() << "a sanitizer's memory has no limit";
  const struct {
    const char* job;
    ConfinedEnd end;
    const char* words;
  } cases[] = {
      {"eat", ConfinedEnd::out_of_memory, "reading it takes more than 256 MiB of memory"},
      {"burn", ConfinedEnd::out_of_time, "reading it took more than 1 s of processor time"},
      {"write_much", ConfinedEnd::too_large, "its files are larger than 1 MiB"},
      {"talk", ConfinedEnd::too_large, "its description is larger than 64 KiB"},
      {"crash", ConfinedEnd::crashed, "reading it crashed the reader (signal 6)"},
      {"say_nothing", ConfinedEnd::garbled, "its reader gave an answer that makes no sense"},
  };
  limits_.answer = 64U << 10U;
  for (const auto& c : cases) {
    const auto failed = failure(c.job);
    EXPECT_EQ(failed.end, c.end) << c.job << ": " << failed.what;
    EXPECT_EQ(failed.what, c.words);
  }
}

TEST_F(Confined, TheParentHasAClock) {
  limits_.wall = 500ms;
  for (const char* job : {"sleep", "linger"}) {
    const auto before = std::chrono::steady_clock::now();
    const auto failed = failure(job);
    EXPECT_EQ(failed.end, ConfinedEnd::out_of_time) << job;
    EXPECT_EQ(failed.what, "reading it took more than 1 s");
    EXPECT_LT(std::chrono::steady_clock::now() - before, 5s);
  }
}

TEST_F(Confined, LiesAreGarbled) {
  for (const char* words : {"", "+", "x-", "R-", "?lwhat"})
    EXPECT_EQ(failure("lie", words).end, ConfinedEnd::garbled) << words;
  EXPECT_EQ(failure("lie", "R-" + std::string(500, 'x')).end, ConfinedEnd::garbled);
  EXPECT_EQ(text("lie", "+-text"), "text");  // no lie
}

TEST_F(Confined, RefusalsInItsOwnWords) {
  const auto failed = failure("refuse", "it is the wrong way round");
  EXPECT_EQ(failed.end, ConfinedEnd::refused);
  EXPECT_EQ(failed.what, "it is the wrong way round");
  EXPECT_EQ(failure("refuse", std::string(1000, 'x')).what.size(), longest_reason);
}

TEST_F(Confined, FilesAreSealedWhenItHasEnded) {
  const auto answer = run("write_some", "results");
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->size, 7U);
  EXPECT_EQ(read_fd(answer->output.get()), "results");
  EXPECT_LT(::pwrite(answer->output.get(), "x", 1, 0), 0);
  EXPECT_LT(::ftruncate(answer->output.get(), 0), 0);
}

TEST_F(Confined, UnknownJobsAndBadDescriptorsAreOurFault) {
  EXPECT_EQ(failure("nothing").end, ConfinedEnd::garbled);
  EXPECT_EQ(run_confined("read", "", -1, limits_).error().end, ConfinedEnd::not_started);
}

TEST_F(Confined, SeveralAtOnceFromSeveralThreads) {
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 4; ++i) good += text("read") == "the file's text" ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 16);
}

TEST_F(Confined, LeavesNoProcess) {
  limits_.wall = 200ms;
  (void)run("sleep");
  (void)run("crash");
  (void)run("read");
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

// What root opened for a server that is not root any more.
TEST_F(Confined, ReadsAFileThatThisUserMayNotOpen) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  ASSERT_EQ(::chmod(scratch_.path("given").c_str(), 0600), 0);
  const int result = in_a_process([&] {
    if (::setgroups(0, nullptr) != 0 || ::setgid(65534) != 0 || ::setuid(65534) != 0) return 1;
    if (::open(scratch_.path("given").c_str(), O_RDONLY) >= 0) return 2;
    return text("read") == "the file's text" ? 0 : 3;
  });
  EXPECT_EQ(result, 0);
}

// The walls one by one.
TEST(ConfinedWalls, NoCapabilityIsLeft) {
  const int result = in_a_process([] {
    if (!drop_rights()) return 1;
    const std::string status = read_text("/proc/self/status");
    for (const char* line :
         {"CapInh:\t0000000000000000\n", "CapPrm:\t0000000000000000\n", "CapEff:\t0000000000000000\n",
          "CapAmb:\t0000000000000000\n", "NoNewPrivs:\t1\n"}) {
      if (status.find(line) == status.npos) return 2;
    }
    // Only who may change the bounding set can empty it; without it, no new privileges do.
    return ::geteuid() == 0 && status.find("CapBnd:\t0000000000000000\n") == status.npos ? 3 : 0;
  });
  EXPECT_EQ(result, 0);
}

}  // namespace
}  // namespace content
