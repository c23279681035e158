// SPDX-License-Identifier: GPL-3.0-or-later
// The database fails in every way that we could think of: machines boot on, changes are refused
// with the reason, nothing that was acknowledged is lost, and there is a way back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "../content/scratch.h"
#include "policy/decide.h"
#include "site/administration.h"
#include "store/copy.h"
#include "store/sqlite.h"

namespace site {
namespace {

namespace fs = std::filesystem;
using store::Database;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const base::Mac mac = *base::Mac::parse("52:54:00:12:34:56");
const base::Mac other = *base::Mac::parse("52:54:00:12:34:57");

// «debian» to one machine, which becomes a device if it was none.
base::Status deploy(Administration& admin, const base::Mac& to) {
  const auto site = admin.site();
  policy::Device device;
  device.id = -1;
  device.name = to.print_dashed();
  device.macs = {to};
  policy::Deployment deployment;
  deployment.name = "debian to " + device.name;
  deployment.what = policy::ToBoot{site->policy.model().images.front().id};
  deployment.purpose = policy::Purpose::required;
  deployment.again = true;
  store::Batch batch{"test", "", {}};
  if (const policy::Device* known = site->policy.device(to)) {
    device.id = known->id;
    if (!site->policy.to_device(known->id).empty())
      deployment.id = site->policy.to_device(known->id).front()->id;
  } else {
    batch.steps.emplace_back(store::Put{device, {}});
  }
  deployment.target = policy::ToDevice{device.id};
  batch.steps.emplace_back(store::Put{deployment, {}});
  const auto applied = admin.apply(std::move(batch));
  if (!applied) return base::fail("{}", applied.error().what);
  return {};
}

class DegradedTest : public testing::Test {
 protected:
  DegradedTest() {
    open();
    NewImage image;
    image.name = "debian";
    image.files.push_back({"linux", scratch.open("from/linux", fake_kernel())});
    image.kernel = "linux";
    EXPECT_TRUE(admin->add_image(std::move(image), {}));
    EXPECT_TRUE(deploy(*admin, mac));
  }
  // As `serve` does, in quicker steps.
  base::Status try_to_open() {
    admin.reset();
    auto opened = Administration::open(state, {}, Opening::to_serve);
    if (!opened) return tl::unexpected(opened.error());
    admin = std::move(*opened);
    admin->keep_copies({std::chrono::milliseconds(0), 1, std::chrono::milliseconds(20)});
    return {};
  }
  void open() {
    const auto opened = try_to_open();
    ASSERT_TRUE(opened) << opened.error().what;
  }
  [[nodiscard]] std::string boots(const base::Mac& who = mac) const {
    policy::Facts facts;
    facts.mac = who;
    facts.firmware_known = false;
    const auto site = admin->site();
    const policy::Plan plan = policy::decide(facts, site->policy, {});
    if (plan.boot() == nullptr) return "nothing";
    const auto entry = site->published->find(plan.boot()->choice.image->kernel);
    return std::holds_alternative<const content::DiskFile*>(entry) ? "debian" : "a file that is not there";
  }
  // Empty when it was kept.
  std::string change() {
    const auto done = deploy(*admin, other);
    return done ? "" : done.error().what;
  }
  // Until it is so, for ten seconds.
  template <class What>
  static bool soon(const What& what) {
    for (int i = 0; i < 500; ++i) {
      if (what()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }
  bool copied() const {
    return soon([&] {
      const auto kept = store::revision_at(copy), now = store::revision_at(database);
      return kept && now && *kept == *now;
    });
  }
  void remove_database() const {
    for (const char* end : {"", "-wal", "-shm"}) fs::remove(database + end);
  }
  // What it says, and that machines boot on while it is so.
  void expect_degraded(const std::string& why) {
    ASSERT_TRUE(soon([&] { return admin->degraded().has_value(); }));
    EXPECT_THAT(print(*admin->degraded()), AllOf(HasSubstr("DEGRADED since 20"), HasSubstr(why)));
    EXPECT_EQ(admin->problems().front(), print(*admin->degraded()));
    EXPECT_EQ(boots(), "debian");
    EXPECT_EQ(boots(other), "nothing");
  }

  Scratch scratch;
  std::string state = scratch.path("state");
  std::string database = state + "/bootferry.db", copy = state + "/bootferry.kept.db";
  std::unique_ptr<Administration> admin;
};

TEST_F(DegradedTest, TheCopyFollowsEachChange) {
  ASSERT_TRUE(copied());
  EXPECT_EQ(change(), "");
  ASSERT_TRUE(copied());
  struct stat facts {};
  ASSERT_EQ(::stat(copy.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777U, 0640U);
  EXPECT_FALSE(fs::exists(copy + ".new"));
  EXPECT_FALSE(admin->degraded());
  admin.reset();
  EXPECT_EQ(read_text(copy).substr(18, 2), std::string("\1\1")) << "opens without a journal beside it";
}

TEST_F(DegradedTest, ACopyIsMadeAtTheStartWhereItIsOld) {
  admin.reset();
  const std::string old = read_text(copy);
  {
    auto stopped = Administration::open(state, {});  // the command line on a stopped server
    ASSERT_TRUE(stopped);
    ASSERT_TRUE(deploy(**stopped, other));
  }
  EXPECT_EQ(read_text(copy), old);
  open();
  EXPECT_TRUE(copied());
}

TEST_F(DegradedTest, AStartWithoutTheDatabase) {
  admin.reset();
  remove_database();
  const std::string kept = read_text(copy);
  const auto strict = Administration::open(state, {});
  ASSERT_FALSE(strict);
  EXPECT_THAT(strict.error().what, AllOf(HasSubstr(database + " is gone"), HasSubstr("cp -p " + copy)));
  open();
  expect_degraded(database + " is gone");
  EXPECT_THAT(change(), HasSubstr("is gone"));
  EXPECT_THAT(admin->remove_with_files(store::Kind::image, 1, "test").error().what, HasSubstr("is gone"));
  NewImage image;
  image.name = "more";
  image.files.push_back({"linux", scratch.open("from/more", fake_kernel())});
  image.kernel = "linux";
  EXPECT_THAT(admin->add_image(std::move(image), {}).error().what, HasSubstr("is gone"));
  EXPECT_EQ(boots(), "debian");
  EXPECT_FALSE(fs::exists(database)) << "no empty site in its place";
  EXPECT_EQ(read_text(copy), kept);
  // The way back that it tells.
  admin.reset();
  fs::copy_file(copy, database);
  open();
  EXPECT_FALSE(admin->degraded());
  EXPECT_EQ(boots(), "debian");
  EXPECT_EQ(change(), "");
}

TEST_F(DegradedTest, AStartFromNothingIsNoFailure) {
  admin.reset();
  fs::remove_all(state);
  open();
  EXPECT_FALSE(admin->degraded());
  EXPECT_EQ(boots(), "nothing");
}

TEST_F(DegradedTest, AStartWithADamagedDatabase) {
  for (const char* how : {"torn", "rubbish", "short", "empty"}) {
    admin.reset();
    const std::string whole = read_text(database);
    std::string bytes = whole;
    const std::string_view way = how;
    if (way == "torn") bytes.replace(4096, 8192, 8192, '\xa5');
    if (way == "rubbish") bytes.assign(20000, 'x');
    if (way == "short") bytes.resize(4096);
    if (way == "empty") bytes.clear();
    scratch.write("state/bootferry.db", bytes);
    open();
    expect_degraded(way == "empty" ? "is gone" : "damaged");
    EXPECT_THAT(change(), Not(IsEmpty())) << how;
    EXPECT_EQ(read_text(database), bytes) << how << ": left for whoever wants to look at it";
    EXPECT_FALSE(Administration::open(scratch.path("elsewhere/../state"), {})) << "locked by us";
    admin.reset();
    scratch.write("state/bootferry.db", whole);
    open();
    EXPECT_FALSE(admin->degraded()) << how;
  }
}

TEST_F(DegradedTest, NothingStartsWhereTheCopyIsDamagedToo) {
  admin.reset();
  scratch.write("state/bootferry.db", std::string(20000, 'x'));
  scratch.write("state/bootferry.kept.db", std::string(20000, 'y'));
  const auto opened = try_to_open();
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().what, AllOf(HasSubstr(database), HasSubstr("the copy cannot be used")));
}

TEST_F(DegradedTest, RemovedUnderARunningServer) {
  for (const char* end : {"", "-wal"}) {
    ASSERT_TRUE(copied());
    fs::rename(database + end, database + ".away");
    EXPECT_THAT(change(), AllOf(HasSubstr(database + end), HasSubstr("was removed while it was in use")));
    expect_degraded("was removed");
    fs::rename(database + ".away", database + end);
    EXPECT_EQ(change(), "") << "as it was";
    EXPECT_TRUE(soon([&] { return !admin->degraded(); }));
    const auto site = admin->site();
    const auto& theirs = site->policy.to_device(site->policy.device(other)->id);
    ASSERT_TRUE(admin->apply({"test", "", {store::Remove{store::Kind::deployment, theirs.front()->id, {}}}}));
  }
}

TEST_F(DegradedTest, ItIsNoticedBeforeAnybodyChangesAnything) {
  ASSERT_TRUE(copied());
  const std::string kept = read_text(copy);
  remove_database();
  expect_degraded("was removed");
  EXPECT_EQ(read_text(copy), kept);
}

TEST_F(DegradedTest, ReplacedUnderARunningServer) {
  ASSERT_TRUE(copied());
  const std::string kept = read_text(copy);
  fs::copy_file(copy, database + ".other");
  fs::rename(database + ".other", database);
  EXPECT_THAT(change(), HasSubstr("was replaced while it was in use"));
  expect_degraded("was replaced");
  EXPECT_EQ(read_text(copy), kept) << "somebody else's database is not copied";
}

TEST_F(DegradedTest, LockedByAnotherProgram) {
  auto locker = Database::open(database);
  ASSERT_TRUE(locker);
  ASSERT_TRUE(locker->run("BEGIN IMMEDIATE"));
  std::string refusal;
  std::thread writer([&] { refusal = change(); });
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(boots(), "debian");
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2)) << "packets wait for nobody";
  writer.join();
  EXPECT_THAT(refusal, HasSubstr("is locked by another program"));
  expect_degraded("is locked");
  ASSERT_TRUE(locker->run("ROLLBACK"));
  EXPECT_EQ(change(), "");
  EXPECT_FALSE(admin->degraded());
}

TEST_F(DegradedTest, LockedAtTheStart) {
  admin.reset();
  auto locker = Database::open(database);
  ASSERT_TRUE(locker);
  ASSERT_TRUE(locker->run("BEGIN IMMEDIATE"));
  open();
  expect_degraded("is locked by another program");
}

// No file may grow any more.
TEST_F(DegradedTest, TheDiskIsFull) {
  ASSERT_TRUE(copied());
  const std::string kept = read_text(copy);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit full = before;
  full.rlim_cur = fs::file_size(database + "-wal");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
  const std::string refusal = change();
  const bool degraded = admin->degraded().has_value();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_THAT(refusal, Not(IsEmpty()));
  EXPECT_TRUE(degraded);
  EXPECT_EQ(boots(), "debian");
  EXPECT_EQ(boots(other), "nothing");
  EXPECT_EQ(read_text(copy), kept);
  EXPECT_EQ(change(), "") << "there is room again";
  EXPECT_FALSE(admin->degraded());
  EXPECT_EQ(boots(other), "debian");
}

}  // namespace
}  // namespace site
