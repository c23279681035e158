// SPDX-License-Identifier: GPL-3.0-or-later
// UDP 67 and 4011: sockets on one side, session::handle() on the other. Counts every
// datagram under one name and words what happened.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/log_rate.h"
#include "net/interfaces.h"
#include "net/loop.h"
#include "net/udp.h"
#include "net/udp_batch.h"
#include "server/machines.h"
#include "server/served_interfaces.h"
#include "session/pxe_service.h"
#include "site/administration.h"
#include "site/pending_machines.h"
#include "site/wall_clock.h"

namespace server {

// Counters of one port, written and read on the packet loop. Each datagram is counted in
// `received` and once below it.
struct DhcpCounters {
  std::uint64_t received = 0;
  std::uint64_t other_interface = 0;  // arrived where we do not serve
  std::uint64_t late_offers = 0;      // to held DISCOVERs, which are counted as held already
  std::array<std::uint64_t, session::pxe_counter_count> by_name{};
};

class DhcpService {
 public:
  // One of the sockets may be missing: that service is off. `pending` is told who waits for an
  // approval; without it everybody may, for ever.
  DhcpService(net::LoopApi& loop, std::optional<net::UdpSocket> proxy,
              std::optional<net::UdpSocket> boot_service,
              std::function<std::shared_ptr<const site::Site>()> site, Machines& machines,
              const ServedInterfaces& interfaces, site::PendingMachines* pending = nullptr,
              session::WdsApproved wds_approved = session::WdsApproved::file_only,
              std::function<policy::Now()> clock = site::wall_clock);
  ~DhcpService();
  base::Status start();
  // Sends the OFFERs of held machines whose turn has come. Once a second or so: EDK2 takes what
  // comes before its present window ends, so its slot need not wait for its next DISCOVER.
  void answer_held();

  // Nothing where that service is off.
  [[nodiscard]] const std::optional<net::UdpSocket>& proxy() const { return proxy_; }
  [[nodiscard]] const std::optional<net::UdpSocket>& boot_service() const { return boot_service_; }
  [[nodiscard]] const DhcpCounters& proxy_counters() const { return counters_[0]; }
  [[nodiscard]] const DhcpCounters& boot_service_counters() const { return counters_[1]; }

 private:
  // A DISCOVER whose answer is held back.
  struct Held {
    std::vector<std::uint8_t> bytes;
    session::Arrival arrival;
    base::Time until;  // then nobody listens any more
  };

  struct Asking;

  using Decoded = base::Result<wire::dhcp4::Message, wire::dhcp4::Refusal>;
  // A datagram that is answered when the one after it has been decoded.
  struct Taken {
    explicit Taken(const net::Datagram& from) : datagram(from), message(wire::dhcp4::decode(from.bytes)) {}
    net::Datagram datagram;
    Decoded message;
  };

  void read(net::UdpSocket& socket, std::uint16_t port, DhcpCounters& counters);
  void take(const Taken& taken, const site::Site& site, std::uint16_t port, DhcpCounters& counters);
  session::PxeResult answer(const Decoded& message, const site::Site& site, const session::Arrival& arrival);
  void send_answers(const net::UdpSocket& socket);
  void tell(const session::PxeEvent& event, const session::Arrival& arrival);

  net::LoopApi& loop_;
  std::optional<net::UdpSocket> proxy_;
  std::optional<net::UdpSocket> boot_service_;
  std::function<std::shared_ptr<const site::Site>()> site_;
  Machines& machines_;
  site::PendingMachines* pending_;
  ServedInterfaces::View interfaces_;
  std::function<policy::Now()> clock_;
  session::PxeServices services_;
  std::array<DhcpCounters, 2> counters_;
  net::UdpBatch answers_{session::max_pxe_reply};  // to the batch that is being read
  std::map<base::Mac, Held> held_;                 // as many as Admission holds, at most
  policy::Hold hold_;                              // of the event last held
  base::LogRate log_rate_;
};

}  // namespace server
