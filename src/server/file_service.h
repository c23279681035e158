// SPDX-License-Identifier: GPL-3.0-or-later
// What TFTP and HTTP have in common: a name is looked up for whoever asks, and what was
// delivered is told to the boot attempt and to the log.
#pragma once

#include <mutex>
#include <string>

#include "base/log.h"
#include "base/log_rate.h"
#include "net/http_server.h"
#include "server/boot_files.h"
#include "server/served_interfaces.h"
#include "server/tftp_service.h"

namespace server {

// One for each packet loop, and one for all of HTTP's threads.
class FileService {
 public:
  FileService(BootFiles& files, Machines& machines, const ServedInterfaces& interfaces)
      : files_(files), machines_(machines), interfaces_(interfaces), interfaces_on_loop_(interfaces) {}

  // On the packet loop.
  TftpAnswer answer(const TftpRequestFacts& request, base::Time now);
  void on_event(const TftpEvent& event, base::Time now);
  // On any of the HTTP threads.
  net::HttpReply answer(const net::HttpRequest& request);
  void on_done(const net::HttpDone& done);

 private:
  // The served interface that a connection came in by; 0 if it is none.
  [[nodiscard]] unsigned arrival(unsigned interface, const base::Ip& local) const;
  void delivered(const base::Ip& to, unsigned interface, std::string_view name, session::Transport transport,
                 base::Time now);
  // An image's file is under way to a machine, or no longer: it is not silent meanwhile.
  void under_way(bool begun, const base::Ip& to, unsigned interface, std::string_view name, base::Time now);

  // Anybody can ask for names without end, so every line that an asker causes is bounded. Wide
  // enough for a classroom that boots at once.
  static constexpr std::uint32_t lines_per_second = 200;
  bool may_log_http(base::LogLevel level);

  BootFiles& files_;
  Machines& machines_;
  const ServedInterfaces& interfaces_;  // for HTTP's threads
  ServedInterfaces::View interfaces_on_loop_;
  base::LogRate log_rate_on_loop_{lines_per_second};
  std::mutex http_log_mutex_;
  base::LogRate http_log_rate_{lines_per_second};
};

// A sentence that a boot attempt came to, at the level it deserves.
void tell(const session::AttemptEvent& event);

}  // namespace server
