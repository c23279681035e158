// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/http_connection.h"

#include <algorithm>
#include <array>
#include <utility>

#include "net/http_target.h"

namespace net {
namespace {

using How = HttpMoved::How;

// Of a connection's turn: enough to fill any socket's buffer, little enough for the others.
constexpr std::size_t share_of_turn = 2 << 20;
// What an answer counts at least, so that a thousand small requests in one packet take turns too.
constexpr std::size_t least_share = 32 << 10;
// What a limited client gets at a time.
constexpr std::size_t paced_portion = 64 << 10;
// What is read and thrown away of a client that goes on sending what was refused. Closed at
// once, the connection would end with a reset, which may overtake the answer.
constexpr std::size_t most_drained = 1 << 20;
constexpr base::Duration time_to_drain = std::chrono::seconds(2);

constexpr std::string_view end_of_line = "\r\n", end_of_head = "\r\n\r\n";

std::string_view why(TargetFault fault) {
  switch (fault) {
    case TargetFault::not_a_path:
      return "the request names no path";
    case TargetFault::broken_escape:
      return "a % without two hexadecimal digits";
    case TargetFault::control_character:
      return "a control character in the path";
  }
  return "";
}

HttpError error_of(HeadFault fault) {
  switch (fault) {
    case HeadFault::malformed:
      return {400, "not an HTTP request"};
    case HeadFault::coding:
      return {501, "no such transfer coding is known here"};
    case HeadFault::version:
      return {505, "HTTP/1.1 is spoken here"};
  }
  return {};
}

}  // namespace

HttpConnection::HttpConnection(HttpShared& shared, std::unique_ptr<HttpTransport> transport,
                               const HttpPeer& peer, base::Time now)
    : shared_(shared),
      transport_(std::move(transport)),
      peer_(peer),
      deadline_(now + std::min(shared.idle, shared.for_head)) {
  if (shared.pace_of) pace_ = shared.pace_of(peer);
}

HttpConnection::~HttpConnection() {
  if (!done_) return;
  const std::size_t head = answer_.bytes.size() - (answer_.length > 0 ? 0 : answer_.promised);
  const std::uint64_t sent = bytes_sent_ - std::min(bytes_sent_, head) + file_sent_;
  done_->sent = sent - std::min<std::uint64_t>(sent, transport_->unacknowledged());
  tell(false);
}

HttpConnection::Next HttpConnection::work(base::Time now) {
  share_ = share_of_turn;
  for (;;) {
    const Step step = state_ == State::reading ? read(now) : state_ == State::sending ? send(now) : drain();
    if (step) return *step;
  }
}

// --- reading ---------------------------------------------------------------------------------

HttpConnection::Step HttpConnection::read(base::Time now) {
  if (head_size_ == 0) find_head();
  if (head_size_ > shared_.max_head || (head_size_ == 0 && input_.size() >= shared_.max_head)) {
    const bool in_fields = input_.find(end_of_line) < shared_.max_head;
    refuse(in_fields ? HttpError{431, "too many header fields"} : HttpError{414, "the name is too long"},
           now);
    return {};
  }
  if (head_size_ > 0 && input_.size() >= awaited_) return take_request(now);
  return receive(now);
}

// Looks at no octet twice, however slowly they come.
void HttpConnection::find_head() {
  if (searched_ == 0) input_.erase(0, input_.find_first_not_of(end_of_line));  // RFC 9112 §2.2
  const std::size_t end = input_.find(end_of_head, searched_);
  if (end != std::string::npos) head_size_ = end + end_of_head.size();
  searched_ = input_.size() - std::min(input_.size(), end_of_head.size() - 1);
}

HttpConnection::Step HttpConnection::receive(base::Time now) {
  thread_local std::array<char, 16 << 10> buffer;
  const HttpMoved got = transport_->receive(buffer);
  if (got.how != How::some) return got.how == How::blocked ? Next::wait : Next::end;
  if (input_.empty()) deadline_ = now + std::min(shared_.idle, shared_.for_head);
  input_.append(buffer.data(), got.size);
  return {};
}

HttpConnection::Step HttpConnection::take_request(base::Time now) {
  const auto head = parse_head(std::string_view(input_).substr(0, head_size_));
  if (!head) {
    refuse(error_of(head.error()), now);
    return {};
  }
  std::size_t used = head_size_;
  const bool has_body = head->chunked || head->content_length > 0;
  const std::size_t allowed = has_body ? body_allowed(*head) : 0;
  AnswerTo to{head->method, head->conditions, head->version_1_0, head->keep_alive, shared_.server_name};
  done_.emplace();
  done_->from = peer_.from;
  done_->local = peer_.local;
  done_->interface = peer_.interface;
  done_->method = head->method;
  done_->target = head->target;  // until it is decoded
  if (shared_.max_body == 0 && head->method != "GET" && head->method != "HEAD") {
    to.keep_alive = to.keep_alive && !has_body;
    begin_answer(HttpError{405, "only GET and HEAD are served here"}, to, now);
  } else if (has_body && shared_.max_body == 0) {
    to.keep_alive = false;
    begin_answer(HttpError{413, "a request for a boot file has no body"}, to, now);
  } else if (has_body && allowed == 0) {
    to.keep_alive = false;
    begin_answer(reply_to(*head, {}), to, now);
  } else if (head->chunked) {
    to.keep_alive = false;
    begin_answer(HttpError{411, "the body's length must be told before it comes"}, to, now);
  } else if (head->content_length > allowed) {
    to.keep_alive = false;
    begin_answer(HttpError{413, fmt::format("at most {} octets are read", allowed)}, to, now);
  } else {
    const auto length = static_cast<std::size_t>(head->content_length);
    used += length;
    if (input_.size() < used) {
      done_.reset();
      return await_body(used, head->expects_continue, now);
    }
    begin_answer(reply_to(*head, std::string_view(input_).substr(used - length, length)), to, now);
  }
  input_.erase(0, used);
  return {};
}

// The head is read again when all is there: it costs less than to keep it.
HttpConnection::Step HttpConnection::await_body(std::size_t in_all, bool say_so, base::Time now) {
  awaited_ = in_all;
  deadline_ = now + std::min(shared_.idle, shared_.for_head);
  if (!say_so) return {};
  constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  const HttpMoved sent = transport_->send(go_on, false);
  return sent.how == How::some && sent.size == go_on.size() ? Step{} : Next::end;
}

std::size_t HttpConnection::body_allowed(const HttpHead& head) const try {
  if (!shared_.body_of) return shared_.max_body;
  const auto target = parse_target(head.target);
  return target ? std::min(shared_.body_of(request_of(head, *target, {})), shared_.max_body) : 0;
} catch (...) {
  return 0;
}

HttpReply HttpConnection::reply_to(const HttpHead& head, std::string_view body) try {
  const auto target = parse_target(head.target);
  if (!target) return HttpError{400, std::string(why(target.error()))};
  done_->target = target->path;
  return shared_.handler(request_of(head, *target, body));
} catch (...) {
  return HttpError{500, "the request could not be worked on"};
}

HttpRequest HttpConnection::request_of(const HttpHead& head, const HttpTarget& target,
                                       std::string_view body) const {
  HttpRequest request;
  request.method = head.method;
  request.target = target.path;
  request.query = target.query;
  request.user_agent = head.user_agent;
  request.from = peer_.from;
  request.local = peer_.local;
  request.interface = peer_.interface;
  request.body = body;
  return request;
}

// --- answering -------------------------------------------------------------------------------

// What is no request has no end that could be trusted: the connection goes with it.
void HttpConnection::refuse(HttpError error, base::Time now) {
  shared_.malformed.fetch_add(1, std::memory_order_relaxed);
  input_.clear();
  const Conditions none;
  begin_answer(std::move(error), {"GET", none, false, false, shared_.server_name}, now);
}

void HttpConnection::begin_answer(HttpReply reply, const AnswerTo& to, base::Time now) {
  answer_ = make_answer(std::move(reply), to);
  bytes_sent_ = 0;
  file_sent_ = 0;
  searched_ = head_size_ = awaited_ = 0;
  deadline_ = now + shared_.idle;
  state_ = State::sending;
  if (done_) done_->status = answer_.status;
}

HttpConnection::Step HttpConnection::send(base::Time now) {
  if (share_ == 0) return Next::again;
  while (bytes_sent_ < answer_.bytes.size()) {
    const HttpMoved sent =
        transport_->send(std::string_view(answer_.bytes).substr(bytes_sent_), answer_.length > 0);
    if (sent.how != How::some) return sent.how == How::blocked ? Next::wait : Next::end;
    bytes_sent_ += sent.size;
    deadline_ = now + shared_.idle;
  }
  while (file_sent_ < answer_.length) {
    if (share_ == 0) return Next::again;
    const std::uint64_t left = answer_.length - file_sent_;
    if (pace_ && allowed_ == 0) {
      const auto portion = static_cast<std::size_t>(std::min<std::uint64_t>(left, paced_portion));
      resume_at_ = pace_(portion, now);
      if (resume_at_ > now) {
        deadline_ = resume_at_ + shared_.idle;
        return Next::later;
      }
      allowed_ = portion;
    }
    const std::size_t most = pace_ ? std::min(share_, allowed_) : share_;
    const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(left, most));
    const HttpMoved sent =
        transport_->send_file(answer_.file.get(), answer_.offset + file_sent_, room, !pace_ && room < left);
    if (sent.how == How::blocked) return Next::wait;
    if (sent.how == How::ended || sent.size == 0) return Next::end;  // 0: somebody cut the file
    file_sent_ += sent.size;
    share_ -= sent.size;
    if (pace_) allowed_ -= sent.size;
    deadline_ = now + shared_.idle;
  }
  end_answer(now);
  return {};
}

void HttpConnection::end_answer(base::Time now) {
  if (done_) {
    done_->sent = answer_.promised;
    tell(true);
  }
  share_ -= std::min(share_, least_share);
  if (answer_.keep_alive) {
    state_ = State::reading;
    deadline_ = now + (input_.empty() ? shared_.idle : std::min(shared_.idle, shared_.for_head));
  } else {
    transport_->finish();
    state_ = State::draining;
    deadline_ = now + time_to_drain;
  }
  answer_ = {};
}

void HttpConnection::tell(bool complete) {
  done_->complete = complete;
  try {
    if (shared_.on_done) shared_.on_done(*done_);
  } catch (...) {  // the connection is none of its business
  }
  done_.reset();
}

HttpConnection::Step HttpConnection::drain() {
  thread_local std::array<char, 16 << 10> buffer;
  const HttpMoved got = transport_->receive(buffer);
  if (got.how == How::blocked) return Next::wait;
  drained_ += got.size;
  if (got.how == How::ended || drained_ > most_drained) return Next::end;
  return {};
}

}  // namespace net
