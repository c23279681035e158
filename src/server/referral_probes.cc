// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/referral_probes.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <set>
#include <utility>

#include "base/log.h"
#include "session/probe_packets.h"
#include "session/pxe_service.h"

namespace server {
namespace {

constexpr std::string_view component = "referral";
constexpr std::uint16_t tftp_port = 69;
// However far the next question is: the site may have changed.
constexpr base::Duration look_every = std::chrono::seconds(1);

net::UdpOptions options() {
  net::UdpOptions options;
  options.receive_buffer = 256 << 10;
  return options;
}

std::string errors_of(const session::ServiceHealth& tftp, const session::ServiceHealth& boot_service) {
  std::string out;
  const auto add = [&](session::ProbedService which, const session::ServiceHealth& service) {
    if (!service.error.empty()) out += fmt::format(": {}: {}", session::print(which), service.error);
  };
  add(session::ProbedService::tftp, tftp);
  if (boot_service.answered_ever) add(session::ProbedService::boot_service, boot_service);
  return out;
}

}  // namespace

std::string print(const BootServerHealth& server) {
  std::string text = fmt::format("server {} ({}): ", server.name, server.address.print());
  if (!server.since) {
    text += server.tftp.asked ? "has not answered yet" : "is being asked";
  } else {
    text += fmt::format("{} since {:%Y-%m-%d %H:%M:%S}", server.dead ? "dead" : "answers",
                        fmt::localtime(static_cast<std::time_t>(*server.since)));
  }
  return text + errors_of(server.tftp, server.boot_service);
}

ReferralProbes::ReferralProbes(net::LoopApi& loop, std::function<std::shared_ptr<const site::Site>()> site,
                               base::Duration every, Publish publish)
    : loop_(loop), site_(std::move(site)), publish_(std::move(publish)), probes_(every) {}

ReferralProbes::~ReferralProbes() {
  loop_.cancel(timer_);
  if (tftp_) loop_.unwatch(tftp_->fd());
  for (const auto& [server, question] : questions_) loop_.unwatch(question.socket.fd());
}

base::Status ReferralProbes::start() {
  auto socket = net::UdpSocket::bind({}, options());
  if (!socket) return tl::unexpected(socket.error());
  tftp_ = std::move(*socket);
  if (auto watched = loop_.watch(tftp_->fd(), [this] { read_tftp(); }); !watched) return watched;
  look();
  return {};
}

void ReferralProbes::look() {
  take_targets();
  for (const session::ProbeQuestion& question : probes_.poll(loop_.now())) ask(question);
  tell_events();
  publish_dead();
  remember();
  const base::Time latest = loop_.now() + look_every;
  timer_ = loop_.call_at(std::min(probes_.wake_at().value_or(latest), latest), [this] { look(); });
}

void ReferralProbes::take_targets() {
  auto site = site_();
  if (site == site_seen_) return;
  site_seen_ = std::move(site);
  const policy::Snapshot& snapshot = site_seen_->policy;
  std::set<std::int64_t> wanted;
  for (const policy::Referral& referral : snapshot.model().referrals) {
    for (const auto& share : referral.shares) {
      if (share.weight > 0) wanted.insert(share.server);
    }
  }
  std::vector<session::ProbeTarget> targets;
  for (const std::int64_t id : wanted) {
    const policy::BootServer* const server = snapshot.server(id);
    if (server == nullptr || server->files.empty()) continue;
    targets.push_back({id, server->name, server->address, server->files.front().path});
  }
  probes_.set_targets(targets, loop_.now());
  for (auto it = questions_.begin(); it != questions_.end();) {
    const std::int64_t server = (it++)->first;
    if (!wanted.contains(server)) close_question(server);
  }
}

void ReferralProbes::ask(const session::ProbeQuestion& question) {
  if (question.service == session::ProbedService::tftp) {
    ask_tftp(question);
  } else {
    ask_boot_service(question);
  }
}

void ReferralProbes::ask_tftp(const session::ProbeQuestion& question) {
  const base::Bytes bytes = session::tftp_probe(question.file);
  const auto sent = bytes.empty() ? base::Status(base::fail("the file's name is too long"))
                                  : tftp_->send(bytes, {question.address, tftp_port}, {}, 0);
  if (!sent) probes_.on_failure(question.server, question.service, sent.error().what, loop_.now());
}

// Connected, so that it is sent from the address it says, and that a closed port shows.
void ReferralProbes::ask_boot_service(const session::ProbeQuestion& question) {
  if (!question.again) {
    close_question(question.server);
    auto socket = net::UdpSocket::connect({}, {question.address, session::boot_service_port}, 0);
    base::Status opened;
    if (!socket) opened = tl::unexpected(socket.error());
    if (opened) {
      opened = loop_.watch(socket->fd(), [this, server = question.server] { read_boot_service(server); });
    }
    if (!opened) {
      probes_.on_failure(question.server, question.service, opened.error().what, loop_.now());
      return;
    }
    questions_.emplace(question.server, Question{std::move(*socket), static_cast<std::uint32_t>(random_())});
  }
  const auto open = questions_.find(question.server);
  if (open == questions_.end()) return;
  Question& asked = open->second;
  const auto bytes = session::boot_service_probe(asked.xid, asked.socket.local_address().as_v4());
  // A refusal of the one before may show here, too; then reading tells.
  static_cast<void>(asked.socket.send(bytes));
}

void ReferralProbes::close_question(std::int64_t server) {
  const auto open = questions_.find(server);
  if (open == questions_.end()) return;
  loop_.unwatch(open->second.socket.fd());
  questions_.erase(open);
}

void ReferralProbes::read_tftp() {
  struct Answer {
    base::Endpoint from;
    std::variant<session::FileIsThere, session::FileRefused> what;
  };
  std::vector<Answer> answers;
  tftp_->receive([&](const net::Datagram& datagram) {
    if (auto answer = session::tftp_answer(datagram.bytes)) answers.push_back({datagram.from, *answer});
  });
  for (const Answer& answer : answers) {
    for (const session::ServerHealth& server : probes_.health()) {
      if (base::Ip(server.target.address) != answer.from.address) continue;
      const std::int64_t id = server.target.server;
      if (const auto* refused = std::get_if<session::FileRefused>(&answer.what)) {
        probes_.on_failure(id, session::ProbedService::tftp,
                           fmt::format("{}: {}", server.target.file, refused->why), loop_.now());
      } else {
        static_cast<void>(tftp_->send(session::tftp_break_off(), answer.from, {}, 0));
        probes_.on_answer(id, session::ProbedService::tftp, loop_.now());
      }
      break;
    }
  }
  tell_events();
  publish_dead();
  remember();
}

void ReferralProbes::read_boot_service(std::int64_t server) {
  const auto open = questions_.find(server);
  if (open == questions_.end()) return;
  bool answered = false;
  open->second.socket.receive([&](const net::Datagram& datagram) {
    answered = answered || session::answers_probe(datagram.bytes, open->second.xid);
  });
  const int error = open->second.socket.last_error();
  if (answered) {
    close_question(server);
    probes_.on_answer(server, session::ProbedService::boot_service, loop_.now());
  } else if (error == ECONNREFUSED) {
    close_question(server);
    probes_.on_failure(server, session::ProbedService::boot_service, "nobody listens there", loop_.now());
  } else if (error != 0 && error != EAGAIN) {
    close_question(server);
    probes_.on_failure(server, session::ProbedService::boot_service, std::strerror(error), loop_.now());
  } else {
    return;
  }
  tell_events();
  publish_dead();
  remember();
}

void ReferralProbes::tell_events() {
  for (const session::ProbeEvent& event : probes_.take_events()) {
    const auto server = health_of(event.server);
    if (!server) continue;
    const std::string who =
        fmt::format("server {} ({})", server->target.name, server->target.address.print());
    if (event.died) {
      base::log(base::LogLevel::warning, component,
                "{} is dead{}: machines go to others that serve the same, if there are any", who,
                errors_of(server->tftp, server->boot_service));
    } else {
      base::log(base::LogLevel::info, component, "{} answers again", who);
    }
  }
}

void ReferralProbes::publish_dead() {
  auto dead = probes_.dead();
  if (dead != site_seen_->policy.model().dead_servers) publish_(std::move(dead));
}

void ReferralProbes::remember() {
  const std::int64_t now = std::time(nullptr);
  std::vector<BootServerHealth> fresh;
  for (const session::ServerHealth& server : probes_.health()) {
    BootServerHealth one{server.target.server, server.target.name, server.target.address,
                         server.target.file,   server.dead,        std::nullopt,
                         server.tftp,          server.boot_service};
    if (server.since) {
      const auto ago = std::chrono::duration_cast<std::chrono::seconds>(loop_.now() - *server.since);
      one.since = now - ago.count();
    }
    fresh.push_back(std::move(one));
  }
  const std::lock_guard lock(mutex_);
  health_.swap(fresh);
}

std::optional<session::ServerHealth> ReferralProbes::health_of(std::int64_t server) const {
  for (session::ServerHealth& each : probes_.health()) {
    if (each.target.server == server) return std::move(each);
  }
  return std::nullopt;
}

std::vector<BootServerHealth> ReferralProbes::health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

}  // namespace server
