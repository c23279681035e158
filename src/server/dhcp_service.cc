// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/dhcp_service.h"

#include <fmt/core.h>

#include <cstring>

#include "base/log.h"

namespace server {
namespace {

constexpr std::string_view component = "pxe";

// Who asked, as people write it: MAC, kind of firmware, through which relay.
std::string whom(const policy::Facts& facts) {
  std::string text =
      fmt::format("{} ({}, {})", facts.mac.print(), policy::print(facts.kind), policy::print(facts.arch));
  if (!facts.relay.is_zero()) text += fmt::format(" behind relay {}", facts.relay.print());
  return text;
}

session::PxeResult malformed(wire::dhcp4::Refusal refusal) {
  session::PxeResult result;
  result.event.malformed = refusal;
  return result;
}

void foresee(const base::Result<wire::dhcp4::Message, wire::dhcp4::Refusal>& message,
             const policy::Snapshot& snapshot) {
  const auto mac = message ? message->mac() : std::nullopt;
  if (!mac) return;
  std::optional<base::Uuid> uuid(std::in_place);
  if (message->machine_id(*uuid) != wire::dhcp4::Presence::present) uuid.reset();
  snapshot.expect(*mac, uuid);
}

}  // namespace

DhcpService::DhcpService(net::LoopApi& loop, std::optional<net::UdpSocket> proxy,
                         std::optional<net::UdpSocket> boot_service,
                         std::function<std::shared_ptr<const site::Site>()> site, Machines& machines,
                         const ServedInterfaces& interfaces, site::PendingMachines* pending,
                         session::WdsApproved wds_approved, std::function<policy::Now()> clock)
    : loop_(loop),
      proxy_(std::move(proxy)),
      boot_service_(std::move(boot_service)),
      site_(std::move(site)),
      machines_(machines),
      pending_(pending),
      interfaces_(interfaces),
      clock_(std::move(clock)),
      services_{proxy_.has_value(), boot_service_.has_value(), wds_approved} {}

DhcpService::~DhcpService() {
  if (proxy_) loop_.unwatch(proxy_->fd());
  if (boot_service_) loop_.unwatch(boot_service_->fd());
}

base::Status DhcpService::start() {
  if (proxy_) {
    const auto watched =
        loop_.watch(proxy_->fd(), [this] { read(*proxy_, session::dhcp_server_port, counters_[0]); });
    if (!watched) return watched;
  }
  if (boot_service_) {
    const auto watched = loop_.watch(
        boot_service_->fd(), [this] { read(*boot_service_, session::boot_service_port, counters_[1]); });
    if (!watched) return watched;
  }
  return {};
}

void DhcpService::read(net::UdpSocket& socket, std::uint16_t port, DhcpCounters& counters) {
  // One behind: what the look-ups of the next one read comes from memory while this one is answered.
  const auto site = site_();
  std::array<std::optional<Taken>, 2> taken;
  std::size_t turn = 0;
  const auto answer_last = [&] {
    if (!taken[turn]) return;
    if (answers_.full()) send_answers(socket);
    take(*taken[turn], *site, port, counters);
  };
  socket.receive([&](const net::Datagram& datagram) {
    foresee(taken[turn ^ 1].emplace(datagram).message, site->policy);
    answer_last();
    turn ^= 1;
  });
  answer_last();
  // From the port that was asked: iPXE looks at that.
  send_answers(socket);
}

void DhcpService::send_answers(const net::UdpSocket& socket) {
  const net::UdpBatch::Refused refused = answers_.flush(socket);
  if (refused.count > 0 && log_rate_.may_log(component, loop_.now())) {
    base::log(base::LogLevel::warning, component, "{} answers not sent, the last to {}: {}", refused.count,
              refused.to.print(), std::strerror(refused.error));
  }
}

void DhcpService::take(const Taken& taken, const site::Site& site, std::uint16_t port,
                       DhcpCounters& counters) {
  const net::Datagram& datagram = taken.datagram;
  ++counters.received;
  if (!interfaces_.now().serves(datagram.interface, base::IpFamily::v4)) {
    ++counters.other_interface;
    return;
  }
  // The sockets are IPv4's.
  const session::Arrival arrival{port,
                                 datagram.interface,
                                 datagram.local.as_v4(),
                                 datagram.to.as_v4(),
                                 {datagram.from.address.as_v4(), datagram.from.port}};
  const session::PxeResult result = answer(taken.message, site, arrival);
  ++counters.by_name.at(session::counter_of(result.event));
  if (!result.event.facts) return;
  if (result.event.reason == policy::Reason::held) {
    held_[result.event.facts->mac] = {{datagram.bytes.begin(), datagram.bytes.end()},
                                      arrival,
                                      loop_.now() + policy::waiting_of(result.event.facts->kind).listens_for};
  } else {
    held_.erase(result.event.facts->mac);  // it goes on, or asks as somebody else
  }
}

void DhcpService::answer_held() {
  const base::Time now = loop_.now();
  const auto site = site_();
  std::erase_if(held_, [&](const auto& entry) {
    const base::Mac& mac = entry.first;
    const Held& held = entry.second;
    if (now >= held.until || !interfaces_.now().serves(held.arrival.interface, base::IpFamily::v4))
      return true;
    if (!machines_.with_admission([&](auto& admission) { return admission.may_go(mac, now); })) return false;
    ++counters_[0].late_offers;
    if (answers_.full()) send_answers(*proxy_);
    answer(wire::dhcp4::decode(held.bytes), *site, held.arrival);
    return true;
  });
  if (proxy_) send_answers(*proxy_);
}

// What the machines' tables say to one request. The functions refer to it by one word each, which
// std::function keeps in place: answering allocates nothing.
struct DhcpService::Asking {
  DhcpService& service;
  const session::Arrival& arrival;
  const site::Site& site;
  base::Time now;

