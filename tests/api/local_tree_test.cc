// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/local_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace api {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class LocalTreeTest : public testing::Test {
 protected:
  LocalTreeTest() {
    std::string name = (fs::temp_directory_path() / "tree-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    outer = name;
    root = outer / "tree";
    fs::create_directories(root / "sub/deeper");
    write(root / "linux");
    write(root / "sub/initrd.gz");
    write(outer / "secret");
  }
  ~LocalTreeTest() override {
    std::error_code ignored;
    fs::remove_all(outer, ignored);
  }
  static void write(const fs::path& path) { std::ofstream(path) << path.filename().string(); }
  std::string refusal() {
    const auto tree = LocalTree::open(root.string());
    return tree ? "accepted" : tree.error().what;
  }

  fs::path outer, root;
};

TEST_F(LocalTreeTest, LinksInsideAreFollowed) {
  fs::create_symlink("sub/initrd.gz", root / "initrd");
  fs::create_symlink("../linux", root / "sub/up");
  fs::create_directory_symlink("sub", root / "again");
  const auto tree = LocalTree::open(root.string());
  ASSERT_TRUE(tree) << tree.error().what;
  EXPECT_THAT(tree->names(),
              ElementsAre("again/initrd.gz", "again/up", "initrd", "linux", "sub/initrd.gz", "sub/up"));
  EXPECT_TRUE(tree->open_file("again/up"));
}

TEST_F(LocalTreeTest, LinksLeadingOutAreNamedWithWhereTheyLead) {
  struct Case {
    const char* name;
    const char* target;
  };
  for (const Case& c : {Case{"absolute", "/etc/passwd"}, Case{"up and out", "../../secret"},
                        Case{"out and in again", "../../tree/linux"}, Case{"a folder outside", "../.."},
                        Case{"magic", "/proc/self/root"}}) {
    fs::create_symlink(c.target, root / "sub/link");
    EXPECT_THAT(refusal(),
                HasSubstr(root.string() + "/sub/link: a link that leads out of the tree, to " + c.target))
        << c.name;
    fs::remove(root / "sub/link");
  }
}

TEST_F(LocalTreeTest, LinksThatEndBadly) {
  fs::create_symlink("missing", root / "link");
  EXPECT_THAT(refusal(), HasSubstr("/link: a link that leads nowhere, to missing"));
  fs::remove(root / "link");
  fs::create_symlink("link", root / "link");
  EXPECT_THAT(refusal(), HasSubstr("/link: a link in a circle, to link"));
  fs::remove(root / "link");
  fs::create_symlink("..", root / "sub/link");
  EXPECT_THAT(refusal(), HasSubstr("/sub/link: a link in a circle"));
}

TEST_F(LocalTreeTest, OnlyFilesAndFolders) {
  ASSERT_EQ(::mkfifo((root / "fifo").c_str(), 0600), 0);
  EXPECT_THAT(refusal(), HasSubstr("/fifo: neither a file nor a folder"));
  EXPECT_THAT(open_local_file((root / "fifo").string()).error().what,
              HasSubstr("/fifo: is not a regular file"));
  EXPECT_THAT(open_local_file(root.string()).error().what, HasSubstr("is a folder"));
  EXPECT_THAT(open_local_file((root / "none").string()).error().what, HasSubstr("No such file"));
  EXPECT_TRUE(open_local_file((root / "linux").string()));
}

TEST_F(LocalTreeTest, FilesSwappedAfterTheWalkDoNotLeadOut) {
  const auto tree = LocalTree::open(root.string());
  ASSERT_TRUE(tree);
  fs::remove(root / "linux");
  fs::create_symlink("/etc/passwd", root / "linux");
  EXPECT_FALSE(tree->open_file("linux"));
  EXPECT_FALSE(tree->open_file("../secret"));
}

TEST_F(LocalTreeTest, TheFolderItself) {
  EXPECT_THAT(LocalTree::open("/nowhere").error().what, HasSubstr("/nowhere: No such file"));
  EXPECT_THAT(LocalTree::open((root / "linux").string()).error().what, HasSubstr("not a folder"));
  EXPECT_THAT(LocalTree::open((root / "sub/deeper").string()).error().what, HasSubstr("holds no files"));
}

TEST_F(LocalTreeTest, TooManyFilesAreNotATree) {
  for (int i = 0; i < 4100; ++i) write(root / ("f" + std::to_string(i)));
  EXPECT_THAT(refusal(), HasSubstr("holds more than 4096 files"));
}

}  // namespace
}  // namespace api
