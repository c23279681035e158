// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/tftp_service.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <unordered_map>
#include <utility>

#include "server/tftp_door.h"
#include "server/tftp_transfer.h"

namespace server {
namespace {

// Two in a row: a lone ICMP error may belong to a packet of long ago.
constexpr unsigned refusals_that_end = 2;
// ACKs have four octets; an ERROR's text may be cut off here without harm.
constexpr std::size_t longest_from_client = 516;

}  // namespace

class TftpService::Impl {
 public:
  Impl(net::LoopApi& loop, const TftpOptions& options, TftpClients& clients, Callbacks callbacks,
       std::vector<TftpDoor> doors)
      : loop_(loop),
        options_(options),
        callbacks_(std::move(callbacks)),
        clients_(clients),
        doors_(std::move(doors)) {}
  ~Impl() {
    for (const TftpDoor& door : doors_) {
      loop_.unwatch(door.requests.fd());
      loop_.unwatch(door.errors.fd());
    }
    loop_.cancel(tidy_timer_);
    for (const auto& [key, transfer] : transfers_) {
      if (transfer->port.own()) loop_.unwatch(transfer->port.socket().fd());
      loop_.cancel(transfer->timer);
      clients_.leave(transfer->client.address, transfer->interface);
    }
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  base::Status start() {
    for (TftpDoor& door : doors_) {
      // One batch a wake-up: transfers under way get their turn within a burst of requests.
      auto watched = loop_.watch(door.requests.fd(), [this, &door] {
        door.requests.receive([this](const net::Datagram& datagram) { on_request_port(datagram); });
      });
      if (watched) {
        watched = loop_.watch(door.errors.fd(), [this, &door] {
          door.errors.receive([this](const net::Datagram&) { ++counters_.stray; });
        });
      }
      if (!watched) return watched;
    }
    tidy_files();
    return {};
  }

  TftpCounters counters_;
  std::unordered_map<const TftpTransfer*, std::unique_ptr<TftpTransfer>> transfers_;
  [[nodiscard]] const std::vector<TftpDoor>& doors() const { return doors_; }

 private:
  void on_request_port(const net::Datagram& datagram) {
    ++counters_.received;
    const auto packet = wire::tftp::decode(datagram.bytes);
    if (!packet || datagram.truncated) {
      const auto why = datagram.truncated ? wire::tftp::Refusal::too_long : packet.error();
      ++counters_.malformed.at(static_cast<std::size_t>(why));
      return;
    }
    const auto* request = std::get_if<wire::tftp::Request>(&*packet);
    if (request == nullptr && options_.single_port) {
      if (TftpTransfer* const transfer = newest(datagram.from)) {
        ++counters_.of_transfers;
        return on_packet(*transfer, datagram.bytes);
      }
    }
    // Nobody can be answered on port 0.
    if (request == nullptr || datagram.from.port == 0) {
      ++counters_.not_a_request;
      return;
    }
    // RFC 1123 §4.2.3.5: who asks everybody is not answered.
    if (datagram.local.is_zero()) {
      ++counters_.to_group;
      return;
    }
    const std::size_t hash = std::hash<std::string_view>{}(base::as_text(datagram.bytes));
    if (!answer_again(datagram.from, hash)) on_request(datagram, *request, hash);
  }

  // The same request while nothing was acknowledged: the client may have seen the first
  // answer already and then listens to that TID alone.
  bool answer_again(const base::Endpoint& client, std::size_t hash) {
    TftpTransfer* const transfer = newest(client);
    if (transfer == nullptr || transfer->request_hash != hash) return false;
    if (transfer->held_back) {  // the answer has its time already
      ++counters_.repeated;
      return true;
    }
    const auto action = transfer->send.on_repeated_request(loop_.now());
    if (!action) return false;
    ++counters_.repeated;
    perform(*transfer, *action);
    return true;
  }

  void on_request(const net::Datagram& datagram, const wire::tftp::Request& request, std::size_t hash) {
    const TftpRequestFacts facts{datagram.from, datagram.local, datagram.interface, request.filename};
    if (const auto refusal = session::refuse(request)) {
      const bool write = *refusal == session::TftpRefusal::write;
      return refuse(facts, write ? TftpReason::write : TftpReason::not_octet, session::error_for(*refusal));
    }
    // Silence where there are too many: a ROM asks again a second later, an ERROR would end
    // its boot.
    const TftpClients::Terms terms = clients_.admit(facts.from.address, facts.interface, loop_.now());
    if (terms.refused != TftpReason::none) return refuse(facts, terms.refused, {});
    auto source = find_source(facts);
    auto port = source ? open_port(facts) : std::nullopt;
    if (!port) return clients_.leave(facts.from.address, facts.interface);
    session::TftpLimits limits = options_.limits;
    limits.path_mtu = port->mtu;
    limits.ip_header = facts.from.address.is_v4() ? session::ipv4_header : session::ipv6_header;
    limits.max_windowsize = std::min(limits.max_windowsize, terms.max_windowsize);
    limits.max_in_flight = std::min(limits.max_in_flight, terms.max_in_flight);
    const auto grant = session::negotiate(request, source->size(), limits);
    BOOTFERRY_CHECK(grant.has_value());  // refuse() came first
    const session::TftpSend send(source->size(), grant->terms());
    start_transfer(std::unique_ptr<TftpTransfer>(new TftpTransfer{
        .client = facts.from,
        .local = facts.local,
        .interface = facts.interface,
        .filename = std::string(facts.filename),
        .request_hash = hash,
        .port = std::move(port->way),
        .source = std::move(*source),
        .grant = *grant,
        .send = send,
        .limits = options_.limits_of ? options_.limits_of(facts.from.address, facts.interface)
                                     : TrafficLimits::Of{},
        .held_back = std::nullopt,
        .started_at = loop_.now(),
    }));
  }

  struct OpenPort {
    TftpPort way;
    unsigned mtu;
  };
  std::optional<OpenPort> open_port(const TftpRequestFacts& facts) {
    const unsigned interface = egress(facts);
    // In single-port mode it only tells the path's MTU.
    const auto ports = options_.single_port ? std::nullopt : options_.ports;
    const std::uint32_t scope = facts.local.is_link_local() ? facts.interface : 0;
    auto socket = net::UdpSocket::connect({facts.local, 0, scope}, facts.from, interface, ports);
    if (!socket) {
      refuse(facts, TftpReason::no_port, {}, socket.error().what);
      return std::nullopt;
    }
    const unsigned mtu = socket->path_mtu();
    if (!options_.single_port) return OpenPort{TftpPort(std::move(*socket)), mtu};
    return OpenPort{TftpPort(door_of(facts).requests, {facts.from, facts.local, interface}), mtu};
  }

  std::optional<TftpSource> find_source(const TftpRequestFacts& facts) {
    using wire::tftp::ErrorCode;
    TftpAnswer answer = callbacks_.resolve(facts);
    if (auto* rendered = std::get_if<TftpRendered>(&answer))
      return TftpSource::of(std::move(rendered->bytes));
    if (const auto* file = std::get_if<TftpFileOnDisk>(&answer)) {
      auto bytes = files_.open(file->path, loop_.now());
      if (bytes) return TftpSource::of(std::move(*bytes));
      refuse(facts, TftpReason::unreadable, {{ErrorCode::not_found, "file not readable"}},
             bytes.error().what);
    } else if (const auto* refused = std::get_if<TftpRefused>(&answer)) {
      refuse(facts, TftpReason::by_policy, {{ErrorCode::access, refused->text}}, refused->text);
    } else if (std::holds_alternative<TftpMissing>(answer)) {
      refuse(facts, TftpReason::not_found, {{ErrorCode::not_found, "file not found"}});
    } else {
      ++counters_.unserved;
    }
    return std::nullopt;
  }

  // A client that asks for something else from the same port has given up what it asked for
  // before. Only when that had got somewhere may both live for a while: the new request can
  // be a late copy, and ending the first TID would hang a client that is locked on it.
  TftpTransfer* make_room(const base::Endpoint& client) {
    TftpTransfer* const before = newest(client);
    if (before == nullptr) return nullptr;
    // With one port for all, what the client sends next can only be about its newest request.
    if (before->send.progressed() && !options_.single_port) return before;
    TftpTransfer* const predecessor = before->predecessor;
    end(*before, TftpEventKind::failed, TftpReason::superseded);
    return predecessor;
  }

  void start_transfer(std::unique_ptr<TftpTransfer> owned) {
    TftpTransfer& transfer = *owned;
    if (transfer.port.own()) {
      const auto watched =
          loop_.watch(transfer.port.socket().fd(), [this, &transfer] { on_readable(transfer); });
      if (!watched) {
        clients_.leave(transfer.client.address, transfer.interface);
        return refuse(facts_of(transfer), TftpReason::no_port, {}, watched.error().what);
      }
    }
    transfer.predecessor = make_room(transfer.client);
    if (transfer.predecessor != nullptr) transfer.predecessor->successor = &transfer;
    ++counters_.started;
    newest_[transfer.client] = &transfer;
    transfers_.emplace(&transfer, std::move(owned));
    report(transfer, TftpEventKind::started, TftpReason::none);
    perform(transfer, transfer.send.start(loop_.now()));
  }

  // One datagram a wake-up: each transfer has its turn, and in lock-step there is no second.
  void on_readable(TftpTransfer& transfer) {
    std::array<std::uint8_t, longest_from_client> buffer;
    net::UdpSocket& socket = transfer.port.socket();
    if (const auto size = socket.receive_one(buffer)) {
      return on_packet(transfer, base::ByteView(buffer).first(*size));
    }
    if (socket.last_error() == ECONNREFUSED) on_refused(transfer);
  }

  // The transfer may be gone afterwards.
  void on_packet(TftpTransfer& transfer, base::ByteView bytes) {
    const auto packet = wire::tftp::decode(bytes);
    transfer.refused = 0;
    if (packet && std::holds_alternative<wire::tftp::Ack>(*packet)) {
      ++counters_.acks;
      // To the session the blocks that are held back are under way. Whoever acknowledges them
      // already makes it up, and would get the file past the limit.
      if (transfer.held_back) {
        ++counters_.useless_acks;
        return;
      }
      const auto action = transfer.send.on_ack(std::get<wire::tftp::Ack>(*packet).block, loop_.now());
      if (std::holds_alternative<session::Nothing>(action)) ++counters_.useless_acks;
      if (transfer.predecessor != nullptr && transfer.send.progressed()) {
        end(*transfer.predecessor, TftpEventKind::failed, TftpReason::superseded);
      }
      perform(transfer, action);
    } else if (packet && std::holds_alternative<wire::tftp::Error>(*packet)) {
      on_client_error(transfer, std::get<wire::tftp::Error>(*packet));
    } else {
      ++counters_.stray;
    }
  }

  // EDK2, BIOS ROMs and Windows' boot manager ask for the size first and end that transfer
  // with ERROR 8 or 0 as soon as they know it.
  void on_client_error(TftpTransfer& transfer, const wire::tftp::Error& error) {
    static_cast<void>(transfer.send.on_error(loop_.now()));
    const bool probe =
        transfer.grant.tsize && transfer.send.acknowledged() == 0 &&
        (error.code == wire::tftp::ErrorCode::undefined || error.code == wire::tftp::ErrorCode::option);
    if (probe) return end(transfer, TftpEventKind::size_probe, TftpReason::none, error.message);
    end(transfer, TftpEventKind::failed, TftpReason::client_error, error.message);
  }

  void on_refused(TftpTransfer& transfer) {
    if (transfer.send.progressed() && transfer.send.all_sent()) return finish_unconfirmed(transfer);
    if (++transfer.refused < refusals_that_end) return;
    end(transfer, TftpEventKind::failed, TftpReason::client_gone);
  }

  // Does what the session decided; the transfer may be gone afterwards.
  void perform(TftpTransfer& transfer, const session::Action& action) {
    SendResult result = SendResult::sent;
    if (const auto* blocks = std::get_if<session::SendBlocks>(&action)) {
      if (hold_back(transfer, *blocks)) return arm(transfer);
      result = send_blocks(transfer, *blocks);
      counters_.blocks += blocks->count;
    } else if (std::holds_alternative<session::SendOack>(action)) {
      result = send_oack(transfer);
    } else if (std::holds_alternative<session::Finished>(action)) {
      return end(transfer, TftpEventKind::finished, TftpReason::none);
    } else if (std::holds_alternative<session::GaveUp>(action)) {
      if (transfer.send.progressed() && transfer.send.all_sent()) return finish_unconfirmed(transfer);
      return end(transfer, TftpEventKind::failed, TftpReason::timed_out);
    }
    finish_sending(transfer, result);
  }

  void finish_sending(TftpTransfer& transfer, SendResult result) {
    if (result == SendResult::lost) ++counters_.send_errors;
    if (result == SendResult::file_changed) {
      send_error(transfer, {wire::tftp::ErrorCode::undefined, "the file changed while it was sent"});
      return end(transfer, TftpEventKind::failed, TftpReason::file_changed);
    }
    arm(transfer);
  }

  // Under a limit blocks wait for their turn.
  bool hold_back(TftpTransfer& transfer, const session::SendBlocks& blocks) {
    if (transfer.limits.none() || may_leave(transfer, blocks)) return false;
    transfer.held_back = blocks;
    ++counters_.held_back;
    return true;
  }

  bool may_leave(TftpTransfer& transfer, const session::SendBlocks& blocks) {
    transfer.held_until = transfer.limits.ask(transfer.turn, octets_of(transfer, blocks), loop_.now());
    return transfer.held_until <= loop_.now();
  }

  void release(TftpTransfer& transfer) {
    if (!may_leave(transfer, *transfer.held_back)) return arm(transfer);
    const session::SendBlocks blocks = *std::exchange(transfer.held_back, std::nullopt);
    transfer.send.left_late(loop_.now());
    counters_.blocks += blocks.count;
    finish_sending(transfer, send_blocks(transfer, blocks));
  }

  // Most ACKs move the wake time onwards; the timer is left where it is and looks again
  // when it fires, so that a block costs no timer operation.
  void arm(TftpTransfer& transfer) {
    const base::Time wake = transfer.held_back ? transfer.held_until : transfer.send.wake_at();
    if (transfer.timer_at <= wake) return;
    loop_.cancel(transfer.timer);
    transfer.timer_at = wake;
    transfer.timer = loop_.call_at(wake, [this, &transfer] { on_timer(transfer); });
  }

  void on_timer(TftpTransfer& transfer) {
    transfer.timer_at = base::Time::max();
    if (transfer.held_back) return loop_.now() < transfer.held_until ? arm(transfer) : release(transfer);
    if (loop_.now() < transfer.send.wake_at()) return arm(transfer);
    perform(transfer, transfer.send.on_timeout(loop_.now()));
  }

  void finish_unconfirmed(TftpTransfer& transfer) {
    ++counters_.unconfirmed;
    end(transfer, TftpEventKind::finished, TftpReason::none, {}, false);
  }

  void end(TftpTransfer& transfer, TftpEventKind kind, TftpReason reason, std::string_view detail = {},
           bool confirmed = true) {
    counters_.resent_blocks += transfer.send.resent_blocks();
    counters_.octets += transfer.acknowledged_octets();
    if (kind == TftpEventKind::finished) ++counters_.finished;
    if (kind == TftpEventKind::size_probe) ++counters_.size_probes;
    if (kind == TftpEventKind::failed) ++counters_.of(reason);
    if (transfer.port.own()) loop_.unwatch(transfer.port.socket().fd());
    loop_.cancel(transfer.timer);
    clients_.leave(transfer.client.address, transfer.interface, transfer.send, loop_.now());
    if (transfer.predecessor != nullptr) transfer.predecessor->successor = transfer.successor;
    if (transfer.successor != nullptr) transfer.successor->predecessor = transfer.predecessor;
    if (const auto it = newest_.find(transfer.client); it != newest_.end() && it->second == &transfer) {
      newest_.erase(it);
    }
    const auto owned = transfers_.extract(&transfer);  // until the event is told
    report(transfer, kind, reason, detail, confirmed);
  }

  // A request that starts nothing. Without an error the client is left to ask again.
  void refuse(const TftpRequestFacts& facts, TftpReason reason, const std::optional<wire::tftp::Error>& error,
              std::string_view detail = {}) {
    ++counters_.of(reason);
    std::array<std::uint8_t, 512> buffer;
    const auto size = error ? wire::tftp::encode(*error, buffer) : std::nullopt;
    if (size && !door_of(facts).errors.send(base::ByteView(buffer).first(*size), facts.from, facts.local,
                                            egress(facts))) {
      ++counters_.send_errors;
    }
    if (!callbacks_.on_event) return;
    TftpEvent event;
    event.kind = TftpEventKind::refused;
    event.reason = reason;
    event.detail = detail;
    event.request = facts;
    callbacks_.on_event(event);
  }

  static TftpRequestFacts facts_of(const TftpTransfer& transfer) {
    return {transfer.client, transfer.local, transfer.interface, transfer.filename};
  }

  void report(const TftpTransfer& transfer, TftpEventKind kind, TftpReason reason,
              std::string_view detail = {}, bool confirmed = true) {
    if (!callbacks_.on_event) return;
    callbacks_.on_event({.kind = kind,
                         .reason = reason,
                         .detail = detail,
                         .request = facts_of(transfer),
                         .size = transfer.send.file_size(),
                         .acknowledged = transfer.acknowledged_octets(),
                         .resent_blocks = transfer.send.resent_blocks(),
                         .took = loop_.now() - transfer.started_at,
                         .terms = transfer.send.terms(),
                         .confirmed = confirmed});
  }

  TftpDoor& door_of(const TftpRequestFacts& facts) {
    return *std::ranges::find(doors_, facts.from.address.family(), &TftpDoor::family);
  }
  [[nodiscard]] unsigned egress(const TftpRequestFacts& facts) const {
    // Such an address means nothing without its link.
    if (facts.from.address.is_link_local() || facts.local.is_link_local()) return facts.interface;
    const bool nailed = options_.on_link && options_.on_link(facts.from.address, facts.interface);
    return nailed ? facts.interface : 0;
  }
  TftpTransfer* newest(const base::Endpoint& client) {
    const auto it = newest_.find(client);
    return it == newest_.end() ? nullptr : it->second;
  }
  void tidy_files() {
    files_.tidy(loop_.now());
    tidy_timer_ = loop_.call_at(loop_.now() + std::chrono::seconds(10), [this] { tidy_files(); });
  }

  net::LoopApi& loop_;
  TftpOptions options_;
  Callbacks callbacks_;
  TftpClients& clients_;
  std::vector<TftpDoor> doors_;
  OpenFiles files_;
  net::TimerId tidy_timer_ = 0;
  std::unordered_map<base::Endpoint, TftpTransfer*> newest_;
};

base::Result<std::unique_ptr<TftpService>> TftpService::open(net::LoopApi& loop, const TftpOptions& options,
                                                             TftpClients& clients, Callbacks callbacks) {
  std::vector<TftpDoor> doors;
  for (const base::Ip& address : options.listen) {
    const std::uint16_t port = doors.empty() ? options.port : doors.front().requests.local_port();
    auto door = TftpDoor::open(address, port, options);
    if (!door) return tl::unexpected(door.error());
    doors.push_back(std::move(*door));
  }
  auto impl = std::make_unique<Impl>(loop, options, clients, std::move(callbacks), std::move(doors));
  if (auto started = impl->start(); !started) return tl::unexpected(started.error());
  return std::unique_ptr<TftpService>(new TftpService(std::move(impl)));
}

TftpService::TftpService(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TftpService::~TftpService() = default;
const TftpCounters& TftpService::counters() const { return impl_->counters_; }
std::uint64_t TftpService::kernel_drops() const {
  std::uint64_t sum = 0;
  for (const TftpDoor& door : impl_->doors()) sum += door.requests.kernel_drops();
  return sum;
}
std::size_t TftpService::transfers() const { return impl_->transfers_.size(); }
std::uint16_t TftpService::port() const { return impl_->doors().front().requests.local_port(); }

}  // namespace server
