// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/status.h"

#include <fmt/core.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

namespace server {
namespace {

std::uint64_t seconds(base::Duration d) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(d).count());
}

using Counters = std::vector<std::pair<std::string, std::uint64_t>>;

void add_dhcp(Counters& out, std::string_view port, const std::optional<net::UdpSocket>& socket,
              const DhcpCounters& counters) {
  if (!socket) return;
  out.emplace_back(fmt::format("{}.received", port), counters.received);
  out.emplace_back(fmt::format("{}.kernel-drops", port), socket->kernel_drops());
  out.emplace_back(fmt::format("{}.in.other-interface", port), counters.other_interface);
  for (std::size_t i = 0; i < counters.by_name.size(); ++i) {
    if (counters.by_name[i] == 0) continue;
    out.emplace_back(fmt::format("{}.in.{}", port, session::counter_name(i)), counters.by_name[i]);
  }
  if (counters.late_offers > 0) out.emplace_back(fmt::format("{}.late-offers", port), counters.late_offers);
}

void add_tftp(Counters& out, const TftpStatus& tftp) {
  const TftpCounters& c = tftp.counters;
  const auto in = [&](std::string_view name, std::uint64_t value) {
    if (value > 0) out.emplace_back(fmt::format("udp69.in.{}", name), value);
  };
  out.emplace_back("udp69.received", c.received);
  out.emplace_back("udp69.kernel-drops", tftp.kernel_drops);
  in("started", c.started);
  in("repeated", c.repeated);
  in("not-found", c.not_found);
  in("by-policy", c.by_policy);
  in("other-interface", c.unserved);
  in("write", c.write);
  in("not-octet", c.not_octet);
  in("unreadable", c.unreadable);
  in("client-limit", c.client_limit);
  in("total-limit", c.total_limit);
  in("no-port", c.no_port);
  in("to-group", c.to_group);
  in("of-transfers", c.of_transfers);
  in("not-a-request", c.not_a_request);
  for (std::size_t i = 0; i < c.malformed.size(); ++i) {
    in(wire::tftp::print(static_cast<wire::tftp::Refusal>(i)), c.malformed[i]);
  }
  const auto transfers = [&](std::string_view name, std::uint64_t value) {
    out.emplace_back(fmt::format("tftp.{}", name), value);
  };
  transfers("under-way", tftp.transfers);
  transfers("finished", c.finished);
  transfers("size-probes", c.size_probes);
  transfers("timed-out", c.timed_out);
  transfers("client-error", c.client_error);
  transfers("client-gone", c.client_gone);
  transfers("superseded", c.superseded);
  transfers("file-changed", c.file_changed);
  transfers("unconfirmed", c.unconfirmed);
  transfers("blocks", c.blocks);
  transfers("resent-blocks", c.resent_blocks);
  transfers("octets", c.octets);
  transfers("acks", c.acks);
  transfers("useless-acks", c.useless_acks);
  transfers("stray", c.stray);
  transfers("send-errors", c.send_errors);
  transfers("held-back", c.held_back);
  for (std::size_t i = 0; i < tftp.octets_by_loop.size(); ++i) {
    transfers(fmt::format("octets.loop-{}", i), tftp.octets_by_loop[i]);
  }
}

void add_http(Counters& out, std::string_view service, const std::optional<net::HttpCounts>& counts) {
  if (!counts) return;
  out.emplace_back(fmt::format("{}.connections", service), counts->connections);
  out.emplace_back(fmt::format("{}.refused", service), counts->refused);
  out.emplace_back(fmt::format("{}.late", service), counts->late);
  out.emplace_back(fmt::format("{}.malformed", service), counts->malformed);
}

}  // namespace

std::vector<std::string> services_of(const Config& config) {
  std::vector<std::string> list;
  if (config.proxydhcp) list.emplace_back("UDP 67 proxyDHCP");
  if (config.boot_service) list.emplace_back("UDP 4011 boot service");
  if (config.tftp) list.push_back(fmt::format("UDP {} TFTP", config.tftp_port));
  if (config.http) list.push_back(fmt::format("TCP {} HTTP", config.http_port));
  if (config.https()) list.push_back(fmt::format("TCP {} HTTPS", config.tls_port));
  if (config.api_tls_port != 0) list.push_back(fmt::format("TCP {} management API", config.api_tls_port));
  return list;
}

