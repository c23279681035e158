// SPDX-License-Identifier: GPL-3.0-or-later
// What a machine may say and ask while it is installed: a small HTTP API beside the boot files,
// /boot/v1/TOKEN/…, where the token is one boot's own and stands on its kernel's command line.
//
//   POST done                            POST failed    body: why, one line
//   POST progress  body: "42 text"       POST log       body: the log, or its next part
//   POST facts     body: JSON         GET  plan      what it boots
//   GET  answer/IMAGE/NAME            the answer file of an image, made for this boot (answer_file.h)
//
// It can end or fail its own run and nothing else. Answer files are there for every boot, the rest
// for those that a required deployment wants done; each is there once. A token holds for the machine that got
// it, by the address it had or that it is known by now; from elsewhere, or once it is worth nothing, all is
// 404, as of a file that is not there. Answers are text of one line, but for the plan.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log_rate.h"
#include "net/http_server.h"
#include "server/machines.h"
#include "server/served_interfaces.h"
#include "session/request_rate.h"
#include "site/run_logs.h"
#include "site/runs.h"

namespace server {

inline constexpr std::string_view boot_surface_prefix = "boot/v1/";  // below "/"

class BootSurface {
 public:
  // All of these outlive it; any of HTTP's threads may call.
  BootSurface(site::Runs& runs, Machines& machines, const ServedInterfaces& interfaces, site::RunLogs& logs,
              site::Runs::SiteNow site)
      : runs_(runs), machines_(machines), interfaces_(interfaces), logs_(logs), site_(std::move(site)) {}

  // Whether a path is its business at all.
  [[nodiscard]] static bool has(std::string_view target);
  // How many octets of body such a request may have; without a live token none.
  [[nodiscard]] std::size_t body_allowed(const net::HttpRequest& request) const;
  // The answer to one whose body is not worth reading: what comes from anybody is not read for
  // nothing.
  std::optional<net::HttpReply> before_body(const net::HttpRequest& request);
  net::HttpReply answer(const net::HttpRequest& request) { return answer(request, base::Clock::now()); }
  net::HttpReply answer(const net::HttpRequest& request, base::Time now);
  // An answer has left, or not.
  void on_done(const net::HttpDone& done, base::Time now);
  // Each request under one name: «boot-surface.heard», «boot-surface.unknown», …
  [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> counters() const;

 private:
  struct Call;
  enum class Fate : std::uint8_t { heard, unknown, other_machine, too_fast, busy, unserved, taken };
  static constexpr std::size_t fates = 7;
  static std::string_view print(Fate fate);
  net::HttpReply refuse(Fate fate);
  net::HttpReply too_busy();  // it was counted as heard already
  // The answer to whoever is no such machine.
  net::HttpReply refuse_other(const base::Ip& from, const base::Ip& owner, base::Time now);
  net::HttpReply hand_out(const Call& call, const net::HttpRequest& request, unsigned interface,
                          base::Time now);
  [[nodiscard]] std::optional<session::BootPapers> papers_behind(const Call& call, base::Time now);
  bool too_fast(const Call& call, base::Time now);
  net::HttpReply act(const Call& call, const policy::Run& run, std::string_view body);
  [[nodiscard]] std::string plan_of(const policy::Run& run) const;

  site::Runs& runs_;
  Machines& machines_;
  const ServedInterfaces& interfaces_;
  site::RunLogs& logs_;
  site::Runs::SiteNow site_;

  // Of an address: some for each machine behind it, and those who guess get tired. Of a token: a
  // word about progress now and then.
  std::mutex rates_mutex_;
  session::RequestRate<session::IpKey> by_address_{10, 100, 16384};
  session::RequestRate<std::uint64_t> by_token_{1, 20, 16384};
  base::LogRate log_rate_{10};
  std::array<std::atomic<std::uint64_t>, fates> counts_{};
};

}  // namespace server
