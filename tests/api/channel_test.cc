// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <thread>

#include "api/client.h"
#include "api/messages.h"

namespace api {
namespace {

std::size_t open_files() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

class ChannelTest : public testing::Test {
 protected:
  ChannelTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    here = base::Fd(ends[0]);
    there = base::Fd(ends[1]);
  }
  base::Fd here, there;
};

TEST_F(ChannelTest, AMessageArrivesWhole) {
  const std::string text(max_message, 'x');
  ASSERT_TRUE(send_message(here.get(), text));
  const auto got = receive_message(there.get());
  ASSERT_TRUE(got) << got.error().what;
  EXPECT_EQ(got->text, text);
  EXPECT_TRUE(got->files.empty());
}

TEST_F(ChannelTest, AFileTravelsBesideIt) {
  const base::Fd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(send_message(here.get(), "file", file.get()));
  const auto got = receive_message(there.get());
  ASSERT_TRUE(got) << got.error().what;
  ASSERT_EQ(got->files.size(), 1U);
  EXPECT_NE(got->files[0].get(), file.get());
  EXPECT_EQ(::fcntl(got->files[0].get(), F_GETFD), FD_CLOEXEC);
  std::array<char, 4> magic{};
  EXPECT_EQ(::pread(got->files[0].get(), magic.data(), 4, 0), 4);
  EXPECT_EQ(std::string_view(magic.data(), 4),
            "\x7f"
            "ELF");
}

TEST_F(ChannelTest, TooLongIsRefusedOnBothSides) {
  const std::string text(max_message + 1, 'x');
  EXPECT_FALSE(send_message(here.get(), text));
  ASSERT_GT(::send(here.get(), text.data(), text.size(), 0), 0);
  EXPECT_FALSE(receive_message(there.get()));
}

TEST_F(ChannelTest, TooManyFilesAreRefusedAndNoneStaysOpen) {
  const std::size_t before = open_files();
  const std::array<int, 8> fds{0, 0, 0, 0, 0, 0, 0, 0};
  char byte = 'x';
  iovec part{&byte, 1};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(fds))> control{};
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  cmsghdr* beside = CMSG_FIRSTHDR(&header);
  beside->cmsg_level = SOL_SOCKET;
  beside->cmsg_type = SCM_RIGHTS;
  beside->cmsg_len = CMSG_LEN(sizeof(fds));
  std::memcpy(CMSG_DATA(beside), fds.data(), sizeof(fds));
  ASSERT_EQ(::sendmsg(here.get(), &header, 0), 1);
  EXPECT_FALSE(receive_message(there.get()));
  EXPECT_EQ(open_files(), before);
}

TEST_F(ChannelTest, TheEndIsAnEmptyMessage) {
  here = base::Fd();
  const auto got = receive_message(there.get());
  ASSERT_TRUE(got);
  EXPECT_TRUE(got->text.empty());
  EXPECT_FALSE(send_message(there.get(), "anybody?"));  // and no SIGPIPE
}

TEST_F(ChannelTest, AReaderThatSleepsDoesNotStopProgress) {
  const std::string text(max_message, 'x');
  int sent = 0;
  while (try_send_message(here.get(), text) && sent < 10000) ++sent;
  EXPECT_LT(sent, 10000);
}

TEST_F(ChannelTest, ClientGathersItemsUntilTheLastReply) {
  std::thread server([&] {
    const auto request = receive_message(there.get());
    EXPECT_EQ(request->text, print(Request(ListPrograms{})));
    for (const Reply& reply :
         {Reply(Progress{1, 2}), Reply(Problem{"a"}), Reply(Problem{"b"}), Reply(Done{})}) {
      EXPECT_TRUE(send_message(there.get(), print(reply)));
    }
    EXPECT_TRUE(receive_message(there.get()));
    EXPECT_TRUE(send_message(there.get(), print(Reply(Failed{"no"}))));
    EXPECT_TRUE(receive_message(there.get()));
    EXPECT_TRUE(send_message(there.get(), "garbage"));
    EXPECT_TRUE(receive_message(there.get()));
    there = base::Fd();
  });
  Client client(std::move(here));
  const auto items = client.list(ListPrograms{});
  ASSERT_TRUE(items) << items.error().what;
  EXPECT_EQ(*items, (std::vector<Reply>{Problem{"a"}, Problem{"b"}}));
  EXPECT_EQ(client.call(RemoveImage{"x"}).error().what, "no");
  EXPECT_FALSE(client.call(GetStatus{}));
  EXPECT_EQ(client.call(GetStatus{}).error().what, "the server closed the connection: its log says why");
  server.join();
}

TEST(Client, SaysThatNoServerRuns) {
  const auto client = Client::connect("/nowhere/control");
  ASSERT_FALSE(client);
  EXPECT_NE(client.error().what.find("/nowhere/control: no server runs there"), std::string::npos);
  EXPECT_NE(client.error().what.find("--state"), std::string::npos);
  EXPECT_FALSE(Client::connect(std::string(200, 'x')));
  EXPECT_FALSE(Client::connect(""));
}

}  // namespace
}  // namespace api