StatusReport status_of(const StatusSources& sources) {
  StatusReport status;
  status.version = BOOTFERRY_VERSION;
  status.pid = getpid();
  status.started = sources.started;
  for (const net::Interface& i : sources.interfaces.served()) {
    for (const base::IpNet& net : telling_addresses(i)) {
      status.interfaces.push_back(fmt::format("{} {}", i.name, net.print()));
    }
  }
  status.services = services_of(sources.config);
  add_dhcp(status.counters, "udp67", sources.dhcp.proxy(), sources.dhcp.proxy_counters());
  add_dhcp(status.counters, "udp4011", sources.dhcp.boot_service(), sources.dhcp.boot_service_counters());
  if (sources.tftp != nullptr) add_tftp(status.counters, *sources.tftp);
  add_http(status.counters, "http", sources.http);
  add_http(status.counters, "https", sources.https);
  if (sources.runs != nullptr) {
    for (const auto& counter : sources.runs->counters()) status.counters.push_back(counter);
  }
  if (sources.boot_surface != nullptr) {
    for (const auto& counter : sources.boot_surface->counters()) status.counters.push_back(counter);
  }
  if (sources.machines != nullptr) {
    const session::LineSummary line = sources.machines->with_admission(
        [](const session::Admission& admission) { return admission.summary(base::Clock::now()); });
    status.queue = {line.at_once, line.loading, line.waiting, seconds(line.longest)};
    for (const session::NetworkSummary& n : line.networks) {
      const auto add = [&](std::string_view name, std::size_t value) {
        status.counters.emplace_back(fmt::format("admission.{}.{}", n.network.print(), name), value);
      };
      add("at-once", n.at_once);
      add("loading", n.loading);
      add("waiting", n.waiting);
    }
  }
  status.scrub = sources.scrub;
  if (sources.degraded) status.notes.push_back(print(*sources.degraded));
  for (const BootServerHealth& server : sources.boot_servers) status.notes.push_back(print(server));
  if (sources.pending != nullptr) {
    const site::PendingMachines::Counts counts = sources.pending->counts();
    const auto add = [&](std::string_view name, std::uint64_t value) {
      if (value > 0) status.counters.emplace_back(fmt::format("pending.{}", name), value);
    };
    add("recorded", counts.recorded);
    add("full", counts.full);
    add("busy", counts.busy);
    add("failed", counts.failed);
  }
  return status;
}

std::vector<QueueItem> queue_of(Machines& machines) {
  const auto line = machines.with_admission(
      [](const session::Admission& admission) { return admission.line(base::Clock::now()); });
  std::vector<QueueItem> items;
  items.reserve(line.size());
  for (const session::InLine& one : line) {
    items.push_back({one.mac, std::string(policy::print(one.kind)), one.loading,
                     std::string(policy::print(one.by)), seconds(one.since),
                     one.held_by ? one.held_by->print()
                     : one.held  ? "server"
                                 : ""});
  }
  return items;
}

api::Json to_json(const StatusReport& status) {
  api::Json counters = api::Json::object();
  for (const auto& [name, value] : status.counters) counters[name] = value;
  api::Json library = api::Json::object();
  if (status.scrub) {
    library = {{"damaged", status.scrub->damaged}, {"reading", status.scrub->running}};
    if (status.scrub->finished != 0) library["read"] = api::print_time(status.scrub->finished);
    if (status.scrub->running) {
      library["done"] = status.scrub->done;
      library["total"] = status.scrub->total;
    }
  }
  return {{"version", status.version},
          {"pid", status.pid},
          {"started", api::print_time(status.started)},
          {"interfaces", status.interfaces},
          {"services", status.services},
          {"notes", status.notes},
          {"library", std::move(library)},
          {"counters", std::move(counters)},
          {"queue",
           {{"at_once", status.queue.at_once},
            {"loading", status.queue.loading},
            {"waiting", status.queue.waiting},
            {"longest_wait", status.queue.longest_wait}}}};
}

api::Json to_json(const std::vector<QueueItem>& queue) {
  api::Json items = api::Json::array();
  for (const QueueItem& one : queue) {
    items.push_back({{"machine", one.machine.print()},
                     {"kind", one.kind},
                     {"loading", one.loading},
                     {"waits_by", one.waits_by},
                     {"since", one.since},
                     {"held_by", one.held_by}});
  }
  return {{"items", std::move(items)}};
}

}  // namespace server
