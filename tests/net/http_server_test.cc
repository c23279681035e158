// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "http_fixture.h"

namespace net {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST_F(Http, AFileIsSentWhole) {
  RawClient c = client();
  const RawResponse r = c.ask("GET /kernel");
  EXPECT_THAT(r.head, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(r.field("Content-Length"), "100000");
  EXPECT_EQ(r.field("Content-Type"), "application/efi");
  EXPECT_EQ(r.field("ETag"), "\"tag\"");
  EXPECT_EQ(r.field("Accept-Ranges"), "bytes");
  EXPECT_EQ(r.field("Server"), "Bootferry");
  EXPECT_NE(r.field("Last-Modified"), "");
  EXPECT_NE(r.field("Date"), "");
  EXPECT_EQ(r.body, kernel_);
  const auto told = done(1);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].status, 200u);
  EXPECT_EQ(told[0].sent, 100'000u);
  EXPECT_TRUE(told[0].complete);
  EXPECT_EQ(told[0].target, "/kernel");
  EXPECT_EQ(told[0].method, "GET");
  EXPECT_EQ(told[0].from.address.print(), "127.0.0.1");
}

TEST_F(Http, HeadTellsTheLengthOfWhatGetWouldSend) {
  RawClient c = client();
  for (const char* path : {"/kernel", "/empty", "/script"}) {
    const RawResponse head = c.ask(std::string("HEAD ") + path);
    const RawResponse get = c.ask(std::string("GET ") + path);
    EXPECT_EQ(head.status(), 200u) << path;
    EXPECT_EQ(head.field("Content-Length"), std::to_string(get.body.size())) << path;
    EXPECT_EQ(head.field("Content-Type"), get.field("Content-Type")) << path;
  }
  const auto told = done(6);
  ASSERT_EQ(told.size(), 6u);
  EXPECT_EQ(told[0].sent, 0u);
  EXPECT_TRUE(told[0].complete);
}

TEST_F(Http, PartsAndConditions) {
  RawClient c = client();
  RawResponse r = c.ask("GET /kernel", "Range: bytes=99990-\r\nIf-Match: \"tag\"\r\n");
  EXPECT_EQ(r.status(), 206u);
  EXPECT_EQ(r.field("Content-Range"), "bytes 99990-99999/100000");
  EXPECT_EQ(r.body, kernel_.substr(99990));
  r = c.ask("GET /kernel", "Range: bytes=100000-\r\n");
  EXPECT_EQ(r.status(), 416u);
  EXPECT_EQ(r.field("Content-Range"), "bytes */100000");
  EXPECT_EQ(r.body, "");
  r = c.ask("GET /kernel", "Range: bytes=0-1,3-4\r\n");
  EXPECT_EQ(r.status(), 200u);
  r = c.ask("GET /kernel", "Range: bytes=0-1\r\nRange: bytes=3-4\r\n");
  EXPECT_EQ(r.status(), 200u) << "two fields are one list";
  r = c.ask("GET /kernel", "If-None-Match: \"a\"\r\nIF-NONE-MATCH: \"tag\"\r\n");
  EXPECT_EQ(r.status(), 304u);
  EXPECT_EQ(r.field("ETag"), "\"tag\"");
  r = c.ask("GET /kernel", "If-Match: \"old\"\r\nRange: bytes=5-\r\n");
  EXPECT_EQ(r.status(), 412u);
  EXPECT_EQ(r.field("Content-Length"), "0");
  const std::string date = c.ask("HEAD /kernel").field("Last-Modified");
  EXPECT_EQ(c.ask("GET /kernel", "If-Modified-Since: " + date + "\r\n").status(), 304u);
  EXPECT_EQ(c.ask("GET /kernel", "If-Unmodified-Since: " + date + "\r\nRange: bytes=0-9\r\n").status(), 206u);
  EXPECT_EQ(c.ask("GET /kernel").body, kernel_) << "the connection is still in step";
}

TEST_F(Http, WithoutATagOneIsMadeFromTheFile) {
  RawClient c = client();
  const std::string tag = c.ask("HEAD /dated").field("ETag");
  EXPECT_THAT(tag, StartsWith("\"186a0-"));
  EXPECT_EQ(c.ask("GET /dated", "If-None-Match: " + tag + "\r\n").status(), 304u);
}

TEST_F(Http, PathsArriveAsTheyWereMeant) {
  RawClient c = client();
  for (const char* path : {"//x", "/%2e%2e/%2e%2e/etc/passwd", "/boot%5cx", "/a%20b", "/x?a=%41", "/%252e"}) {
    EXPECT_EQ(c.ask(std::string("GET ") + path).status(), 404u) << path;
  }
  EXPECT_THAT(targets(), testing::ElementsAre("//x", "/../../etc/passwd", "/boot\\x", "/a b", "/x", "/%2e"));
  EXPECT_EQ(c.ask("GET /about?mac=52%3a54", "User-Agent: UefiHttpBoot/1.0\r\n").body,
            "GET mac=52%3a54 UefiHttpBoot/1.0 127.0.0.1 127.0.0.1");
  EXPECT_EQ(c.ask("GET http://10.0.0.1/script").body, "#!ipxe\n");
}

TEST_F(Http, BrokenTargetsAre400AndTheHandlerNeverSeesThem) {
  for (const char* path : {"/a%00b", "/a%0d%0aX", "/%zz", "/a%2", "*", "kernel"}) {
    RawClient c = client();
    EXPECT_EQ(c.ask(std::string("GET ") + path).status(), 400u) << path;
  }
  EXPECT_TRUE(targets().empty());
  const auto told = done(6);
  ASSERT_EQ(told.size(), 6u);
  EXPECT_THAT(told, testing::Each(testing::Field(&HttpDone::status, 400u)));
  EXPECT_THAT(told, testing::Contains(testing::Field(&HttpDone::target, "/a%00b")))
      << "undecoded, so that it cannot harm a log";
}

TEST_F(Http, OtherMethodsAre405) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PROPFIND", "get"}) {
    RawClient c = client();
    const RawResponse r = c.ask(std::string(method) + " /kernel");
    EXPECT_EQ(r.status(), 405u) << method;
    EXPECT_EQ(r.field("Allow"), "GET, HEAD") << method;
  }
  EXPECT_TRUE(targets().empty());
}

