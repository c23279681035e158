// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/http_answer.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <new>
#include <utility>

#include "base/fd.h"
#include "net/http_target.h"
#include "net/http_tls.h"

namespace net {
namespace {

struct FreeResponse {
  void operator()(MHD_Response* response) const { MHD_destroy_response(response); }
};
using Response = std::unique_ptr<MHD_Response, FreeResponse>;

Response own(MHD_Response* response) {
  if (response == nullptr) throw std::bad_alloc();
  return Response(response);
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
  Answer(const HttpShared& server, HttpExchange& exchange, MHD_Connection* connection)
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
    request.interface = exchange_.done.interface;
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
      response = part_of(std::move(fd), selection);
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

  Response part_of(base::Fd fd, const Selection& part) {
    if (server_.tls) return own(tls_file_response(connection_, std::move(fd), part.offset, part.length));
    Response response = own(MHD_create_response_from_fd_at_offset64(part.length, fd.get(), part.offset));
    static_cast<void>(fd.release());  // the response closes it
    return response;
  }

  MHD_Result queue(unsigned status, const Response& response, std::uint64_t length) {
    add(response, MHD_HTTP_HEADER_SERVER, server_.name);
    exchange_.done.status = status;
    const bool bodiless = exchange_.done.method == "HEAD" || status == MHD_HTTP_NOT_MODIFIED;
    exchange_.promised = bodiless ? 0 : length;
    return MHD_queue_response(connection_, status, response.get());
  }

  const HttpShared& server_;
  HttpExchange& exchange_;
  MHD_Connection* connection_;
};

}  // namespace

MHD_Result queue_answer(const HttpShared& shared, HttpExchange& exchange, MHD_Connection* connection) {
  return Answer(shared, exchange, connection).give();
}

MHD_Result queue_error(const HttpShared& shared, HttpExchange& exchange, MHD_Connection* connection,
                       const HttpError& what) {
  return Answer(shared, exchange, connection).error(what);
}

}  // namespace net
