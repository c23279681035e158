// SPDX-License-Identifier: GPL-3.0-or-later
// The edge to libmicrohttpd: callbacks of a C library, so nothing may throw out of them.
#include "net/http_server.h"

#include <fcntl.h>
#include <linux/tcp.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <optional>

#include "net/http_conditions.h"
#include "net/http_target.h"
#include "net/socket_address.h"

namespace net {

namespace {

struct Server {
  HttpServer::Handler handler;
  HttpServer::OnDone on_done;
  std::string name;
};

struct FreeResponse {
  void operator()(MHD_Response* response) const { MHD_destroy_response(response); }
};
using Response = std::unique_ptr<MHD_Response, FreeResponse>;

Response own(MHD_Response* response) {
  if (response == nullptr) throw std::bad_alloc();
  return Response(response);
}

// What is read of a request's header.
struct Fields {
  std::string user_agent;
  Conditions conditions;
  bool body = false;        // the request brings one
  bool incomplete = false;  // memory ran out: a condition may be missing
};

// One request, from its first line to the end of its response.
struct Exchange {
  std::string raw_target;
  HttpDone done;
  std::uint64_t promised = 0;      // octets of body
  std::uint64_t acked_before = 0;  // octets of this connection, earlier responses included
  std::optional<Fields> fields;    // once the header is complete
};

int socket_of(MHD_Connection* connection) {
  const MHD_ConnectionInfo* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info != nullptr ? info->connect_fd : -1;
}

std::uint64_t acknowledged(MHD_Connection* connection) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(socket_of(connection), IPPROTO_TCP, TCP_INFO, &info, &size) < 0) return 0;
  return info.tcpi_bytes_acked;
}

base::Endpoint peer_of(MHD_Connection* connection) {
  const MHD_ConnectionInfo* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  if (info == nullptr || info->client_addr == nullptr || info->client_addr->sa_family != AF_INET) return {};
  sockaddr_in address;
  std::memcpy(&address, info->client_addr, sizeof address);
  return from_sockaddr(address);
}

MHD_Result collect_field(void* into, MHD_ValueKind, const char* raw_name, const char* raw_value) try {
  auto& fields = *static_cast<Fields*>(into);
  std::string name(raw_name);
  const std::string_view value = raw_value != nullptr ? raw_value : "";
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  const auto join = [&](std::optional<std::string>& field) {
    field = field ? *field + "," + std::string(value) : std::string(value);
  };
  if (name == "user-agent") fields.user_agent = value;
  if (name == "if-match") join(fields.conditions.if_match);
  if (name == "if-none-match") join(fields.conditions.if_none_match);
  if (name == "if-modified-since") join(fields.conditions.if_modified_since);
  if (name == "if-unmodified-since") join(fields.conditions.if_unmodified_since);
  if (name == "if-range") join(fields.conditions.if_range);
  if (name == "range") join(fields.conditions.range);
  if (name == "transfer-encoding" || (name == "content-length" && value != "0")) fields.body = true;
  return MHD_YES;
} catch (...) {
  static_cast<Fields*>(into)->incomplete = true;
  return MHD_NO;
}

Response from_text(const std::string& text) {
  return Response(
      MHD_create_response_from_buffer(text.size(), const_cast<char*>(text.data()), MHD_RESPMEM_MUST_COPY));
}

void add(const Response& response, const char* name, const std::string& value) {
  MHD_add_response_header(response.get(), name, value.c_str());
}

class Answer {
 public:
  Answer(const Server& server, Exchange& exchange, MHD_Connection* connection)
      : server_(server), exchange_(exchange), connection_(connection) {}

