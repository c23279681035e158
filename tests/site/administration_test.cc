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
  // Where a content stands in the library.
  [[nodiscard]] std::string stored(std::string_view content) const {
    const std::string hash = base::print(base::sha256(content));
    return scratch.path("state/library/files/" + hash.substr(0, 2) + "/" + hash);
  }
  // What the library holds.
  [[nodiscard]] std::vector<std::string> library() const {
    auto names = scratch.list("state/library/files");
    std::erase_if(names, [](const std::string& name) { return name.size() < 64; });
    return names;
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
  EXPECT_EQ(read_text(stored("one")), "");
  EXPECT_EQ(boots(*old_site), "images/debian/1/linux");
  EXPECT_EQ(library().size(), 5U);  // two initrds, two manifests, one kernel
  reopen();
  EXPECT_EQ(served("images/debian/2/initrd.gz"), "absent");
  EXPECT_EQ(served("images/debian/3/initrd.gz"), "three");
  EXPECT_EQ(library().size(), 3U);
}

TEST_F(AdministrationTest, AFailedAddLeavesTheVersionBeforeInService) {
  add("debian", "one");
  const auto before = library();
  auto no_kernel = image("debian", "two");
  no_kernel.kernel = "initrd.gz";
  EXPECT_THAT(admin->add_image(std::move(no_kernel), {}).error().what,
              AllOf(HasSubstr("image \"debian\""), HasSubstr("not a Linux kernel")));
  auto out_of_tree = image("debian");
  out_of_tree.files[1].name = "../initrd.gz";
  EXPECT_FALSE(admin->add_image(std::move(out_of_tree), {}));
  // A name of one file is a folder of another.
  auto collision = image("debian");
  collision.files.push_back(file("initrd.gz/x", "x"));
  EXPECT_FALSE(admin->add_image(std::move(collision), {}));
  EXPECT_EQ(library(), before);
  EXPECT_EQ(served("images/debian/1/initrd.gz"), "one");
}

