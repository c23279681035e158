// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/tftp_loops.h"

#include <future>
#include <utility>

namespace server {

base::Result<std::unique_ptr<TftpLoops>> TftpLoops::open(
    net::Loop& main, TftpOptions options, unsigned loops, TftpClients& clients,
    const std::function<TftpService::Callbacks()>& make) {
  if (loops > 1) {
    // Sockets that share a port also share it with those of another server of this user:
    // only one that shares with nobody finds out that somebody is there.
    net::UdpOptions alone;
    alone.service = "tftp";
    std::vector<net::UdpSocket> probes;
    for (const base::Ip& address : options.listen) {
      auto probe = net::UdpSocket::bind({address, options.port}, alone);
      if (!probe) return tl::unexpected(probe.error());
      options.port = probe->local_port();
      probes.push_back(std::move(*probe));
    }
    options.one_of_several = true;
  }
  std::unique_ptr<TftpLoops> all(new TftpLoops(main));
  for (unsigned i = 0; i < loops; ++i) {
    Worker worker;
    if (i > 0) {
      auto loop = net::Loop::open();
      if (!loop) return tl::unexpected(loop.error());
      worker.loop = std::move(*loop);
    }
    net::Loop& loop = i > 0 ? *worker.loop : main;
    auto service = TftpService::open(loop, options, clients, make());
    if (!service) return tl::unexpected(service.error());
    worker.service = std::move(*service);
    all->workers_.push_back(std::move(worker));
  }
  return all;
}

void TftpLoops::start() {
  for (Worker& worker : workers_) {
    if (worker.loop) worker.thread = std::thread([loop = worker.loop.get()] { loop->run(); });
  }
}

TftpLoops::~TftpLoops() {
  for (Worker& worker : workers_) {
    if (!worker.thread.joinable()) continue;
    worker.loop->stop();
    worker.thread.join();
  }
}

TftpStatus TftpLoops::status() {
  std::vector<std::future<TftpStatus>> answers;
  for (Worker& worker : workers_) {
    const auto promise = std::make_shared<std::promise<TftpStatus>>();
    answers.push_back(promise->get_future());
    net::Loop& loop = worker.loop ? *worker.loop : main_;
    // Counters belong to their loop, so they are read there.
    loop.post([promise, service = worker.service.get()] {
      promise->set_value(
          {service->counters(), service->kernel_drops(), service->transfers(), {service->counters().octets}});
    });
  }
  TftpStatus sum;
  for (auto& answer : answers) {
    // A loop that is being stopped does not answer any more.
    if (answer.wait_for(std::chrono::seconds(2)) != std::future_status::ready) continue;
    const TftpStatus one = answer.get();
    sum.counters += one.counters;
    sum.kernel_drops += one.kernel_drops;
    sum.transfers += one.transfers;
    sum.octets_by_loop.push_back(one.octets_by_loop.front());
  }
  return sum;
}

}  // namespace server
