// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/tls_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>

#include "tls_fixture.h"

namespace net {
namespace {

using testing::HasSubstr;

class Identity : public testing::Test {
 protected:
  void SetUp() override {
    if (!installed("openssl")) GTEST_SKIP() << "openssl is not installed";
    folder_ = testing::TempDir() + "/bootferry-tls-" + std::to_string(getpid());
    fs::create_directories(folder_);
    ASSERT_EQ(make_certificate(folder_, "site"), "");
  }
  void TearDown() override { fs::remove_all(folder_); }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
  [[nodiscard]] std::string refusal(const std::string& certificate, const std::string& key) const {
    const auto loaded = load_tls_identity(path(certificate), path(key));
    EXPECT_FALSE(loaded);
    if (loaded) return "";
    EXPECT_EQ(loaded.error().what.find('\n'), std::string::npos) << loaded.error().what;
    EXPECT_EQ(loaded.error().what.find("PRIVATE KEY-----\n"), std::string::npos);
    return loaded.error().what;
  }
  std::string folder_;
};

TEST_F(Identity, CertificateAndKeyOfEachKind) {
  const std::int64_t now = std::time(nullptr);
  for (const char* kind : {"ec -pkeyopt ec_paramgen_curve:P-256", "rsa:2048", "ed25519"}) {
    ASSERT_EQ(make_certificate(folder_, "kind", kind), "");
    const auto loaded = load_tls_identity(path("kind.pem"), path("kind.key"));
    ASSERT_TRUE(loaded) << kind << ": " << loaded.error().what;
    EXPECT_LE(loaded->valid_from, now + 5);
    EXPECT_NEAR(static_cast<double>(loaded->valid_until), static_cast<double>(now + 30 * 86400), 60);
    EXPECT_EQ(loaded->certificate, read_certificate(path("kind.pem")).value());
  }
}

TEST_F(Identity, AChainIsKeptWhole) {
  ASSERT_EQ(make_certificate(folder_, "authority"), "");
  output_of(fmt::format("cat {0}/site.pem {0}/authority.pem > {0}/chain.pem", folder_));
  const auto loaded = load_tls_identity(path("chain.pem"), path("site.key"));
  ASSERT_TRUE(loaded) << loaded.error().what;
  EXPECT_EQ(loaded->certificate, read_certificate(path("chain.pem")).value());
  EXPECT_THAT(refusal("chain.pem", "authority.key"), HasSubstr("not the key of")) << "the first one is ours";
}

TEST_F(Identity, AKeyThatEverybodyMayReadIsRefused) {
  for (const mode_t mode : {0644u, 0604u, 0602u, 0777u}) {
    ASSERT_EQ(chmod(path("site.key").c_str(), mode), 0);
    EXPECT_THAT(refusal("site.pem", "site.key"),
                HasSubstr(path("site.key") +
                          ": everybody on this machine may read this key: chmod o= " + path("site.key")));
  }
  ASSERT_EQ(chmod(path("site.key").c_str(), 0640), 0);
  EXPECT_TRUE(load_tls_identity(path("site.pem"), path("site.key")));
}

TEST_F(Identity, WhatDoesNotFitIsNamed) {
  ASSERT_EQ(make_certificate(folder_, "other"), "");
  EXPECT_THAT(refusal("site.pem", "other.key"),
              HasSubstr(path("other.key") + ": not the key of " + path("site.pem") + ": "));
  EXPECT_THAT(refusal("site.key", "site.key"), HasSubstr("no certificate in PEM form"));
  EXPECT_THAT(refusal("none.pem", "site.key"), HasSubstr(path("none.pem") + ": No such file"));
  EXPECT_THAT(refusal("site.pem", "none.key"), HasSubstr(path("none.key") + ": No such file"));
  output_of(fmt::format(
      "cp {0}/site.pem {0}/as.key; chmod 600 {0}/as.key; : > {0}/empty.pem; mkdir {0}/folder", folder_));
  EXPECT_THAT(refusal("site.pem", "as.key"), HasSubstr("no private key in PEM form"));
  EXPECT_THAT(refusal("empty.pem", "site.key"), HasSubstr("no certificate in PEM form"));
  EXPECT_THAT(refusal("folder", "site.key"), HasSubstr("not a file"));
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_THAT(refusal("pipe", "site.key"), HasSubstr("not a file"));
  std::ofstream(path("large")) << std::string(2 << 20, 'x');
  EXPECT_THAT(refusal("large", "site.key"), HasSubstr("too large"));
}

TEST_F(Identity, AKeyWithAPassphraseIsNamedWithTheWayOut) {
  output_of(
      fmt::format("openssl pkey -in {0}/site.key -aes256 -passout pass:x -out {0}/locked.key", folder_));
  ASSERT_EQ(chmod(path("locked.key").c_str(), 0600), 0);
  EXPECT_THAT(refusal("site.pem", "locked.key"),
              HasSubstr("has a passphrase: openssl pkey -in " + path("locked.key")));
}

}  // namespace
}  // namespace net
