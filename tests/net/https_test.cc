// SPDX-License-Identifier: GPL-3.0-or-later
// HTTPS against curl, and against clients that do not behave.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <thread>

#include "tls_fixture.h"

namespace net {
namespace {

using testing::HasSubstr;

class Https : public Http {
 protected:
  void SetUp() override {
    if (!installed("curl") || !installed("openssl")) GTEST_SKIP() << "needs curl and openssl";
    Http::SetUp();
    ASSERT_EQ(make_certificate(folder_, "site"), "");
    start_tls({});
  }
  void start_tls(HttpServer::Options options) {
    auto identity = load_tls_identity(folder_ + "/site.pem", folder_ + "/site.key");
    ASSERT_TRUE(identity) << identity.error().what;
    options.tls = std::move(*identity);
    start(options);
  }
  [[nodiscard]] std::string curl(const std::string& arguments) const {
    return output_of("curl -sS --max-time 20 --cacert " + folder_ + "/site.pem " + arguments);
  }
  [[nodiscard]] std::string url(const std::string& path) const {
    return fmt::format("https://127.0.0.1:{}{}", server_->port(), path);
  }
  // How long somebody who behaves waits for 16 MB.
  [[nodiscard]] std::chrono::duration<double> time_of_good_client() const {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(curl("-o " + folder_ + "/copy " + url("/big")), "");
    EXPECT_EQ(read("copy"), big_);
    return std::chrono::steady_clock::now() - begin;
  }
  static std::chrono::duration<double> processor_time_of(std::chrono::milliseconds span) {
    const std::clock_t begin = std::clock();
    std::this_thread::sleep_for(span);
    return std::chrono::duration<double>(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
  }
};

TEST_F(Https, HeadGetAndResume) {
  EXPECT_THAT(curl("-I " + url("/kernel")), HasSubstr("Content-Length: 100000"));
  EXPECT_EQ(curl("-o " + folder_ + "/copy " + url("/big")), "");
  EXPECT_EQ(read("copy"), big_);
  write("copy", kernel_.substr(0, 12'345));
  EXPECT_EQ(curl("-C - -o " + folder_ + "/copy " + url("/kernel")), "");
  EXPECT_EQ(read("copy"), kernel_);
  EXPECT_EQ(curl("-r -7 " + url("/kernel")), kernel_.substr(kernel_.size() - 7));
  EXPECT_EQ(curl("-r 50000-70000 " + url("/kernel")), kernel_.substr(50'000, 20'001));
  EXPECT_EQ(curl("-o /dev/null -w '%{http_code} %{size_download}' " + url("/empty")), "200 0");
  EXPECT_EQ(curl(url("/script")), "#!ipxe\n");
  EXPECT_EQ(curl("-o /dev/null -w '%{http_code}' " + url("/absent")), "404");
}

TEST_F(Https, BothVersionsThatFirmwareSpeaks) {
  EXPECT_EQ(curl("--tls-max 1.2 " + url("/script")), "#!ipxe\n");
  EXPECT_EQ(curl("--tlsv1.3 " + url("/script")), "#!ipxe\n");
  // What the iPXE that Debian 12 ships has in common with us: no elliptic curves, no GCM. It
  // needs an RSA certificate.
  ASSERT_EQ(make_certificate(folder_, "site", "rsa:2048"), "");
  start_tls({});
  for (const char* cipher : {"AES256-SHA256", "AES128-SHA256", "AES256-SHA", "AES128-SHA"}) {
    EXPECT_EQ(curl(std::string("--tls-max 1.2 --ciphers ") + cipher + " " + url("/script")), "#!ipxe\n")
        << cipher;
  }
  EXPECT_THAT(curl("--tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0 " + url("/script")), HasSubstr("curl: ("));
}

TEST_F(Https, KeepsTheConnection) {
  std::string urls;
  for (int i = 0; i < 50; ++i) urls += " -o /dev/null " + url("/kernel");
  EXPECT_EQ(curl("-w '%{num_connects}'" + urls), "1" + std::string(49, '0'));
  const auto told = done(50);
  ASSERT_EQ(told.size(), 50u);
  EXPECT_TRUE(told[49].complete);
  EXPECT_EQ(told[49].sent, 100'000u);
}

TEST_F(Https, AClientWithoutTlsGoesAwayWithoutHarm) {
  for (const char* text : {"GET /kernel HTTP/1.1\r\nHost: x\r\n\r\n", "rubbish"}) {
    RawClient plain = client();
    plain.send(text);
    const RawResponse r = plain.read();
    EXPECT_EQ(r.status(), 0u) << "no answer in plain text";
  }
  RawClient hasty = client();
  hasty.send("\x16\x03\x01\x02");
  hasty.close();
  EXPECT_EQ(curl(url("/script")), "#!ipxe\n");
  EXPECT_EQ(targets().size(), 1u) << "the handler saw only the one that spoke TLS";
}

TEST_F(Https, SlowHandshakesHoldNobodyUpAndEnd) {
  HttpServer::Options options;
  options.threads = 1;
  options.idle_seconds = 2;
  options.max_connections_per_address = 1000;
  start_tls(options);
  const auto alone = time_of_good_client();
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 100; ++i) {
    slow.push_back(std::make_unique<RawClient>(server_->port()));
    // Half of them begin a ClientHello of 512 octets.
    if (i % 2 == 0) slow.back()->send(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
  }
  EXPECT_LT(time_of_good_client(), 5 * alone + 1s);  // the machine may be busy
  EXPECT_LT(processor_time_of(500ms), 250ms) << "waiting costs nothing";
  for (std::size_t i = 0; i < 2; ++i) {
    slow[i]->read();
    EXPECT_TRUE(slow[i]->ended()) << "dropped after idle_seconds";
  }
}

TEST_F(Https, TwoHundredThatReadNothingHoldNobodyUp) {
  HttpServer::Options options;
  options.threads = 1;
  options.max_connections_per_address = 1000;
  start_tls(options);
  const auto alone = time_of_good_client();
  std::vector<std::unique_ptr<TlsClient>> lazy;
  for (int i = 0; i < 200; ++i) {
    lazy.push_back(std::make_unique<TlsClient>(server_->port()));
    ASSERT_TRUE(lazy.back()->ready()) << i;
    lazy.back()->send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  while (targets().size() < 201) std::this_thread::sleep_for(1ms);
  EXPECT_LT(time_of_good_client(), 5 * alone + 1s);  // the machine may be busy
}

}  // namespace
}  // namespace net
