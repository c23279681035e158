// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <utime.h>

#include <thread>

#include "scratch.h"

namespace content {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class LibraryTest : public testing::Test {
 protected:
  LibraryTest() { reopen(); }
  void reopen() {
    library.reset();
    auto opened = Library::open(scratch.path("library"));
    ASSERT_TRUE(opened) << opened.error().what;
    library = std::move(*opened);
  }
  SourceFile source(const std::string& name, std::string_view text) {
    opened_.push_back(scratch.open("from/" + std::to_string(opened_.size()), text));
    return {name, opened_.back().get()};
  }
  // Adds it, and no record names it: the first answer is the manifest.
  base::Sha256 add(const std::vector<SourceFile>& files) {
    auto added = library->add(files, {});
    EXPECT_TRUE(added) << added.error().what;
    if (!added) return {};
    added->pins.keep();
    EXPECT_EQ(library->package(added->manifest), added->package);
    return added->manifest;
  }
  std::vector<std::string> files() const {
    std::vector<std::string> out;
    for (const std::string& name : scratch.list("library/files"))
      if (name.size() > 2) out.push_back(name.substr(3));
    return out;
  }
  std::string path_of(std::string_view content) const { return library->path(base::sha256(content)); }
  void damage(std::string_view content, std::size_t at) const {
    std::string text(content);
    text[at] = static_cast<char>(text[at] ^ 1);
    ASSERT_EQ(::chmod(path_of(content).c_str(), 0640), 0);
    std::ofstream(path_of(content), std::ios::binary) << text;
  }
  ino_t inode(std::string_view content) const {
    struct stat facts {};
    EXPECT_EQ(::stat(path_of(content).c_str(), &facts), 0);
    return facts.st_ino;
  }
  base::Result<Library::Collected> sweep(const std::vector<base::Sha256>& manifests,
                                         Library::Sweep what = Library::Sweep::all) {
    return library->collect(manifests, what);
  }

  Scratch scratch;
  std::unique_ptr<Library> library;

