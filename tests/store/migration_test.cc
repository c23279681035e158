// SPDX-License-Identifier: GPL-3.0-or-later
// A database of Bootferry's first schema comes up with the same meaning.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "../content/scratch.h"
#include "policy/decide.h"
#include "store/schema.h"
#include "store/sqlite.h"
#include "store/store.h"

namespace store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// As that program wrote it: the step itself, its mark and its row.
constexpr const char* schema_1 = R"(
CREATE TABLE images (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  name         TEXT NOT NULL COLLATE NOCASE UNIQUE,
  kind         TEXT NOT NULL CHECK (kind IN ('linux', 'tree')),
  arch         TEXT NOT NULL,
  kernel       TEXT NOT NULL,
  command_line TEXT NOT NULL,
  directory    TEXT NOT NULL UNIQUE,
  created      INTEGER NOT NULL
) STRICT;

CREATE TABLE image_initrds (
  image    INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  path     TEXT NOT NULL,
  PRIMARY KEY (image, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE deployments (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  image        INTEGER NOT NULL REFERENCES images (id) ON DELETE RESTRICT,
  target_kind  TEXT NOT NULL CHECK (target_kind IN ('all', 'mac')),
  target_value TEXT NOT NULL,
  prompt       INTEGER NOT NULL CHECK (prompt IN (0, 1)),
  UNIQUE (target_kind, target_value),
  CHECK (target_kind <> 'all' OR (prompt = 1 AND target_value = ''))
) STRICT;
CREATE INDEX deployments_by_image ON deployments (image);

CREATE TABLE programs (
  arch TEXT PRIMARY KEY NOT NULL,
  path TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE versions (
  place TEXT PRIMARY KEY NOT NULL,
  last  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL,
                                applied INTEGER NOT NULL) STRICT;
INSERT INTO schema_migrations VALUES (1, 'images, deployments, boot programs', '48ccf40aefc0a611', 1700000000);
PRAGMA application_id = 1111913081;
PRAGMA journal_mode = WAL;
)";

constexpr const char* a_site = R"(
INSERT INTO images VALUES (1, 'gone', 'linux', 'x64', 'images/gone/1/linux', '', 'images/gone/1', 1);
DELETE FROM images;
INSERT INTO images VALUES (2, 'debian', 'tree', 'x64', 'images/debian/3/linux', '--- quiet', 'images/debian/3', 100);
INSERT INTO images VALUES (3, 'Rescue', 'linux', 'arm64', 'images/rescue/1/linux', '', 'images/rescue/1', 200);
INSERT INTO image_initrds VALUES (2, 0, 'images/debian/3/z.gz'), (2, 1, 'images/debian/3/a.gz');
INSERT INTO deployments VALUES (4, 2, 'mac', '52:54:00:12:34:56', 0);
INSERT INTO deployments VALUES (5, 2, 'mac', '52:54:00:12:34:57', 1);
INSERT INTO deployments VALUES (7, 2, 'all', '', 1);
INSERT INTO programs VALUES ('arm64', 'programs/arm64/2/a.efi'), ('riscv64', 'programs/riscv64/1/b.efi');
INSERT INTO versions VALUES ('images/debian', 3), ('programs/arm64', 2);
)";

const base::Mac quiet = *base::Mac::parse("52:54:00:12:34:56"),
                asked = *base::Mac::parse("52:54:00:12:34:57"),
                stranger = *base::Mac::parse("52:54:00:ff:ff:ff");

class FromSchema1 : public testing::Test {
 protected:
  FromSchema1() {
    auto database = Database::open(path);
    EXPECT_TRUE(database->script(schema_1));
    EXPECT_TRUE(database->script(a_site));
  }
  Everything migrated() {
    auto opened = open_sqlite(path);
    EXPECT_TRUE(opened) << opened.error().what;
    if (!opened) return {};
    store = std::move(*opened);
    return store->load().value();
  }
  static std::string ask(const std::string& file, const char* sql) {
    auto database = Database::open(file);
    Statement row = database->query(sql);
    return row.next() ? row.text(0) : row.status() ? "nothing" : row.status().error().what;
  }

  Scratch scratch;
  std::string path = scratch.path("bootferry.db");
  std::unique_ptr<Store> store;
};

// The upgrade meets a damaged database, and the copy of it is as old.
TEST_F(FromSchema1, ACopyIsReadWithoutBeingChanged) {
  const std::string bytes = read_text(path);
  const auto copy = open_sqlite_copy(path, "for a reason");
  ASSERT_TRUE(copy) << copy.error().what;
  const Everything from_copy = (*copy)->load().value();
  EXPECT_THAT(from_copy.images, SizeIs(2));
  EXPECT_FALSE((*copy)->apply({"admin", "", {Put{from_copy.images[0], {}}}}));
  EXPECT_EQ(read_text(path), bytes);
  EXPECT_EQ(std::filesystem::exists(path + ".schema-1"), false);
  EXPECT_EQ(from_copy, migrated());
}

TEST_F(FromSchema1, ImagesAndVersionsAreAsTheyWere) {
  const Everything all = migrated();
  ASSERT_THAT(all.images, SizeIs(2));
  const ImageRecord& debian = all.images[0];
  EXPECT_EQ(debian.image.id, 2);
  EXPECT_EQ(debian.image.name, "debian");
  EXPECT_EQ(debian.image.kind, policy::ImageKind::tree);
  EXPECT_EQ(debian.image.kernel, "images/debian/3/linux");
  EXPECT_THAT(debian.image.initrds, ElementsAre("images/debian/3/z.gz", "images/debian/3/a.gz"));
  EXPECT_EQ(debian.image.command_line, "--- quiet");
  EXPECT_EQ(debian.directory, "images/debian/3");
  EXPECT_EQ(debian.created, 100);
  EXPECT_EQ(all.images[1].image.arch, policy::Arch::arm64);
  EXPECT_EQ(store->next_version("images/debian").value(), 4);
  EXPECT_EQ(store->revision(Kind::image, 2).value(), 1);
}

TEST_F(FromSchema1, MachinesBecomeDevices) {
  const Everything all = migrated();
  ASSERT_THAT(all.devices, SizeIs(2));
  EXPECT_EQ(all.devices[0].name, "52-54-00-12-34-56");
  EXPECT_THAT(all.devices[0].macs, ElementsAre(quiet));
  EXPECT_EQ(all.devices[0].state, policy::DeviceState::approved);
  EXPECT_THAT(all.devices[1].macs, ElementsAre(asked));
  EXPECT_THAT(all.collections, IsEmpty());
  EXPECT_EQ(all.settings, SiteSettings{});
}

TEST_F(FromSchema1, DeploymentsKeepTheirNumbersAndTheirMeaning) {
  const Everything all = migrated();
  std::vector<std::string> words;
  for (const auto& d : all.deployments) {
    words.push_back(fmt::format("{} \"{}\" {}{}{} order {} created {}", d.id, d.name, print(d.purpose),
                                d.again ? " again" : "", d.asks ? " asks" : "", d.order, d.created));
  }
  EXPECT_THAT(words, ElementsAre("4 \"debian to 52-54-00-12-34-56\" required again order 0 created 100",
                                 "5 \"debian to 52-54-00-12-34-57\" available asks order 0 created 100",
                                 "7 \"debian to all\" available asks order 100 created 100"));
  EXPECT_EQ(all.deployments[0].target, policy::DeployedTo(policy::ToDevice{all.devices[0].id}));
  EXPECT_EQ(all.deployments[2].target, policy::DeployedTo(policy::ToAll{}));
}

TEST_F(FromSchema1, MachinesBootAsTheyDid) {
  Everything all = migrated();
  policy::SiteModel model;
  for (const auto& record : all.images) model.images.push_back(record.image);
  model.deployments = all.deployments;
  const auto snapshot = policy::Snapshot::make(std::move(model), std::move(all.devices)).value();
  const auto plan = [&](const base::Mac& mac) {
    policy::Facts facts;
    facts.mac = mac;
    return policy::decide(facts, snapshot, {1'700'000'000, 0});
  };
  const auto without_question = plan(quiet);
  ASSERT_NE(without_question.boot(), nullptr);
  EXPECT_EQ(without_question.boot()->choice.image->name, "debian");
  EXPECT_EQ(without_question.boot()->prompt, policy::Prompting::none);
  // It may choose what is there for everybody, too.
  const auto with_question = plan(asked);
  ASSERT_NE(with_question.menu(), nullptr);
  EXPECT_EQ(with_question.menu()->entries()[0].deployment->id, 5);
  EXPECT_EQ(with_question.menu()->prompt, policy::Prompting::opt_in);
  const auto of_stranger = plan(stranger);
  ASSERT_NE(of_stranger.boot(), nullptr);
  EXPECT_EQ(of_stranger.boot()->prompt, policy::Prompting::opt_in);
}

TEST_F(FromSchema1, ProgramsBootAndAsk) {
  const Everything all = migrated();
  ASSERT_THAT(all.programs, SizeIs(2));
  EXPECT_EQ(all.programs[0].name, "arm64");
  EXPECT_EQ(all.programs[0].arch, policy::Arch::arm64);
  EXPECT_EQ(all.programs[0].path, "programs/arm64/2/a.efi");
  EXPECT_THAT(all.programs[0].roles, ElementsAre(policy::Role::boot, policy::Role::prompt));
  EXPECT_FALSE(all.programs[0].console);
}

TEST_F(FromSchema1, TheDatabaseBeforeIsKept) {
  migrated();
  store.reset();
  const std::string copy = path + ".schema-1";
  EXPECT_EQ(ask(copy, "SELECT max(version) FROM schema_migrations"), "1");
  EXPECT_EQ(ask(copy, "SELECT group_concat(target_kind || prompt) FROM deployments"), "mac0,mac1,all1");
  EXPECT_EQ(ask(copy, "PRAGMA integrity_check"), "ok");
  EXPECT_EQ(ask(path, "PRAGMA integrity_check"), "ok");
  EXPECT_EQ(ask(path, "SELECT count(*) FROM pragma_foreign_key_check"), "0");
  // It was made once: the next start finds nothing to do.
  std::filesystem::remove(copy);
  migrated();
  EXPECT_FALSE(std::filesystem::exists(copy));
}

TEST_F(FromSchema1, ACopyThatWasNotFinishedIsMadeAgain) {
  scratch.write("bootferry.db.schema-1", "from an earlier try");
  scratch.write("bootferry.db.schema-1.new", "half");
  migrated();
  EXPECT_EQ(ask(path + ".schema-1", "SELECT max(version) FROM schema_migrations"), "1");
  EXPECT_FALSE(std::filesystem::exists(path + ".schema-1.new"));
}

TEST_F(FromSchema1, WithoutACopyNothingIsChanged) {
  std::filesystem::create_directories(path + ".schema-1/in the way");
  const auto refused = open_sqlite(path);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, testing::HasSubstr("cannot be copied before it is brought up to date"));
  EXPECT_EQ(ask(path, "SELECT max(version) FROM schema_migrations"), "1");
}

TEST(FromSchema2, DeploymentsBootAsTheyDidAndNothingHasRunYet) {
  const Scratch scratch;
  const std::string path = scratch.path("bootferry.db");
  {
    auto database = Database::open(path);
    ASSERT_TRUE(migrate(*database, migrations().first(2)));
    ASSERT_TRUE(database->script(R"(
      INSERT INTO images VALUES (1, 'debian', 'tree', 'x64', 'images/debian/1/linux', '', 'images/debian/1', 100, 1);
      INSERT INTO devices VALUES (3, 'pc', '52:54:00:12:34:56', NULL, 'approved', 0, '', NULL, NULL, 1);
      INSERT INTO device_macs VALUES ('52:54:00:12:34:56', 3);
      INSERT INTO deployments VALUES (5, 'lab', 1, NULL, 'all', NULL, NULL, NULL, 'required', 1, 0, 100, NULL, NULL,
                                      0, 1, 'p', 1);
      INSERT INTO device_runs VALUES (3, 5, 'done');)"));
  }
  auto store = open_sqlite(path);
  ASSERT_TRUE(store) << store.error().what;
  const auto all = (*store)->load().value();
  ASSERT_THAT(all.deployments, SizeIs(1));
  EXPECT_FALSE(all.deployments[0].once);
  EXPECT_TRUE(all.deployments[0].asks);
  EXPECT_EQ(all.deployments[0].program, "p");
  EXPECT_EQ(all.devices.at(0).extras().runs, (std::vector<policy::RunMark>{{5, policy::RunEnd::done}}));
  EXPECT_THAT((*store)->runs({}).value(), IsEmpty());
  EXPECT_EQ((*store)->breaker().value(), policy::BreakerMark{});
  EXPECT_TRUE(std::filesystem::exists(path + ".schema-2"));
}

// Root, who starts a stopped server's upgrade, leaves a copy that the server's user can read.
TEST_F(FromSchema1, TheCopyBelongsToWhomTheDatabaseBelongsTo) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make files for somebody else";
  constexpr uid_t nobody = 65534;
  ASSERT_EQ(::chown(path.c_str(), nobody, nobody), 0);
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  migrated();
  struct stat facts {};
  ASSERT_EQ(::stat((path + ".schema-1").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_uid, nobody);
  EXPECT_EQ(facts.st_mode & 07777U, 0640U);
}

}  // namespace
}  // namespace store
