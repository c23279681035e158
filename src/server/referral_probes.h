// SPDX-License-Identifier: GPL-3.0-or-later
// The sockets of session::Probes, on the packet loop: asks the servers of the site's referrals
// how they are, says so in the log, and hands on those that are dead.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "net/loop.h"
#include "net/udp.h"
#include "session/probe.h"
#include "site/administration.h"

namespace server {

// A boot server that machines are referred to, as it was when asked last.
struct BootServerHealth {
  std::int64_t server = 0;
  std::string name;
  base::Ipv4 address;
  std::string file;  // that is asked for by TFTP
  bool dead = false;
  std::optional<std::int64_t> since;  // Unix seconds: dead, or alive; nothing while it is not known
  session::ServiceHealth tftp, boot_service;
};
// "server wds (10.0.0.2): dead since 2026-11-21 22:10:03: TFTP: no answer"
std::string print(const BootServerHealth& server);

class ReferralProbes {
 public:
  using Publish = std::function<void(std::vector<std::int64_t> dead)>;

  // `publish` is called on the loop until the site has that list; it must not wait.
  ReferralProbes(net::LoopApi& loop, std::function<std::shared_ptr<const site::Site>()> site,
                 base::Duration every, Publish publish);
  ~ReferralProbes();
  ReferralProbes(const ReferralProbes&) = delete;
  ReferralProbes& operator=(const ReferralProbes&) = delete;
  base::Status start();

  // By server; any thread.
  [[nodiscard]] std::vector<BootServerHealth> health() const;

 private:
  struct Question {  // open, on port 4011
    net::UdpSocket socket;
    std::uint32_t xid = 0;
  };

  void look();
  void take_targets();
  void ask(const session::ProbeQuestion& question);
  void ask_tftp(const session::ProbeQuestion& question);
  void ask_boot_service(const session::ProbeQuestion& question);
  void close_question(std::int64_t server);
  void read_tftp();
  void read_boot_service(std::int64_t server);
  void tell_events();
  void publish_dead();
  void remember();
  [[nodiscard]] std::optional<session::ServerHealth> health_of(std::int64_t server) const;

  net::LoopApi& loop_;
  std::function<std::shared_ptr<const site::Site>()> site_;
  Publish publish_;
  session::Probes probes_;
  std::shared_ptr<const site::Site> site_seen_;
  std::optional<net::UdpSocket> tftp_;
  std::map<std::int64_t, Question> questions_;
  net::TimerId timer_ = 0;
  std::mt19937 random_{std::random_device{}()};

  mutable std::mutex mutex_;  // for what other threads read
  std::vector<BootServerHealth> health_;
};

}  // namespace server
