// SPDX-License-Identifier: GPL-3.0-or-later
// A server with a few files and a handler that shows what reached it.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "http_client.h"
#include "net/http_server.h"

namespace net {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

inline std::string pattern(std::size_t size) {
  std::string result(size, '\0');
  for (std::size_t i = 0; i < size; ++i) result[i] = static_cast<char>((i * 2654435761u) >> 13);
  return result;
}

inline bool installed(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null").c_str()) == 0;
}

// What a shell command says.
inline std::string output_of(const std::string& command) {
  std::string output;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return "cannot run it";
  std::array<char, 4096> buffer;
  while (const std::size_t size = fread(buffer.data(), 1, buffer.size(), pipe))
    output.append(buffer.data(), size);
  pclose(pipe);
  return output;
}

class Http : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/bootferry-http-" + std::to_string(getpid());
    fs::create_directories(folder_);
    write("kernel", kernel_);
    write("empty", "");
    write("big", big_);
    ASSERT_EQ(mkfifo((folder_ + "/pipe").c_str(), 0600), 0);
    fs::create_symlink("kernel", folder_ + "/link");
    start({});
  }
  void TearDown() override {
    server_.reset();
    fs::remove_all(folder_);
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream file(folder_ + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << content;
  }

  void start(HttpServer::Options options) {
    options.listen = {base::Ipv4{{127, 0, 0, 1}}, 0};
    auto started = HttpServer::start(
        options, [this](const HttpRequest& r) { return handle(r); },
        [this](const HttpDone& done) {
          const std::lock_guard lock(lock_);
          done_.push_back(done);
          told_.notify_all();
        });
    ASSERT_TRUE(started) << started.error().what;
    server_ = std::move(*started);
  }
  HttpReply handle(const HttpRequest& r) {
    {
      const std::lock_guard lock(lock_);
      targets_.emplace_back(r.target);
    }
    if (r.target == "/script") return HttpBody{"text/plain", "#!ipxe\n"};
    if (r.target == "/about") {
      return HttpBody{"text/plain", fmt::format("{} {} {} {} {}", r.method, r.query, r.user_agent,
                                                r.from.address.print(), r.local.print())};
    }
    if (r.target == "/body") return HttpBody{"text/plain", fmt::format("{} {}", r.method, r.body)};
    if (r.target == "/throws") throw std::runtime_error("a bug in the handler");
    const std::string path = folder_ + std::string(r.target);
    if (r.target == "/dated") return HttpFile{folder_ + "/kernel", "application/octet-stream", ""};
    if (r.target.find("..") == std::string_view::npos && fs::exists(fs::symlink_status(path))) {
      return HttpFile{path, "application/efi", "tag"};
    }
    return HttpError{404, "no such file"};
  }
  std::vector<std::string> targets() {
    const std::lock_guard lock(lock_);
    return targets_;
  }
  // Waits until `count` responses have ended.
  std::vector<HttpDone> done(std::size_t count) {
    std::unique_lock lock(lock_);
    told_.wait_for(lock, 10s, [&] { return done_.size() >= count; });
    return done_;
  }
  RawClient client() const { return RawClient(server_->port()); }
  [[nodiscard]] std::string url(const std::string& path) const {
    return fmt::format("http://127.0.0.1:{}{}", server_->port(), path);
  }

  const std::string kernel_ = pattern(100'000);
  const std::string big_ = pattern(16 << 20);
  std::string folder_;
  std::unique_ptr<HttpServer> server_;
  std::mutex lock_;
  std::condition_variable told_;
  std::vector<std::string> targets_;
  std::vector<HttpDone> done_;
};

}  // namespace net
