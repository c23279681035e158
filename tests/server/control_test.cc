// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/control.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <future>
#include <random>

#include "../content/scratch.h"
#include "api/channel.h"
#include "base/log.h"

namespace server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const base::Mac mac = *base::Mac::parse("52:54:00:12:34:56");

class ControlTest : public testing::Test {
 protected:
  ControlTest() {
    base::set_log_sink([](std::string_view) {});
    auto opened = Administration::open(scratch.path("state"), {});
    EXPECT_TRUE(opened) << opened.error().what;
    admin = std::move(*opened);
    session = fresh_session();
  }
  ~ControlTest() override { base::set_log_sink({}); }

  std::unique_ptr<ControlSession> fresh_session() {
    return std::make_unique<ControlSession>(ControlContext{*admin, {}, "a test", &held});
  }
  // All replies, of which the last must be Done or Failed, and no other.
  std::vector<api::Reply> ask(std::string_view message, std::vector<base::Fd> files = {}) {
    std::vector<api::Reply> replies;
    session->handle(message, std::move(files), [&](const api::Reply& reply) { replies.push_back(reply); });
    EXPECT_FALSE(replies.empty()) << message;
    for (std::size_t i = 0; i < replies.size(); ++i) {
      const bool last =
          std::holds_alternative<api::Done>(replies[i]) || std::holds_alternative<api::Failed>(replies[i]);
      EXPECT_EQ(last, i + 1 == replies.size()) << message;
    }
    return replies;
  }
  std::vector<api::Reply> ask(const api::Request& request, base::Fd file = {}) {
    std::vector<base::Fd> files;
    if (file.open()) files.push_back(std::move(file));
    return ask(api::print(request), std::move(files));
  }
  std::string refusal(const std::vector<api::Reply>& replies) {
    const auto* failed = std::get_if<api::Failed>(&replies.back());
    return failed == nullptr ? "accepted" : failed->error;
  }
  base::Fd kernel() const { return scratch.open("from/linux", fake_kernel()); }
  void add_image(const std::string& name) {
    ask(api::BeginImage{name, policy::ImageKind::linux_kernel, "linux", {}, "quiet"});
    ask(api::AddFile{"linux"}, kernel());
    EXPECT_EQ(refusal(ask(api::CommitImage{})), "accepted");
  }

  Scratch scratch;
  std::atomic<std::size_t> held = 0;
  std::unique_ptr<Administration> admin;
  std::unique_ptr<ControlSession> session;
};

TEST_F(ControlTest, AnImageFromBeginToRemove) {
  ask(api::BeginImage{"debian", policy::ImageKind::linux_kernel, "linux", {}, "quiet"});
  EXPECT_EQ(held, 0U);
  ask(api::AddFile{"linux"}, kernel());
  EXPECT_EQ(held, 1U);
  const auto committed = ask(api::CommitImage{});
  EXPECT_EQ(held, 0U);
  ASSERT_GE(committed.size(), 2U);
  EXPECT_EQ(std::get<api::ImageItem>(committed[committed.size() - 2]).image.name, "debian");

  const auto listed = ask(api::ListImages{});
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(std::get<api::ImageItem>(listed[0]).image.command_line, "quiet");
  EXPECT_GT(std::get<api::ImageItem>(listed[0]).created, 0);

  EXPECT_EQ(ask(api::Deploy{"debian", mac, false})[0], api::Reply(api::DeploymentItem{"debian", mac, false}));
  EXPECT_EQ(ask(api::Deploy{"debian", api::AllMachines{}, false})[0],
            api::Reply(api::DeploymentItem{"debian", api::AllMachines{}, true}));
  EXPECT_THAT(ask(api::ListDeployments{}), SizeIs(3));
  EXPECT_THAT(refusal(ask(api::RemoveImage{"debian"})), HasSubstr("debian"));
  EXPECT_EQ(refusal(ask(api::Undeploy{mac})), "accepted");
  EXPECT_EQ(refusal(ask(api::Undeploy{api::AllMachines{}})), "accepted");
  EXPECT_EQ(refusal(ask(api::RemoveImage{"debian"})), "accepted");
  EXPECT_THAT(ask(api::ListImages{}), SizeIs(1));
}