  MHD_Result give() {
    const std::string& method = exchange_.done.method;
    if (method != "GET" && method != "HEAD") {
      return error({MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD are served here"});
    }
    if (exchange_.fields->body)
      return error({MHD_HTTP_CONTENT_TOO_LARGE, "a request for a boot file has no body"});
    const auto target = parse_target(exchange_.raw_target);
    if (!target) {
      exchange_.done.target = exchange_.raw_target;
      return error({MHD_HTTP_BAD_REQUEST, why(target.error())});
    }
    exchange_.done.target = target->path;
    HttpRequest request;
    request.method = method;
    request.target = target->path;
    request.query = target->query;
    request.user_agent = exchange_.fields->user_agent;
    request.from = exchange_.done.from;
    request.local = exchange_.done.local;
    const HttpReply reply = server_.handler(request);
    if (const auto* bytes = std::get_if<HttpBody>(&reply)) return body(*bytes);
    if (const auto* file = std::get_if<HttpFile>(&reply)) return this->file(*file);
    return error(std::get<HttpError>(reply));
  }

  MHD_Result error(const HttpError& what) {
    const Response response = from_text(what.text + "\n");
    add(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; charset=utf-8");
    if (what.status == MHD_HTTP_METHOD_NOT_ALLOWED) add(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    return queue(what.status, response, what.text.size() + 1);
  }

 private:
  static std::string why(TargetFault fault) {
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

  MHD_Result body(const HttpBody& what) {
    const Response response = from_text(what.bytes);
    add(response, MHD_HTTP_HEADER_CONTENT_TYPE, what.content_type);
    // Made for this machine at this moment: no proxy on the way may give it to another.
    add(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    return queue(MHD_HTTP_OK, response, what.bytes.size());
  }

  MHD_Result file(const HttpFile& what) {
    // O_NONBLOCK: opening a pipe must not hang a thread that serves a thousand others.
    base::Fd fd(open(what.path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status {};
    if (!fd.open() && (errno == EMFILE || errno == ENFILE)) {
      return error({MHD_HTTP_SERVICE_UNAVAILABLE, "too many files are open"});
    }
    if (!fd.open() || fstat(fd.get(), &status) < 0 || !S_ISREG(status.st_mode)) {
      return error({MHD_HTTP_NOT_FOUND, "the file is not there any more"});
    }
    const auto size = static_cast<std::uint64_t>(status.st_size);
    Validators validators;
    validators.modified = status.st_mtim.tv_sec;
    validators.etag = what.etag.empty() ? fmt::format("\"{:x}-{:x}-{:x}\"", size, status.st_mtim.tv_sec,
                                                      status.st_mtim.tv_nsec)
                                        : fmt::format("\"{}\"", what.etag);
    const Selection selection =
        select(exchange_.fields->conditions, validators, size, exchange_.done.method == "GET");
    Response response;
    if (selection.status == MHD_HTTP_PRECONDITION_FAILED ||
        selection.status == MHD_HTTP_RANGE_NOT_SATISFIABLE) {
      response = from_text("");
    } else {
      response = own(MHD_create_response_from_fd_at_offset64(selection.length, fd.get(), selection.offset));
      static_cast<void>(fd.release());  // the response closes it
      add(response, MHD_HTTP_HEADER_CONTENT_TYPE, what.content_type);
      add(response, MHD_HTTP_HEADER_LAST_MODIFIED, print_http_date(validators.modified));
      add(response, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
    }
    add(response, MHD_HTTP_HEADER_ETAG, validators.etag);
    if (selection.status == MHD_HTTP_RANGE_NOT_SATISFIABLE) {
      add(response, MHD_HTTP_HEADER_CONTENT_RANGE, fmt::format("bytes */{}", size));
    } else if (selection.status == MHD_HTTP_PARTIAL_CONTENT) {
      add(response, MHD_HTTP_HEADER_CONTENT_RANGE,
          fmt::format("bytes {}-{}/{}", selection.offset, selection.offset + selection.length - 1, size));
    }
    return queue(selection.status, response, selection.length);
  }

  MHD_Result queue(unsigned status, const Response& response, std::uint64_t length) {
    add(response, MHD_HTTP_HEADER_SERVER, server_.name);
    exchange_.done.status = status;
    const bool bodiless = exchange_.done.method == "HEAD" || status == MHD_HTTP_NOT_MODIFIED;
    exchange_.promised = bodiless ? 0 : length;
    return MHD_queue_response(connection_, status, response.get());
  }

  const Server& server_;
  Exchange& exchange_;
  MHD_Connection* connection_;
};

// The request line is here: the only place that shows the target before the library splits
// and decodes it.
void* on_request_line(void*, const char* target, MHD_Connection* connection) {
  try {
    auto exchange = std::make_unique<Exchange>();
    exchange->raw_target = target != nullptr ? target : "";
    exchange->done.from = peer_of(connection);
    exchange->done.local = local_endpoint(socket_of(connection)).address;
    exchange->acked_before = acknowledged(connection);
    return exchange.release();
  } catch (...) {
    return nullptr;  // on_request() ends the connection
  }
}

// The library's own decoding lets broken escapes and NUL pass, so that it gets none to do.
std::size_t keep_escapes(void*, MHD_Connection*, char* text) { return std::strlen(text); }

MHD_Result on_request(void* cls, MHD_Connection* connection, const char*, const char* method, const char*,
                      const char*, std::size_t* upload_size, void** context) {
  const auto& server = *static_cast<const Server*>(cls);
  auto* exchange = static_cast<Exchange*>(*context);
  if (exchange == nullptr) return MHD_NO;
  *upload_size = 0;
  Answer answer(server, *exchange, connection);
  try {
    if (!exchange->fields) {
      exchange->done.method = method;
      MHD_get_connection_values(connection, MHD_HEADER_KIND, collect_field, &exchange->fields.emplace());
      if (exchange->fields->incomplete) throw std::bad_alloc();
      // An answer in this first call ends the connection after it, which is right for
      // requests that bring a body, for it is not read; others are answered in the next call.
      if (!exchange->fields->body) return MHD_YES;
    }
    return answer.give();
  } catch (...) {
  }
  try {
    return answer.error({MHD_HTTP_INTERNAL_SERVER_ERROR, "the request could not be worked on"});
  } catch (...) {
    return MHD_NO;
  }
}

void on_completed(void* cls, MHD_Connection* connection, void** context, MHD_RequestTerminationCode how) {
  const auto& server = *static_cast<const Server*>(cls);
  const std::unique_ptr<Exchange> exchange(static_cast<Exchange*>(*context));
  *context = nullptr;
  if (!exchange || exchange->done.status == 0 || !server.on_done) return;  // it never got an answer from us
  HttpDone& done = exchange->done;
  done.complete = how == MHD_REQUEST_TERMINATED_COMPLETED_OK;
  done.sent = exchange->promised;
  if (!done.complete) {
    // sendfile keeps no count for us, TCP does; it includes our header, which has about this size.
    constexpr std::uint64_t header = 250;
    const std::uint64_t acked = acknowledged(connection);
    const std::uint64_t before = exchange->acked_before + header;
    done.sent = std::min(done.sent, acked > before ? acked - before : 0);
  }
  try {
    server.on_done(done);
  } catch (...) {
  }
}

}  // namespace

struct HttpServer::Impl {
  Server server;
  std::uint16_t port = 0;
  MHD_Daemon* daemon = nullptr;

  ~Impl() {
    if (daemon != nullptr) MHD_stop_daemon(daemon);  // joins its threads, which use `server`
  }
};

base::Result<base::Fd> HttpServer::open_listener(base::Endpoint listen) {
  base::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.open()) return base::fail_errno("open a TCP socket", errno);
  const int on = 1;  // connections of our last run that linger must not keep us from starting
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = to_sockaddr(listen);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 ||
      ::listen(fd.get(), SOMAXCONN) < 0) {
    return tl::unexpected(bind_error(Protocol::tcp, listen, errno, "http"));
  }
  return fd;
}

base::Result<std::unique_ptr<HttpServer>> HttpServer::start(const Options& options, Handler handler,
                                                            OnDone on_done) {
  base::Fd listener(options.listen_fd);
  if (!listener.open()) {
    auto opened = open_listener(options.listen);
    if (!opened) return tl::unexpected(opened.error());
    listener = std::move(*opened);
  }
  auto impl = std::make_unique<Impl>();
  impl->server = {std::move(handler), std::move(on_done), options.server_name};
  impl->port = local_endpoint(listener.get()).port;
  const unsigned threads = std::max(options.threads, 1u);
  Server* server = &impl->server;
  impl->daemon = MHD_start_daemon(
      MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, nullptr, nullptr, on_request, server,               //
      MHD_OPTION_LISTEN_SOCKET, listener.get(),                                                           //
      MHD_OPTION_THREAD_POOL_SIZE, threads > 1 ? threads : 0u,                                            //
      MHD_OPTION_CONNECTION_LIMIT, std::max(options.max_connections, threads),                            //
      MHD_OPTION_PER_IP_CONNECTION_LIMIT, options.max_connections_per_address,                            //
      MHD_OPTION_CONNECTION_TIMEOUT, options.idle_seconds,                                                //
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, options.memory_per_connection,                                  //
      MHD_OPTION_URI_LOG_CALLBACK, on_request_line, nullptr, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes,  //
      nullptr, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_END);
  if (impl->daemon == nullptr) return base::fail("libmicrohttpd did not start on port {}", impl->port);
  static_cast<void>(listener.release());  // the daemon closes it
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const { return impl_->port; }

}  // namespace net
