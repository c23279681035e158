// SPDX-License-Identifier: GPL-3.0-or-later
#include "bootimage/tool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "base/fd.h"
#include "base/utf8.h"

namespace bootimage {
namespace {

// Found also by people whose PATH has no sbin.
std::string find(std::string_view name) {
  const char* const path = std::getenv("PATH");
  const std::string folders = std::string(path == nullptr ? "" : path) + ":/usr/sbin:/sbin:/usr/bin:/bin";
  for (std::size_t at = 0; at < folders.size();) {
    const std::size_t end = std::min(folders.find(':', at), folders.size());
    std::string file = fmt::format("{}/{}", folders.substr(at, end - at), name);
    if (end > at && ::access(file.c_str(), X_OK) == 0) return file;
    at = end + 1;
  }
  return "";
}

// Ours, but for what would change the result.
std::vector<std::string> environment() {
  std::vector<std::string> out{"LC_ALL=C.UTF-8"};
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string_view variable = *one;
    bool changes = false;
    for (const std::string_view name : {"LC_ALL=", "XZ_", "POSIXLY_CORRECT="})
      changes = changes || variable.starts_with(name);
    if (!changes) out.emplace_back(variable);
  }
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

base::Fd memory_file(const std::string& text) {
  base::Fd file(::memfd_create("bootferry", MFD_CLOEXEC));
  std::string_view rest = text;
  while (file.open() && !rest.empty()) {
    const ssize_t written = ::write(file.get(), rest.data(), rest.size());
    if (written <= 0) return {};
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (file.open()) ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

std::string content_of(int file) {
  std::string text;
  std::array<char, 65536> part;
  ::lseek(file, 0, SEEK_SET);
  for (ssize_t got; (got = ::read(file, part.data(), part.size())) > 0;)
    text.append(part.data(), static_cast<std::size_t>(got));
  return text;
}

// «E: Unable to locate package x»: the last line that says something.
std::string last_words(const std::string& text) {
  const std::size_t end = text.find_last_not_of(" \n");
  if (end == std::string::npos) return "";
  const std::size_t begin = text.rfind('\n', end);
  constexpr std::size_t longest = 500;
  return base::one_line(text.substr(begin + 1, end - begin), longest);  // npos + 1 is 0
}

// The terminal's interrupt goes to the tool; while it runs, we only wait for its end.
class Interrupts {
 public:
  Interrupts() {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    for (std::size_t i = 0; i < signals.size(); ++i) ::sigaction(signals.at(i), &ignore, &before_.at(i));
  }
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;
  ~Interrupts() {
    for (std::size_t i = 0; i < signals.size(); ++i) ::sigaction(signals.at(i), &before_.at(i), nullptr);
  }
  static constexpr std::array<int, 2> signals{SIGINT, SIGTERM};

 private:
  std::array<struct sigaction, signals.size()> before_{};
};

int spawn(const std::string& program, std::vector<char*>& argv, std::vector<char*>& env, const Way& way,
          const std::array<int, 3>& files, pid_t& process) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t plain;
  ::sigemptyset(&plain);
  for (const int one : Interrupts::signals) ::sigaddset(&plain, one);
  ::sigaddset(&plain, SIGPIPE);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setsigdefault(&attributes, &plain);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  ::posix_spawn_file_actions_init(&actions);
  for (std::size_t i = 0; i < files.size(); ++i)
    ::posix_spawn_file_actions_adddup2(&actions, files.at(i), static_cast<int>(i));
  if (!way.folder.empty()) ::posix_spawn_file_actions_addchdir_np(&actions, way.folder.c_str());
  const int error = ::posix_spawn(&process, program.c_str(), &actions, &attributes, argv.data(), env.data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  return error;
}

}  // namespace

base::Result<std::string> run(const Tool& tool, const std::vector<std::string>& arguments, const Way& way) {
  const std::string program = find(tool.name);
  if (program.empty()) return base::fail("{} is not installed: apt install {}", tool.name, tool.package);
  std::vector<std::string> words{tool.name};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables = environment();
  std::vector<char*> argv = pointers(words), env = pointers(variables);

  const base::Fd in = memory_file(way.input), err = memory_file("");
  const base::Fd out =
      way.output.empty()
          ? memory_file("")
          : base::Fd(::open(way.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!out.open()) return base::fail_errno(way.output.empty() ? "memory" : way.output, errno);
  if (!in.open() || !err.open()) return base::fail_errno("memory", errno);

  const Interrupts held;
  pid_t process = -1;
  const int error = spawn(program, argv, env, way, {in.get(), out.get(), err.get()}, process);
  if (error != 0) return base::fail_errno(program, error);
  int status = 0;
  while (::waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) return base::fail_errno(tool.name, errno);
  }
  if (WIFSIGNALED(status)) return base::fail("{} was ended by signal {}", tool.name, WTERMSIG(status));
  if (WEXITSTATUS(status) != 0) {
    const std::string said = last_words(content_of(err.get()));
    return base::fail("{}: {}", tool.name,
                      said.empty() ? fmt::format("it ended with {}", WEXITSTATUS(status)) : said);
  }
  return way.output.empty() ? content_of(out.get()) : std::string();
}

}  // namespace bootimage
