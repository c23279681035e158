// SPDX-License-Identifier: GPL-3.0-or-later
// One HTTP/1.1 client: GETs a file over one connection, again and again or once, and
// compares the body with the file.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "files.h"
#include "poller.h"
#include "tls.h"

namespace bench {

struct HttpHabits {
  bool keep_alive = true;
  bool tls = false;
  // false: only a first response is compared; the others are counted, in the kernel
  // (MSG_TRUNC), so that the client is no bottleneck.
  bool check_all = true;
  double bytes_per_second = 0;   // 0: as fast as it comes
  Nanos patience = 30 * second;  // without a byte, then it has failed
};

struct HttpTotals {
  std::uint64_t bytes = 0, checked_bytes = 0, done = 0, failed = 0, wrong_bytes = 0, bad_status = 0;
};

class HttpClient;
class HttpOwner {
 public:
  virtual ~HttpOwner() = default;
  virtual void http_done(HttpClient& client, bool right, Nanos took, Nanos now) = 0;
};

class HttpClient final : public Actor {
 public:
  HttpClient(Poller& poller, HttpOwner& owner, HttpTotals& totals, const HttpHabits& habits,
             const sockaddr_in& server, std::optional<sockaddr_in> local);
  void start(const ServedFile& file, Nanos now);
  void compare_nothing() { compare_ = false; }
  void abort();
  [[nodiscard]] bool busy() const { return state_ != State::idle; }
  std::size_t index = 0;  // the owner's

  void ready(std::uint32_t events, Nanos now) override;
  void expired(Timer& timer, Nanos now) override;

 private:
  enum class State : std::uint8_t { idle, connecting, shaking_hands, head, body };

  void open_socket();
  void shake_hands(Nanos now);
  void send_request(Nanos now);
  void close();
  void read(Nanos now);
  bool read_some(Nanos now);
  void take_head(std::string_view text, Nanos now);
  void take_body(const std::uint8_t* bytes, std::size_t size, Nanos now);
  void finish(bool right, Nanos now);
  void stop_timers();

  Poller& poller_;
  HttpOwner& owner_;
  HttpTotals& totals_;
  const HttpHabits& habits_;
  sockaddr_in server_;
  std::optional<sockaddr_in> local_;
  Timer patience_, pace_;
  base::Fd fd_;
  std::optional<Tls> tls_;
  State state_ = State::idle;
  const ServedFile* file_ = nullptr;
  std::string head_;
  std::size_t received_ = 0;  // of the body
  bool compare_ = true;
  bool resting_ = false;
  Nanos began_ = 0;
};

}  // namespace bench
