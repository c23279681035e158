// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../content/scratch.h"
#include "store/schema.h"

namespace store {
namespace {

using policy::Arch;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ImageRecord image(const std::string& name, int version = 1) {
  ImageRecord record;
  record.image.name = name;
  record.image.kind = policy::ImageKind::tree;
  record.directory = "images/" + name + "/" + std::to_string(version);
  record.image.kernel = record.directory + "/linux";
  record.image.initrds = {record.directory + "/z.gz", record.directory + "/a.gz"};
  record.image.command_line = "it's \"quoted\" --- quiet";
  record.image.arch = Arch::arm64;
  record.created = 1700000000;
  return record;
}

const base::Mac mac = *base::Mac::parse("52:54:00:12:34:56");
const base::Mac other_mac = *base::Mac::parse("52:54:00:00:00:01");

class StoreTest : public testing::Test {
 protected:
  StoreTest() { reopen(); }
  void reopen() {
    store.reset();
    auto opened = Store::open(path);
    ASSERT_TRUE(opened) << opened.error().what;
    store = std::move(*opened);
  }
  Scratch scratch;
  std::string path = scratch.path("bootferry.db");
  std::unique_ptr<Store> store;
};

TEST_F(StoreTest, AnImageComesBackAsItWent) {
  auto record = image("debian");
  record.image.id = *store->put_image(record);
  reopen();
  const auto images = store->images();
  ASSERT_TRUE(images) << images.error().what;
  ASSERT_EQ(images->size(), 1U);
  EXPECT_EQ(images->front().image, record.image);
  EXPECT_EQ(images->front().directory, record.directory);
  EXPECT_EQ(images->front().created, record.created);
}

TEST_F(StoreTest, TheSameNameAgainReplacesAndDeploymentsFollow) {
  const auto id = *store->put_image(image("debian"));
  ASSERT_TRUE(store->put_deployment({0, id, mac, false}));
  auto second = image("Debian", 2);  // client names know no case
  second.image.initrds = {"one"};
  EXPECT_EQ(*store->put_image(second), id);
  const auto images = *store->images();
  ASSERT_EQ(images.size(), 1U);
  EXPECT_EQ(images[0].image.name, "Debian");
  EXPECT_THAT(images[0].image.initrds, ElementsAre("one"));
  EXPECT_EQ(store->deployments()->front().image, id);
}

TEST_F(StoreTest, AnImageInUseIsNotRemovedAndItsUsersAreNamed) {
  const auto id = *store->put_image(image("debian"));
  ASSERT_TRUE(store->put_deployment({0, id, mac, false}));
  ASSERT_TRUE(store->put_deployment({0, id, policy::AllMachines{}, true}));
  const auto refused = store->remove_image("debian");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().what,
            "image \"debian\" is deployed to 52:54:00:12:34:56, all: remove that deployment first: "
            "bootferry undeploy 52:54:00:12:34:56");
  ASSERT_TRUE(store->remove_deployment(mac));
  ASSERT_TRUE(store->remove_deployment(policy::AllMachines{}));
  EXPECT_TRUE(store->remove_image("debian"));
  EXPECT_THAT(*store->images(), IsEmpty());
  EXPECT_THAT(store->remove_image("debian").error().what, HasSubstr("no image \"debian\""));
}

TEST_F(StoreTest, OneDeploymentPerTarget) {
  const auto one = *store->put_image(image("one"));
  const auto two = *store->put_image(image("two"));
  const auto first = *store->put_deployment({0, one, mac, false});
  EXPECT_EQ(*store->put_deployment({0, two, mac, true}), first);
  ASSERT_TRUE(store->put_deployment({0, one, other_mac, false}));
  const auto deployments = *store->deployments();
  ASSERT_EQ(deployments.size(), 2U);
  EXPECT_EQ(deployments[0], (policy::Deployment{first, two, mac, true}));
  EXPECT_THAT(store->remove_deployment(policy::AllMachines{}).error().what,
              HasSubstr("nothing is deployed to all"));
}

TEST_F(StoreTest, ADeploymentOfNoImageOrOfAllWithoutPromptIsRefused) {
  EXPECT_FALSE(store->put_deployment({0, 77, mac, false}));
  const auto id = *store->put_image(image("debian"));
  EXPECT_FALSE(store->put_deployment({0, id, policy::AllMachines{}, false}));
  EXPECT_THAT(*store->deployments(), IsEmpty());
}

TEST_F(StoreTest, Programs) {
  ASSERT_TRUE(store->put_program({Arch::arm64, "programs/arm64/1/a.efi"}));
  ASSERT_TRUE(store->put_program({Arch::arm64, "programs/arm64/2/b.efi"}));
  EXPECT_THAT(*store->programs(), ElementsAre(policy::Program{Arch::arm64, "programs/arm64/2/b.efi"}));
  EXPECT_TRUE(store->remove_program(Arch::arm64));
  EXPECT_THAT(store->remove_program(Arch::arm64).error().what, HasSubstr("arm64"));
}

TEST_F(StoreTest, AVersionNumberIsNeverGivenTwice) {
  EXPECT_EQ(*store->last_version("images/a"), 0);
  EXPECT_EQ(*store->next_version("images/a"), 1);
  EXPECT_EQ(*store->next_version("images/b"), 1);
  reopen();
  EXPECT_EQ(*store->next_version("images/a"), 2);
  EXPECT_EQ(*store->last_version("images/a"), 2);
}

TEST_F(StoreTest, DurableAndStrict) {
  auto database = Database::open(path);
  ASSERT_TRUE(database);
  const auto setting = [&](const char* name) {
    Statement row = database->query(name);
    return row.next() ? row.text(0) : "";
  };
  EXPECT_EQ(setting("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(setting("PRAGMA synchronous"), "2");
  EXPECT_EQ(setting("PRAGMA foreign_keys"), "1");
  EXPECT_EQ(
      setting(
          "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 "
          "AND name NOT LIKE 'sqlite_%'"),
      "0");
}

TEST_F(StoreTest, AValueFromSomebodysEditorIsSaidNotServed) {
  ASSERT_TRUE(store->put_image(image("debian")));
  auto database = Database::open(path);
  ASSERT_TRUE(database->run("UPDATE images SET arch = 'vax'"));
  const auto images = store->images();
  ASSERT_FALSE(images);
  EXPECT_THAT(images.error().what, AllOf(HasSubstr(path), HasSubstr("image debian")));
}

TEST(StoreOpen, DamageIsAnErrorThatNamesTheFile) {
  const Scratch scratch;
  const std::string path = scratch.write("bootferry.db", std::string(8192, 'x'));
  const auto opened = Store::open(path);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().what, AllOf(HasSubstr(path), HasSubstr("damaged"), HasSubstr("backup")));
}

TEST(StoreOpen, ATornPageIsFoundAtTheStart) {
  const Scratch scratch;
  const std::string path = scratch.path("bootferry.db");
  {
    auto store = Store::open(path);
    for (int i = 0; i < 200; ++i) ASSERT_TRUE((*store)->put_image(image("image" + std::to_string(i))));
  }
  const auto size = std::filesystem::file_size(path);
  {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(size / 2));
    file << std::string(size / 4, '\xa5');
  }
  const auto opened = Store::open(path);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().what, HasSubstr("damaged"));
}

TEST(StoreOpen, NoDirectoryNoDatabase) {
  const Scratch scratch;
  EXPECT_THAT(Store::open(scratch.path("absent/bootferry.db")).error().what, HasSubstr("cannot be opened"));
}

}  // namespace
}  // namespace store
