// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/privileges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "../content/scratch.h"

namespace server {
namespace {

using testing::HasSubstr;

// What cannot be undone happens in a child, which returns what it saw.
std::string in_child(const std::function<std::string()>& what) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string seen = what();
    const ssize_t written = ::write(ends[1], seen.data(), seen.size());
    ::_exit(written < 0 ? 1 : 0);
  }
  ::close(ends[1]);
  std::string seen(4096, '\0');
  const ssize_t got = ::read(ends[0], seen.data(), seen.size());
  seen.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  return seen;
}

std::string line_of_status(std::string_view key) {
  const std::string text = read_text("/proc/self/status");
  const auto at = text.find("\n" + std::string(key) + ":");
  if (at == std::string::npos) return "?";
  const auto start = at + key.size() + 2;
  return text.substr(start, text.find('\n', start) - start);
}

std::string rights() {
  return "uid" + line_of_status("Uid") + " groups" + line_of_status("Groups") + " eff" +
         line_of_status("CapEff") + " prm" + line_of_status("CapPrm") + " amb" + line_of_status("CapAmb") +
         " bnd" + line_of_status("CapBnd") + " nnp" + line_of_status("NoNewPrivs");
}

class AsRoot : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  }
};

TEST(Account, WhoDoesNotExistIsNamedWithTheRemedy) {
  const auto account = find_account("no-such-user-here");
  ASSERT_FALSE(account);
  EXPECT_THAT(account.error().what, HasSubstr("user no-such-user-here does not exist: adduser --system"));
  EXPECT_THAT(account.error().what, HasSubstr("server.user"));
  EXPECT_EQ(find_account("root")->user, 0U);
}

TEST(Account, NoNameMeansStaying) { EXPECT_EQ(account_to_become("").value().has_value(), false); }

using PrivilegesAsRoot = AsRoot;

TEST_F(PrivilegesAsRoot, NothingIsLeftAfterBecomingSomebody) {
  const auto nobody = account_to_become("nobody").value();
  ASSERT_TRUE(nobody);
  const std::string seen = in_child([&] {
    const auto dropped = drop_privileges(nobody);
    return (dropped ? *dropped : dropped.error().what) + "; " + rights() +
           (::setuid(0) == 0 ? " REGAINED" : "");
  });
  const std::string none = "\t0000000000000000";
  const std::string id = "\t" + std::to_string(nobody->user);
  EXPECT_EQ(seen, "now user nobody, without capabilities; uid" + id + id + id + id + " groups\t  eff" + none +
                      " prm" + none + " amb" + none + " bnd" + none + " nnp\t1");
}

TEST_F(PrivilegesAsRoot, RootThatStaysHasNoCapabilitiesEither) {
  const std::string seen = in_child([] {
    const auto dropped = drop_privileges(std::nullopt);
    return (dropped ? *dropped : dropped.error().what) + "; eff" + line_of_status("CapEff") + " nnp" +
           line_of_status("NoNewPrivs");
  });
  EXPECT_EQ(seen, "still user 0, without capabilities; eff\t0000000000000000 nnp\t1");
}

TEST_F(PrivilegesAsRoot, AnUnprivilegedProcessStaysWhoItIs) {
  const std::string seen = in_child([] {
    if (::setresuid(65534, 65534, 65534) != 0) return std::string("setresuid failed");
    const auto account = account_to_become("bootferry");
    if (!account || account->has_value()) return std::string("wanted to become somebody");
    const auto dropped = drop_privileges(*account);
    return dropped ? *dropped : dropped.error().what;
  });
  EXPECT_EQ(seen, "still user 65534, without capabilities");
}

TEST_F(PrivilegesAsRoot, WhatRootMadeIsGivenAwayAndNothingElse) {
  const Scratch scratch;
  const std::string state = scratch.path("a/state");
  const Account owner{"nobody", 65534, 65534};
  ASSERT_TRUE(prepare_directory(state, std::nullopt));
  struct stat facts {};
  ASSERT_EQ(::stat(state.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777U, 0750U);
  EXPECT_EQ(facts.st_uid, 0U);

  const std::string mine = scratch.write("a/state/library/files/x", "x");
  const std::string other = scratch.write("a/state/other", "x");
  ASSERT_EQ(::chown(other.c_str(), 1, 1), 0);
  const std::string outside = scratch.write("outside", "x");
  const std::string second_name = scratch.path("a/state/second-name");
  ASSERT_EQ(::link(outside.c_str(), second_name.c_str()), 0);
  const std::string outside_folder = scratch.path("folder");
  std::filesystem::create_directory(outside_folder);
  scratch.write("folder/file", "x");
  std::filesystem::create_symlink(outside_folder, scratch.path("a/state/link"));

  ASSERT_TRUE(prepare_directory(state, owner));
  const auto owner_of = [](const std::string& path) {
    struct stat found {};
    EXPECT_EQ(::stat(path.c_str(), &found), 0) << path;
    return found.st_uid;
  };
  EXPECT_EQ(owner_of(state), 65534U);
  EXPECT_EQ(owner_of(scratch.path("a/state/library")), 65534U);
  EXPECT_EQ(owner_of(mine), 65534U);
  EXPECT_EQ(owner_of(other), 1U) << "another user's file";
  EXPECT_EQ(owner_of(outside), 0U) << "a file with a second name outside";
  EXPECT_EQ(owner_of(outside_folder), 0U) << "behind a link";
  EXPECT_EQ(owner_of(scratch.path("folder/file")), 0U);
  EXPECT_EQ(owner_of(scratch.path("a")), 0U) << "the parent";
}

TEST(PrepareDirectory, SomethingElseIsInTheWay) {
  const Scratch scratch;
  EXPECT_THAT(prepare_directory(scratch.write("file", "x"), std::nullopt).error().what,
              HasSubstr("not a folder"));
}

}  // namespace
}  // namespace server
