// SPDX-License-Identifier: GPL-3.0-or-later
// A thread that accepts, and one per connection: requests block on disks and on people's
// pace, and few connections are ever open.
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <list>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "api/channel.h"
#include "base/log.h"
#include "server/control.h"

namespace server {
namespace {

constexpr std::string_view component = "control";
constexpr std::size_t max_connections = 16;
constexpr timeval patience{60, 0};  // with a client that says nothing, or does not read
constexpr auto progress_pace = std::chrono::milliseconds(100);

// A socket file stays behind when its server is killed. It may go only if nobody answers.
base::Status remove_stale(const std::string& path, const sockaddr_un& address) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) return {};
  if (!S_ISSOCK(facts.st_mode)) {
    return base::fail("control socket {}: something else is there: remove it or set server.socket", path);
  }
  const base::Fd probe(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    return base::fail("control socket {}: another server answers there: stop it or set server.socket", path);
  }
  if (errno != ECONNREFUSED) return base::fail_errno(fmt::format("control socket {}", path), errno);
  if (::unlink(path.c_str()) != 0) return base::fail_errno(fmt::format("remove {}", path), errno);
  return {};
}

// A folder made here belongs to the one who will have to remove the socket from it.
base::Status make_folder(const std::string& path, const std::optional<Account>& owner) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty() || ::access(folder.c_str(), F_OK) == 0) return {};
  if (::mkdir(folder.c_str(), 0755) != 0) return base::fail_errno(fmt::format("make {}", folder), errno);
  if (owner && ::chown(folder.c_str(), owner->user, owner->group) != 0) {
    return base::fail_errno(fmt::format("give {} to {}", folder, owner->name), errno);
  }
  return {};
}

struct Peer {
  std::string who;
  bool allowed = false;
};

// The file's mode has kept others out already. This holds also where the socket stands in a
// folder whose file system knows no modes, and it names the one who asks, for the log.
Peer identify(int socket, gid_t socket_group) {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
    return {"an unknown user", false};
  Peer peer{fmt::format("user {} (pid {})", credentials.uid, credentials.pid), false};
  std::vector<gid_t> groups(256);
  size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
  const bool known = ::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0;
  groups.resize(known ? size / sizeof(gid_t) : 0);
  groups.push_back(credentials.gid);
  peer.allowed = credentials.uid == 0 || credentials.uid == ::geteuid() ||
                 std::find(groups.begin(), groups.end(), socket_group) != groups.end();
  return peer;
}

// Progress is a courtesy: many blocks a second would only fill the socket.
class PacedSend {
 public:
  explicit PacedSend(int socket) : socket_(socket) {}
  void operator()(const api::Reply& reply) {
    if (!std::holds_alternative<api::Progress>(reply)) {
      gone_ = gone_ || !api::send_message(socket_, api::print(reply));
      return;
    }
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < progress_pace) return;
    last_ = now;
    api::try_send_message(socket_, api::print(reply));
  }
  [[nodiscard]] bool gone() const { return gone_; }

 private:
  int socket_;
  bool gone_ = false;
  std::chrono::steady_clock::time_point last_;
};

void serve_connection(int socket, const ControlContext& context) {
  ControlSession session(context);
  PacedSend send(socket);
  while (!send.gone()) {
    auto message = api::receive_message(socket);
    if (!message) {
      send(api::Failed{message.error().what});
      return;
    }
    if (message->text.empty()) return;
    session.handle(message->text, std::move(message->files), [&](const api::Reply& reply) { send(reply); });
  }
}

}  // namespace

struct ControlServer::Impl {
  struct Connection {
    base::Fd socket;
    std::atomic<bool> ended = false;
    std::thread thread;
  };

  std::string path;
  base::Fd listener;
  base::Fd wake;
  gid_t group = 0;
  Administration* administration = nullptr;
  std::function<api::Status()> status;
  std::function<std::vector<api::QueueItem>()> queue;
  std::atomic<std::size_t> files_held = 0;
  std::thread acceptor;
  std::mutex mutex;
  std::list<Connection> connections;  // guarded by mutex

