// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/confined.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <vector>

#include "content/confined_pipe.h"

namespace content {
namespace {

using Clock = std::chrono::steady_clock;

tl::unexpected<ConfinedFailure> fail(ConfinedEnd end, std::string what) {
  return tl::unexpected(ConfinedFailure{end, std::move(what)});
}
tl::unexpected<ConfinedFailure> not_started(std::string_view doing, int error) {
  return fail(ConfinedEnd::not_started, base::fail_errno(doing, error).value().what);
}

// A child process that does not outlive this object.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid), handle_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ < 0) return;
    kill();
    wait();
  }
  [[nodiscard]] int handle() const { return handle_.get(); }
  void kill() const { ::kill(pid_, SIGKILL); }
  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_;
  base::Fd handle_;
};

// Descriptors of ours may have the very numbers that the child's are to get: out of the way.
base::Fd away(int fd) { return base::Fd(::fcntl(fd, F_DUPFD_CLOEXEC, 64)); }

class SpawnActions {
 public:
  SpawnActions() { ::posix_spawn_file_actions_init(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  void give(int fd, int as) { ::posix_spawn_file_actions_adddup2(&actions_, fd, as); }
  void give_null(int as, int flags) {
    ::posix_spawn_file_actions_addopen(&actions_, as, "/dev/null", flags, 0);
  }
  void close_from(int fd) { ::posix_spawn_file_actions_addclosefrom_np(&actions_, fd); }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

// Signals as a new program expects them, whatever ours ignores or blocks.
class SpawnAttributes {
 public:
  SpawnAttributes() {
    ::posix_spawnattr_init(&attributes_);
    sigset_t set;
    ::sigfillset(&set);
    ::posix_spawnattr_setsigdefault(&attributes_, &set);
    ::sigemptyset(&set);
    ::posix_spawnattr_setsigmask(&attributes_, &set);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  ~SpawnAttributes() { ::posix_spawnattr_destroy(&attributes_); }
  [[nodiscard]] const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

struct Handed {
  int file, output, pipe;
  int beside;  // -1: none
};

base::Result<pid_t> spawn(std::vector<std::string> words, const Handed& handed) {
  const base::Fd file_away = away(handed.file);
  const base::Fd output_away = away(handed.output);
  const base::Fd pipe_away = away(handed.pipe);
  const bool beside = handed.beside >= 0;
  const base::Fd beside_away = beside ? away(handed.beside) : base::Fd();
  if (!file_away.open() || !output_away.open() || !pipe_away.open() || beside != beside_away.open())
    return base::fail_errno("hand over a file", errno);
  SpawnActions actions;
  actions.give_null(0, O_RDONLY);
  actions.give(output_away.get(), 1);
  if (!sanitized) actions.give_null(2, O_WRONLY);  // what it has to say goes through the pipe
  actions.give(file_away.get(), child_file);
  actions.give(pipe_away.get(), child_pipe);
  if (beside) actions.give(beside_away.get(), child_beside);
  actions.close_from(beside ? child_beside + 1 : child_pipe + 1);
  const SpawnAttributes attributes;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  char* no_environment[] = {nullptr};
  pid_t pid = -1;
  // This very program, also when another version has taken its place on disk.
  const int error = ::posix_spawn(&pid, "/proc/self/exe", actions.get(), attributes.get(), argv.data(),
                                  sanitized ? environ : no_environment);
  if (error != 0) return base::fail_errno("start a limited process", error);
  return pid;
}

int milliseconds_until(Clock::time_point end) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
  return static_cast<int>(std::max<std::int64_t>(left, 0));
}

enum class Heard { all, too_much, too_slow };

constexpr int between_looks = 200;  // milliseconds

std::uint64_t size_of(int file) {
  struct stat facts {};
  return ::fstat(file, &facts) == 0 ? static_cast<std::uint64_t>(facts.st_size) : 0;
}

// Until the child closes the pipe and has ended.
Heard listen(int pipe, const Child& child, Clock::time_point end, std::size_t most,
             const ConfinedExtras& extras, std::string& text) {
  bool open = true;
  for (;;) {
    std::array<pollfd, 2> waits{{{open ? pipe : -1, POLLIN, 0}, {child.handle(), POLLIN, 0}}};
    const int left = milliseconds_until(end);
    const int ready =
        ::poll(waits.data(), waits.size(), extras.written ? std::min(left, between_looks) : left);
    if (extras.written) extras.written(size_of(extras.output));
    if (ready == 0 && milliseconds_until(end) == 0) return Heard::too_slow;
    if (ready <= 0) continue;  // EINTR, or time to look
    if (waits[0].revents != 0) {
      char block[16384];
      const ssize_t n = ::read(pipe, block, sizeof block);
      if (n > 0) text.append(block, static_cast<std::size_t>(n));
      if (n == 0) open = false;
      if (text.size() > most) return Heard::too_much;
    }
    if (waits[1].revents != 0 && !open) return Heard::all;
  }
}

std::string mebibytes(std::uint64_t octets) { return fmt::format("{} MiB", octets >> 20U); }

ConfinedFailure how_it_died(int signal, const ConfinedLimits& limits) {
  switch (signal) {
    case SIGXCPU:
      return {ConfinedEnd::out_of_time,
              fmt::format("reading it took more than {} s of processor time", limits.processor.count())};
    case SIGKILL:  // not by us: we would have said so
      return {ConfinedEnd::out_of_memory, "its reader was killed: the system may be short of memory"};
    case SIGXFSZ:
      return {ConfinedEnd::too_large, fmt::format("its files are larger than {}", mebibytes(limits.output))};
    case SIGSYS:
      return {ConfinedEnd::forbidden, "reading it led to what only an attack does: it was stopped"};
    default:
      return {ConfinedEnd::crashed, fmt::format("reading it crashed the reader (signal {})", signal)};
  }
}

// The reasons that the child knows itself.
ConfinedFailure told(char kind, std::string what, const ConfinedLimits& limits) {
  switch (kind) {
    case answer_refused:
      if (what.empty() || what.size() > longest_reason) break;
      return {ConfinedEnd::refused, std::move(what)};
    case answer_no_memory:
      return {ConfinedEnd::out_of_memory,
              fmt::format("reading it takes more than {} of memory", mebibytes(limits.memory))};
    case answer_too_large:
      return {ConfinedEnd::too_large, fmt::format("its files are larger than {}", mebibytes(limits.output))};
    case answer_no_walls:
      return {ConfinedEnd::not_started,
              "the limited process cannot be limited: " + what.substr(0, longest_reason)};
    default:
      break;
  }
  return {ConfinedEnd::garbled, "its reader gave an answer that makes no sense"};
}

ConfinedResult<base::Fd> make_output() {
  base::Fd fd(::memfd_create("confined", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.open()) return not_started("make room for results", errno);
  return fd;
}

}  // namespace

std::string_view print(ConfinedEnd end) {
  constexpr std::string_view names[confined_end_count] = {"refused",   "out_of_memory", "out_of_time",
                                                          "too_large", "crashed",       "forbidden",
                                                          "garbled",   "not_started"};
  return names[static_cast<std::size_t>(end)];
}

ConfinedResult<FilePart> measured(FilePart file) {
  struct stat facts {};
  if (::fstat(file.fd, &facts) != 0) return not_started("look at it", errno);
  if (!S_ISREG(facts.st_mode)) return fail(ConfinedEnd::refused, "not a regular file");
  const auto end = static_cast<std::uint64_t>(facts.st_size);
  if (file.offset > end) return fail(ConfinedEnd::refused, "begins beyond the end of the file");
  const std::uint64_t most = end - file.offset;
  if (file.size == FilePart::to_the_end) file.size = most;
  if (file.size > most) return fail(ConfinedEnd::refused, "ends beyond the end of the file");
  return file;
}

ConfinedResult<ConfinedAnswer> run_confined(std::string_view job, std::string_view argument, FilePart file,
                                            const ConfinedLimits& limits, const ConfinedExtras& extras) {
  const auto end = Clock::now() + limits.wall;
  const auto part = measured(file);
  if (!part) return tl::unexpected(part.error());
  const bool elsewhere = extras.output >= 0;
  auto output = elsewhere ? ConfinedResult<base::Fd>(base::Fd()) : make_output();
  if (!output) return tl::unexpected(output.error());
  const int results = elsewhere ? extras.output : output->get();
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return not_started("make a pipe", errno);
  const base::Fd from(ends[0]);
  base::Fd to(ends[1]);
  std::vector<std::string> words{"bootferry",
                                 confined_word,
                                 std::string(job),
                                 std::string(argument),
                                 fmt::format("{}", limits.memory),
                                 fmt::format("{}", limits.processor.count()),
                                 fmt::format("{}", limits.output),
                                 fmt::format("{}", part->offset),
                                 fmt::format("{}", part->size)};
  if (extras.beside >= 0) words.emplace_back(beside_word);
  const auto pid = spawn(std::move(words), {part->fd, results, to.get(), extras.beside});
  if (!pid) return fail(ConfinedEnd::not_started, pid.error().what);
  Child child(*pid);
  if (child.handle() < 0) return not_started("watch the limited process", errno);
  to = base::Fd();

  ConfinedAnswer answer;
  const Heard heard = listen(from.get(), child, end, limits.answer + 2, extras, answer.text);
  child.kill();  // nothing but its exit code is left of it, or it has had its chance
  const int status = child.wait();
  if (heard == Heard::too_slow) {
    return fail(ConfinedEnd::out_of_time,
                fmt::format("reading it took more than {} s",
                            std::chrono::ceil<std::chrono::seconds>(limits.wall).count()));
  }
  if (heard == Heard::too_much) {
    return fail(ConfinedEnd::too_large,
                fmt::format("its description is larger than {} KiB", limits.answer >> 10U));
  }
  if (WIFSIGNALED(status)) return tl::unexpected(how_it_died(WTERMSIG(status), limits));
  if (answer.text.size() < 2) return tl::unexpected(told(0, "", limits));
  const char kind = answer.text[0];
  answer.landlock = answer.text[1] == answer_landlock;
  answer.text.erase(0, 2);
  if (kind != answer_good || WEXITSTATUS(status) != 0)
    return tl::unexpected(told(kind == answer_good ? 0 : kind, std::move(answer.text), limits));

  constexpr int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
  if (!elsewhere && ::fcntl(results, F_ADD_SEALS, seals) != 0) return not_started("keep the results", errno);
  answer.size = size_of(results);
  answer.output = std::move(*output);
  return answer;
}

}  // namespace content
