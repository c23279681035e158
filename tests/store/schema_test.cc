// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../content/scratch.h"

namespace store {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Migrate : public testing::Test {
 protected:
  base::Status migrate_with(std::span<const Migration> steps) {
    auto database = Database::open(path);
    if (!database) return tl::unexpected(database.error());
    return migrate(*database, steps);
  }
  std::string ask(const char* sql) {
    auto database = Database::open(path);
    Statement row = database->query(sql);
    return row.next() ? row.text(0) : row.status() ? "nothing" : row.status().error().what;
  }
  Scratch scratch;
  std::string path = scratch.path("bootferry.db");

  const std::vector<Migration> one = {
      {1, "one", "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (7);"}};
  const std::vector<Migration> two = {one[0],
                                      {2, "two", "ALTER TABLE a ADD COLUMN y TEXT NOT NULL DEFAULT 'new'"}};
};

TEST_F(Migrate, StepsAreAppliedOnceInOrder) {
  ASSERT_TRUE(migrate_with(one));
  ASSERT_TRUE(migrate_with(one));
  ASSERT_TRUE(migrate_with(two));
  EXPECT_EQ(ask("SELECT x || y FROM a"), "7new");
  EXPECT_EQ(ask("SELECT group_concat(version || name) FROM schema_migrations"), "1one,2two");
  EXPECT_EQ(ask("SELECT checksum FROM schema_migrations WHERE version = 1"), checksum(one[0].sql));
}

TEST_F(Migrate, ANewerDatabaseIsRefusedWithWordsAndLeftAlone) {
  ASSERT_TRUE(migrate_with(two));
  const auto refused = migrate_with(one);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what,
              AllOf(HasSubstr(path), HasSubstr("schema 2"), HasSubstr("newer Bootferry")));
  EXPECT_EQ(ask("SELECT max(version) FROM schema_migrations"), "2");
}

TEST_F(Migrate, AnEditedStepIsRefused) {
  ASSERT_TRUE(migrate_with(one));
  const std::vector<Migration> edited = {{1, "one", "CREATE TABLE a (x TEXT) STRICT"}};
  EXPECT_THAT(migrate_with(edited).error().what, AllOf(HasSubstr("«one» differs")));
}

TEST_F(Migrate, AStepThatFailsUndoesAll) {
  std::vector<Migration> broken = two;
  broken.push_back({3, "three", "CREATE TABLE c (x INTEGER) STRICT; CREATE TABLE nonsense"});
  EXPECT_FALSE(migrate_with(broken));
  EXPECT_EQ(ask("SELECT count(*) FROM sqlite_schema"), "0");
  ASSERT_TRUE(migrate_with(one));
  EXPECT_FALSE(migrate_with(broken));
  EXPECT_EQ(ask("SELECT max(version) FROM schema_migrations"), "1");
  EXPECT_EQ(ask("SELECT count(*) FROM sqlite_schema WHERE name = 'c'"), "0");
}

TEST_F(Migrate, AnotherProgramsDatabaseIsNotTouched) {
  { ASSERT_TRUE(Database::open(path)->script("CREATE TABLE theirs (x)")); }
  EXPECT_THAT(migrate_with(one).error().what, HasSubstr("another program's database"));
  EXPECT_EQ(ask("SELECT group_concat(name) FROM sqlite_schema"), "theirs");
}

TEST(Migrations, ReleasedStepsAreNumberedFromOneAndNeverEdited) {
  std::int64_t version = 0;
  for (const Migration& step : migrations()) EXPECT_EQ(step.version, ++version);
  // A row here for each step that was released; a change to one must fail.
  const std::vector<std::string> released = {"48ccf40aefc0a611"};
  ASSERT_LE(released.size(), migrations().size());
  for (std::size_t i = 0; i < released.size(); ++i) EXPECT_EQ(checksum(migrations()[i].sql), released[i]);
}

TEST(SqliteWrapper, TextsKeepEveryByteAndErrorsAreSticky) {
  const Scratch scratch;
  auto database = Database::open(scratch.path("x.db"));
  ASSERT_TRUE(database->script("CREATE TABLE t (x TEXT NOT NULL) STRICT"));
  const std::string text("a\0b'; DROP TABLE t; --", 22);
  ASSERT_TRUE(database->run("INSERT INTO t VALUES (?)", text));
  ASSERT_TRUE(database->run("INSERT INTO t VALUES (?)", std::string_view()));
  Statement rows = database->query("SELECT x FROM t ORDER BY length(CAST(x AS BLOB)) DESC");
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.text(0), text);
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.text(0), "");
  EXPECT_FALSE(rows.next());
  EXPECT_TRUE(rows.status());
  Statement wrong = database->query("SELECT nonsense FROM t WHERE x = ?", "v");
  EXPECT_FALSE(wrong.next());
  EXPECT_FALSE(wrong.next());
  EXPECT_THAT(wrong.status().error().what, HasSubstr("nonsense"));
}

TEST(SqliteWrapper, ATransactionThatIsNotCommittedNeverWas) {
  const Scratch scratch;
  auto database = Database::open(scratch.path("x.db"));
  ASSERT_TRUE(database->script("CREATE TABLE t (x INTEGER) STRICT"));
  {
    Transaction transaction(*database);
    ASSERT_TRUE(transaction.begun());
    ASSERT_TRUE(database->run("INSERT INTO t VALUES (?)", std::int64_t{1}));
  }
  EXPECT_FALSE(database->query("SELECT x FROM t").next());
}

}  // namespace
}  // namespace store
