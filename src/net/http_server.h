// SPDX-License-Identifier: GPL-3.0-or-later
// HTTP/1.1 for boot files, plain or over TLS, in threads of its own: each has a loop, its share
// of the connections, and keeps them to their end. The handler decides; ranges, HEAD, ETag,
// conditions and keep-alive are done here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/fd.h"
#include "base/ip.h"
#include "base/result.h"
#include "base/time.h"
#include "net/tls_identity.h"

namespace net {

struct HttpRequest {
  std::string_view method;  // GET or HEAD, unless bodies are taken
  std::string_view target;  // path, percent-decoded once, otherwise as sent; query cut off
  std::string_view query;   // raw, without '?'
  std::string_view user_agent;
  base::Endpoint from;
  base::Ip local;          // the address that the client used
  unsigned interface = 0;  // by which the connection came; 0: not known, or from this very host
  std::string_view body = {};
};

// Bytes made for this request.
struct HttpBody {
  std::string content_type;
  std::string bytes;
};
// A regular file that does not change while it is published; sent with sendfile. The last
// part of the path may not be a symbolic link.
struct HttpFile {
  std::string path;
  std::string content_type;
  std::string etag;  // without quotes; empty: made from size and time
};
struct HttpError {
  unsigned status = 404;
  std::string text;  // plain text for people
};
using HttpReply = std::variant<HttpBody, HttpFile, HttpError>;

// What happened, when the response has ended; for logs and attempts. What could not be read as
// a request is answered and counted (HttpCounts::malformed) and not told.
struct HttpDone {
  base::Endpoint from;
  base::Ip local;  // the address that the client used
  unsigned interface = 0;
  std::string method;
  std::string target;
  unsigned status = 0;
  std::uint64_t sent = 0;  // octets of body; of an interrupted one about what the client acknowledged
  bool complete = false;   // all that was promised
};

// Who is at the other end of a connection.
struct HttpPeer {
  base::Endpoint from;
  base::Ip local;
  unsigned interface = 0;  // as in HttpRequest
};
// May so many octets of files leave for one client? Yes where the answer is not after `now`;
// otherwise it is asked again then, for the same octets. Ends with the connection.
using HttpPace = std::function<base::Time(std::size_t octets, base::Time now)>;

struct HttpCounts {
  std::uint64_t connections = 0;  // open now
  std::uint64_t refused = 0;      // above one of the two limits, or for want of descriptors
  std::uint64_t late = 0;         // cut: no whole head or no progress in time
  std::uint64_t malformed = 0;
};

class HttpServer {
 public:
  using Handler = std::function<HttpReply(const HttpRequest&)>;  // called from many threads
  using OnDone = std::function<void(const HttpDone&)>;
  using BodyOf = std::function<std::size_t(const HttpRequest&)>;
  using PaceOf = std::function<HttpPace(const HttpPeer&)>;  // an empty answer: no limit
  struct Options {
    base::Endpoint listen{{}, 80};
    // From open_listener(), one a family, for a server that gives its rights away before it
    // starts; none: start() opens one. They belong to start() from the call on.
    std::vector<int> listen_fds = {};
    std::optional<TlsIdentity> tls;  // given: nothing but TLS is spoken
    unsigned threads = 0;            // 0: one a processor
    unsigned max_connections = 4000;
    unsigned max_connections_per_address = 64;
    unsigned idle_seconds = 60;    // without an octet that moves
    unsigned header_seconds = 30;  // for a whole head, however it trickles; TLS handshake included
    std::size_t max_header = 16 << 10;
    // 0: GET and HEAD alone, without bodies. Otherwise every method reaches the handler, with a
    // body of so many octets at most.
    std::size_t max_body = 0;
    // How much of that a request may have, asked when its head is there: what comes from anybody is
    // not read for nothing. 0: the handler answers it without its body, and the connection ends.
    // Without it: max_body for all.
    BodyOf body_of;
    PaceOf pace_of;  // asked once a connection, on its thread
    std::string server_name = "Bootferry";
  };
  // Error names the process that holds a taken port, and `service` as what can be switched off.
  static base::Result<base::Fd> open_listener(base::Endpoint listen, std::string_view service = "http");
  static base::Result<std::unique_ptr<HttpServer>> start(const Options& options, Handler handler,
                                                         OnDone on_done);
  ~HttpServer();  // what is under way is cut off, and told to on_done
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] HttpCounts counts() const;  // any thread

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace net