TEST_F(ControlTest, FilesMustBeWhatTheyClaim) {
  EXPECT_THAT(refusal(ask(api::AddFile{"linux"}, kernel())), HasSubstr("begin the image first"));
  EXPECT_THAT(refusal(ask(api::CommitImage{})), HasSubstr("begin one first"));
  ask(api::BeginImage{"debian", policy::ImageKind::linux_kernel, "linux", {}, ""});
  EXPECT_THAT(refusal(ask(api::AddFile{"linux"})), HasSubstr("exactly one open file"));
  EXPECT_THAT(refusal(ask(api::AddFile{"linux"}, base::Fd(::open("/dev/zero", O_RDONLY)))),
              HasSubstr("not a regular file"));
  EXPECT_THAT(refusal(ask(api::AddFile{"linux"}, base::Fd(::open("/tmp", O_RDONLY)))),
              HasSubstr("not a regular file"));
  const std::string path = scratch.write("plain", "x");
  for (const int flags : {O_WRONLY, O_PATH}) {
    EXPECT_THAT(refusal(ask(api::AddFile{"linux"}, base::Fd(::open(path.c_str(), flags)))),
                HasSubstr("must be open for reading"));
  }
  EXPECT_THAT(refusal(ask(api::ListImages{}, kernel())), HasSubstr("takes no file"));
  EXPECT_THAT(refusal(ask(api::CommitImage{})), HasSubstr("no files"));
  EXPECT_EQ(held, 0U);
}

TEST_F(ControlTest, AnImageThatIsNeverCommittedLeavesNothing) {
  add_image("debian");
  const auto before = scratch.list("state");
  ask(api::BeginImage{"debian", policy::ImageKind::linux_kernel, "linux", {}, ""});
  ask(api::AddFile{"linux"}, kernel());
  session = fresh_session();  // the connection ended
  EXPECT_EQ(held, 0U);
  EXPECT_EQ(scratch.list("state"), before);
  EXPECT_THAT(ask(api::ListImages{}), SizeIs(2));
}

TEST_F(ControlTest, FilesAreBounded) {
  ask(api::BeginImage{"big", policy::ImageKind::tree, "", {}, ""});
  held = api::max_image_files + 256;
  EXPECT_THAT(refusal(ask(api::AddFile{"a"}, kernel())), HasSubstr("at this moment: try again"));
  EXPECT_EQ(held, api::max_image_files + 256);
  held = 0;
}

TEST_F(ControlTest, NoServerNoStatus) {
  EXPECT_THAT(refusal(ask(api::GetStatus{})), HasSubstr("no server runs"));
  EXPECT_EQ(refusal(ask(api::GetProblems{})), "accepted");
}

// The fuzz target's property, in small and from a printed seed.
TEST_F(ControlTest, GarbageIsAnswered) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::string sound = api::print(
      api::Request(api::BeginImage{"debian", policy::ImageKind::tree, "linux", {"a", "b"}, "quiet"}));
  for (int i = 0; i < 2000; ++i) {
    std::string message = sound;
    for (unsigned n = random() % 4 + 1; n > 0; --n)
      message[random() % message.size()] = static_cast<char>(random());
    message.resize(random() % 8 == 0 ? random() % message.size() : message.size());
    ask(message);
  }
  EXPECT_THAT(ask(api::ListImages{}), SizeIs(1));
}

class ControlServerTest : public ControlTest {
 protected:
  ControlServerTest() {
    auto listening = ControlServer::listen(path, std::nullopt);
    EXPECT_TRUE(listening) << listening.error().what;
    server = std::move(*listening);
    EXPECT_TRUE(server->start(*admin, [] { return api::Status{"1", 2, 3, {}, {}, {}}; }));
  }
  std::unique_ptr<api::Client> connect() {
    auto client = api::Client::connect(path);
    EXPECT_TRUE(client) << client.error().what;
    return std::move(*client);
  }

  std::string path = scratch.path("run/control");
  std::unique_ptr<ControlServer> server;
};

