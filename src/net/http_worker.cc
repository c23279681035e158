// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/http_worker.h"

#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include "net/http_tls.h"
#include "net/socket_address.h"

namespace net {
namespace {

// Few at a time: a burst of connections spreads over the threads.
constexpr int accepted_at_once = 4;
constexpr base::Duration without_descriptors = std::chrono::milliseconds(100);
constexpr base::Duration between_looks = std::chrono::milliseconds(500);

// Linux gives every address to every interface (weak host model), so the address that a
// client used does not tell which network it is in. The kernel keeps the interface that the
// handshake's last packet came by, for listeners that ask for it.
unsigned arrival_of(int socket, base::IpFamily family) {
  const bool v4 = family == base::IpFamily::v4;
  alignas(cmsghdr) std::array<char, 256> room{};
  socklen_t size = room.size();
  if (getsockopt(socket, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_PKTOPTIONS : IPV6_2292PKTOPTIONS,
                 room.data(), &size) < 0) {
    return 0;
  }
  msghdr list{};
  list.msg_control = room.data();
  list.msg_controllen = size;
  unsigned interface = 0;
  for (cmsghdr* c = CMSG_FIRSTHDR(&list); c != nullptr; c = CMSG_NXTHDR(&list, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      interface = static_cast<unsigned>(info.ipi_ifindex);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      interface = info.ipi6_ifindex;
    }
  }
  constexpr unsigned loopback = 1;  // in every network namespace
  return interface > loopback ? interface : 0;
}

// Never null; of whom the kernel says nothing, nobody's number.
std::shared_ptr<const UnixUser> user_behind(int socket) {
  auto user = std::make_shared<UnixUser>();
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0) {
    user->user = UINT32_MAX;
    return user;
  }
  user->user = credentials.uid;
  user->process = credentials.pid;
  user->groups.resize(256);
  size = static_cast<socklen_t>(user->groups.size() * sizeof(gid_t));
  const bool known = getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, user->groups.data(), &size) == 0;
  user->groups.resize(known ? size / sizeof(gid_t) : 0);
  user->groups.push_back(credentials.gid);
  return user;
}

}  // namespace

base::Result<std::unique_ptr<HttpWorker>> HttpWorker::start(std::span<const base::Fd> listeners,
                                                            HttpShared& shared, HttpDoor& door,
                                                            const TlsContext* tls) {
  std::unique_ptr<HttpWorker> worker(new HttpWorker(listeners, shared, door, tls));
  auto loop = Loop::open();
  if (!loop) return tl::unexpected(loop.error());
  worker->loop_ = std::move(*loop);
  if (const auto listening = worker->listen(); !listening) return tl::unexpected(listening.error());
  try {
    worker->thread_ = std::thread([raw = worker.get()] {
      // sendfile() has no flag that says so.
      sigset_t pipe;
      sigemptyset(&pipe);
      sigaddset(&pipe, SIGPIPE);
      pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
      pthread_setname_np(pthread_self(), raw->tls_ != nullptr ? "https" : "http");
      raw->loop_->run();
    });
  } catch (const std::system_error& error) {
    return base::fail_errno("start a thread for HTTP", error.code().value());
  }
  return worker;
}

HttpWorker::~HttpWorker() {
  if (!thread_.joinable()) return;
  loop_->stop();
  thread_.join();
  while (!clients_.empty()) close(*clients_.begin()->second);
}

base::Status HttpWorker::listen() {
  for (const base::Fd& listener : listeners_) {
    const int fd = listener.get();
    if (auto watched = loop_->watch_shared(fd, [this, fd] { accept_some(fd); }); !watched) return watched;
  }
  return {};
}

void HttpWorker::accept_some(int listener) {
  for (int i = 0; i < accepted_at_once; ++i) {
    SocketAddress from;
    socklen_t size = SocketAddress::capacity;
    base::Fd socket(accept4(listener, from.get(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket.open()) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) rest();
      return;
    }
    HttpPeer peer;
    peer.from = from.endpoint();
    const bool local = from.get()->sa_family == AF_UNIX;
    if (local) peer.user = user_behind(socket.get());
    if (!door_.enter(peer.from.address)) {
      shared_.refused.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    if (!local) {
      peer.local = local_endpoint(socket.get()).address;
      peer.interface = arrival_of(socket.get(), peer.from.address.family());
    }
    admit(std::move(socket), peer);
  }
}

// Who waits at the listener would wake this thread without end.
void HttpWorker::rest() {
  shared_.refused.fetch_add(1, std::memory_order_relaxed);
  for (const base::Fd& listener : listeners_) loop_->unwatch(listener.get());
  loop_->call_at(loop_->now() + without_descriptors, [this] {
    if (!listen()) rest();
  });
}

void HttpWorker::admit(base::Fd socket, const HttpPeer& peer) {
  const int fd = socket.get();
  auto transport = tls_ != nullptr        ? tls_->transport(std::move(socket))
                   : peer.user != nullptr ? std::make_unique<UnixTransport>(std::move(socket))
                                          : std::make_unique<TcpTransport>(std::move(socket));
  if (!transport) return door_.leave(peer.from.address);
  auto client = std::unique_ptr<Client>(
      new Client{fd, peer.from.address, {shared_, std::move(transport), peer, loop_->now()}});
  Client* raw = client.get();
  clients_.emplace(fd, std::move(client));
  if (!loop_->watch_edges(fd, [this, raw] { turn(*raw); })) return close(*raw);
  if (!looking_) loop_->call_at(loop_->now() + between_looks, [this] { look_for_late_ones(); });
  looking_ = true;
}

void HttpWorker::turn(Client& client) {
  if (client.timer != 0) return;  // its turn will come
  try {
    return work(client);
  } catch (...) {  // no memory: this one goes, the others stay
    close(client);
  }
}

void HttpWorker::work(Client& client) {
  switch (client.connection.work(loop_->now())) {
    case HttpConnection::Next::wait:
      return;
    case HttpConnection::Next::again:  // after everybody whose socket has become ready
      return call_again(client, loop_->now());
    case HttpConnection::Next::later:
      return call_again(client, client.connection.resume_at());
    case HttpConnection::Next::end:
      return close(client);
  }
}

void HttpWorker::call_again(Client& client, base::Time when) {
  client.timer = loop_->call_at(when, [this, &client] {
    client.timer = 0;
    turn(client);
  });
}

void HttpWorker::close(Client& client) {
  loop_->cancel(client.timer);
  loop_->unwatch(client.fd);
  door_.leave(client.from);
  clients_.erase(client.fd);
}

void HttpWorker::look_for_late_ones() {
  const base::Time now = loop_->now();
  std::vector<Client*> late;
  for (const auto& [fd, client] : clients_) {
    if (client->connection.late(now)) late.push_back(client.get());
  }
  shared_.late.fetch_add(late.size(), std::memory_order_relaxed);
  for (Client* client : late) close(*client);
  looking_ = !clients_.empty();
  if (looking_) loop_->call_at(now + between_looks, [this] { look_for_late_ones(); });
}

}  // namespace net
