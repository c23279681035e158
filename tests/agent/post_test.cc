// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/post.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

#include "../content/scratch.h"
#include "agent/drivers.h"
#include "base/fd.h"

namespace agent {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Url, AddressesWithAndWithoutPort) {
  const auto url = Url::parse("http://192.0.2.1:8080/boot/v1/4f1c");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->family(), AF_INET);
  EXPECT_EQ(url->host, "192.0.2.1:8080");
  EXPECT_EQ(url->path, "/boot/v1/4f1c");
  const auto six = Url::parse("http://[2001:db8::1]/boot");
  ASSERT_TRUE(six);
  EXPECT_EQ(six->family(), AF_INET6);
  for (const char* text : {"", "https://192.0.2.1/", "http://192.0.2.1", "http://name/x",
                           "http://192.0.2.1:0/x", "http://192.0.2.1:70000/x", "http://192.0.2.1:/x",
                           "http://[::1/x", "http://[::1]8/x", "http://192.0.2.1/a b"})
    EXPECT_FALSE(Url::parse(text)) << text;
}

TEST(Post, TheStatusIsRead) {
  EXPECT_EQ(status_of("HTTP/1.1 204 No Content\r\n"), 204);
  EXPECT_EQ(status_of("HTTP/1.0 404"), 404);
  for (const char* text : {"", "HTTP/1.1 2", "HTTP/2 200 OK", "SSH-2.0-x", "HTTP/1.1 x00 "})
    EXPECT_EQ(status_of(text), 0) << text;
}

// A server for one request, which reads all of it or nothing.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer, std::size_t body = 0)
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_.get(), 1), 0);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/boot/v1/4f1c";
    thread_ = std::thread([this, answer = std::move(answer), body] {
      const base::Fd client(::accept(listener_.get(), nullptr, nullptr));
      std::array<char, 4096> part;
      while (request.find("\r\n\r\n") == std::string::npos ||
             request.size() < request.find("\r\n\r\n") + 4 + body) {
        const ssize_t got = ::recv(client.get(), part.data(), part.size(), 0);
        if (got <= 0) break;
        request.append(part.data(), static_cast<std::size_t>(got));
      }
      EXPECT_EQ(::send(client.get(), answer.data(), answer.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(answer.size()));
    });
  }
  OneAnswer(const OneAnswer&) = delete;
  OneAnswer& operator=(const OneAnswer&) = delete;
  ~OneAnswer() { end(); }
  void end() {
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] Url url() const { return Url::parse(url_).value(); }

  std::string request;  // after end()

 private:
  base::Fd listener_;
  std::string url_;
  std::thread thread_;
};

TEST(Post, SendsItsBodyAndReadsTheAnswer) {
  const std::string body(300'000, 'x');
  OneAnswer server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", body.size());
  const Answer answer = post(server.url(), "/log", "text/plain", body);
  server.end();
  EXPECT_EQ(answer.status, 200) << answer.reason;
  EXPECT_EQ(answer.reason, "HTTP/1.1 200 OK");
  EXPECT_THAT(server.request, StartsWith("POST /boot/v1/4f1c/log HTTP/1.1\r\nHost: 127.0.0.1:"));
  EXPECT_THAT(server.request, HasSubstr("\r\nContent-Length: 300000\r\n"));
  EXPECT_THAT(server.request, EndsWith("\r\n\r\n" + body));
}

TEST(Post, WhatIsNoAnswerHasAReason) {
  OneAnswer silent("");
  EXPECT_EQ(post(silent.url(), "/done", "text/plain", "").reason, "no answer");
  OneAnswer other("SSH-2.0-OpenSSH\r\n");
  EXPECT_EQ(post(other.url(), "/done", "text/plain", "").reason, "the answer is no HTTP");
  other.end();
  const Answer refused = post(Url::parse("http://127.0.0.1:1/x").value(), "/done", "text/plain", "");
  EXPECT_EQ(refused.status, 0);
  EXPECT_EQ(refused.reason, "Connection refused");
}

TEST(Drivers, DevicesNameThemselves) {
  const Scratch scratch;
  scratch.write("pci0/modalias", "pci:v00008086\n");
  scratch.write("pci0/usb1/1-1/modalias", "usb:v0BDA\n");
  scratch.write("pci0/empty/modalias", "\n");
  std::filesystem::create_directory_symlink(scratch.path("pci0"), scratch.path("pci0/usb1/parent"));
  auto names = modaliases(scratch.path());
  std::sort(names.begin(), names.end());
  EXPECT_THAT(names, ElementsAre("pci:v00008086", "usb:v0BDA"));
  EXPECT_TRUE(modaliases(scratch.path("nothing")).empty());
}

}  // namespace
}  // namespace agent
