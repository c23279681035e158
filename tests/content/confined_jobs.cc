// SPDX-License-Identifier: GPL-3.0-or-later
#include "confined_jobs.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <vector>

#include "content/confined_pipe.h"
#include "wall_attempts.h"

namespace content {
namespace {

// What a library under somebody else's control would try. Each tells how it went.
ConfinedResult<std::string> say(long result) {
  return std::string(result >= 0 ? "done" : std::strerror(errno));
}

ConfinedResult<std::string> job_read(std::string_view) {
  const base::Fd fd(::open(confined_file, O_RDONLY | O_CLOEXEC));
  if (!fd.open()) return say(-1);
  char text[64];  // some by position, some from where the last one ended
  const ssize_t first = ::read(fd.get(), text, 4);
  if (first != 4 || ::lseek(fd.get(), 0, SEEK_CUR) != 4 || ::pread(fd.get(), text + 4, 1, 4) != 1)
    return say(-1);
  if (::lseek(fd.get(), 1, SEEK_CUR) != 5) return say(-1);
  const ssize_t rest = ::read(fd.get(), text + 5, sizeof text - 5);
  struct stat status {};
  if (rest < 0 || ::lseek(fd.get(), 0, SEEK_END) != 5 + rest || ::fstat(fd.get(), &status) != 0 ||
      status.st_size != 5 + rest)
    return say(-1);
  char behind = 0;
  if (::read(fd.get(), &behind, 1) != 0 || ::pread(fd.get(), &behind, 1, 5 + rest) != 0 ||
      ::pread(fd.get(), &behind, 1, 1LL << 62) != 0 || ::pread(fd.get(), &behind, 1, -1) != -1)
    return say(-1);
  return std::string(text, static_cast<std::size_t>(5 + rest));
}
// «size text» of what a name beside the file stands for, looked at by name and then opened.
std::string beside(const std::string& name) {
  struct stat by_name {
  }, by_descriptor{};
  if (::stat(name.c_str(), &by_name) != 0) return std::strerror(errno);
  const base::Fd fd(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.open() || ::fstat(fd.get(), &by_descriptor) != 0) return std::strerror(errno);
  if (by_name.st_size != by_descriptor.st_size || by_name.st_ino != by_descriptor.st_ino) return "two files";
  char text[64];
  const ssize_t got = ::read(fd.get(), text, sizeof text);
  return std::to_string(by_name.st_size) + " " +
         std::string(text, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
}
ConfinedResult<std::string> job_beside(std::string_view) {
  name_parts_beside({FilePart(-1, 0, 3), FilePart(-1, 4, 6), FilePart(-1, 7, 100), FilePart(-1, 99, 1)});
  std::string all;
  for (const char* name : {"", "/0", "/1", "/2", "/3", "/4", "/-1", "/1x", "/", "/../file", "x"})
    all += beside(std::string(confined_beside) + name) + "\n";
  return all;
}
ConfinedResult<std::string> job_open(std::string_view path) {
  return say(::open(std::string(path).c_str(), O_RDONLY));
}
ConfinedResult<std::string> job_write_file(std::string_view) { return say(::open(confined_file, O_RDWR)); }
ConfinedResult<std::string> job_list(std::string_view path) {
  DIR* folder = ::opendir(std::string(path).c_str());
  return say(folder == nullptr ? -1 : 0);
}
ConfinedResult<std::string> job_descriptors(std::string_view) {
  std::string open;
  for (int fd = 0; fd < 256; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) open += std::to_string(fd) + " ";
  }
  return open;
}
ConfinedResult<std::string> job_environment(std::string_view) {
  return std::string(environ == nullptr || *environ == nullptr ? "none" : *environ);
}
ConfinedResult<std::string> job_eat(std::string_view) {
  std::vector<std::string> all;
  for (;;) all.emplace_back(1U << 20U, 'x');
}
ConfinedResult<std::string> job_burn(std::string_view) {
  for (std::atomic<std::uint64_t> turns = 0;;) ++turns;
}
ConfinedResult<std::string> job_sleep(std::string_view) {
  for (std::uint32_t word = 0;;) ::syscall(SYS_futex, &word, 0 /* FUTEX_WAIT */, 0, nullptr, nullptr, 0);
}
// Lets go of the pipe first: whoever waits for its end alone would believe it to be finished.
ConfinedResult<std::string> job_linger(std::string_view) {
  ::close(child_pipe);
  return job_sleep("");
}
ConfinedResult<std::string> job_crash(std::string_view) { std::abort(); }
ConfinedResult<std::string> job_write_much(std::string_view) {
  const std::string block(1U << 16U, 'x');
  for (;;) {
    if (::write(confined_output, block.data(), block.size()) < 0)
      return tl::unexpected(ConfinedFailure{ConfinedEnd::too_large, ""});
  }
}
ConfinedResult<std::string> job_write_some(std::string_view text) {
  return say(::write(confined_output, text.data(), text.size()));
}
ConfinedResult<std::string> job_talk(std::string_view) { return std::string(1U << 20U, 'x'); }
ConfinedResult<std::string> job_refuse(std::string_view why) {
  return tl::unexpected(ConfinedFailure{ConfinedEnd::refused, std::string(why)});
}
ConfinedResult<std::string> job_say_nothing(std::string_view) { ::_exit(0); }
ConfinedResult<std::string> job_lie(std::string_view words) {
  (void)!::write(child_pipe, words.data(), words.size());
  ::_exit(0);
}

ConfinedResult<std::string> job_attempt(std::string_view name_and_directory) {
  const std::size_t end = name_and_directory.find('\n');
  return try_at_wall(name_and_directory.substr(0, end), std::string(name_and_directory.substr(end + 1)));
}

constexpr NamedJob jobs[] = {{"read", job_read},
                             {"attempt", job_attempt},
                             {"open", job_open},
                             {"beside", job_beside},
                             {"write_file", job_write_file},
                             {"list", job_list},
                             {"descriptors", job_descriptors},
                             {"environment", job_environment},
                             {"eat", job_eat},
                             {"burn", job_burn},
                             {"sleep", job_sleep},
                             {"linger", job_linger},
                             {"crash", job_crash},
                             {"write_much", job_write_much},
                             {"write_some", job_write_some},
                             {"talk", job_talk},
                             {"refuse", job_refuse},
                             {"say_nothing", job_say_nothing},
                             {"lie", job_lie}};

}  // namespace
}  // namespace content

std::span<const content::NamedJob> jobs_of_tests() {
  static const std::vector<content::NamedJob> all = [] {
    std::vector<content::NamedJob> jobs(content::confined_jobs().begin(), content::confined_jobs().end());
    jobs.insert(jobs.end(), std::begin(content::jobs), std::end(content::jobs));
    return jobs;
  }();
  return all;
}
