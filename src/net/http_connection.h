// SPDX-License-Identifier: GPL-3.0-or-later
// The conversation with one HTTP client: requests one after the other, each answered before
// the next is looked at. Knows neither sockets nor clocks; whoever owns it calls work() when
// the transport may have something, and looks at late() from time to time.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/time.h"
#include "net/http_answer.h"
#include "net/http_head.h"
#include "net/http_server.h"
#include "net/http_target.h"
#include "net/http_transport.h"

namespace net {

// What all connections of a server share, on all threads; only the counters change.
struct HttpShared {
  HttpServer::Handler handler;
  HttpServer::OnDone on_done;
  HttpServer::PaceOf pace_of;  // may be empty
  HttpServer::BodyOf body_of;  // may be empty
  base::Duration idle, for_head;
  std::size_t max_head = 0, max_body = 0;
  std::string server_name;
  std::atomic<std::uint64_t> malformed = 0, late = 0, refused = 0;
};

class HttpConnection {
 public:
  HttpConnection(HttpShared& shared, std::unique_ptr<HttpTransport> transport, const HttpPeer& peer,
                 base::Time now);
  ~HttpConnection();  // what is under way is told as broken off
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  enum class Next : std::uint8_t {
    wait,   // for the transport
    again,  // it has had its turn and has more to do
    later,  // at resume_at()
    end,    // nothing more will come of it
  };
  Next work(base::Time now);
  [[nodiscard]] base::Time resume_at() const { return resume_at_; }
  // The client has taken too long over what is expected of it: a whole head, or some progress.
  [[nodiscard]] bool late(base::Time now) const { return now >= deadline_; }

 private:
  using Step = std::optional<Next>;  // nothing: the next step may be taken at once
  enum class State : std::uint8_t { reading, sending, draining };

  Step read(base::Time now);
  Step send(base::Time now);
  Step drain();
  void find_head();
  Step receive(base::Time now);
  Step take_request(base::Time now);
  Step await_body(std::size_t in_all, bool say_so, base::Time now);
  void refuse(HttpError error, base::Time now);
  [[nodiscard]] HttpRequest request_of(const HttpHead& head, const HttpTarget& target,
                                       std::string_view body) const;
  [[nodiscard]] std::size_t body_allowed(const HttpHead& head) const;
  HttpReply reply_to(const HttpHead& head, std::string_view body);
  void begin_answer(HttpReply reply, const AnswerTo& to, base::Time now);
  void end_answer(base::Time now);
  void tell(bool complete);

  HttpShared& shared_;
  std::unique_ptr<HttpTransport> transport_;
  const HttpPeer peer_;
  State state_ = State::reading;
  base::Time deadline_;
  base::Time resume_at_{};
  std::size_t share_ = 0;  // octets that may still leave in this turn

  std::string input_;          // read and not answered yet
  std::size_t searched_ = 0;   // of input_: no head ends before it
  std::size_t head_size_ = 0;  // of the present request; 0: not whole yet
  std::size_t awaited_ = 0;    // octets of it with its body, once that is known
  std::size_t drained_ = 0;

  HttpAnswer answer_;
  std::size_t bytes_sent_ = 0;  // of answer_.bytes
  std::uint64_t file_sent_ = 0;
  HttpPace pace_;
  std::size_t allowed_ = 0;       // octets that pace_ has granted
  std::optional<HttpDone> done_;  // of what is being sent, as far as it is to be told
};

}  // namespace net
