// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/administration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "../content/scratch.h"
#include "policy/decide.h"
#include "store/sqlite.h"

namespace site {
namespace {

using policy::Arch;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const base::Mac mac = *base::Mac::parse("52:54:00:12:34:56");

policy::Facts machine() {
  policy::Facts facts;
  facts.mac = mac;
  facts.firmware_known = false;
  return facts;
}

// The kernel that the machine boots, or why it boots none.
std::string boots(const Site& site) {
  const policy::Plan plan = policy::decide(machine(), site.policy, {});
  if (const auto* boot = plan.boot()) return boot->choice.image->kernel;
  return std::string(policy::print(plan.reason().value_or(policy::Reason::held)));
}

class AdministrationTest : public testing::Test {
 protected:
  AdministrationTest() { reopen(); }
  void reopen() {
    admin.reset();
    auto opened = Administration::open(scratch.path("state"), {});
    ASSERT_TRUE(opened) << opened.error().what;
    admin = std::move(*opened);
  }
  IncomingFile file(const std::string& name, std::string_view text) {
    return {name, scratch.open("from/" + std::to_string(count++), text)};
  }
  // To the machine, which becomes a device if it is none: required, at every boot.
  testing::AssertionResult deploy(const std::string& image) {
    const auto site = admin->site();
    const auto& images = site->policy.model().images;
    const auto found = std::ranges::find(images, image, &policy::Image::name);
    if (found == images.end()) return testing::AssertionFailure() << "no image " << image;
    store::Batch batch{"a test", "", {}};
    policy::Deployment deployment;
    deployment.name = "deployment";
    deployment.what = policy::ToBoot{found->id};
    deployment.purpose = policy::Purpose::required;
    deployment.again = true;
    if (const policy::Device* known = site->policy.device(mac)) {
      deployment.target = policy::ToDevice{known->id};
    } else {
      policy::Device device;
      device.id = -1;
      device.name = "pc";
      device.macs = {mac};
      deployment.target = policy::ToDevice{-1};
      batch.steps.push_back(store::Put{device, {}});
    }
    batch.steps.push_back(store::Put{deployment, {}});
    const auto applied = admin->apply(batch);
    if (!applied) return testing::AssertionFailure() << applied.error().what;
    return testing::AssertionSuccess();
  }
  testing::AssertionResult undeploy() {
    const std::int64_t id = admin->site()->policy.model().deployments.at(0).id;
    const auto applied = admin->apply({"a test", "", {store::Remove{store::Kind::deployment, id, {}}}});
    if (!applied) return testing::AssertionFailure() << applied.error().what;
    return testing::AssertionSuccess();
  }
  base::Result<policy::Program> add_program(Arch arch, IncomingFile program) {
    NewProgram added;
    added.arch = arch;
    added.file = std::move(program);
    return admin->add_program(std::move(added));
  }
  base::Result<void, store::Refused> remove_image() {
    return admin->remove_with_files(store::Kind::image, admin->site()->policy.model().images.at(0).id,
                                    "a test");
  }
  NewImage image(const std::string& name, std::string_view initrd = "initrd") {
    NewImage out;
    out.name = name;
    out.files.push_back(file("Linux", fake_kernel()));
    out.files.push_back(file("initrd.gz", initrd));
    out.kernel = "Linux";
    out.initrds = {"initrd.gz"};
    return out;
  }
  policy::Image add(const std::string& name, std::string_view initrd = "initrd") {
    auto added = admin->add_image(image(name, initrd), {});
    EXPECT_TRUE(added) << added.error().what;
    return added ? *added : policy::Image{};
  }
  // The bytes that a client gets for a name; "absent" without a file.
  [[nodiscard]] std::string served(const std::string& name) const {
    const auto site = admin->site();
    const auto entry = site->published->find(name);
    const auto* found = std::get_if<const content::DiskFile*>(&entry);
    return found == nullptr ? "absent" : read_text((*found)->path);
  }
  [[nodiscard]] std::vector<std::string> strangers() const {
    std::vector<std::string> out;
    for (const auto& problem : admin->problems()) {
      if (problem.find("package") == std::string::npos) out.push_back(problem);
    }
    return out;
  }