  std::optional<policy::Reason> objection(const policy::Facts& facts, const policy::Step& step, bool discover,
                                          bool loads) {
    if (const auto reason = service.machines_.with(
            [&](auto&, auto& attempts) { return attempts.objection(facts, step, now); })) {
      return reason;
    }
    if (!loads) return std::nullopt;  // it takes nobody's place
    const auto hold = service.machines_.with_admission(
        [&](auto& admission) { return admission.on_dhcp(facts, discover, now, arrival.local); });
    if (!hold) return std::nullopt;
    service.hold_ = *hold;
    return policy::Reason::held;
  }
  void recall(policy::Facts& facts) {
    service.machines_.with([&](auto& bindings, auto&) { bindings.recall(facts, now); });
  }
  bool may_wait(const policy::Facts& facts, const policy::AskApproval& ask, bool polls) {
    return service.pending_ == nullptr ||
           service.pending_->may_wait(facts, ask, site.policy.model().policy.pending, polls, now);
  }

  session::Advice advice() {
    session::Advice advice;
    advice.objection = [this](const auto& facts, const auto& step, bool discover, bool loads) {
      return objection(facts, step, discover, loads);
    };
    advice.recall = [this](policy::Facts& facts) { recall(facts); };
    advice.may_wait = [this](const auto& facts, const auto& ask, bool polls) {
      return may_wait(facts, ask, polls);
    };
    return advice;
  }
};

session::PxeResult DhcpService::answer(const Decoded& message, const site::Site& site,
                                       const session::Arrival& arrival) {
  const base::Time now = loop_.now();
  Asking asking{*this, arrival, site, now};
  const session::PxeResult result = message ? session::handle(*message, arrival, services_, site.policy,
                                                              clock_(), asking.advice(), answers_.room())
                                            : malformed(message.error());
  if (const auto& reply = result.reply) {
    answers_.add(reply->bytes.size(), {reply->to, reply->from, reply->interface});
  }
  machines_.with([&](auto& bindings, auto& attempts) {
    if (result.learned) bindings.learn(*result.learned, now);
    if (result.reply && result.event.facts) attempts.on_asked(*result.event.facts, now);
  });
  if (result.learned) {
    machines_.with_admission([&](auto& admission) { admission.on_request(result.learned->facts.mac, now); });
  }
  tell(result.event, arrival);
  return result;
}

namespace {

// What becomes of one that was answered: "boots debian if asked to".
std::string fate(const session::PxeEvent& event) {
  if (event.outcome == session::Outcome::told_to_give_up) return "told to give up";
  if (event.waits && event.request != 0)
    return fmt::format("waits for an approval, request {}", event.request);
  if (event.waits) return "waits for an approval";
  if (event.image != nullptr) {
    return fmt::format("boots {}{}", event.image->name, event.prompt ? " if asked to" : "");
  }
  if (event.step == policy::StepKind::menu) return "shows a menu";
  if (event.step == policy::StepKind::wait) return "told to wait";
  if (event.menu) return "offers a choice";
  return event.to_disk ? "goes on to its disk" : "boots ?";
}

// With what it was given for that: "…, loader x64/snponly.efi".
std::string given(const session::PxeEvent& event) {
  if (event.file.empty()) return fate(event);
  return fmt::format("{}, {} {}", fate(event), event.step == policy::StepKind::script ? "script" : "loader",
                     event.file.view());
}

}  // namespace

void DhcpService::tell(const session::PxeEvent& event, const session::Arrival& arrival) {
  using session::Outcome;
  const bool answered = event.outcome == Outcome::offered || event.outcome == Outcome::acknowledged ||
                        event.outcome == Outcome::told_to_wait || event.outcome == Outcome::told_to_give_up;
  const bool boot_client = answered || event.outcome == Outcome::refused;
  const base::LogLevel level = boot_client ? base::LogLevel::info : base::LogLevel::debug;
  if (!base::log_enabled(level)) return;
  if (!log_rate_.may_log(component, loop_.now())) return;

  if (answered) {
    if (event.referred_to != nullptr) {
      base::log(level, component, "{}: referred to {} ({}), {}", whom(*event.facts), event.referred_to->name,
                event.referred_to->address.print(), event.file.view());
      return;
    }
    base::log(
        level, component, "{} {}: {}", whom(*event.facts),
        event.outcome == Outcome::offered ? "DISCOVER answered by an OFFER" : "request on 4011 acknowledged",
        given(event));
  } else if (event.reason == policy::Reason::held) {
    base::log(level, component, "{} held back: {}", whom(*event.facts), policy::explain(hold_));
  } else if (event.outcome == Outcome::refused && event.facts && event.reason) {
    base::log(level, component, "{} not served: {}: {}", whom(*event.facts), policy::print(*event.reason),
              policy::explain(*event.reason));
  } else {
    base::log(level, component, "port {} from {}: {}{}", arrival.port, arrival.from.print(),
              session::print(event.outcome),
              event.malformed ? fmt::format(" ({})", wire::dhcp4::print(*event.malformed)) : "");
  }
}

}  // namespace server
