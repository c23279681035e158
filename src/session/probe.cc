// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/probe.h"

#include <algorithm>

namespace session {
namespace {

// Servers are not all asked at one moment.
constexpr base::Duration apart = std::chrono::milliseconds(20);

ServiceHealth& of(ServerHealth& server, ProbedService service) {
  return service == ProbedService::tftp ? server.tftp : server.boot_service;
}

bool looks_dead(const ServerHealth& server) {
  return server.tftp.failures >= Probes::failures_to_die ||
         (server.boot_service.answered_ever && server.boot_service.failures >= Probes::failures_to_die);
}

// It answers now whatever it is needed for.
bool looks_alive(const ServerHealth& server) {
  return server.tftp.failures == 0 &&
         (!server.boot_service.answered_ever || server.boot_service.failures == 0);
}

}  // namespace

std::string_view print(ProbedService service) {
  return service == ProbedService::tftp ? "TFTP" : "port 4011";
}

base::Duration Probes::wait() const { return std::min<base::Duration>(longest_wait, every_ / (tries + 1)); }

Probes::Server* Probes::find(std::int64_t server) {
  const auto found =
      std::ranges::find(servers_, server, [](const Server& each) { return each.health.target.server; });
  return found == servers_.end() ? nullptr : &*found;
}

void Probes::set_targets(const std::vector<ProbeTarget>& targets, base::Time now) {
  std::vector<Server> next;
  base::Time first = now;
  for (const ProbeTarget& target : targets) {
    Server* const present = find(target.server);
    if (present != nullptr && present->health.target == target) {
      next.push_back(std::move(*present));
      continue;
    }
    Server fresh;
    fresh.health.target = target;
    fresh.next = first;
    first += apart;
    next.push_back(std::move(fresh));
  }
  servers_ = std::move(next);
}

std::vector<ProbeQuestion> Probes::poll(base::Time now) {
  std::vector<ProbeQuestion> questions;
  for (Server& server : servers_) {
    const ProbeTarget& target = server.health.target;
    const auto ask = [&](Open& open) {
      questions.push_back({target.server, open.service, target.address, target.file, open.sent > 0});
      ++open.sent;
      open.due = now + wait();
    };
    std::vector<ProbedService> late;
    for (Open& open : server.open) {
      if (now < open.due) continue;
      if (open.sent < tries) {
        ask(open);
      } else {
        late.push_back(open.service);
      }
    }
    for (const ProbedService service : late) end(server, service, "no answer", now);
    if (now < server.next) continue;
    server.next = now + every_;
    server.open.clear();
    for (const ProbedService service : {ProbedService::tftp, ProbedService::boot_service}) {
      ask(server.open.emplace_back(Open{service, 0, now}));
    }
  }
  return questions;
}

std::optional<base::Time> Probes::wake_at() const {
  std::optional<base::Time> first;
  const auto consider = [&](base::Time time) { first = first ? std::min(*first, time) : time; };
  for (const Server& server : servers_) {
    consider(server.next);
    for (const Open& open : server.open) consider(open.due);
  }
  return first;
}

void Probes::on_answer(std::int64_t server, ProbedService service, base::Time now) {
  if (Server* const known = find(server)) end(*known, service, std::nullopt, now);
}

void Probes::on_failure(std::int64_t server, ProbedService service, std::string error, base::Time now) {
  if (Server* const known = find(server)) end(*known, service, std::move(error), now);
}

void Probes::end(Server& server, ProbedService service, std::optional<std::string> error, base::Time now) {
  const auto open = std::ranges::find(server.open, service, &Open::service);
  if (open == server.open.end()) return;
  server.open.erase(open);
  ServiceHealth& health = of(server.health, service);
  health.asked = true;
  if (error) {
    ++health.failures;
    health.error = std::move(*error);
  } else {
    health.answered_ever = true;
    health.failures = 0;
    health.error.clear();
    if (!server.health.since) server.health.since = now;
  }
  const bool dead = server.health.dead ? !looks_alive(server.health) : looks_dead(server.health);
  if (dead == server.health.dead) return;
  server.health.dead = dead;
  server.health.since = now;
  events_.push_back({server.health.target.server, dead});
}

std::vector<std::int64_t> Probes::dead() const {
  std::vector<std::int64_t> out;
  for (const Server& server : servers_) {
    if (server.health.dead) out.push_back(server.health.target.server);
  }
  std::ranges::sort(out);
  return out;
}

std::vector<ServerHealth> Probes::health() const {
  std::vector<ServerHealth> out;
  for (const Server& server : servers_) out.push_back(server.health);
  return out;
}

}  // namespace session
