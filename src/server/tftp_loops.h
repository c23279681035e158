// SPDX-License-Identifier: GPL-3.0-or-later
// The TFTP server on several loops, a thread each. The kernel gives a request to one of them
// by the client's address and port, and there the transfer stays to its end: no locks.
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "net/loop.h"
#include "server/tftp_service.h"

namespace server {

// As of one moment for each loop.
struct TftpStatus {
  TftpCounters counters;
  std::uint64_t kernel_drops = 0;
  std::size_t transfers = 0;
  std::vector<std::uint64_t> octets_by_loop;
};

class TftpLoops {
 public:
  // The first service runs on `main`, the others on loops of their own; `make` is called for
  // each, so that what is behind its callbacks can belong to its thread. Error: the port is
  // taken, and by whom.
  static base::Result<std::unique_ptr<TftpLoops>> open(net::Loop& main, TftpOptions options, unsigned loops,
                                                       TftpClients& clients,
                                                       const std::function<TftpService::Callbacks()>& make);
  // Before it, `main` must have ended: its service goes from under it.
  ~TftpLoops();
  void start();  // the threads
  [[nodiscard]] std::uint16_t port() const { return workers_.front().service->port(); }

  // From a thread that runs none of the loops.
  [[nodiscard]] TftpStatus status();

 private:
  struct Worker {
    std::unique_ptr<net::Loop> loop;  // null: main
    std::unique_ptr<TftpService> service;
    std::thread thread;
  };
  explicit TftpLoops(net::Loop& main) : main_(main) {}

  net::Loop& main_;
  std::vector<Worker> workers_;
};

// Processors that this process may use.
unsigned usable_processors();

}  // namespace server