TEST_F(ControlServerTest, OverTheSocket) {
  auto client = connect();
  EXPECT_EQ(client->list(api::GetStatus{}).value(),
            (std::vector<api::Reply>{api::Status{"1", 2, 3, {}, {}, {}}}));
  ASSERT_TRUE(client->call(api::BeginImage{"debian", policy::ImageKind::linux_kernel, "linux", {}, ""}));
  ASSERT_TRUE(client->call(api::AddFile{"linux"}, kernel(), [](const api::Reply&) {}));
  const auto added = client->list(api::CommitImage{});
  ASSERT_TRUE(added) << added.error().what;
  EXPECT_THAT(connect()->list(api::ListImages{}).value(), SizeIs(1));
  EXPECT_THAT(client->call(api::RemoveImage{"other"}).error().what, HasSubstr("other"));
}

TEST_F(ControlServerTest, TheFileIsForItsOwnerAndGroup) {
  struct stat facts {};
  ASSERT_EQ(::stat(path.c_str(), &facts), 0);
  EXPECT_TRUE(S_ISSOCK(facts.st_mode));
  EXPECT_EQ(facts.st_mode & 07777U, 0660U);
  server->stop();
  EXPECT_NE(::stat(path.c_str(), &facts), 0);
}

TEST_F(ControlServerTest, ASecondServerIsRefusedAndADeadOnesSocketReplaced) {
  EXPECT_THAT(ControlServer::listen(path, std::nullopt).error().what,
              HasSubstr("another server answers there"));
  EXPECT_TRUE(connect()->list(api::GetStatus{}));
  server.reset();
  {  // a socket that nobody listens on
    const base::Fd dead(::socket(AF_UNIX, SOCK_SEQPACKET, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    ASSERT_EQ(::bind(dead.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  EXPECT_TRUE(ControlServer::listen(path, std::nullopt));
  scratch.write("run/other", "precious");
  EXPECT_THAT(ControlServer::listen(scratch.path("run/other"), std::nullopt).error().what,
              HasSubstr("something else is there"));
}

TEST_F(ControlServerTest, ConnectionsAreBounded) {
  std::vector<std::unique_ptr<api::Client>> clients;
  for (int i = 0; i < 16; ++i) {
    clients.push_back(connect());
    ASSERT_TRUE(clients.back()->call(api::GetStatus{}));
  }
  EXPECT_FALSE(connect()->call(api::GetStatus{}));
  clients.pop_back();
  base::Status status = base::fail("not tried");
  // The place is free as soon as its thread has seen the end.
  for (int i = 0; i < 200 && !status; ++i) status = connect()->call(api::GetStatus{});
  EXPECT_TRUE(status);
}

TEST_F(ControlServerTest, GarbageEndsNobodyElse) {
  auto good = connect();
  for (const std::string& garbage : {std::string("\0\0", 2), std::string("{"), std::string(70000, 'x')}) {
    const base::Fd bad(::socket(AF_UNIX, SOCK_SEQPACKET, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    ASSERT_EQ(::connect(bad.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    ASSERT_GT(::send(bad.get(), garbage.data(), garbage.size(), MSG_NOSIGNAL), 0);
    const auto reply = api::receive_message(bad.get());
    ASSERT_TRUE(reply) << reply.error().what;
    EXPECT_THAT(reply->text, HasSubstr("error"));
    EXPECT_TRUE(good->call(api::GetStatus{}));
  }
}

TEST_F(ControlServerTest, StopEndsIdleConnections) {
  auto client = connect();
  ASSERT_TRUE(client->call(api::GetStatus{}));
  auto stopped = std::async(std::launch::async, [&] { server->stop(); });
  EXPECT_EQ(stopped.wait_for(std::chrono::seconds(5)), std::future_status::ready);
  EXPECT_FALSE(client->call(api::GetStatus{}));
}

TEST_F(ControlTest, AStoppedServersStateByTheSameRequests) {
  session.reset();
  LocalCaller local(std::move(admin));
  ASSERT_TRUE(local.call(api::BeginImage{"debian", policy::ImageKind::linux_kernel, "linux", {}, ""}));
  ASSERT_TRUE(local.call(api::AddFile{"linux"}, kernel(), [](const api::Reply&) {}));
  ASSERT_TRUE(local.call(api::CommitImage{}));
  EXPECT_THAT(local.list(api::ListImages{}).value(), SizeIs(1));
  EXPECT_THAT(local.call(api::GetStatus{}).error().what, HasSubstr("no server runs"));
}

}  // namespace
}  // namespace server
