// SPDX-License-Identifier: GPL-3.0-or-later
// The TFTP server: requests on one port, each transfer on a port of its own (its TID),
// connected to its client. It joins sockets, session::TftpSend and the bytes of files; what
// a name means it asks the rest of the server, and it logs nothing: events go out as values.
//
// One service per loop, used by that loop's thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/udp.h"
#include "server/tftp_clients.h"
#include "server/tftp_event.h"
#include "server/traffic_limits.h"
#include "session/tftp_negotiate.h"

namespace server {

struct TftpOptions {
  // Where requests come: one address of each family at most, 0.0.0.0 and :: for all of it.
  std::vector<base::Ip> listen{base::Ip::any(base::IpFamily::v4)};
  std::uint16_t port = 69;              // 0: the kernel's choice, the same for both
  std::optional<net::PortRange> ports;  // of transfers; else the kernel's choice
  // Transfers without ports of their own: all on the request port, for NAT and narrow firewalls.
  bool single_port = false;
  bool one_of_several = false;  // services on the request port, a loop each
  session::TftpLimits limits;   // path_mtu is asked of the kernel for each client
  // How fast that client may be served. No limit when unset.
  std::function<TrafficLimits::Of(const base::Ip& client, unsigned interface)> limits_of;
  // Whether a client is on that interface's own wire: then the answer is nailed to it, else
  // it goes where the route says. Never nailed when unset.
  std::function<bool(const base::Ip& client, unsigned interface)> on_link;
};

// What a name means for whoever asks.
struct TftpFileOnDisk {
  std::string path;
};
struct TftpRendered {
  std::string bytes;
};
struct TftpMissing {};
struct TftpRefused {
  std::string text;  // the client shows it
};
struct TftpUnserved {};  // not ours to answer, such as a request on a foreign interface
using TftpAnswer = std::variant<TftpMissing, TftpFileOnDisk, TftpRendered, TftpRefused, TftpUnserved>;

class TftpService {
 public:
  struct Callbacks {
    std::function<TftpAnswer(const TftpRequestFacts&)> resolve;
    std::function<void(const TftpEvent&)> on_event;  // may be empty
  };
  // `clients` is shared by the services of all loops.
  static base::Result<std::unique_ptr<TftpService>> open(net::LoopApi& loop, const TftpOptions& options,
                                                         TftpClients& clients, Callbacks callbacks);
  ~TftpService();  // transfers under way end without a word; clients ask again

  [[nodiscard]] const TftpCounters& counters() const;
  [[nodiscard]] std::uint64_t kernel_drops() const;  // of the request ports
  [[nodiscard]] std::size_t transfers() const;       // under way
  [[nodiscard]] std::uint16_t port() const;

 private:
  class Impl;
  explicit TftpService(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace server