TEST_F(AdministrationTest, ADatabaseThatRefusesLeavesNoFilesAndTheOldVersion) {
  add("debian", "one");
  const auto before = library();
  // The one way from outside to make the record fail after the copy.
  ASSERT_TRUE(
      store::Database::open(scratch.path("state/bootferry.db"))
          ->script("CREATE TRIGGER t BEFORE INSERT ON image_initrds BEGIN SELECT RAISE(ABORT, 'no'); END"));
  const auto refused = admin->add_image(image("debian", "two"), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(library(), before);
  EXPECT_EQ(served("images/debian/1/initrd.gz"), "one");
  EXPECT_EQ(admin->look([](SiteRecords& records) { return records.images().front().directory; }),
            "images/debian/1");
}

TEST_F(AdministrationTest, RemovingTakesFilesAndRecordAndNeverReusesTheirNames) {
  add("debian");
  ASSERT_TRUE(remove_image());
  EXPECT_THAT(library(), IsEmpty());
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
  EXPECT_THAT(library(), IsEmpty());
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
  EXPECT_THAT(library(), IsEmpty());
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

TEST_F(AdministrationTest, AManagedProgramKeepsItsFileWhenItsRecordChanges) {
  ASSERT_TRUE(add_program(Arch::riscv64, file("Boot.efi", "one")));
  policy::Program program = admin->site()->policy.model().programs.at(0);
  program.manifest.clear();  // as clients know it
  program.console = true;
  ASSERT_TRUE(admin->apply({"a test", "", {store::Put{program, {}}}}));
  reopen();
  EXPECT_TRUE(admin->site()->policy.model().programs.at(0).console);
  EXPECT_EQ(served(program.path), "one");
  EXPECT_THAT(strangers(), IsEmpty());
}

TEST_F(AdministrationTest, TenImagesWithTheSameFilesTakeTheSpaceOfOne) {
  const std::string initrd(3'000'000, 'i');
  for (int i = 0; i < 10; ++i) add("debian" + std::to_string(i), initrd);
  EXPECT_EQ(library().size(), 3U);
  EXPECT_EQ(served("images/debian9/1/initrd.gz"), initrd);
  const std::int64_t id = admin->site()->policy.model().images.at(0).id;
  EXPECT_EQ(admin->usage(id), (content::Usage{0, initrd.size() + fake_kernel().size()}));
  add("alone", "its own");
  EXPECT_EQ(admin->usage(admin->site()->policy.model().images.at(10).id),
            (content::Usage{7, fake_kernel().size()}));
}

TEST_F(AdministrationTest, CurrentAlwaysMeansThePresentVersion) {
  add("debian", "one");
  EXPECT_EQ(served("images/debian/current/initrd.gz"), "one");
  const auto old_site = admin->site();
  add("debian", "two");
  EXPECT_EQ(served("images/debian/current/initrd.gz"), "two");
  EXPECT_EQ(served("images/debian/current/linux"), fake_kernel());
  // Whoever looked before goes on with what it saw.
  const auto entry = old_site->published->find("images/debian/current/initrd.gz");
  EXPECT_EQ(read_text(std::get<const content::DiskFile*>(entry)->path), "one");
  ASSERT_TRUE(remove_image());
  EXPECT_EQ(served("images/debian/current/initrd.gz"), "absent");
}

// What an older Bootferry kept as directories.
class OldLayout : public AdministrationTest {
 protected:
  // Puts what the library holds of them back as directories, and takes it out of the records.
  void make_old() {
    admin.reset();
    scratch.write("state/images/debian/1/Linux", fake_kernel());
    scratch.write("state/images/debian/1/initrd.gz", "initrd");
    scratch.write("state/programs/riscv64/1/Boot.efi", "program");
    auto database = store::Database::open(scratch.path("state/bootferry.db"));
    ASSERT_TRUE(database->script("UPDATE images SET manifest = ''; UPDATE programs SET manifest = ''"));
    std::filesystem::remove_all(scratch.path("state/library"));
  }
  void make() {
    add("debian");
    ASSERT_TRUE(deploy("debian"));
    ASSERT_TRUE(add_program(Arch::riscv64, file("Boot.efi", "program")));
    make_old();
  }
  void expect_taken_over() {
    EXPECT_FALSE(std::filesystem::exists(scratch.path("state/images")));
    EXPECT_FALSE(std::filesystem::exists(scratch.path("state/programs")));
    EXPECT_EQ(boots(*admin->site()), "images/debian/1/linux");
    EXPECT_EQ(served("images/debian/1/linux"), fake_kernel());
    EXPECT_EQ(served("images/debian/current/initrd.gz"), "initrd");
    EXPECT_EQ(served("programs/riscv64/1/boot.efi"), "program");
    EXPECT_EQ(library().size(), 5U);
    EXPECT_THAT(strangers(), IsEmpty());
  }
};

TEST_F(OldLayout, IsTakenOverAtTheStartWithoutACopy) {
  make();
  struct stat before {
  }, after{};
  ASSERT_EQ(::stat(scratch.path("state/images/debian/1/initrd.gz").c_str(), &before), 0);
  reopen();
  expect_taken_over();
  ASSERT_EQ(::stat(stored("initrd").c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_EQ(after.st_mode & 07777U, 0440U);
  reopen();
  expect_taken_over();
}

// Killed when some files had their place, and again when the record had its package.
TEST_F(OldLayout, IsTakenOverFromWhereItWasLeft) {
  make();
  const std::string there = stored("initrd");
  std::filesystem::create_directories(std::filesystem::path(there).parent_path());
  std::filesystem::create_hard_link(scratch.path("state/images/debian/1/initrd.gz"), there);
  reopen();
  expect_taken_over();
  admin.reset();
  scratch.write("state/images/debian/1/initrd.gz", "initrd");
  reopen();
  expect_taken_over();
}

TEST_F(OldLayout, WhatCannotBeTakenOverIsServedFromWhereItStands) {
  make();
  auto database = store::Database::open(scratch.path("state/bootferry.db"));
  ASSERT_TRUE(database->script(
      "CREATE TRIGGER t BEFORE UPDATE OF manifest ON images BEGIN SELECT RAISE(ABORT, 'no'); END"));
  reopen();
  EXPECT_EQ(boots(*admin->site()), "images/debian/1/linux");
  EXPECT_EQ(served("images/debian/1/initrd.gz"), "initrd");
  EXPECT_EQ(served("images/debian/current/initrd.gz"), "initrd");
  EXPECT_THAT(strangers(), ElementsAre(HasSubstr("cannot be taken into the library")));
  ASSERT_TRUE(database->script("DROP TRIGGER t"));
  reopen();
  expect_taken_over();
}

TEST_F(OldLayout, WhatTheDeadLeftGoesAndWhatNobodyKnowsStays) {
  add("debian", "one");
  add("debian", "two");
  admin.reset();
  scratch.write("state/images/.incoming-x1y2z3/linux", "half");
  scratch.write("state/programs/.incoming-x1y2z3/a.efi", "half");
  scratch.write("state/images/debian/1/linux", "superseded");
  scratch.write("state/images/debian/9/linux", "of another database");
  reopen();
  EXPECT_THAT(scratch.list("state/images"), ElementsAre("debian", "debian/9", "debian/9/linux"));
  EXPECT_FALSE(std::filesystem::exists(scratch.path("state/programs")));
  EXPECT_EQ(served("images/debian/2/initrd.gz"), "two");
  EXPECT_THAT(strangers(), ElementsAre(AllOf(HasSubstr("images/debian/9"), HasSubstr("left alone"))));
}

TEST_F(AdministrationTest, FilesOfALostDatabaseAreKeptUntilSomebodySaysOtherwise) {
  add("debian", "precious");
  admin.reset();
  for (const char* name : {"bootferry.db", "bootferry.db-wal", "bootferry.db-shm"}) {
    std::filesystem::remove(scratch.path(std::string("state/") + name));
  }
  reopen();
  EXPECT_EQ(served("images/debian/1/initrd.gz"), "absent");
  add("other", "a");
  add("other", "b");
  add("other", "c");
  EXPECT_EQ(read_text(stored("precious")), "precious");
  EXPECT_EQ(admin->collect(true)->files, 2U);
  EXPECT_EQ(read_text(stored("precious")), "precious");
  EXPECT_EQ(admin->collect(false)->files, 2U);
  EXPECT_EQ(read_text(stored("precious")), "");
  EXPECT_EQ(served("images/other/3/initrd.gz"), "c");
  EXPECT_EQ(served("images/other/2/initrd.gz"), "b");
}

TEST_F(AdministrationTest, WhatVerifyFindsDamagedIsNotChosenUntilItIsAddedAgain) {
  add("debian", "initrd one");
  add("other", "initrd two");
  ASSERT_TRUE(deploy("debian"));
  EXPECT_THAT(admin->verify(std::nullopt, {})->damaged, IsEmpty());
  ASSERT_EQ(::chmod(stored("initrd one").c_str(), 0640), 0);
  std::ofstream(stored("initrd one")) << "initrd 0ne";
  const auto other = admin->verify("other", {});
  EXPECT_THAT(other->damaged, IsEmpty());
  EXPECT_EQ(other->files, 3U);
  const auto verified = admin->verify("Debian", {});
  ASSERT_TRUE(verified) << verified.error().what;
  ASSERT_EQ(verified->damaged.size(), 1U);
  EXPECT_EQ(verified->damaged[0].hash, base::sha256("initrd one"));
  EXPECT_THAT(verified->damaged[0].of, ElementsAre("debian"));
  EXPECT_EQ(boots(*admin->site()), "image-not-here");
  EXPECT_EQ(served("images/debian/1/initrd.gz"), "absent");
  EXPECT_EQ(served("images/other/1/initrd.gz"), "initrd two");
  EXPECT_THAT(strangers(),
              ElementsAre("image \"debian\": initrd.gz is gone or damaged: add the image again"));
  add("debian", "initrd one");
  EXPECT_EQ(boots(*admin->site()), "images/debian/2/linux");
  EXPECT_EQ(served("images/debian/1/initrd.gz"), "initrd one");
  EXPECT_THAT(strangers(), IsEmpty());
}

TEST_F(AdministrationTest, VanishedFilesAreAProblemWithItsRemedy) {
  add("debian");
  std::filesystem::remove(stored(fake_kernel()));
  ASSERT_TRUE(admin->set_settings({}));
  EXPECT_THAT(strangers(), Contains(AllOf(HasSubstr("image \"debian\""), HasSubstr("add the image again"))));
}

TEST_F(AdministrationTest, AnImageThatIsNotWholeIsNotChosenUntilItIsAddedAgain) {
  add("debian");
  ASSERT_TRUE(deploy("debian"));
  EXPECT_EQ(boots(*admin->site()), "images/debian/1/linux");
  std::filesystem::remove(stored("initrd"));
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
  EXPECT_EQ(served("images/same/2/linux"), fake_kernel());
  EXPECT_THAT(strangers(), IsEmpty());
}

}  // namespace
}  // namespace site