  void accept_until_woken() {
    while (true) {
      std::array<pollfd, 2> ready{pollfd{listener.get(), POLLIN, 0}, pollfd{wake.get(), POLLIN, 0}};
      if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) return;
      if (ready[1].revents != 0) return;
      if ((ready[0].revents & POLLIN) == 0) continue;
      base::Fd socket(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (socket.open()) {
        welcome(std::move(socket));
      } else if (errno == EMFILE || errno == ENFILE) {
        // The connection stays in the queue and poll would return at once.
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
    }
  }

  void welcome(base::Fd socket) {
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    const Peer peer = identify(socket.get(), group);
    if (!peer.allowed) {
      base::log(base::LogLevel::warning, component, "{} was turned away: not of the socket's group",
                peer.who);
      api::try_send_message(socket.get(), api::print(api::Reply(api::Failed{"permission denied"})));
      return;
    }
    const std::lock_guard lock(mutex);
    forget_ended();
    if (connections.size() >= max_connections) {
      const std::string text =
          fmt::format("busy: {} control connections are open: try again", max_connections);
      api::try_send_message(socket.get(), api::print(api::Reply(api::Failed{text})));
      return;
    }
    Connection& connection = connections.emplace_back();
    connection.socket = std::move(socket);
    ControlContext context{*administration, status, peer.who, &files_held, queue};
    try {  // std::thread's own way of saying that there is no room for one more
      connection.thread = std::thread([&connection, context = std::move(context)] {
        serve_connection(connection.socket.get(), context);
        ::shutdown(connection.socket.get(), SHUT_RDWR);
        connection.ended = true;
      });
    } catch (const std::system_error&) {
      connections.pop_back();
    }
  }

  void forget_ended() {
    for (auto it = connections.begin(); it != connections.end();) {
      if (!it->ended) {
        ++it;
        continue;
      }
      it->thread.join();
      it = connections.erase(it);
    }
  }
};

ControlServer::ControlServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ControlServer::~ControlServer() { stop(); }

base::Result<std::unique_ptr<ControlServer>> ControlServer::listen(const std::string& path,
                                                                   const std::optional<Account>& owner) {
  const auto address = api::socket_address(path);
  if (!address) return tl::unexpected(address.error());
  if (auto made = make_folder(path, owner); !made) return tl::unexpected(made.error());
  if (auto removed = remove_stale(path, *address); !removed) return tl::unexpected(removed.error());

  auto impl = std::make_unique<Impl>();
  const std::string what = fmt::format("control socket {}", path);
  impl->listener = base::Fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  impl->wake = base::Fd(::eventfd(0, EFD_CLOEXEC));
  const int fd = impl->listener.get();
  // The mode of the socket before bind() becomes the file's, minus the umask: the file is
  // never open to more people than it shall be in the end.
  if (fd < 0 || !impl->wake.open() || ::fchmod(fd, 0660) != 0 ||
      ::bind(fd, reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) != 0) {
    return base::fail_errno(what, errno);
  }
  impl->path = path;  // from here on stop() removes the file
  auto server = std::unique_ptr<ControlServer>(new ControlServer(std::move(impl)));
  if ((owner && ::lchown(path.c_str(), owner->user, owner->group) != 0) || ::chmod(path.c_str(), 0660) != 0 ||
      ::listen(fd, static_cast<int>(max_connections)) != 0) {
    return base::fail_errno(what, errno);
  }
  server->impl_->group = owner ? owner->group : ::getegid();
  return server;
}

base::Status ControlServer::start(Administration& administration, std::function<api::Status()> status,
                                  std::function<std::vector<api::QueueItem>()> queue) {
  impl_->administration = &administration;
  impl_->status = std::move(status);
  impl_->queue = std::move(queue);
  try {
    impl_->acceptor = std::thread([this] { impl_->accept_until_woken(); });
  } catch (const std::system_error& error) {
    return base::fail("control socket {}: no thread for it: {}", impl_->path, error.code().message());
  }
  return {};
}

void ControlServer::stop() {
  if (impl_->acceptor.joinable()) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(impl_->wake.get(), &one, sizeof(one));
    impl_->acceptor.join();
  }
  {
    const std::lock_guard lock(impl_->mutex);
    for (auto& connection : impl_->connections) ::shutdown(connection.socket.get(), SHUT_RDWR);
    for (auto& connection : impl_->connections) connection.thread.join();
    impl_->connections.clear();
  }
  if (!impl_->path.empty()) ::unlink(impl_->path.c_str());
  impl_->path.clear();
  impl_->listener = base::Fd();
}

}  // namespace server
