// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/open_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace server {
namespace {

namespace fs = std::filesystem;

class OpenFilesTest : public testing::Test {
 protected:
  OpenFilesTest() : directory_(fs::temp_directory_path() / ("open_files_test." + std::to_string(getpid()))) {
    fs::create_directories(directory_);
  }
  ~OpenFilesTest() override { fs::remove_all(directory_); }

  std::string write(const std::string& name, const std::string& bytes) {
    const std::string path = directory_ / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  std::shared_ptr<const MappedFile> open(const std::string& path) {
    auto file = files_.open(path, now_);
    EXPECT_TRUE(file) << file.error().what;
    return file.value_or(nullptr);
  }

  fs::path directory_;
  base::Time now_{};
  OpenFiles files_;
};

TEST_F(OpenFilesTest, ReadersOfOneFileShareItsBytes) {
  const std::string path = write("linux", "kernel");
  const auto one = open(path);
  EXPECT_EQ(one->size(), 6u);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(one->at(2)), 4), "rnel");
  EXPECT_EQ(open(path), one);
}

TEST_F(OpenFilesTest, AReplacedFileIsOpenedAnewAndTheOldOneGoesOn) {
  const std::string path = write("linux", "old");
  const auto old = open(path);
  fs::rename(write("next", "newer"), path);
  const auto fresh = open(path);
  EXPECT_NE(fresh, old);
  EXPECT_EQ(fresh->size(), 5u);
  EXPECT_TRUE(old->unchanged());
  EXPECT_EQ(*old->at(0), 'o');
}

TEST_F(OpenFilesTest, WrittenToInPlaceItIsNotWhatWasOpened) {
  const std::string path = write("linux", "kernel");
  const auto file = open(path);
  EXPECT_TRUE(file->unchanged());
  write("linux", "longer than it was");
  EXPECT_FALSE(file->unchanged());
  EXPECT_EQ(open(path)->size(), 18u);
}

TEST_F(OpenFilesTest, AnEmptyFileHasNoBytes) { EXPECT_EQ(open(write("empty", ""))->size(), 0u); }

TEST_F(OpenFilesTest, OnlyRegularFilesAndNeverByWaiting) {
  const std::string fifo = directory_ / "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const std::string link = directory_ / "link";
  fs::create_symlink(write("linux", "kernel"), link);
  for (const std::string& path : {fifo, link, directory_.string(), (directory_ / "absent").string()}) {
    EXPECT_FALSE(files_.open(path, now_)) << path;
  }
  EXPECT_EQ(files_.size(), 0u);
}

TEST_F(OpenFilesTest, LetsGoOfWhatNobodyAsksFor) {
  const auto sent = open(write("sent", "1"));
  open(write("idle", "2"));
  now_ += std::chrono::seconds(29);
  files_.tidy(now_);
  EXPECT_EQ(files_.size(), 2u);
  now_ += std::chrono::seconds(2);
  files_.tidy(now_);
  EXPECT_EQ(files_.size(), 1u);
  EXPECT_EQ(open(directory_ / "sent"), sent);
}

TEST_F(OpenFilesTest, ARemovedFileIsForgotten) {
  const std::string path = write("linux", "kernel");
  open(path);
  fs::remove(path);
  EXPECT_FALSE(files_.open(path, now_));
  EXPECT_EQ(files_.size(), 0u);
}

}  // namespace
}  // namespace server