 private:
  std::vector<base::Fd> opened_;
};

TEST_F(LibraryTest, AFileStandsUnderItsHash) {
  std::vector<std::uint64_t> seen;
  const std::string big(3'000'001, 'z');
  const std::vector<SourceFile> sources = {source("linux", "abc"), source("a/initrd", big),
                                           source("empty", "")};
  auto added = library->add(sources, [&](std::uint64_t done, std::uint64_t total) {
    seen.push_back(done);
    EXPECT_EQ(total, big.size() + 3);
  });
  ASSERT_TRUE(added) << added.error().what;
  EXPECT_EQ(seen.front(), 0U);
  EXPECT_EQ(seen.back(), big.size() + 3);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  const std::string path = path_of("abc");
  EXPECT_TRUE(
      path.ends_with("library/files/ba/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
  EXPECT_EQ(read_text(path), "abc");
  EXPECT_EQ(read_text(path_of(big)), big);
  struct stat facts {};
  ASSERT_EQ(::stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777U, 0440U);
  EXPECT_EQ(added->package.files[2], (PackageFile{base::sha256("abc"), 3, "linux"}));
  EXPECT_EQ(read_text(library->path(added->manifest)), print(added->package));
  EXPECT_THAT(scratch.list("library/incoming"), IsEmpty());

  const auto described = library->describe(added->package.files[2], "x.efi");
  ASSERT_TRUE(described);
  EXPECT_EQ(described->path, path);
  EXPECT_EQ(described->size, 3U);
  EXPECT_EQ(described->etag, base::print(base::sha256("abc")));
  EXPECT_EQ(described->content_type, "application/efi");
  EXPECT_FALSE(library->describe({base::sha256("abc"), 4, "x"}, "x"));
  EXPECT_FALSE(library->describe({base::sha256("no"), 2, "x"}, "x"));
}

TEST_F(LibraryTest, TenImagesWithTheSameFilesTakeTheSpaceOfOne) {
  const std::string big(5'000'000, 'k');
  const auto first = add({source("linux", big), source("initrd", "i")});
  const auto before = files();
  const ino_t there = inode(big);
  for (int i = 1; i < 10; ++i) EXPECT_EQ(add({source("initrd", "i"), source("linux", big)}), first);
  EXPECT_EQ(files(), before);
  EXPECT_EQ(inode(big), there);
  // Another name is another package of the same content.
  EXPECT_NE(add({source("vmlinuz", big)}), first);
  EXPECT_EQ(files().size(), before.size() + 1);
}

// One of the same size that begins and ends alike was taken for it at first.
TEST_F(LibraryTest, ALookalikeIsNoneOfIt) {
  std::string one(4'000'000, 'a'), two = one;
  two[2'500'000] = 'b';
  add({source("x", one)});
  add({source("x", two)});
  EXPECT_EQ(read_text(path_of(one)), one);
  EXPECT_EQ(read_text(path_of(two)), two);
}

TEST_F(LibraryTest, ASourceThatChangesMeanwhileIsRefused) {
  for (const std::string_view text : {"kernel", ""}) {
    const auto file = source("linux", std::string(2'000'000, 'k'));
    const std::string path = scratch.path("from/" + std::to_string(text.empty() ? 1 : 0));
    const auto added = library->add(std::vector{file}, [&](std::uint64_t done, std::uint64_t) {
      if (done == 0) return;
      if (text.empty()) {
        std::filesystem::resize_file(path, 1'000'000);
      } else {
        std::ofstream(path, std::ios::app) << text;
      }
    });
    ASSERT_FALSE(added);
    EXPECT_THAT(added.error().what, testing::AnyOf(HasSubstr("changed while"), HasSubstr("became shorter")));
    EXPECT_THAT(scratch.list("library/incoming"), IsEmpty());
    EXPECT_THAT(files(), IsEmpty());
  }
}

TEST_F(LibraryTest, AnAddThatWasKilledIsContinued) {
  std::string text(5'000'000, 'x');
  text[4'999'999] = 'y';
  const auto file = source("linux", text);
  // What a killed one leaves: the front of the file, under the source's identity.
  struct stat facts {};
  ASSERT_EQ(::fstat(file.part.fd, &facts), 0);
  const std::string left = fmt::format("library/incoming/{:x}-{:x}-{:x}.{:x}", facts.st_ino, facts.st_size,
                                       facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec);
  struct stat before {};
  ASSERT_EQ(::stat(scratch.write(left, text.substr(0, 3'500'000)).c_str(), &before), 0);
  add({file});
  EXPECT_EQ(read_text(path_of(text)), text);
  EXPECT_EQ(inode(text), before.st_ino);
  // What it left may be of anybody: only what agrees counts.
  const auto second = source("linux", text + "!");
  ASSERT_EQ(::fstat(second.part.fd, &facts), 0);
  scratch.write(fmt::format("library/incoming/{:x}-{:x}-{:x}.{:x}", facts.st_ino, facts.st_size,
                            facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec),
                std::string(6'000'000, 'x'));
  add({second});
  EXPECT_EQ(read_text(path_of(text + "!")), text + "!");
  EXPECT_THAT(scratch.list("library/incoming"), IsEmpty());
}

TEST_F(LibraryTest, PartsOfAFileAreKeptAsFilesOfTheirOwn) {
  const std::string kernel(3'000'000, 'k'),
      disc = std::string(2048, '-') + kernel + "initrd" + std::string(99, '-');
  const SourceFile whole = source("disc.iso", disc);
  const auto part = [&](const std::string& name, std::uint64_t offset, std::uint64_t size) {
    return SourceFile{name, {whole.part.fd, offset, size}};
  };
  std::uint64_t total = 0;
  const std::vector<SourceFile> parts = {part("linux", 2048, kernel.size()),
                                         part("initrd", 2048 + kernel.size(), 6)};
  const auto added = library->add(parts, [&](std::uint64_t, std::uint64_t of) { total = of; });
  ASSERT_TRUE(added) << added.error().what;
  EXPECT_EQ(total, kernel.size() + 6);
  EXPECT_EQ(added->package.find("linux")->size, kernel.size());
  EXPECT_EQ(read_text(path_of(kernel)), kernel);
  EXPECT_EQ(read_text(path_of("initrd")), "initrd");
  // The same content from elsewhere is the same file.
  const auto inode_before = inode(kernel);
  add({source("vmlinuz", kernel)});
  EXPECT_EQ(inode(kernel), inode_before);
  // A part is nobody's file to link.
  auto linked = library->add(std::vector{part("other", 100, 50)}, {}, Library::Take::link);
  ASSERT_TRUE(linked) << linked.error().what;
  EXPECT_EQ(read_text(path_of(disc.substr(100, 50))), disc.substr(100, 50));
  const auto beyond = library->add(std::vector{part("x", disc.size() - 1, 2)}, {});
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().what, "x: ends beyond the end of the file");
}

TEST_F(LibraryTest, LinksMoveOurOwnFiles) {
  const auto file = source("linux", "kernel");
  struct stat facts {};
  ASSERT_EQ(::fstat(file.part.fd, &facts), 0);
  auto added = library->add(std::vector{file}, {}, Library::Take::link);
  ASSERT_TRUE(added) << added.error().what;
  EXPECT_EQ(inode("kernel"), facts.st_ino);
  EXPECT_EQ(library->package(added->manifest), added->package);
}

TEST_F(LibraryTest, AFailedAddLeavesNothingThatStays) {
  add({source("a", "kept")});
  const auto before = files();
  {
    auto added = library->add(std::vector{source("a", "kept"), source("b", "fresh")}, {});
    ASSERT_TRUE(added);
    // No record names it, and it goes again.
  }
  EXPECT_EQ(files().size(), before.size() + 2);
  ASSERT_TRUE(sweep({}, Library::Sweep::given_up));
  EXPECT_EQ(files(), before);
}

TEST_F(LibraryTest, CollectSparesWhatIsNamedOrPinned) {
  const auto one = add({source("linux", "shared"), source("initrd", "one")});
  add({source("linux", "shared"), source("initrd", "two")});
  auto pinned = library->add(std::vector{source("linux", "pinned")}, {});
  ASSERT_TRUE(pinned);
  const auto would = library->collect(std::vector{one}, Library::Sweep::all, true);
  EXPECT_EQ(would->files, 2U);
  const auto gone = sweep({one});
  ASSERT_TRUE(gone) << gone.error().what;
  EXPECT_EQ(gone->files, would->files);
  EXPECT_EQ(gone->octets, would->octets);
  EXPECT_EQ(read_text(path_of("shared")), "shared");
  EXPECT_EQ(read_text(path_of("one")), "one");
  EXPECT_EQ(read_text(path_of("two")), "");
  EXPECT_EQ(read_text(path_of("pinned")), "pinned");
  EXPECT_EQ(sweep({one})->files, 0U);
  EXPECT_EQ(library->package(pinned->manifest), pinned->package);
}

TEST_F(LibraryTest, WhatWasGivenUpIsKnownAfterAStart) {
  const auto one = add({source("linux", "shared"), source("initrd", "one")});
  const auto two = add({source("linux", "shared"), source("initrd", "two")});
  const auto stranger = add({source("linux", "of another database")});
  ASSERT_TRUE(library->give_up(one));
  // Still published.
  EXPECT_EQ(sweep({one, two}, Library::Sweep::given_up)->files, 0U);
  reopen();
  EXPECT_EQ(sweep({two}, Library::Sweep::given_up)->files, 2U);
  EXPECT_EQ(read_text(path_of("one")), "");
  EXPECT_TRUE(library->package(stranger));
  EXPECT_EQ(read_text(scratch.path("library/superseded")), "");
  // Named again before it went.
  ASSERT_TRUE(library->give_up(two));
  EXPECT_EQ(sweep({two}, Library::Sweep::given_up)->files, 0U);
  EXPECT_TRUE(library->package(two));
}

TEST_F(LibraryTest, NothingGoesWhileAPackageCannotBeRead) {
  const auto one = add({source("linux", "one")});
  std::filesystem::resize_file(library->path(one), 30);
  const auto gone = sweep({one});
  ASSERT_FALSE(gone);
  EXPECT_THAT(gone.error().what, HasSubstr("damaged"));
  EXPECT_EQ(read_text(path_of("one")), "one");
}

TEST_F(LibraryTest, OldUnfinishedFilesGo) {
  const std::string young = scratch.write("library/incoming/1-2-3.4", "half");
  const std::string old = scratch.write("library/incoming/5-6-7.8", "half");
  const utimbuf long_ago{0, 0};
  ASSERT_EQ(::utime(old.c_str(), &long_ago), 0);
  EXPECT_EQ(sweep({})->octets, 4U);
  EXPECT_THAT(scratch.list("library/incoming"), ElementsAre("1-2-3.4"));
}

TEST_F(LibraryTest, VerifyFindsWhatIsNotItsName) {
  const std::string big(3'000'000, 'b');
  const auto manifest = add({source("big", big), source("fine", "fine"), source("gone", "gone")});
  damage(big, 1'700'000);
  std::filesystem::remove(path_of("gone"));
  std::uint64_t last = 0, of = 0;
  std::vector<base::Sha256> passed;
  Library::Verify wish;
  wish.progress = [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_GE(done, last);
    last = done;
    of = total;
  };
  wish.passed = [&](const base::Sha256& hash) { passed.push_back(hash); };
  const auto verified = library->verify(wish);
  ASSERT_TRUE(verified) << verified.error().what;
  EXPECT_EQ(verified->files, 4U);
  EXPECT_EQ(last, of);
  EXPECT_THAT(verified->damaged, testing::UnorderedElementsAre(base::sha256(big), base::sha256("gone")));
  EXPECT_TRUE(std::is_sorted(passed.begin(), passed.end()));
  EXPECT_EQ(passed.size(), 4U);
  EXPECT_THAT(scratch.list("library/damaged"), ElementsAre(base::print(base::sha256(big))));
  EXPECT_FALSE(library->describe({base::sha256(big), big.size(), "x"}, "x"));
  EXPECT_TRUE(library->describe({base::sha256("fine"), 4, "x"}, "x"));
  // Adding it again heals it.
  EXPECT_EQ(add({source("big", big), source("fine", "fine"), source("gone", "gone")}), manifest);
  EXPECT_THAT(library->verify({})->damaged, IsEmpty());
  EXPECT_EQ(read_text(path_of(big)), big);
}

TEST_F(LibraryTest, AddingAgainHealsAlsoWhatNobodyHasLookedAt) {
  const std::string big(3'000'000, 'b');
  const std::vector<SourceFile> sources = {source("big", big), source("small", "small")};
  const auto manifest = add(sources);
  damage(big, 1'700'000);
  damage("small", 0);
  std::filesystem::resize_file(library->path(manifest), 20);
  add(sources);
  EXPECT_EQ(read_text(path_of(big)), big);
  EXPECT_EQ(read_text(path_of("small")), "small");
  EXPECT_TRUE(library->package(manifest));
  EXPECT_THAT(library->verify({})->damaged, IsEmpty());
}

TEST_F(LibraryTest, VerifyOfSome) {
  add({source("a", "a"), source("b", "b"), source("c", "c")});
  Library::Verify wish;
  wish.only = {{base::sha256("a"), base::sha256("b")}};
  EXPECT_EQ(library->verify(wish)->files, 2U);
  wish.after = std::max(base::sha256("a"), base::sha256("b"));
  EXPECT_EQ(library->verify(wish)->files, 0U);
}

TEST_F(LibraryTest, VerifyKeepsItsPaceAndStopsAtOnce) {
  add({source("a", std::string(8 << 20, 'a'))});
  Library::Verify wish;
  wish.octets_per_second = 16 << 20;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(library->verify(wish)->stopped);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(400));
  wish.octets_per_second = 1000;  // hours
  std::stop_source stop;
  wish.stop = stop.get_token();
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop.request_stop();
  });
  EXPECT_TRUE(library->verify(wish)->stopped);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  stopper.join();
}

