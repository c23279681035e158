// SPDX-License-Identifier: GPL-3.0-or-later
// Which of the servers that machines are referred to work. Each is asked in turn, again and again;
// three failures in a row make it dead, one success brings it back. Events and time in, questions
// and states out: whoever owns the sockets sends and reads (session/probe_packets.h).
//
// TFTP has to work: machines fetch their first file by it. Port 4011 counts from its first answer
// on: a plain TFTP server has none, and some servers never speak to strangers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/time.h"

namespace session {

enum class ProbedService : std::uint8_t { tftp, boot_service };
std::string_view print(ProbedService service);  // "TFTP", "port 4011"

struct ProbeTarget {
  std::int64_t server = 0;
  std::string name;
  base::Ipv4 address;
  std::string file;  // asked for by TFTP
  bool operator==(const ProbeTarget&) const = default;
};

struct ServiceHealth {
  bool asked = false;          // at least one question has come to its end
  bool answered_ever = false;  // since the server is a target
  std::uint32_t failures = 0;  // in a row
  std::string error;           // of the last one; empty after a success
};
struct ServerHealth {
  ProbeTarget target;
  ServiceHealth tftp, boot_service;
  bool dead = false;
  std::optional<base::Time> since;  // it is dead, or was last found alive after that
};

// One question, for the sockets' owner.
struct ProbeQuestion {
  std::int64_t server = 0;
  ProbedService service = ProbedService::tftp;
  base::Ipv4 address;
  std::string file;
  bool again = false;  // no answer came to the one before
};
struct ProbeEvent {
  std::int64_t server = 0;
  bool died = false;  // else it is back
};

class Probes {
 public:
  static constexpr std::uint32_t failures_to_die = 3;
  static constexpr unsigned tries = 3;  // sent for one question, a datagram may be lost
  static constexpr base::Duration longest_wait = std::chrono::seconds(2);  // for each

  explicit Probes(base::Duration every) : every_(every) {}

  // The servers from now on. Those that stay as they are keep their state; questions to all
  // others are void.
  void set_targets(const std::vector<ProbeTarget>& targets, base::Time now);
  // What is to be sent now.
  std::vector<ProbeQuestion> poll(base::Time now);
  [[nodiscard]] std::optional<base::Time> wake_at() const;

  // Answers to questions that are not open are no news.
  void on_answer(std::int64_t server, ProbedService service, base::Time now);
  void on_failure(std::int64_t server, ProbedService service, std::string error, base::Time now);

  // What has happened since the last call.
  std::vector<ProbeEvent> take_events() { return std::exchange(events_, {}); }
  [[nodiscard]] std::vector<std::int64_t> dead() const;  // ascending
  [[nodiscard]] std::vector<ServerHealth> health() const;

 private:
  struct Open {
    ProbedService service = ProbedService::tftp;
    unsigned sent = 0;
    base::Time due;  // the next try, or the end
  };
  struct Server {
    ServerHealth health;
    base::Time next;  // round
    std::vector<Open> open;
  };
  [[nodiscard]] base::Duration wait() const;
  Server* find(std::int64_t server);
  void end(Server& server, ProbedService service, std::optional<std::string> error, base::Time now);

  base::Duration every_;
  std::vector<Server> servers_;
  std::vector<ProbeEvent> events_;
};

}  // namespace session
