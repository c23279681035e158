// SPDX-License-Identifier: GPL-3.0-or-later
// HTTP over a Unix socket: who is at the other end, and open files beside requests.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <sys/mman.h>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "http_client.h"
#include "net/http_server.h"
#include "net/unix_listener.h"

namespace net {
namespace {

namespace fs = std::filesystem;

base::Fd connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  base::Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return fd;
}

// Sends octets with descriptors beside them.
void send_with(int socket, std::string_view text, const std::vector<int>& files) {
  iovec place{const_cast<char*>(text.data()), text.size()};
  msghdr message{};
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  std::vector<char> room(CMSG_SPACE(files.size() * sizeof(int)));
  if (!files.empty()) {
    message.msg_control = room.data();
    message.msg_controllen = room.size();
    cmsghdr* c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(files.size() * sizeof(int));
    std::memcpy(CMSG_DATA(c), files.data(), files.size() * sizeof(int));
  }
  ASSERT_EQ(sendmsg(socket, &message, MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

std::size_t open_descriptors() {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator("/proc/self/fd"), {}));
}

class HttpUnix : public testing::Test {
 protected:
  HttpUnix() {
    std::string name = testing::TempDir() + "/bootferry-unix-XXXXXX";
    folder_ = mkdtemp(name.data());
    path_ = folder_ + "/sub/api.sock";
    auto listener = open_unix_listener({path_, 0640}, "test socket", "test.key");
    EXPECT_TRUE(listener) << listener.error().what;
    HttpServer::Options options;
    options.listen_fds = {listener->release()};
    options.threads = 2;
    options.max_connections_per_address = 4000;
    options.max_body = 1000;
    options.max_files = 20;
    options.before_body = [](const HttpRequest& request) -> std::optional<HttpReply> {
      if (request.target == "/refused")
        return HttpMessage{422, "text/x", fmt::format("{}", request.body_size)};
      return std::nullopt;
    };
    auto started = HttpServer::start(options, [](const HttpRequest& r) { return handle(r); }, {});
    EXPECT_TRUE(started) << started.error().what;
    server_ = std::move(*started);
  }
  ~HttpUnix() override {
    server_.reset();
    fs::remove_all(folder_);
  }
  // Says what reached it; the sizes of the files one by one.
  static HttpReply handle(const HttpRequest& r) {
    if (r.target == "/empty") return HttpMessage{204, "", "", {{"X-Own", "1"}}};
    if (r.target == "/file") {
      base::Fd file(memfd_create("file", MFD_CLOEXEC));
      EXPECT_EQ(write(file.get(), "octets", 6), 6);
      return HttpMessage{200, "a/b", "not this", {}, std::move(file)};
    }
    std::string text = fmt::format("{} {} {} [{}] [{}] [{}]", r.method, r.target_as_sent, r.body, r.if_match,
                                   r.content_type, r.authorization);
    if (r.user != nullptr) text += fmt::format(" user {}", r.user->user);
    for (const base::Fd& file : *r.files) {
      struct stat facts {};
      EXPECT_EQ(fstat(file.get(), &facts), 0);
      text += fmt::format(" {}", facts.st_size);
    }
    return HttpMessage{201, "text/plain", text, {{"Location", "/x"}}};
  }
  static int file_of(off_t size) {
    const int fd = memfd_create("test", MFD_CLOEXEC);
    EXPECT_EQ(ftruncate(fd, size), 0);
    return fd;
  }
  RawClient client() const { return RawClient(connect_to(path_)); }

  std::string folder_, path_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpUnix, TheHandlerLearnsWhoAsksAndSaysWhatItLikes) {
  RawClient client = this->client();
  client.send(
      "POST /a%2fb HTTP/1.1\r\nHost: x\r\nIf-Match: \"1\"\r\nIf-Match: \"2\"\r\nContent-Type: t/x\r\n"
      "Authorization: Bearer s\r\nContent-Length: 4\r\n\r\nbody");
  const RawResponse made = client.read();
  EXPECT_EQ(made.status(), 201u);
  EXPECT_EQ(made.field("Location"), "/x");
  EXPECT_EQ(made.body, fmt::format("POST /a%2fb body [\"1\",\"2\"] [t/x] [Bearer s] user {}", geteuid()));
  const RawResponse empty = client.ask("DELETE /empty");
  EXPECT_EQ(empty.status(), 204u);
  EXPECT_EQ(empty.field("Content-Length"), "");
  EXPECT_EQ(empty.field("X-Own"), "1");
  EXPECT_EQ(client.ask("GET /file").body, "octets") << "the connection goes on";
  EXPECT_EQ(client.ask("HEAD /file").field("Content-Length"), "6");
}

TEST_F(HttpUnix, AModeOfItsOwnAndAPlaceThatIsTaken) {
  struct stat facts {};
  ASSERT_EQ(stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777u, 0640u);
  const auto second = open_unix_listener({path_}, "test socket", "test.key");
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().what.find("another server answers there: stop it or set test.key"),
            std::string::npos);
  server_.reset();
  EXPECT_TRUE(open_unix_listener({path_}, "test socket", "test.key")) << "nobody answers any more";
  fs::remove(path_);
  std::fclose(std::fopen(path_.c_str(), "w"));
  EXPECT_FALSE(open_unix_listener({path_}, "test socket", "test.key")) << "that is no socket";
  EXPECT_FALSE(open_unix_listener({std::string(200, 'x')}, "test socket", "test.key"));
}

TEST_F(HttpUnix, FilesBelongToTheRequestInWhoseOctetsTheyCame) {
  RawClient client = this->client();
  const int one = file_of(1), two = file_of(2), three = file_of(3);
  send_with(client.fd(), "POST /first HTTP/1.1\r\nContent-Length: 2\r\n\r\n", {one});
  send_with(client.fd(), "a", {two});
  send_with(client.fd(), "b", {});
  send_with(client.fd(), "GET /second HTTP/1.1\r\n\r\n", {three});
  EXPECT_EQ(client.read().body, fmt::format("POST /first ab [] [] [] user {} 1 2", geteuid()));
  EXPECT_EQ(client.read().body, fmt::format("GET /second  [] [] [] user {} 3", geteuid()));
  EXPECT_EQ(client.ask("GET /third").body, fmt::format("GET /third  [] [] [] user {}", geteuid()));
  for (const int fd : {one, two, three}) close(fd);
}

TEST_F(HttpUnix, FilesThatNobodyTakesAreClosed) {
  const int one = file_of(1);
  {
    RawClient warm = client();
    warm.ask("GET /");
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const std::size_t before = open_descriptors();
  {
    RawClient client = this->client();
    for (int i = 0; i < 5; ++i) {
      send_with(client.fd(), "GET /unused HTTP/1.1\r\n\r\n", {one, one, one});
      EXPECT_EQ(client.read().status(), 201u);
    }
    EXPECT_EQ(open_descriptors(), before + 2) << "two ends of the connection, and no file";
    // Half a request, and gone.
    send_with(client.fd(), "GET /half", {one, one});
  }
  for (int i = 0; i < 100 && open_descriptors() > before; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(open_descriptors(), before);
  // More than may be held in all: refused, and again closed.
  {
    RawClient first = this->client(), second = this->client();
    send_with(first.fd(), "GET /half", std::vector<int>(15, one));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    send_with(second.fd(), "GET /x HTTP/1.1\r\n\r\n", std::vector<int>(15, one));
    EXPECT_EQ(second.read().status(), 413u);
  }
  for (int i = 0; i < 100 && open_descriptors() > before; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(open_descriptors(), before);
  close(one);
}

TEST_F(HttpUnix, ABodyIsRefusedBeforeItIsRead) {
  RawClient client = this->client();
  client.send("POST /refused HTTP/1.1\r\nContent-Length: 900000000000\r\n\r\n");
  const RawResponse refused = client.read();
  EXPECT_EQ(refused.status(), 422u);
  EXPECT_EQ(refused.body, "900000000000");
  EXPECT_TRUE(client.ended());
  RawClient other = this->client();
  other.send("POST /taken HTTP/1.1\r\nContent-Length: 1001\r\n\r\n");
  EXPECT_EQ(other.read().status(), 413u) << "the server's own bound";
}

}  // namespace
}  // namespace net
