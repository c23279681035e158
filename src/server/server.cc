// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/server.h"

#include <fmt/core.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <ctime>
#include <future>
#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "base/log.h"
#include "base/processors.h"
#include "management/api.h"
#include "net/http_server.h"
#include "server/api_server.h"
#include "server/boot_surface.h"
#include "server/dhcp_service.h"
#include "server/file_service.h"
#include "server/http_pace.h"
#include "server/large_pages.h"
#include "server/pending_seen.h"
#include "server/privileges.h"
#include "server/referral_probes.h"
#include "server/sockets.h"
#include "server/status.h"
#include "server/tftp_loops.h"
#include "site/pending_machines.h"
#include "site/registrar.h"

namespace server {
namespace {

constexpr std::string_view component = "server";

// A transfer or a connection each takes descriptors; the default of 1024 starves a classroom.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// SIGTERM, SIGINT and SIGHUP come as readable events of the loop; blocked in every thread.
base::Result<base::Fd> open_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  if (const int error = pthread_sigmask(SIG_BLOCK, &set, nullptr); error != 0) {
    return base::fail_errno("block signals", error);
  }
  signal(SIGPIPE, SIG_IGN);
  base::Fd fd(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd.open()) return base::fail_errno("signalfd", errno);
  return fd;
}

TftpOptions tftp_options(const Config& config, const ServedInterfaces& interfaces,
                         const TrafficLimits& limits) {
  TftpOptions options;
  options.port = config.tftp_port;
  // Where IPv6 is only switched off for now, the socket waits for it.
  if (net::speaks(base::IpFamily::v6)) options.listen.push_back(base::Ip::any(base::IpFamily::v6));
  if (config.tftp_port_range.first != 0) {
    options.ports = net::PortRange{config.tftp_port_range.first, config.tftp_port_range.second};
  }
  options.single_port = config.single_port;
  options.limits.allow_fragments = config.allow_fragments;
  options.limits.max_windowsize = config.max_windowsize;
  options.on_link = [view = ServedInterfaces::View(interfaces)](const base::Ip& client,
                                                                unsigned index) mutable {
    return net::on_link(view.now().list(), index, client);
  };
  if (!limits.none()) {
    options.limits_of = [&limits, view = ServedInterfaces::View(interfaces)](const base::Ip& client,
                                                                             unsigned index) mutable {
      return limits.of(view.now().name_of(index), client);
    };
  }
  return options;
}

// The running server. Members end in reverse order: the API first, so that nobody changes
// what is being taken down; the loop's users before the loop.
class Running {
 public:
  Running(const Config& config, std::function<base::Result<Config>()> reload)
      : config_(config),
        reload_(std::move(reload)),
        interfaces_(config.interfaces),
        machines_(/*beside_dhcp=*/true, config.admission()),
        tftp_clients_(config.max_transfers, config.max_transfers_per_client),
        limits_(config.interface_limits, config.network_limits),
        runs_([this] { return administration_->site(); }, config.runs(), [] { return std::time(nullptr); }),
        boot_files_([this] { return administration_->site(); }, machines_,
                    !config.proxydhcp && !config.boot_service, &pending_, &runs_),
        http_files_(boot_files_, machines_, interfaces_) {}

  base::Status start();
  base::Status serve();

 private:
  base::Status start_services(Sockets sockets);
  void start_api();
  base::Status start_probes();
  base::Result<std::unique_ptr<net::HttpServer>> start_http(std::vector<base::Fd> listeners,
                                                            std::optional<net::TlsIdentity> tls);
  void on_signal();
  void reload_configuration();
  void look_at_certificate() const;
  void look_at_attempts();
  void tell_interfaces() const;
  [[nodiscard]] StatusReport status();

