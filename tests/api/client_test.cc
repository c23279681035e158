// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/client.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <thread>

namespace api {
namespace {

using testing::HasSubstr;

// A server that reads until it has what it waits for, answers, and closes.
class OneServer {
 public:
  explicit OneServer(std::string answer) : answer_(std::move(answer)) {
    std::array<char, 64> name{"/tmp/bootferry-client-XXXXXX"};
    folder_ = ::mkdtemp(name.data());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path().c_str());
    listener_ = base::Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(listener_.get(), 1), 0);
  }
  ~OneServer() {
    if (thread_.joinable()) thread_.join();
    std::filesystem::remove_all(folder_);
  }
  [[nodiscard]] std::string path() const { return folder_ + "/socket"; }
  // Answers once the request holds `until`; nothing read before, if that is empty.
  void serve(std::string until) {
    thread_ = std::thread([this, until] {
      const base::Fd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      while (!until.empty() && got.find(until) == std::string::npos && receive(peer.get())) {
      }
      static_cast<void>(::send(peer.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL));
    });
  }
  void join() { thread_.join(); }

  std::string got;
  std::vector<base::Fd> files;

 private:
  bool receive(int socket) {
    std::array<char, 4096> text;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * 253)> control{};
    iovec part{text.data(), text.size()};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t size = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
    if (size <= 0) return false;
    got.append(text.data(), static_cast<std::size_t>(size));
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
      for (std::size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); ++i) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
        files.emplace_back(fd);
      }
    }
    return true;
  }
  std::string answer_;
  std::string folder_;
  base::Fd listener_;
  std::thread thread_;
};

constexpr const char* fine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

TEST(Client, FilesComeInTheirOrderHoweverMany) {
  OneServer server(fine);
  server.serve("the body");
  Request request;
  request.method = "POST";
  request.path = "/v1/images";
  request.body = "the body";
  std::vector<ino_t> sent;
  for (int i = 0; i < 600; ++i) {
    request.files.emplace_back(::memfd_create("x", MFD_CLOEXEC));
    struct stat facts {};
    ASSERT_EQ(::fstat(request.files.back().get(), &facts), 0);
    sent.push_back(facts.st_ino);
  }
  Client client(server.path());
  const auto answer = client.ask(std::move(request));
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->body, "ok");
  server.join();
  EXPECT_THAT(server.got, testing::StartsWith("POST /v1/images HTTP/1.1\r\n"));
  std::vector<ino_t> received;
  for (const base::Fd& file : server.files) {
    struct stat facts {};
    ASSERT_EQ(::fstat(file.get(), &facts), 0);
    received.push_back(facts.st_ino);
  }
  EXPECT_EQ(received, sent);
}

TEST(Client, AnAnswerBeforeTheWholeBodyIsHeard) {
  OneServer server("HTTP/1.1 413 Too large\r\nContent-Length: 3\r\n\r\nwhy");
  server.serve("\r\n\r\n");
  Request request;
  request.method = "PUT";
  request.path = "/v1/model";
  request.body.assign(32 << 20, 'x');
  Client client(server.path());
  const auto answer = client.ask(std::move(request));
  // A kernel that has thrown away the answer with the connection leaves the failure to send.
  if (answer) {
    EXPECT_EQ(answer->status, 413);
  } else {
    EXPECT_THAT(answer.error().what, testing::AnyOf(HasSubstr("send to the server"), HasSubstr("receive")));
  }
}

TEST(Client, ErrorsSayWhatToDo) {
  Client nobody("/tmp/bootferry-no-such-socket");
  EXPECT_THAT(nobody.reachable().error().what, HasSubstr("no server runs there"));
  EXPECT_THAT(Client(std::string(200, 'x')).reachable().error().what, HasSubstr("characters"));
  OneServer silent("");
  silent.serve("\r\n\r\n");
  EXPECT_THAT(Client(silent.path()).ask(Request{}).error().what, HasSubstr("before it had answered"));
}

}  // namespace
}  // namespace api
