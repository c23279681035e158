// SPDX-License-Identifier: GPL-3.0-or-later
// Any octets, in any pieces, from a client that reads as it likes: the conversation of
// net::HttpConnection without a socket. The input is a list of pieces: one octet with what
// the transport does meanwhile, one with a length, then so many octets of request. Properties:
// what leaves is a sequence of whole responses (the last may be cut); every request that the
// handler saw is told once, completely or as broken off; no turn goes on without end.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "net/http_connection.h"

namespace {

constexpr std::size_t file_size = 300'000;  // several portions of a limited client

const std::string& file_path() {
  static const std::string path = [] {
    std::string name = "/tmp/bootferry-fuzz-http-XXXXXX";
    const int fd = mkstemp(name.data());
    BOOTFERRY_CHECK(fd >= 0);
    BOOTFERRY_CHECK(ftruncate(fd, file_size) == 0);
    ::close(fd);
    std::atexit([] { unlink(file_path().c_str()); });
    return name;
  }();
  return path;
}

// What a piece's first octet says about the transport.
struct Script {
  std::string input;        // that may be received now
  std::size_t at_once = 0;  // octets that one call sends; 0: all
  bool stuck = false;       // nothing can be sent now
  bool ended = false;       // the client is gone
};

class ScriptedTransport final : public net::HttpTransport {
 public:
  ScriptedTransport(Script& script, std::string& output) : script_(script), output_(output) {}
  net::HttpMoved receive(std::span<char> into) override {
    if (script_.input.empty()) return {script_.ended ? How::ended : How::blocked};
    const std::size_t size = std::min(into.size(), script_.input.size());
    std::copy_n(script_.input.begin(), size, into.begin());
    script_.input.erase(0, size);
    return {How::some, size};
  }
  net::HttpMoved send(std::string_view bytes, bool) override {
    BOOTFERRY_CHECK(!bytes.empty() && !finished_);
    const net::HttpMoved moved = room_for(bytes.size());
    output_ += bytes.substr(0, moved.size);
    return moved;
  }
  net::HttpMoved send_file(int, std::uint64_t offset, std::size_t length, bool) override {
    BOOTFERRY_CHECK(length > 0 && offset + length <= file_size && !finished_);
    const net::HttpMoved moved = room_for(length);
    output_.append(moved.size, '\0');
    return moved;
  }
  void finish() override { finished_ = true; }
  [[nodiscard]] std::size_t unacknowledged() const override { return 0; }

 private:
  using How = net::HttpMoved::How;
  net::HttpMoved room_for(std::size_t size) {
    if (script_.ended) return {How::ended};
    if (script_.stuck) return {How::blocked};
    return {How::some, script_.at_once == 0 ? size : std::min(size, script_.at_once)};
  }

  Script& script_;
  std::string& output_;
  bool finished_ = false;
};

// Counts the responses, and checks that each is as long as it says.
std::size_t count_responses(std::string_view output) {
  std::size_t count = 0;
  while (!output.empty()) {
    const std::size_t end = output.find("\r\n\r\n");
    if (end == std::string_view::npos) break;
    const std::string_view head = output.substr(0, end + 2);
    BOOTFERRY_CHECK(head.starts_with("HTTP/1.1 "));
    output.remove_prefix(end + 4);
    if (head.starts_with("HTTP/1.1 100")) continue;
    ++count;
    if (head.starts_with("HTTP/1.1 304")) continue;
    constexpr std::string_view name = "\r\nContent-Length: ";
    const std::size_t at = head.find(name);
    BOOTFERRY_CHECK(at != std::string_view::npos);
    std::size_t length = 0;
    std::from_chars(head.data() + at + name.size(), head.data() + head.size(), length);
    // Behind an answer to HEAD comes the next one, which no body here looks like.
    if (!output.starts_with("HTTP/1.1 ")) output.remove_prefix(std::min(length, output.size()));
  }
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = base::as_text({data, size});
  std::uint64_t asked = 0, told = 0;
  net::HttpShared shared;
  shared.handler = [&](const net::HttpRequest& request) -> net::HttpReply {
    ++asked;
    BOOTFERRY_CHECK(request.target.starts_with('/') && request.body.size() <= shared.max_body);
    if (shared.body_of) BOOTFERRY_CHECK(request.body.size() <= shared.body_of(request));
    if (request.target.starts_with("/f")) return net::HttpFile{file_path(), "a/b", ""};
    if (request.target.starts_with("/b")) return net::HttpBody{"text/plain", std::string(request.query)};
    if (request.target.starts_with("/t")) throw 1;
    return net::HttpError{404, "none"};
  };
  shared.on_done = [&](const net::HttpDone& done) {
    ++told;
    BOOTFERRY_CHECK(done.status >= 200 && done.status < 600 && done.sent <= file_size + 4096);
  };
  shared.idle = std::chrono::seconds(60);
  shared.for_head = std::chrono::seconds(30);
  shared.max_head = 2048;
  shared.server_name = "x";
  if (!input.empty()) {
    shared.max_body = (input[0] & 1) != 0 ? 100 : 0;
    if ((input[0] & 4) != 0) {
      shared.body_of = [](const net::HttpRequest& request) -> std::size_t {
        return request.target.size() % 3 * 60;  // none, some, more than there may be
      };
    }
    if ((input[0] & 2) != 0) {
      shared.pace_of = [](const net::HttpPeer&) -> net::HttpPace {
        return [free_at = base::Time{}](std::size_t octets, base::Time now) mutable {
          if (free_at > now) return free_at;
          free_at = now + std::chrono::nanoseconds(octets);
          return now;
        };
      };
    }
    input.remove_prefix(1);
  }

  Script script;
  std::string output;
  base::Time now{};
  {
    net::HttpConnection connection(shared, std::make_unique<ScriptedTransport>(script, output), {}, now);
    bool over = false;
    while (input.size() >= 2 && !over && output.size() < (8 << 20)) {
      const auto what = static_cast<unsigned char>(input[0]);
      const std::size_t length =
          std::min<std::size_t>(static_cast<unsigned char>(input[1]), input.size() - 2);
      script.at_once = (what & 3) * 1000;
      script.stuck = (what & 4) != 0;
      script.ended = (what & 24) == 24;
      script.input += input.substr(2, length);
      input.remove_prefix(2 + length);
      now += std::chrono::milliseconds(what >> 5);
      const std::size_t before = output.size();
      switch (connection.work(now)) {
        case net::HttpConnection::Next::end:
          over = true;
          break;
        case net::HttpConnection::Next::later:
          BOOTFERRY_CHECK(connection.resume_at() > now);
          break;
        default:
          break;
      }
      BOOTFERRY_CHECK(output.size() - before <= (3 << 20));
    }
  }
  BOOTFERRY_CHECK(asked <= told);
  BOOTFERRY_CHECK(count_responses(output) <= told + shared.malformed);
  return 0;
}