TEST_F(LibraryTest, FilesOfStrangersAreLeftAlone) {
  scratch.write("library/files/README", "not ours");
  scratch.write("library/incoming/.incoming-x1y2z3/boot.sdi", "of somebody who died");
  scratch.write("library/files/00/" + base::print(base::sha256("x")), "in the wrong folder");
  reopen();
  EXPECT_EQ(library->verify({})->files, 0U);
  EXPECT_EQ(sweep({})->files, 0U);
  EXPECT_EQ(read_text(scratch.path("library/files/README")), "not ours");
  EXPECT_THAT(scratch.list("library/incoming"), IsEmpty());
}

// Adds of one source, of one content and of nothing in common, beside a collector.
TEST_F(LibraryTest, ManyAtOnce) {
  const std::string shared(2'000'000, 's');
  std::vector<std::vector<SourceFile>> wishes;
  const SourceFile same = source("linux", std::string(1'500'000, 'k'));
  for (int i = 0; i < 4; ++i)
    wishes.push_back({same, source("initrd", shared), source("own", std::to_string(i))});
  std::atomic<bool> stop = false;
  std::thread collector([&] {
    while (!stop) EXPECT_TRUE(sweep({}));
  });
  std::vector<std::thread> adders;
  for (const auto& wish : wishes) {
    adders.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        const auto added = library->add(wish, {});
        ASSERT_TRUE(added) << added.error().what;
        for (const PackageFile& file : added->package.files) ASSERT_TRUE(library->describe(file, "x"));
        ASSERT_EQ(library->package(added->manifest), added->package);
      }
    });
  }
  for (std::thread& adder : adders) adder.join();
  stop = true;
  collector.join();
  EXPECT_THAT(library->verify({})->damaged, IsEmpty());
}

}  // namespace
}  // namespace content
