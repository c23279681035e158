// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/url.h"

namespace api {
namespace {

using testing::HasSubstr;

// The answer that comes of these octets, `size` of them at a time.
base::Result<Answer> read(std::string_view octets, std::size_t size, const Sink& sink = {}) {
  Response response(sink);
  for (std::size_t at = 0; at < octets.size() && !response.whole(); at += size) {
    if (auto taken = response.take(octets.substr(at, size)); !taken) return tl::unexpected(taken.error());
  }
  if (!response.whole()) {
    if (auto ended = response.end(); !ended) return tl::unexpected(ended.error());
  }
  return response.answer();
}

TEST(Response, IsTheSameInPiecesOfAnySize) {
  constexpr std::string_view whole =
      "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nETag: \"7\"\r\nContent-Length: "
      "8\r\n\r\n{\"a\": 1}";
  for (std::size_t size = 1; size <= whole.size(); ++size) {
    const auto answer = read(whole, size);
    ASSERT_TRUE(answer) << size << ": " << answer.error().what;
    EXPECT_EQ(answer->status, 201);
    EXPECT_EQ(answer->header("etag"), "\"7\"");
    EXPECT_EQ(answer->header("Location"), "");
    EXPECT_EQ(answer->body, "{\"a\": 1}");
  }
}

TEST(Response, BodiesOfUnknownLength) {
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\n\r\nuntil it closes", 5)->body, "until it closes");
  EXPECT_EQ(
      read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 4)->body,
      "abcde");
  EXPECT_EQ(read("HTTP/1.1 204 No Content\r\n\r\n", 7)->body, "");
}

TEST(Response, AnswersThatBreakOffAreErrors) {
  for (const char* broken : {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab"}) {
    const auto answer = read(broken, 100);
    ASSERT_FALSE(answer) << broken;
    EXPECT_THAT(answer.error().what, HasSubstr("before it had answered"));
  }
  EXPECT_THAT(read("SSH-2.0-OpenSSH_9.2\r\n\r\n", 100).error().what, HasSubstr("no HTTP"));
}

TEST(Response, ASinkGetsWhatIsGoodAndNothingElse) {
  std::string got;
  const Sink sink = [&](std::string_view piece) {
    got.append(piece);
    return base::Status();
  };
  const auto good = read("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef", 3, sink);
  EXPECT_EQ(good->body, "");
  EXPECT_EQ(got, "abcdef");
  const auto bad = read("HTTP/1.1 503 No\r\nContent-Length: 3\r\n\r\nwhy", 3, sink);
  EXPECT_EQ(bad->body, "why");
  EXPECT_EQ(got, "abcdef");
  const Sink full = [](std::string_view) -> base::Status { return base::fail("disk full"); };
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef", 3, full).error().what, "disk full");
}

TEST(Request, Printed) {
  Request request;
  request.method = "PATCH";
  request.path = "/v1/devices/" + base::escape_url_part("pc 1/ä");
  request.query = {{"q", "a&b=c"}, {"limit", "5"}};
  request.headers = {{"If-Match", "\"3\""}};
  request.body = "{}";
  EXPECT_EQ(target(request), "/v1/devices/pc%201%2F%C3%A4?q=a%26b%3Dc&limit=5");
  const std::string text = print_request(request);
  EXPECT_THAT(text, testing::StartsWith("PATCH " + target(request) + " HTTP/1.1\r\n"));
  EXPECT_THAT(text, HasSubstr("If-Match: \"3\"\r\n"));
  EXPECT_THAT(text, HasSubstr("Content-Length: 2\r\n"));
  EXPECT_THAT(text, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(text, testing::EndsWith("\r\n\r\n{}"));
}

}  // namespace
}  // namespace api
