// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/response.h"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/write.hpp>
#include <cstdint>
#include <sstream>

namespace api {
namespace {

namespace beast = boost::beast;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

class Response::Parser final : public beast::http::basic_parser<false> {
 public:
  explicit Parser(const Sink& to) : sink(to) {}

  const Sink& sink;
  Answer answer;
  base::Status refused;  // by the sink

 private:
  void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int,
                       beast::error_code&) override {}
  void on_response_impl(int code, beast::string_view, int, beast::error_code&) override {
    answer.status = code;
  }
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                     beast::error_code&) override {
    answer.headers.emplace_back(view(name), view(value));
  }
  void on_header_impl(beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
  std::size_t on_body_impl(beast::string_view body, beast::error_code& error) override {
    const bool good = answer.status >= 200 && answer.status < 300;
    if (!sink || !good) {
      answer.body.append(body.data(), body.size());
    } else if (auto taken = sink(view(body)); !taken) {
      refused = taken;
      error = beast::http::error::body_limit;
    }
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, beast::error_code& error) override {
    return on_body_impl(body, error);
  }
  void on_finish_impl(beast::error_code&) override {}
};

std::string print_request(const Request& request) {
  beast::http::request<beast::http::empty_body> head;
  head.version(11);
  head.method_string(request.method);
  head.target(target(request));
  head.set(beast::http::field::host, "bootferry");
  head.set(beast::http::field::accept, "application/json");
  head.set(beast::http::field::connection, "close");
  for (const auto& [name, value] : request.headers) head.set(name, value);
  if (!request.body.empty() || request.method != "GET") head.content_length(request.body.size());
  std::ostringstream out;
  out << head;
  return out.str() + request.body;
}

Response::Response(const Sink& sink) : parser_(std::make_unique<Parser>(sink)) {
  parser_->body_limit(boost::none);
  parser_->eager(true);
}

Response::~Response() = default;

base::Status Response::take(std::string_view octets) {
  rest_.append(octets);
  beast::error_code error;
  const std::size_t used = parser_->put(boost::asio::const_buffer(rest_.data(), rest_.size()), error);
  rest_.erase(0, used);
  if (!parser_->refused) return parser_->refused;
  if (error && error != beast::http::error::need_more) {
    return base::fail("the server's answer is no HTTP: {}", error.message());
  }
  return {};
}

base::Status Response::end() {
  beast::error_code error;
  if (parser_->got_some()) parser_->put_eof(error);
  if (parser_->is_done() && !error) return {};
  return base::fail("the server closed the connection before it had answered: its log says why");
}

bool Response::whole() const { return parser_->is_done(); }

Answer Response::answer() { return std::move(parser_->answer); }

}  // namespace api