  Config config_;
  std::function<base::Result<Config>()> reload_;
  const std::int64_t started_ = std::time(nullptr);
  ServedInterfaces interfaces_;
  Machines machines_;
  std::unique_ptr<site::Administration> administration_;
  site::PendingMachines pending_{[this](site::Registrar::Work work) {
    return registrar_ != nullptr && registrar_->post(std::move(work));
  }};
  std::shared_ptr<const site::Site> site_seen_;
  TftpClients tftp_clients_;
  TrafficLimits limits_;
  site::Runs runs_;
  BootFiles boot_files_;
  FileService http_files_;
  std::unique_ptr<site::RunLogs> run_logs_;
  std::unique_ptr<BootSurface> boot_surface_;
  std::unique_ptr<site::Registrar> registrar_;  // ends first of those that it works for
  base::Fd signals_;
  std::unique_ptr<net::Loop> loop_;
  std::unique_ptr<net::InterfaceWatch> watch_;
  std::unique_ptr<TftpLoops> tftp_;
  std::unique_ptr<DhcpService> dhcp_;
  std::unique_ptr<net::HttpServer> http_;
  std::atomic<bool> telling_who_is_dead_ = false;
  std::unique_ptr<ReferralProbes> probes_;
  std::unique_ptr<net::HttpServer> https_;
  std::string certificate_;  // that https_ shows
  std::unique_ptr<management::Api> api_;
  std::unique_ptr<ApiServer> api_server_;
};

base::Status Running::start() {
  auto signals = open_signals();  // before any thread exists
  if (!signals) return tl::unexpected(signals.error());
  signals_ = std::move(*signals);
  raise_descriptor_limit();
  auto loop = net::Loop::open();
  if (!loop) return tl::unexpected(loop.error());
  loop_ = std::move(*loop);

  const auto account = account_to_become(config_.user);
  if (!account) return tl::unexpected(account.error());
  auto sockets = open_sockets(config_);
  if (!sockets) return tl::unexpected(sockets.error());
  if (config_.tftp) {
    // One processor is left to the network stack, to HTTP and to everybody else.
    const unsigned loops =
        config_.tftp_threads != 0 ? config_.tftp_threads : std::max(2U, base::usable_processors()) - 1;
    auto tftp = TftpLoops::open(
        *loop_, tftp_options(config_, interfaces_, limits_), loops, tftp_clients_,
        [this]() -> TftpService::Callbacks {
          const auto files = std::make_shared<FileService>(boot_files_, machines_, interfaces_);
          return {[files](const TftpRequestFacts& asked) { return files->answer(asked, base::Clock::now()); },
                  [files](const TftpEvent& event) { files->on_event(event, base::Clock::now()); }};
        });
    if (!tftp) return tl::unexpected(tftp.error());
    tftp_ = std::move(*tftp);
  }
  auto api_server = ApiServer::listen(config_, *account);
  if (!api_server) return tl::unexpected(api_server.error());
  api_server_ = std::move(*api_server);
  if (const auto made = prepare_directory(config_.state, *account); !made) return made;

  const auto dropped = drop_privileges(*account);
  if (!dropped) return tl::unexpected(dropped.error());
  base::log(base::LogLevel::info, component, "{}", *dropped);

  auto administration =
      site::Administration::open(config_.state, config_.settings(), site::Opening::to_serve);
  if (!administration) return tl::unexpected(administration.error());
  administration_ = std::move(*administration);
  registrar_ = std::make_unique<site::Registrar>(*administration_);
  const auto post = [this](site::Registrar::Work work) { return registrar_->post(std::move(work)); };
  if (const auto opened = runs_.open(*administration_, post); !opened) return opened;
  run_logs_ = std::make_unique<site::RunLogs>(config_.state + "/runs", post);
  boot_surface_ = std::make_unique<BootSurface>(runs_, machines_, interfaces_, *run_logs_,
                                                [this] { return administration_->site(); });
  administration_->keep_copies();
  administration_->keep_reading();
  return start_services(std::move(*sockets));
}

base::Status Running::start_services(Sockets sockets) {
  auto watch = net::InterfaceWatch::open(*loop_, [this](const std::vector<net::Interface>& now) {
    interfaces_.update(now);
    tell_interfaces();
  });
  if (!watch) return tl::unexpected(watch.error());
  watch_ = std::move(*watch);
  interfaces_.update(watch_->interfaces());
  for (const std::string& name : interfaces_.missing()) {
    return base::fail("{}: no such interface: `ip link` lists them, server.interfaces names those to serve",
                      name);
  }
  tell_interfaces();

  dhcp_ = std::make_unique<DhcpService>(
      *loop_, std::move(sockets.proxy), std::move(sockets.boot_service),
      [this] { return administration_->site(); }, machines_, interfaces_, &pending_, config_.wds_approved,
      [this] { return runs_.now(); });
  if (const auto started = dhcp_->start(); !started) return started;
  if (tftp_) tftp_->start();
  if (const auto started = start_probes(); !started) return started;

  if (config_.http) {
    auto http = start_http(std::move(sockets.http), std::nullopt);
    if (!http) return tl::unexpected(http.error());
    http_ = std::move(*http);
  }
  if (config_.https()) {
    certificate_ = sockets.tls->certificate;
    auto https = start_http(std::move(sockets.https), std::move(sockets.tls));
    if (!https) return tl::unexpected(https.error());
    https_ = std::move(*https);
  }
  for (const std::string& problem : administration_->problems()) {
    base::log(base::LogLevel::warning, component, "{}", problem);
  }
  if (const auto watched = loop_->watch(signals_.get(), [this] { on_signal(); }); !watched) return watched;
  start_api();
  return api_server_->start(*api_);
}

base::Status Running::start_probes() {
  if (config_.probe_seconds == 0) return {};
  probes_ = std::make_unique<ReferralProbes>(
      *loop_, [this] { return administration_->site(); }, std::chrono::seconds(config_.probe_seconds),
      [this](std::vector<std::int64_t> dead) {
        if (telling_who_is_dead_.exchange(true)) return;  // it comes again until the site has it
        const bool taken = registrar_->post([this, dead](site::Administration& administration) {
          telling_who_is_dead_ = false;
          if (const auto set = administration.set_dead_servers(dead); !set) {
            base::log(base::LogLevel::error, component, "probes not taken over: {}", set.error().what);
          }
        });
        if (!taken) telling_who_is_dead_ = false;
      });
  return probes_->start();
}

base::Result<std::unique_ptr<net::HttpServer>> Running::start_http(std::vector<base::Fd> listeners,
                                                                   std::optional<net::TlsIdentity> tls) {
  net::HttpServer::Options options;
  for (base::Fd& listener : listeners) options.listen_fds.push_back(listener.release());
  options.threads = config_.http_threads;
  options.max_connections = config_.http_max_connections;
  options.max_connections_per_address = config_.http_max_connections_per_client;
  options.tls = std::move(tls);
  if (!limits_.none()) {
    options.pace_of = [this](const net::HttpPeer& peer) {
      return http_pace(limits_, interfaces_.now()->name_of(peer.interface), peer.from.address);
    };
  }
  options.max_body = site::RunLogs::max_octets;
  options.before_body = [this](const net::HttpRequest& request) -> std::optional<net::HttpReply> {
    return BootSurface::has(request.target) ? boot_surface_->before_body(request)
                                            : http_files_.answer(request);
  };
  return net::HttpServer::start(
      options,
      [this](const net::HttpRequest& request) {
        return BootSurface::has(request.target) ? boot_surface_->answer(request)
                                                : http_files_.answer(request);
      },
      [this](const net::HttpDone& done) {
        // A token is not for the log.
        if (BootSurface::has(done.target)) return boot_surface_->on_done(done, base::Clock::now());
        http_files_.on_done(done);
      });
}

void Running::start_api() {
  management::ApiContext context{*administration_};
  context.status = [this] { return to_json(status()); };
  context.queue = [this] { return to_json(queue_of(machines_)); };
  context.runs = &runs_;
  context.run_files = config_.state + "/runs";
  context.more_problems = [this] { return runs_.problems(); };
  context.seen = [this](const policy::Snapshot& snapshot) { return seen_of(pending_, snapshot); };
  api_ = std::make_unique<management::Api>(std::move(context));
}

base::Status Running::serve() {
  look_at_attempts();
  std::string services;
  for (const std::string& service : services_of(config_))
    services += (services.empty() ? "" : ", ") + service;
  base::log(base::LogLevel::info, component, "ready: {}", services);
  sd_notify(0, "READY=1");
  const LargePages large_pages;
  loop_->run();
  sd_notify(0, "STOPPING=1");
  api_server_->stop();
  base::log(base::LogLevel::info, component, "stopped");
  return {};
}

void Running::on_signal() {
  signalfd_siginfo info{};
  while (read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo == SIGHUP) {
      reload_configuration();
    } else {
      base::log(base::LogLevel::info, component, "stopping on signal {}", info.ssi_signo);
      loop_->stop();
    }
  }
}

