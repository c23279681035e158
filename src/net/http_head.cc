// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/http_head.h"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>

namespace net {
namespace {

namespace beast = boost::beast;
using beast::http::field;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

class Parser final : public beast::http::basic_parser<true> {
 public:
  HttpHead head;
  bool has_coding = false;

 private:
  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target, int version,
                       beast::error_code&) override {
    head.method = view(method);
    head.target = view(target);
    head.version_1_0 = version == 10;
  }
  void on_field_impl(field name, beast::string_view, beast::string_view raw, beast::error_code&) override {
    const std::string_view value = view(raw);
    const auto join = [&](std::optional<std::string>& into) {
      into = into ? *into + "," + std::string(value) : std::string(value);
    };
    switch (name) {
      case field::user_agent:
        head.user_agent = value;
        break;
      case field::content_type:
        head.content_type = value;
        break;
      case field::authorization:
        head.authorization = value;
        break;
      case field::if_match:
        join(head.conditions.if_match);
        break;
      case field::if_none_match:
        join(head.conditions.if_none_match);
        break;
      case field::if_modified_since:
        join(head.conditions.if_modified_since);
        break;
      case field::if_unmodified_since:
        join(head.conditions.if_unmodified_since);
        break;
      case field::if_range:
        join(head.conditions.if_range);
        break;
      case field::range:
        join(head.conditions.range);
        break;
      case field::expect:
        head.expects_continue = beast::iequals(raw, "100-continue");
        break;
      case field::transfer_encoding:
        has_coding = true;
        break;
      default:
        break;
    }
  }
  // The rest is of bodies and of responses, which do not come here.
  void on_header_impl(beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
  std::size_t on_body_impl(beast::string_view body, beast::error_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, beast::error_code&) override {
    return body.size();
  }
  void on_finish_impl(beast::error_code&) override {}
  void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}
};

}  // namespace

base::Result<HttpHead, HeadFault> parse_head(std::string_view text) {
  Parser parser;
  parser.header_limit(UINT32_MAX);  // whoever collected the text has bounded it
  parser.body_limit(boost::none);
  beast::error_code error;
  parser.put(boost::asio::const_buffer(text.data(), text.size()), error);
  if (error == beast::http::error::bad_version) return tl::unexpected(HeadFault::version);
  if (error || !parser.is_header_done()) return tl::unexpected(HeadFault::malformed);
  if (parser.has_coding && !parser.chunked()) return tl::unexpected(HeadFault::coding);
  parser.head.chunked = parser.chunked();
  parser.head.content_length = parser.content_length().value_or(0);
  parser.head.keep_alive = parser.keep_alive();
  return std::move(parser.head);
}

}  // namespace net
