// SPDX-License-Identifier: GPL-3.0-or-later
// The HTTP server against a client that others have written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http_fixture.h"

namespace net {
namespace {

using testing::HasSubstr;

class HttpCurl : public Http {
 protected:
  void SetUp() override {
    if (!installed("curl")) GTEST_SKIP() << "curl is not installed";
    Http::SetUp();
  }
  static std::string curl(const std::string& arguments) {
    return output_of("curl -sS --max-time 20 " + arguments);
  }
};

TEST_F(HttpCurl, HeadGetAndResume) {
  EXPECT_THAT(curl("-I " + url("/kernel")), HasSubstr("Content-Length: 100000"));
  write("copy", kernel_.substr(0, 12'345));
  EXPECT_EQ(curl("-C - -o " + folder_ + "/copy " + url("/kernel")), "");
  EXPECT_EQ(read("copy"), kernel_);
  EXPECT_EQ(curl("-r -7 " + url("/kernel")), kernel_.substr(kernel_.size() - 7));
  EXPECT_EQ(curl("-o " + folder_ + "/copy --http1.0 " + url("/big")), "");
  EXPECT_EQ(read("copy"), big_);
}

TEST_F(HttpCurl, StatusCodes) {
  const std::string show = "-o /dev/null -w '%{http_code} %{num_redirects}' --path-as-is ";
  EXPECT_EQ(curl(show + url("/absent")), "404 0");
  EXPECT_EQ(curl(show + url("//x")), "404 0");
  EXPECT_EQ(curl(show + url("/%2e%2e/%2e%2e/etc/passwd")), "404 0");
  EXPECT_EQ(curl(show + url("/../../etc/passwd")), "404 0");
  EXPECT_EQ(curl(show + "-H 'If-None-Match: \"tag\"' " + url("/kernel")), "304 0");
  EXPECT_EQ(curl(show + "-d x=y " + url("/kernel")), "405 0");
  EXPECT_EQ(curl(show + url("/%00")), "400 0");
}

TEST_F(HttpCurl, KeepsTheConnection) {
  std::string urls;
  for (int i = 0; i < 50; ++i) urls += " -o /dev/null " + url("/kernel");
  std::string want = "1";
  for (int i = 1; i < 50; ++i) want += "0";
  EXPECT_EQ(curl("-w '%{num_connects}'" + urls), want);
}

}  // namespace
}  // namespace net