TEST_F(Http, BodiesAreRefusedUnread) {
  for (const char* fields : {"Content-Length: 1000000000\r\n", "Transfer-Encoding: chunked\r\n",
                             "Content-Length: 5\r\nExpect: 100-continue\r\n"}) {
    RawClient c = client();
    EXPECT_EQ(c.ask("GET /kernel", fields).status(), 413u) << fields;
    EXPECT_TRUE(c.at_end()) << fields;
    RawClient d = client();
    EXPECT_EQ(d.ask("POST /kernel", fields).status(), 405u) << fields;
  }
  RawClient c = client();
  EXPECT_EQ(c.ask("GET /kernel", "Content-Length: 0\r\n").status(), 200u);
  EXPECT_EQ(targets().size(), 1u);
}

TEST_F(Http, OnlyRegularFilesAreOpened) {
  RawClient c = client();
  EXPECT_EQ(c.ask("GET /pipe").status(), 404u);
  EXPECT_EQ(c.ask("GET /link").status(), 404u);
  EXPECT_EQ(c.ask("GET /").status(), 404u) << "a folder";
  EXPECT_EQ(c.ask("GET /absent").body, "no such file\n");
}

TEST_F(Http, RubbishIsAnsweredAndHarmsNobody) {
  const struct {
    const char* name;
    const char* text;
    unsigned want;
  } cases[] = {
      {"one word", "rubbish\r\n\r\n", 400},
      {"a method and nothing", "GET\r\n\r\n", 400},
      {"HTTP/0.9", "GET /kernel\r\n\r\n", 400},
      {"a version that is none", "GET /kernel HTTP/9.9\r\n\r\n", 505},
      {"a field without a colon", "GET /kernel HTTP/1.1\r\nHost x\r\n\r\n", 400},
      {"a blank before the colon", "GET /kernel HTTP/1.1\r\nHost : x\r\n\r\n", 400},
      {"two lengths", "GET /kernel HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
      {"two ways to tell the length",
       "GET /kernel HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"a coding that nobody knows", "GET /kernel HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
  };
  for (const auto& test : cases) {
    RawClient c = client();
    c.send(test.text);
    EXPECT_EQ(c.read().status(), test.want) << test.name;
    EXPECT_TRUE(c.at_end()) << test.name;
  }
  EXPECT_EQ(server_->counts().malformed, std::size(cases));
  RawClient tls = client();
  tls.send("\x16\x03\x01\x02");  // speaks to the wrong port, and goes
  tls.close();
  RawClient no_host = client();
  no_host.send("GET /script HTTP/1.1\r\n\r\n");
  EXPECT_EQ(no_host.read().status(), 200u) << "forgiven: nothing here depends on the name";
  RawClient longest = client();
  EXPECT_EQ(longest.ask("GET /" + std::string(100'000, 'a')).status(), 414u) << "though it goes on sending";
  RawClient many = client();
  std::string fields;
  for (int i = 0; i < 5000; ++i) fields += "X-" + std::to_string(i) + ": y\r\n";
  EXPECT_EQ(many.ask("GET /kernel", fields).status(), 431u);
  RawClient c = client();
  EXPECT_EQ(c.ask("GET /kernel").body, kernel_);
}

TEST_F(Http, AHandlerThatThrowsIs500) {
  RawClient c = client();
  EXPECT_EQ(c.ask("GET /throws").status(), 500u);
  EXPECT_EQ(c.ask("GET /script").status(), 200u);
}

TEST_F(Http, AThousandRequestsOnOneConnection) {
  RawClient c = client();
  for (int i = 0; i < 1000; ++i) {
    const RawResponse r = i % 10 == 0 ? c.ask("GET /kernel", "Range: bytes=0-99\r\n") : c.ask("GET /script");
    ASSERT_EQ(r.status(), i % 10 == 0 ? 206u : 200u) << i;
  }
  EXPECT_EQ(done(1000).size(), 1000u);
}

TEST_F(Http, AClientThatLeavesIsToldAsIncomplete) {
  {
    RawClient c = client();
    const int small = 16 << 10;
    setsockopt(c.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    c.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    std::array<char, 65536> some;
    for (std::size_t got = 0; got < (1 << 20);) {
      const ssize_t size = recv(c.fd(), some.data(), some.size(), 0);
      ASSERT_GT(size, 0);
      got += static_cast<std::size_t>(size);
    }
  }
  const auto told = done(1);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_FALSE(told[0].complete);
  EXPECT_EQ(told[0].status, 200u);
  EXPECT_GE(told[0].sent + 1000, 1u << 20) << "about what TCP saw acknowledged";
  EXPECT_LT(told[0].sent, 16u << 20);
}

TEST_F(Http, SlowClientsDoNotHoldUpOthersAndIdleOnesAreDropped) {
  HttpServer::Options options;
  options.threads = 1;
  options.idle_seconds = 1;
  start(options);
  RawClient half = client(), lazy = client();
  half.send("GET /ker");
  lazy.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n");  // and reads nothing
  RawClient c = client();
  EXPECT_EQ(c.ask("GET /kernel").body, kernel_);
  EXPECT_EQ(half.read().status(), 0u);  // ended without an answer
  EXPECT_FALSE(done(2).back().complete);
}

// A head that trickles in keeps moving for ever; it has its time in all.
TEST_F(Http, AHeadHasItsTimeHoweverItTrickles) {
  HttpServer::Options options;
  options.header_seconds = 1;
  start(options);
  RawClient slow = client(), silent = client();
  const auto begin = std::chrono::steady_clock::now();
  while (!slow.reset_or_ended() && std::chrono::steady_clock::now() - begin < 10s) {
    slow.send("a");
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s);
  EXPECT_TRUE(silent.ended());
  EXPECT_EQ(server_->counts().late, 2u);
  EXPECT_EQ(client().ask("GET /script").status(), 200u);
}

TEST_F(Http, ManyRequestsAtOnceAreAnsweredInTurn) {
  RawClient c = client();
  std::string all;
  for (int i = 0; i < 300; ++i) {
    all += "\r\n";  // what some clients put behind a request
    all += i % 2 == 0 ? "GET /script HTTP/1.1\r\n\r\n" : "GET /kernel HTTP/1.1\r\nRange: bytes=0-9\r\n\r\n";
  }
  c.send(all);
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(c.read().body, i % 2 == 0 ? "#!ipxe\n" : kernel_.substr(0, 10)) << i;
  }
}

TEST_F(Http, OldClientsAndThoseThatSayCloseAreTakenAtTheirWord) {
  const struct {
    const char* text;
    const char* connection;
    bool closes;
  } cases[] = {
      {"GET /script HTTP/1.0\r\n\r\n", "close", true},
      {"GET /script HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "keep-alive", false},
      {"GET /script HTTP/1.1\r\nConnection: close\r\n\r\n", "close", true},
      {"GET /script HTTP/1.1\r\n\r\n", "", false},
  };
  for (const auto& test : cases) {
    RawClient c = client();
    c.send(test.text);
    const RawResponse first = c.read();
    EXPECT_EQ(first.body, "#!ipxe\n") << test.text;
    EXPECT_EQ(first.field("Connection"), test.connection) << test.text;
    if (test.closes) {
      EXPECT_TRUE(c.at_end()) << test.text;
    } else {
      EXPECT_EQ(c.ask("GET /script").status(), 200u) << test.text;
    }
  }
}

TEST_F(Http, BodiesReachAHandlerThatTakesThem) {
  HttpServer::Options options;
  options.max_body = 1000;
  start(options);
  RawClient c = client();
  c.send("POST /body HTTP/1.1\r\nContent-Length: 5\r\n\r\nab");
  std::this_thread::sleep_for(20ms);
  c.send("cdeDELETE /body HTTP/1.1\r\n\r\n");
  EXPECT_EQ(c.read().body, "POST abcde");
  EXPECT_EQ(c.read().body, "DELETE ");
  c.send("PUT /body HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  EXPECT_EQ(c.read().status(), 100u);
  c.send("x");
  EXPECT_EQ(c.read().body, "PUT x");
  EXPECT_EQ(c.ask("POST /body", "Transfer-Encoding: chunked\r\n").status(), 411u);
  RawClient d = client();
  EXPECT_EQ(d.ask("POST /body", "Content-Length: 1001\r\n").status(), 413u);
  EXPECT_TRUE(d.at_end());
}

TEST_F(Http, WhoMaySendABodyIsAskedBeforeItIsRead) {
  HttpServer::Options options;
  options.max_body = 1000;
  options.body_of = [](const HttpRequest& request) -> std::size_t {
    EXPECT_TRUE(request.body.empty());
    return request.query == "all" ? 1'000'000 : request.query == "some" ? 10 : 0;
  };
  start(options);
  RawClient c = client();
  c.send("POST /body?some HTTP/1.1\r\nContent-Length: 10\r\n\r\n0123456789");
  EXPECT_EQ(c.read().body, "POST 0123456789");
  c.send("POST /body?all HTTP/1.1\r\nContent-Length: 2\r\n\r\nab");
  EXPECT_EQ(c.read().body, "POST ab");
  c.send("POST /body HTTP/1.1\r\n\r\n");
  EXPECT_EQ(c.read().body, "POST ") << "none is as good as an empty one";
  EXPECT_EQ(c.ask("POST /body?some", "Content-Length: 11\r\n").status(), 413u);
  EXPECT_TRUE(c.at_end());
  RawClient over = client();
  EXPECT_EQ(over.ask("POST /body?all", "Content-Length: 1001\r\n").status(), 413u);
  RawClient d = client();
  EXPECT_EQ(d.ask("POST /body", "Content-Length: 500\r\n").body, "POST ") << "answered without it";
  EXPECT_TRUE(d.at_end());
  RawClient e = client();
  EXPECT_EQ(e.ask("POST /body", "Transfer-Encoding: chunked\r\n").body, "POST ");
  EXPECT_TRUE(e.at_end());
}

TEST_F(Http, ALimitedClientGetsItsFileInTime) {
  HttpServer::Options options;
  std::atomic<std::uint64_t> granted = 0;
  options.pace_of = [&](const HttpPeer& peer) -> HttpPace {
    EXPECT_EQ(peer.from.address.print(), "127.0.0.1");
    // Ten megabytes a second, strictly.
    return [&granted, free_at = base::Time{}](std::size_t octets, base::Time now) mutable {
      if (free_at > now) return free_at;
      granted += octets;
      free_at = now + std::chrono::nanoseconds(octets * 100);
      return now;
    };
  };
  start(options);
  RawClient c = client();
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(c.ask("GET /big", "Range: bytes=0-4999999\r\n").body, big_.substr(0, 5'000'000));
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_GT(took, 450ms);
  EXPECT_LT(took, 1500ms);
  EXPECT_EQ(granted, 5'000'000u);
}

TEST_F(Http, ServesIpv6) {
  auto listener = HttpServer::open_listener({*base::Ip::parse("::1"), 0});
  if (!listener) GTEST_SKIP() << listener.error().what;
  HttpServer::Options options;
  options.listen_fds = {listener->release()};
  start(options);
  RawClient c({*base::Ip::parse("::1"), server_->port()});
  EXPECT_EQ(c.ask("GET /about").body, "GET   ::1 ::1");
}

TEST_F(Http, TwoHundredThatReadNothingHoldNobodyUp) {
  HttpServer::Options options;
  options.threads = 1;
  options.max_connections_per_address = 1000;
  start(options);
  std::vector<std::unique_ptr<RawClient>> lazy;
  for (int i = 0; i < 200; ++i) {
    lazy.push_back(std::make_unique<RawClient>(server_->port()));
    lazy.back()->send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  const auto begin = std::chrono::steady_clock::now();
  RawClient c = client();
  EXPECT_EQ(c.ask("GET /big").body, big_);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
}

TEST_F(Http, OneAddressGetsOnlySoManyConnections) {
  HttpServer::Options options;
  options.max_connections_per_address = 3;
  start(options);
  std::vector<std::unique_ptr<RawClient>> clients;
  int served = 0;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(std::make_unique<RawClient>(server_->port()));
    served += clients.back()->ask("GET /script").status() == 200 ? 1 : 0;
  }
  EXPECT_EQ(served, 3);
}

TEST_F(Http, StoppingInTheMiddleTellsTheEnd) {
  RawClient c = client();
  c.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
  while (targets().empty()) std::this_thread::sleep_for(1ms);
  std::this_thread::sleep_for(20ms);
  server_.reset();
  const auto told = done(1);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_FALSE(told[0].complete);
}

TEST_F(Http, ManyClientsAtOnceEachGetTheirBytes) {
  std::atomic<int> wrong = 0;
  std::vector<std::thread> clients;
  for (std::size_t t = 0; t < 8; ++t) {
    clients.emplace_back([&, t] {
      RawClient c = client();
      for (std::size_t i = 0; i < 20; ++i) {
        const std::size_t at = (t * 7919 + i * 104729) % (big_.size() - 300'000);
        const RawResponse r = c.ask("GET /big", fmt::format("Range: bytes={}-{}\r\n", at, at + 299'999));
        if (r.body != big_.substr(at, 300'000)) ++wrong;
      }
    });
  }
  for (auto& one : clients) one.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(done(160).size(), 160u);
}

TEST_F(Http, ATakenPortNamesItsHolder) {
  const auto second = HttpServer::open_listener({base::Ipv4{{127, 0, 0, 1}}, server_->port()});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().what, StartsWith(fmt::format("TCP port {} is taken by ", server_->port())));
  EXPECT_THAT(second.error().what,
              HasSubstr(fmt::format("(pid {}): stop it or switch Bootferry's http off", getpid())));
}

TEST_F(Http, ServesAListenerThatWasOpenedBefore) {
  auto listener = HttpServer::open_listener({base::Ipv4{{127, 0, 0, 1}}, 0});
  ASSERT_TRUE(listener);
  HttpServer::Options options;
  options.listen_fds = {listener->release()};
  start(options);
  EXPECT_EQ(client().ask("GET /script").body, "#!ipxe\n");
}

}  // namespace
}  // namespace net