void Running::reload_configuration() {
  sd_notify(0, "RELOADING=1");
  const auto fresh = reload_();
  if (!fresh) {
    base::log(base::LogLevel::error, component, "configuration not taken over: {}", fresh.error().what);
  } else {
    base::set_log_level(fresh->log_level);
    interfaces_.set_names(fresh->interfaces);
    Config next = config_;
    next.interfaces = fresh->interfaces;
    next.log_level = fresh->log_level;
    next.unknown_uefi = fresh->unknown_uefi;
    next.bios_ipxe = fresh->bios_ipxe;
    next.prompt_seconds = fresh->prompt_seconds;
    next.windows = fresh->windows;
    next.images_port = fresh->images_port;
    next.at_once = fresh->at_once;
    next.at_once_by_network = fresh->at_once_by_network;
    next.silent_minutes = fresh->silent_minutes;
    next.offers_again = fresh->offers_again;
    next.installs = fresh->installs;
    next.installs_minutes = fresh->installs_minutes;
    next.failures_in_row = fresh->failures_in_row;
    next.loop_boots = fresh->loop_boots;
    next.loop_minutes = fresh->loop_minutes;
    next.loop_to_disk = fresh->loop_to_disk;
    const bool restart_needed = !(next == *fresh);
    if (const auto taken = administration_->set_settings(next.settings()); !taken) {
      base::log(base::LogLevel::error, component, "configuration not taken over: {}", taken.error().what);
    } else {
      config_ = std::move(next);
      machines_.with_admission([&](auto& admission) { admission.set_bounds(config_.admission()); });
      runs_.set_terms(config_.runs());
      base::log(base::LogLevel::info, component, "configuration read again{}",
                restart_needed ? "; some of its changes need a restart" : "");
    }
  }
  if (const auto taken = api_server_->reload_tokens(); !taken)
    base::log(base::LogLevel::error, component, "tokens not taken over: {}", taken.error().what);
  look_at_certificate();
  sd_notify(0, "READY=1");
}