  Scratch scratch;
  int count = 0;
  std::unique_ptr<Administration> admin;
};

TEST_F(AdministrationTest, AFreshStateServesNobody) {
  const auto site = admin->site();
  ASSERT_NE(site, nullptr);
  EXPECT_THAT(site->policy.model().images, IsEmpty());
  EXPECT_THAT(site->policy.model().deployments, IsEmpty());
  EXPECT_EQ(site->policy.device_count(), 0U);
  EXPECT_THAT(strangers(), IsEmpty());
  struct stat facts {};
  ASSERT_EQ(::stat(scratch.path("state").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777U, 0750U);
}

TEST_F(AdministrationTest, AnImageIsPublishedAndFoundAgain) {
  std::uint64_t done = 0;
  const auto added = admin->add_image(image("Debian"), [&](std::uint64_t n, std::uint64_t) { done = n; });
  ASSERT_TRUE(added) << added.error().what;
  EXPECT_GT(done, 4096U);
  EXPECT_EQ(added->kernel, "images/debian/1/linux");
  EXPECT_THAT(added->initrds, ElementsAre("images/debian/1/initrd.gz"));
  EXPECT_EQ(added->arch, Arch::x64);
  EXPECT_EQ(served(added->kernel), fake_kernel());
  EXPECT_NE(added->id, 0);
  ASSERT_NE(admin->site()->policy.image(added->id), nullptr);
  reopen();
  EXPECT_EQ(*admin->site()->policy.image(added->id), *added);
  EXPECT_EQ(served("images/debian/1/initrd.gz"), "initrd");
  EXPECT_THAT(strangers(), IsEmpty());
}

TEST_F(AdministrationTest, ATreeFindsItsOwnKernel) {
  NewImage tree;
  tree.name = "installer";
  tree.kind = policy::ImageKind::tree;
  tree.files.push_back(file("d-i/amd64/linux", fake_kernel()));
  tree.files.push_back(file("d-i/amd64/initrd.gz", "i"));
  tree.files.push_back(
      file("pxelinux.cfg/default",
           "label install\nkernel d-i/amd64/linux\nappend initrd=d-i/amd64/initrd.gz --- quiet\n"));
  const auto added = admin->add_image(std::move(tree), {});
  ASSERT_TRUE(added) << added.error().what;
  EXPECT_EQ(added->kernel, "images/installer/1/d-i/amd64/linux");
  EXPECT_EQ(added->command_line, "--- quiet");
}

TEST_F(AdministrationTest, ACommandLineThatIpxeWouldActOnIsRefused) {
  NewImage image;
  image.name = "debian";
  image.files.push_back(file("linux", fake_kernel()));
  image.kernel = "linux";
  image.command_line = "quiet || shell";
  const auto added = admin->add_image(std::move(image), {});
  ASSERT_FALSE(added);
  EXPECT_THAT(added.error().what, HasSubstr("\"||\""));
  EXPECT_THAT(admin->site()->policy.model().images, IsEmpty());
}

TEST_F(AdministrationTest, AReplacedImageKeepsItsDeploymentsAndOneOldVersion) {
  add("debian", "one");
  ASSERT_TRUE(deploy("debian"));
  const auto old_site = admin->site();
  add("debian", "two");
  EXPECT_EQ(boots(*admin->site()), "images/debian/2/linux");
  // A machine that has its script already still finds its kernel.
  EXPECT_EQ(served("images/debian/1/initrd.gz"), "one");
  EXPECT_EQ(served("images/debian/2/initrd.gz"), "two");
  add("debian", "three");
  EXPECT_EQ(served("images/debian/1/initrd.gz"), "absent");
  EXPECT_EQ(served("images/debian/2/initrd.gz"), "two");
  EXPECT_THAT(scratch.list("state/images/debian"), Not(Contains("1")));
  EXPECT_EQ(boots(*old_site), "images/debian/1/linux");
  reopen();
  EXPECT_EQ(served("images/debian/2/initrd.gz"), "absent");
  EXPECT_THAT(scratch.list("state/images/debian"), ElementsAre("3", "3/Linux", "3/initrd.gz"));
}

TEST_F(AdministrationTest, AFailedAddLeavesTheVersionBeforeInService) {
  add("debian", "one");
  const auto before = scratch.list("state/images");
  auto no_kernel = image("debian", "two");
  no_kernel.kernel = "initrd.gz";
  EXPECT_THAT(admin->add_image(std::move(no_kernel), {}).error().what,
              AllOf(HasSubstr("image \"debian\""), HasSubstr("not a Linux kernel")));
  auto out_of_tree = image("debian");
  out_of_tree.files[1].name = "../initrd.gz";
  EXPECT_FALSE(admin->add_image(std::move(out_of_tree), {}));
  // The copy itself fails: two names collide on disk.
  auto collision = image("debian");
  collision.files.push_back(file("initrd.gz/x", "x"));
  EXPECT_FALSE(admin->add_image(std::move(collision), {}));
  EXPECT_EQ(scratch.list("state/images"), before);
  EXPECT_EQ(served("images/debian/1/initrd.gz"), "one");
}

TEST_F(AdministrationTest, ADatabaseThatRefusesLeavesNoFilesAndTheOldVersion) {
  add("debian", "one");
  const auto before = scratch.list("state/images");
  // The one way from outside to make the record fail after the copy.
  ASSERT_TRUE(
      store::Database::open(scratch.path("state/bootferry.db"))
          ->script("CREATE TRIGGER t BEFORE INSERT ON image_initrds BEGIN SELECT RAISE(ABORT, 'no'); END"));
  const auto refused = admin->add_image(image("debian", "two"), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(scratch.list("state/images"), before);
  EXPECT_EQ(served("images/debian/1/initrd.gz"), "one");
  EXPECT_EQ(admin->look([](SiteRecords& records) { return records.images().front().directory; }),
            "images/debian/1");
}

TEST_F(AdministrationTest, RemovingTakesFilesAndRecordAndNeverReusesTheirNames) {
  add("debian");
  ASSERT_TRUE(remove_image());
  EXPECT_THAT(scratch.list("state/images"), IsEmpty());
  EXPECT_EQ(served("images/debian/1/linux"), "absent");
  EXPECT_THAT(admin->site()->policy.model().images, IsEmpty());
  // Whoever still has the old name must not get other bytes under it.
  EXPECT_EQ(add("debian").kernel, "images/debian/2/linux");
}

TEST_F(AdministrationTest, AnImageInUseStays) {
  add("debian");
  ASSERT_TRUE(deploy("debian"));
  EXPECT_EQ(remove_image().error().what,
            "image \"debian\" is in use by deployment \"deployment\": change or remove that first");
  EXPECT_EQ(served("images/debian/1/initrd.gz"), "initrd");
  ASSERT_TRUE(undeploy());
  EXPECT_EQ(boots(*admin->site()), "nothing-to-do");
  EXPECT_TRUE(remove_image());
}

TEST_F(AdministrationTest, ImageNamesThatCannotBe) {
  for (const char* name : {"", "..", "a/b", "-x", ".incoming-1"}) {
    EXPECT_THAT(admin->add_image(image(name), {}).error().what, HasSubstr("image name")) << name;
  }
  EXPECT_THAT(scratch.list("state/images"), IsEmpty());
}

TEST_F(AdministrationTest, ProgramsOfOtherArchitectures) {
  ASSERT_TRUE(add_program(Arch::riscv64, file("Boot.efi", "one")));
  ASSERT_TRUE(add_program(Arch::riscv64, file("Boot.efi", "two")));
  ASSERT_NE(admin->site()->policy.program(Arch::riscv64, policy::Role::boot), nullptr);
  const std::string path = admin->site()->policy.program(Arch::riscv64, policy::Role::boot)->path;
  EXPECT_EQ(path, "programs/riscv64/2/boot.efi");
  EXPECT_EQ(served(path), "two");
  EXPECT_EQ(served("programs/riscv64/1/boot.efi"), "one");
  EXPECT_FALSE(add_program(Arch::riscv64, file("a/b.efi", "x")));
  EXPECT_FALSE(add_program(Arch::riscv64, file("..", "x")));
  ASSERT_TRUE(admin->remove_with_files(store::Kind::program, admin->site()->policy.model().programs.at(0).id,
                                       "a test"));
  EXPECT_THAT(scratch.list("state/programs"), IsEmpty());
  EXPECT_EQ(admin->site()->policy.program(Arch::riscv64, policy::Role::boot), nullptr);
}

TEST_F(AdministrationTest, AProgramForAnotherMachineIsRefused) {
  std::string x64_program(256, '\0');
  x64_program.replace(0, 2, "MZ");
  x64_program[0x3c] = 0x40;
  x64_program.replace(0x40, 6, std::string_view("PE\0\0\x64\x86", 6));
  EXPECT_THAT(add_program(Arch::arm64, file("a.efi", x64_program)).error().what,
              HasSubstr("program for x64"));
  EXPECT_TRUE(add_program(Arch::x64, file("a.efi", x64_program)));
}

TEST_F(AdministrationTest, OneOwnerAtATimeAndTheSecondLearnsWhoIsFirst) {
  const auto second = Administration::open(scratch.path("state"), {});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().what,
              AllOf(HasSubstr(scratch.path("state")), HasSubstr("process " + std::to_string(::getpid()))));
  reopen();
}

TEST_F(AdministrationTest, WhatTheDeadLeftIsGoneAfterTheNextStart) {
  add("debian", "one");
  add("debian", "two");
  admin.reset();
  // A copy that was killed, and a version that had its place but not its record yet.
  scratch.write("state/images/.incoming-x1y2z3/linux", "half");
  scratch.write("state/programs/.incoming-x1y2z3/a.efi", "half");
  scratch.write("state/images/debian/1/linux", "superseded");
  reopen();
  EXPECT_THAT(scratch.list("state/images"),
              ElementsAre("debian", "debian/2", "debian/2/Linux", "debian/2/initrd.gz"));
  EXPECT_THAT(scratch.list("state/programs"), IsEmpty());
  EXPECT_EQ(served("images/debian/2/initrd.gz"), "two");
}

TEST_F(AdministrationTest, FilesOfALostDatabaseAreKeptAndSaid) {
  add("debian", "precious");
  admin.reset();
  for (const char* name : {"bootferry.db", "bootferry.db-wal", "bootferry.db-shm"}) {
    std::filesystem::remove(scratch.path(std::string("state/") + name));
  }
  reopen();
  EXPECT_EQ(read_text(scratch.path("state/images/debian/1/initrd.gz")), "precious");
  EXPECT_EQ(served("images/debian/1/initrd.gz"), "absent");
  EXPECT_THAT(strangers(), ElementsAre(AllOf(HasSubstr("images/debian/1"), HasSubstr("left alone"))));
}

TEST_F(AdministrationTest, VanishedFilesAreAProblemWithItsRemedy) {
  add("debian");
  std::filesystem::remove(scratch.path("state/images/debian/1/Linux"));
  ASSERT_TRUE(admin->set_settings({}));
  EXPECT_THAT(strangers(), Contains(AllOf(HasSubstr("image \"debian\""), HasSubstr("add the image again"))));
}

TEST_F(AdministrationTest, AnImageThatIsNotWholeIsNotChosenUntilItIsAddedAgain) {
  add("debian");
  ASSERT_TRUE(deploy("debian"));
  EXPECT_EQ(boots(*admin->site()), "images/debian/1/linux");
  std::filesystem::remove(scratch.path("state/images/debian/1/initrd.gz"));
  reopen();
  EXPECT_EQ(boots(*admin->site()), "image-not-here");
  add("debian");
  EXPECT_EQ(boots(*admin->site()), "images/debian/2/linux");
}

TEST_F(AdministrationTest, OnlyWhatIsPublishedIsChosenAndServed) {
  NewImage draft = image("debian");
  draft.state = policy::ImageState::draft;
  ASSERT_TRUE(admin->add_image(std::move(draft), {}));
  ASSERT_TRUE(deploy("debian"));
  EXPECT_EQ(boots(*admin->site()), "image-not-published");
  EXPECT_EQ(served("images/debian/1/linux"), "absent");
  const auto become = [&](policy::ImageState state) {
    return admin->change([&](SiteRecords& records) {
      store::ImageRecord record = records.images().at(0);
      record.image.state = state;
      return records.apply({"a test", "", {store::Put{std::move(record), {}}}}).has_value();
    });
  };
  ASSERT_TRUE(become(policy::ImageState::published));
  EXPECT_EQ(boots(*admin->site()), "images/debian/1/linux");
  EXPECT_EQ(served("images/debian/1/linux"), fake_kernel());
  reopen();
  EXPECT_EQ(served("images/debian/1/linux"), fake_kernel());
  ASSERT_TRUE(become(policy::ImageState::withdrawn));
  EXPECT_EQ(boots(*admin->site()), "image-not-published");
  EXPECT_EQ(served("images/debian/1/linux"), "absent");
  EXPECT_THAT(strangers(), IsEmpty());
}

TEST_F(AdministrationTest, ADraftDoesNotTakeThePlaceOfWhatMachinesGet) {
  add("debian");
  NewImage draft = image("Debian", "newer");
  draft.state = policy::ImageState::draft;
  const auto refused = admin->add_image(std::move(draft), {});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, HasSubstr("under another name"));
  EXPECT_EQ(served("images/debian/1/initrd.gz"), "initrd");
}

TEST_F(AdministrationTest, ADamagedDatabaseIsAnError) {
  admin.reset();
  std::filesystem::remove(scratch.path("state/bootferry.db-wal"));
  scratch.write("state/bootferry.db", std::string(8192, 'x'));
  const auto opened = Administration::open(scratch.path("state"), {});
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().what, HasSubstr("damaged"));
}

TEST_F(AdministrationTest, NewSettingsAreSeen) {
  policy::Settings settings;
  settings.http_port = 8080;
  ASSERT_TRUE(admin->set_settings(settings));
  EXPECT_EQ(admin->site()->policy.settings(), settings);
}

// Root on a stopped server's state must leave nothing that the server's user cannot use.
TEST_F(AdministrationTest, FilesBelongToTheOwnerOfTheState) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make files for somebody else";
  constexpr uid_t nobody = 65534;
  admin.reset();
  std::filesystem::remove_all(scratch.path("state"));
  std::filesystem::create_directory(scratch.path("state"));
  ASSERT_EQ(::chown(scratch.path("state").c_str(), nobody, nobody), 0);
  reopen();
  auto nested = image("debian");
  nested.files.push_back(file("a/b/c", "c"));
  ASSERT_TRUE(admin->add_image(std::move(nested), {}));
  const auto names = scratch.list("state");
  EXPECT_THAT(names, Contains("bootferry.db-wal"));
  for (const std::string& name : names) {
    struct stat facts {};
    ASSERT_EQ(::stat(scratch.path("state/" + name).c_str(), &facts), 0);
    EXPECT_EQ(facts.st_uid, nobody) << name;
    EXPECT_EQ(facts.st_mode & 0007U, 0U) << name;
  }
}

