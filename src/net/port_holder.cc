// SPDX-License-Identifier: GPL-3.0-or-later
// Names the process behind a taken port, as `ss -p` does: the socket tables give inodes, and
// the links under /proc/PID/fd tell whose they are.
#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <vector>

#include "net/socket_address.h"

namespace net {
namespace {

template <class Number>
std::optional<Number> parse_number(std::string_view text, int base) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Inodes of the sockets bound to (UDP) or listening on (TCP) the port, from one table:
// "  0: 00000000:0045 00000000:0000 07 tx:rx tr:when retrnsmt uid timeout inode ..."
void collect_inodes(const char* table, std::uint16_t port, bool listening_only,
                    std::vector<std::string>& inodes) {
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);  // headings
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string slot, local, remote, state, queues, timer, retransmits, user, timeout, inode;
    words >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout >> inode;
    const std::size_t colon = local.rfind(':');
    if (!words || colon == std::string::npos) continue;
    if (parse_number<std::uint16_t>(std::string_view(local).substr(colon + 1), 16) != port) continue;
    if (listening_only && state != "0A") continue;
    inodes.push_back("socket:[" + inode + "]");
  }
}

std::vector<std::string> sockets_on(Protocol protocol, std::uint16_t port) {
  std::vector<std::string> sockets;
  const bool udp = protocol == Protocol::udp;
  collect_inodes(udp ? "/proc/net/udp" : "/proc/net/tcp", port, !udp, sockets);
  collect_inodes(udp ? "/proc/net/udp6" : "/proc/net/tcp6", port, !udp, sockets);
  return sockets;
}

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

template <class Use>
void for_each_number_in(const std::string& path, Use use) {
  const std::unique_ptr<DIR, CloseDirectory> directory(opendir(path.c_str()));
  if (!directory) return;  // another user's process, or one that has just ended
  while (const dirent* entry = readdir(directory.get())) {
    if (const auto number = parse_number<int>(entry->d_name, 10)) use(*number);
  }
}

bool holds_one_of(int pid, const std::vector<std::string>& sockets) {
  bool found = false;
  const std::string folder = fmt::format("/proc/{}/fd", pid);
  for_each_number_in(folder, [&](int fd) {
    if (found) return;
    std::array<char, 64> target;
    const ssize_t size = readlink(fmt::format("{}/{}", folder, fd).c_str(), target.data(), target.size());
    if (size <= 0) return;
    const std::string_view link(target.data(), static_cast<std::size_t>(size));
    found = std::find(sockets.begin(), sockets.end(), link) != sockets.end();
  });
  return found;
}

}  // namespace

bool port_in_use(Protocol protocol, std::uint16_t port) { return !sockets_on(protocol, port).empty(); }

std::string holder_of_port(Protocol protocol, std::uint16_t port) {
  const std::vector<std::string> sockets = sockets_on(protocol, port);
  std::vector<int> pids;
  if (!sockets.empty()) for_each_number_in("/proc", [&](int pid) { pids.push_back(pid); });
  std::sort(pids.begin(), pids.end());  // a parent before the children that inherited from it
  for (const int pid : pids) {
    if (!holds_one_of(pid, sockets)) continue;
    std::string name;
    std::getline(std::ifstream(fmt::format("/proc/{}/comm", pid)), name);
    return fmt::format("{} (pid {})", name.empty() ? "a process" : name, pid);
  }
  return "another process";
}

base::Error bind_error(Protocol protocol, const base::Endpoint& local, int error, std::string_view service) {
  const std::string_view kind = protocol == Protocol::udp ? "UDP" : "TCP";
  const auto say = [](std::string text) { return base::Error{std::move(text)}; };
  switch (error) {
    case EADDRINUSE: {
      const std::string holder = holder_of_port(protocol, local.port);
      const std::string remedy = service.empty() ? "" : fmt::format(" or switch Bootferry's {} off", service);
      return say(fmt::format("{} port {} is taken by {}: stop it{}", kind, local.port, holder, remedy));
    }
    case EADDRNOTAVAIL:
      return say(fmt::format("listen on {} port {}: no interface of this machine has the address {}", kind,
                             local.port, local.address.print()));
    case EACCES:
      return say(
          fmt::format("{} port {} may not be opened: ports below 1024 need root or CAP_NET_BIND_SERVICE",
                      kind, local.port));
    default:
      return base::fail_errno(fmt::format("listen on {} {}", kind, local.print()), error).value();
  }
}

}  // namespace net