// A new key would have to be read with rights that are gone.
void Running::look_at_certificate() const {
  if (https_ == nullptr) return;
  const auto now = net::read_certificate(config_.tls_certificate);
  if (!now || *now != certificate_) {
    base::log(base::LogLevel::warning, component, "{}: {}: HTTPS goes on with the old one until a restart",
              config_.tls_certificate, now ? "another certificate than at the start" : "cannot be read now");
  }
}

// A GRUB that asks another server shows by its silence, so somebody has to look at the clock.
void Running::look_at_attempts() {
  const auto site = administration_->site();
  const bool changed = site != site_seen_;
  site_seen_ = site;
  const auto events = machines_.with([&](auto&, auto& attempts) {
    // The administrator did something about it: whoever was refused may try again.
    if (changed) attempts.forget();
    return attempts.poll(base::Clock::now());
  });
  for (const session::AttemptEvent& event : events) tell(event);
  machines_.with_admission([](auto& admission) { admission.poll(base::Clock::now()); });
  runs_.poll();
  dhcp_->answer_held();
  loop_->call_at(base::Clock::now() + std::chrono::seconds(1), [this] { look_at_attempts(); });
}

void Running::tell_interfaces() const {
  std::string text;
  for (const net::Interface& i : interfaces_.served()) {
    for (const base::IpNet& net : telling_addresses(i)) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", i.name, net.print());
    }
  }
  if (text.empty()) {
    base::log(base::LogLevel::warning, component, "no interface to serve: none is up with an address");
  } else {
    base::log(base::LogLevel::info, component, "serving {}", text);
    const auto served = interfaces_.now();
    const bool ipv4 = std::ranges::any_of(
        served->list(), [&](const net::Interface& i) { return served->serves(i.index, base::IpFamily::v4); });
    if (!ipv4 && (config_.proxydhcp || config_.boot_service)) {
      base::log(base::LogLevel::warning, component,
                "no interface has an IPv4 address: proxyDHCP, which is IPv4, is not answered");
    }
  }
}

// Counters belong to the packet loop, so they are read there.
StatusReport Running::status() {
  std::optional<TftpStatus> tftp;
  if (tftp_) tftp = tftp_->status();
  auto promise = std::make_shared<std::promise<StatusReport>>();
  auto future = promise->get_future();
  loop_->post([this, promise, tftp] {
    StatusSources sources{config_,    started_,  interfaces_, *dhcp_, tftp ? &*tftp : nullptr,
                          &machines_, &pending_, {},          {},     nullptr,
                          nullptr};
    if (http_) sources.http = http_->counts();
    if (https_) sources.https = https_->counts();
    sources.runs = &runs_;
    sources.boot_surface = boot_surface_.get();
    if (probes_) sources.boot_servers = probes_->health();
    sources.degraded = administration_->degraded();
    sources.scrub = administration_->scrubbed();
    promise->set_value(status_of(sources));
  });
  if (future.wait_for(std::chrono::seconds(2)) != std::future_status::ready) return {};
  return future.get();
}

}  // namespace

base::Status run(const Config& config, std::function<base::Result<Config>()> reload) {
  base::set_log_level(config.log_level);
  base::set_log_format(config.log_format);
  Running running(config, std::move(reload));
  if (const auto started = running.start(); !started) return started;
  return running.serve();
}

}  // namespace server