// Packet threads look while an administrator changes things: each view is whole.
TEST_F(AdministrationTest, ReadersDuringChangesSeeWholeSites) {
  add("debian");
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> looks = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        const auto site = admin->site();
        ASSERT_NE(site, nullptr);
        const auto plan = policy::decide(machine(), site->policy, {});
        if (const auto* boot = plan.boot()) {
          ASSERT_NE(boot->choice.image, nullptr);
          ASSERT_FALSE(
              std::holds_alternative<content::NotFound>(site->published->find(boot->choice.image->kernel)));
        }
        ++looks;
      }
    });
  }
  for (int round = 0; round < 10; ++round) {
    ASSERT_TRUE(deploy("debian"));
    add("debian", std::to_string(round));
    ASSERT_TRUE(undeploy());
  }
  stop = true;
  for (auto& reader : readers) reader.join();
  EXPECT_GT(looks, 0U);
}

// Two administrators at once: both copies run side by side, each change is whole.
TEST_F(AdministrationTest, TwoAddsAtOnce) {
  auto one = image("one");
  auto same_one = image("same", "1");
  auto same_two = image("same", "2");
  std::thread first([&] { EXPECT_TRUE(admin->add_image(std::move(one), {})); });
  std::thread second([&] { EXPECT_TRUE(admin->add_image(std::move(same_one), {})); });
  EXPECT_TRUE(admin->add_image(std::move(same_two), {}));
  first.join();
  second.join();
  EXPECT_EQ(admin->site()->policy.model().images.size(), 2U);
  EXPECT_THAT(scratch.list("state/images/same"), Contains("2"));
  EXPECT_THAT(strangers(), IsEmpty());
}

}  // namespace
}  // namespace site
