// SPDX-License-Identifier: GPL-3.0-or-later
#include "test_machine.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/utf8.h"

namespace cli {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;

constexpr int serial_in_child = 3;

struct Pipe {
  base::Fd out, in;
};
base::Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return base::fail_errno("make a pipe", errno);
  return Pipe{base::Fd(ends[0]), base::Fd(ends[1])};
}

int milliseconds_until(Clock::time_point end) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

sigset_t endings() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int each : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&set, each);
  return set;
}

// Between fork and exec: nothing that allocates.
[[noreturn]] void become(const char* program, char** argv, const std::array<int, 4>& files) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setpgid(0, 0);  // the terminal's interrupt is ours to act on
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  // Out of the way of the numbers that they are to get.
  std::array<int, 4> away{};
  for (std::size_t i = 0; i < files.size(); ++i) away.at(i) = ::fcntl(files.at(i), F_DUPFD_CLOEXEC, 64);
  for (std::size_t i = 0; i < files.size(); ++i) ::dup2(away.at(i), static_cast<int>(i));
  ::execv(program, argv);
  ::_exit(127);
}

}  // namespace

std::string ConsoleText::add(std::string_view octets) {
  std::string text;
  for (const char c : octets) {
    switch (state_) {
      case State::text:
        if (c == '\x1b') state_ = State::escape;
        if (c == '\n' || c == '\t' || (c >= ' ' && c <= '~')) text += c;
        break;
      case State::escape:  // «ESC [ 2 J», «ESC ( B», «ESC c»
        state_ = c == '[' ? State::sequence : c == '(' || c == ')' ? State::one_more : State::text;
        break;
      case State::sequence:
        if (c >= '@' && c <= '~') state_ = State::text;
        break;
      case State::one_more:
        state_ = State::text;
        break;
    }
  }
  return text;
}

void TestMachine::hold_interrupts() {
  const sigset_t set = endings();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
}

base::Result<TestMachine> TestMachine::start(const std::string& program, std::vector<std::string> arguments) {
  auto serial = make_pipe(), in = make_pipe(), out = make_pipe();
  for (const auto* each : {&serial, &in, &out}) {
    if (!*each) return tl::unexpected(each->error());
  }
  TestMachine machine;
  machine.errors_ = base::Fd(::memfd_create("bootferry", MFD_CLOEXEC));
  ::signal(SIGPIPE, SIG_IGN);  // a monitor that is gone is an error of write()
  hold_interrupts();
  const sigset_t set = endings();
  machine.signals_ = base::Fd(::signalfd(-1, &set, SFD_CLOEXEC));
  if (!machine.errors_.open() || !machine.signals_.open()) return base::fail_errno("watch a machine", errno);

  arguments.insert(arguments.begin(), program);
  const std::string set_of_serial = fmt::format("fd={},set=1", serial_in_child);
  for (const char* each :
       {"-add-fd", set_of_serial.c_str(), "-chardev", "file,id=serial,append=on,path=/dev/fdset/1", "-serial",
        "chardev:serial", "-qmp", "stdio"})
    arguments.emplace_back(each);
  std::vector<char*> argv;
  for (std::string& word : arguments) argv.push_back(word.data());
  argv.push_back(nullptr);
  machine.process_ = ::fork();
  if (machine.process_ < 0) return base::fail_errno("start " + program, errno);
  if (machine.process_ == 0)
    become(program.c_str(), argv.data(),
           {in->out.get(), out->in.get(), machine.errors_.get(), serial->in.get()});
  machine.serial_ = std::move(serial->out);
  machine.to_monitor_ = std::move(in->in);
  machine.from_monitor_ = std::move(out->out);
  return machine;
}

TestMachine::TestMachine(TestMachine&& other) noexcept
    : process_(std::exchange(other.process_, -1)),
      serial_(std::move(other.serial_)),
      to_monitor_(std::move(other.to_monitor_)),
      from_monitor_(std::move(other.from_monitor_)),
      errors_(std::move(other.errors_)),
      signals_(std::move(other.signals_)),
      unread_(std::move(other.unread_)) {}

TestMachine::~TestMachine() {
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) continue;
  }
  if (signals_.open()) {
    const sigset_t set = endings();
    ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  }
}

TestMachine::Ended TestMachine::listen(std::chrono::seconds most,
                                       const std::function<bool(std::string_view)>& hear) {
  const auto until = Clock::now() + most;
  std::array<char, 4096> piece;
  while (true) {
    std::array<pollfd, 2> waits{{{serial_.get(), POLLIN, 0}, {signals_.get(), POLLIN, 0}}};
    const int ready = ::poll(waits.data(), waits.size(), milliseconds_until(until));
    if (waits[1].revents != 0) {
      signalfd_siginfo taken;  // or it would come once nothing holds it any more
      static_cast<void>(::read(signals_.get(), &taken, sizeof taken) == sizeof taken);
      return Ended::interrupted;
    }
    if (waits[0].revents != 0) {
      const ssize_t got = ::read(serial_.get(), piece.data(), piece.size());
      if (got == 0) return Ended::machine_ended;
      if (got > 0 && !hear({piece.data(), static_cast<std::size_t>(got)})) return Ended::stopped_listening;
    }
    if (ready == 0 && Clock::now() >= until) return Ended::time_is_over;
  }
}

base::Result<std::string> TestMachine::read_line(Clock::time_point until) {
  while (true) {
    if (const std::size_t end = unread_.find('\n'); end != std::string::npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    pollfd wait{from_monitor_.get(), POLLIN, 0};
    if (::poll(&wait, 1, milliseconds_until(until)) == 0 && Clock::now() >= until)
      return base::fail("QEMU's monitor does not answer");
    std::array<char, 4096> piece;
    const ssize_t got = wait.revents == 0 ? -1 : ::read(from_monitor_.get(), piece.data(), piece.size());
    if (got == 0) return base::fail("QEMU has ended");
    if (got > 0) unread_.append(piece.data(), static_cast<std::size_t>(got));
  }
}

base::Status TestMachine::command(std::string_view json) {
  const std::string line = std::string(json) + "\n";
  if (::write(to_monitor_.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    return base::fail_errno("ask QEMU's monitor", errno);
  const auto until = Clock::now() + std::chrono::seconds(30);
  while (true) {  // greeting and events come between
    const auto answer = read_line(until);
    if (!answer) return tl::unexpected(answer.error());
    const Json value = Json::parse(*answer, nullptr, false);
    if (!value.is_object()) continue;
    if (value.contains("return")) return {};
    if (value.contains("error"))
      return base::fail("{}", base::one_line(value["error"].value("desc", "QEMU refuses"), 200));
  }
}

base::Status TestMachine::write_screen(const std::string& path) {
  Json arguments{{"filename", path}};
  if (path.ends_with(".png")) arguments["format"] = "png";
  if (auto ready = command(R"({"execute":"qmp_capabilities"})"); !ready) return ready;
  return command(Json{{"execute", "screendump"}, {"arguments", arguments}}.dump());
}

std::string TestMachine::complaint() {
  std::array<char, 4096> text;
  const ssize_t got = ::pread(errors_.get(), text.data(), text.size(), 0);
  std::string_view said(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  while (said.ends_with('\n')) said.remove_suffix(1);
  return base::one_line(said.substr(said.rfind('\n') + 1), 300);
}

}  // namespace cli
