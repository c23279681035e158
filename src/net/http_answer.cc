// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/http_answer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <ctime>
#include <iterator>
#include <utility>

#include "base/overloaded.h"

namespace net {
namespace {

std::string_view reason_of(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";  // the phrase may be missing
  }
}

// One answer as it grows.
class Answer {
 public:
  explicit Answer(const AnswerTo& request) : request_(request) {}

  HttpAnswer operator()(HttpBody&& body) {
    begin(200, body.bytes.size());
    add("Content-Type", body.content_type);
    // Made for this machine at this moment: no proxy on the way may give it to another.
    add("Cache-Control", "no-store");
    return end(body.bytes);
  }

  HttpAnswer operator()(HttpError&& error) {
    error.text += '\n';
    begin(error.status, error.text.size());
    add("Content-Type", "text/plain; charset=utf-8");
    if (error.status == 405) add("Allow", "GET, HEAD");
    return end(error.text);
  }

  HttpAnswer operator()(HttpFile&& what) {
    // O_NONBLOCK: opening a pipe must not hang a thread that serves a thousand others.
    base::Fd fd(open(what.path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status {};
    if (!fd.open() && (errno == EMFILE || errno == ENFILE)) {
      return (*this)(HttpError{503, "too many files are open"});
    }
    if (!fd.open() || fstat(fd.get(), &status) < 0 || !S_ISREG(status.st_mode)) {
      return (*this)(HttpError{404, "the file is not there any more"});
    }
    const auto size = static_cast<std::uint64_t>(status.st_size);
    Validators validators;
    validators.modified = status.st_mtim.tv_sec;
    validators.etag = what.etag.empty() ? fmt::format("\"{:x}-{:x}-{:x}\"", size, status.st_mtim.tv_sec,
                                                      status.st_mtim.tv_nsec)
                                        : fmt::format("\"{}\"", what.etag);
    const Selection part = select(request_.conditions, validators, size, request_.method == "GET");
    begin(part.status, part.length);
    add("ETag", validators.etag);
    if (part.status == 416) add("Content-Range", fmt::format("bytes */{}", size));
    if (part.status == 206) {
      add("Content-Range", fmt::format("bytes {}-{}/{}", part.offset, part.offset + part.length - 1, size));
    }
    if (part.status != 412 && part.status != 416) {
      add("Content-Type", what.content_type);
      add("Last-Modified", print_http_date(validators.modified));
      add("Accept-Ranges", "bytes");
    }
    if (answer_.promised > 0) {
      answer_.file = std::move(fd);
      answer_.offset = part.offset;
      answer_.length = part.length;
    }
    return end({});
  }

  HttpAnswer operator()(HttpMessage&& message) {
    std::uint64_t size = message.bytes.size();
    if (message.file.open()) {
      struct stat facts {};
      if (fstat(message.file.get(), &facts) < 0) return (*this)(HttpError{500, "the file cannot be read"});
      size = static_cast<std::uint64_t>(facts.st_size);
    }
    begin(message.status, size);
    if (!message.content_type.empty()) add("Content-Type", message.content_type);
    add("Cache-Control", "no-store");
    for (const auto& [name, value] : message.fields) add(name, value);
    if (message.file.open() && answer_.promised > 0) {
      answer_.file = std::move(message.file);
      answer_.length = size;
      return end({});
    }
    return end(message.bytes);
  }

 private:
  void add(std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(answer_.bytes), "{}: {}\r\n", name, value);
  }

  void begin(unsigned status, std::uint64_t length) {
    answer_.status = status;
    const bool bodiless = status == 204 || status == 304;
    answer_.promised = request_.method == "HEAD" || bodiless ? 0 : length;
    answer_.keep_alive = request_.keep_alive;
    fmt::format_to(std::back_inserter(answer_.bytes), "HTTP/1.1 {} {}\r\n", status, reason_of(status));
    add("Server", request_.server_name);
    add("Date", print_http_date(std::time(nullptr)));
    if (!bodiless) add("Content-Length", fmt::format_int(length).c_str());
    // What an older or a newer client would not expect.
    if (!request_.keep_alive) add("Connection", "close");
    if (request_.keep_alive && request_.version_1_0) add("Connection", "keep-alive");
  }

  HttpAnswer end(std::string_view body) {
    answer_.bytes += "\r\n";
    if (answer_.promised > 0) answer_.bytes += body;
    return std::move(answer_);
  }

  const AnswerTo& request_;
  HttpAnswer answer_;
};

}  // namespace

HttpAnswer make_answer(HttpReply reply, const AnswerTo& request) {
  Answer answer(request);
  return std::visit([&](auto& what) { return answer(std::move(what)); }, reply);
}

}  // namespace net
