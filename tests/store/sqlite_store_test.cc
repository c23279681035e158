// SPDX-License-Identifier: GPL-3.0-or-later
// The store in SQLite: it conforms, and what only a file can suffer.
#include "../content/scratch.h"
#include "conformance.h"
#include "store/copy.h"
#include "store/sqlite.h"

namespace store_test {
namespace {

using store::Database;
using store::Put;
using store::Statement;
using testing::AllOf;
using testing::HasSubstr;

class Files final : public Place {
 public:
  std::unique_ptr<store::Store> open() override { return open_backup(scratch_.path("bootferry.db")); }
  std::unique_ptr<store::Store> open_backup(const std::string& path) override {
    auto opened = store::open_sqlite(path);
    EXPECT_TRUE(opened) << opened.error().what;
    return opened ? std::move(*opened) : nullptr;
  }
  [[nodiscard]] std::string directory() const override { return scratch_.path(); }

 private:
  Scratch scratch_;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, Conformance,
                         testing::Values(Implementation{"Sqlite", [] { return std::make_unique<Files>(); }}),
                         [](const auto& which) { return which.param.name; });
INSTANTIATE_TEST_SUITE_P(Sqlite, ConformanceOfRuns,
                         testing::Values(Implementation{"Sqlite", [] { return std::make_unique<Files>(); }}),
                         [](const auto& which) { return which.param.name; });

class SqliteStore : public testing::Test {
 protected:
  SqliteStore() { reopen(); }
  void reopen() {
    store.reset();
    auto opened = store::open_sqlite(path);
    ASSERT_TRUE(opened) << opened.error().what;
    store = std::move(*opened);
  }
  std::int64_t put(store::Record record) {
    const auto applied = store->apply({"admin", "", {Put{std::move(record), {}}}});
    EXPECT_TRUE(applied) << applied.error().what;
    return applied ? applied->ids.front() : 0;
  }
  // As somebody with an editor does.
  void edit(const char* sql) { ASSERT_TRUE(Database::open(path)->script(sql)) << sql; }

  Scratch scratch;
  std::string path = scratch.path("bootferry.db");
  std::unique_ptr<store::Store> store;
};

TEST_F(SqliteStore, DurableAndStrict) {
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

TEST_F(SqliteStore, AValueFromSomebodysEditorIsSaidNotServed) {
  const auto debian = put(image("debian"));
  put(deployment("all", debian, policy::ToAll{}));
  put(device("pc", "52:54:00:00:00:01"));
  put(policy::Program{0, "ipxe", policy::Arch::x64, {}, false, "p"});
  const auto server = put(policy::BootServer{0, "wds", {{10, 0, 0, 9}}, {}});
  put(policy::Referral{0, "away", {{server, 1}}});
  policy::Network network;
  network.name = "floor";
  network.maintenance = {{0, 60}};
  put(network);
  ASSERT_TRUE(store->apply({"admin", "", {store::SetSettings{}}}));
  const struct {
    const char* edit;
    const char* back;
    const char* said;
  } rows[] = {
      {"UPDATE images SET arch = 'vax'", "UPDATE images SET arch = 'x64'", "image \"debian\""},
      {"UPDATE devices SET macs = '52:54'", "UPDATE devices SET macs = '52:54:00:00:00:01'", "device \"pc\""},
      {"UPDATE devices SET uuid = 'x'", "UPDATE devices SET uuid = NULL", "device \"pc\""},
      {"UPDATE devices SET request = -1", "UPDATE devices SET request = 0", "device \"pc\""},
      {"UPDATE settings SET value = '70000' WHERE key = 'delay_seconds'",
       "UPDATE settings SET value = '0' WHERE key = 'delay_seconds'", "setting \"delay_seconds\""},
      {"UPDATE settings SET value = 'soon' WHERE key = 'pending_polls'",
       "UPDATE settings SET value = '1' WHERE key = 'pending_polls'", "setting \"pending_polls\""},
      {"UPDATE settings SET value = 'yes' WHERE key = 'menus'",
       "UPDATE settings SET value = '1' WHERE key = 'menus'", "setting \"menus\""},
      {"UPDATE deployments SET condition = 'subnet ('", "UPDATE deployments SET condition = NULL",
       "deployment \"all\""},
      {"UPDATE deployments SET position = 9999999999", "UPDATE deployments SET position = 0",
       "deployment \"all\""},
      {"UPDATE networks SET subnet = '10.0.0.0/33'", "UPDATE networks SET subnet = '10.0.0.0/8'",
       "network \"floor\""},
      {"UPDATE networks SET delay_seconds = -1", "UPDATE networks SET delay_seconds = NULL",
       "network \"floor\""},
      {"UPDATE network_windows SET minutes = 70000", "UPDATE network_windows SET minutes = 1",
       "network \"floor\""},
      {"UPDATE servers SET address = '::1'", "UPDATE servers SET address = '10.0.0.9'", "server \"wds\""},
      {"INSERT INTO mac_lists VALUES ('ignored', 'zz')", "DELETE FROM mac_lists", "address list \"ignored\""},
      {"INSERT INTO banned_uuids VALUES ('zz')", "DELETE FROM banned_uuids", "banned UUID"},
  };
  for (const auto& row : rows) {
    edit(row.edit);
    const auto all = store->load();
    ASSERT_FALSE(all) << row.edit;
    EXPECT_THAT(all.error().what,
                AllOf(HasSubstr(path), HasSubstr(row.said), HasSubstr("put back a backup")));
    edit(row.back);
    EXPECT_TRUE(store->load()) << row.back;
  }
}

TEST_F(SqliteStore, DamageIsAnErrorThatNamesTheFile) {
  const std::string other = scratch.write("other.db", std::string(8192, 'x'));
  const auto opened = store::open_sqlite(other);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().what, AllOf(HasSubstr(other), HasSubstr("damaged"), HasSubstr("backup")));
}

TEST_F(SqliteStore, ATornPageIsFoundAtTheStart) {
  for (int i = 0; i < 200; ++i) put(image("image" + std::to_string(i)));
  store.reset();
  const auto size = std::filesystem::file_size(path);
  {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(size / 2));
    file << std::string(size / 4, '\xa5');
  }
  const auto opened = store::open_sqlite(path);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().what, HasSubstr("damaged"));
}

// Somebody at the shell, while it is open. What is written from then on would be lost.
TEST_F(SqliteStore, NothingIsWrittenIntoAFileThatIsGone) {
  for (const std::string& file : {path, path + "-wal"}) {
    put(image("before " + file));
    const auto before = store->load();
    std::filesystem::rename(file, file + ".away");
    const auto refused = store->apply({"admin", "", {Put{image("during"), {}}}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().why, store::Refused::Why::not_written);
    EXPECT_THAT(refused.error().what, AllOf(HasSubstr(file), HasSubstr("was removed")));
    EXPECT_FALSE(store->next_version("images/during"));
    scratch.write("bootferry.db" + file.substr(path.size()), "another");
    EXPECT_THAT(store->apply({"admin", "", {Put{image("during"), {}}}}).error().what,
                HasSubstr("was replaced"));
    std::filesystem::rename(file + ".away", file);
    EXPECT_EQ(store->load(), before);
  }
}

TEST_F(SqliteStore, ACopyIsReadAndNeverChanged) {
  put(image("debian"));
  const std::string copy = scratch.path("copy.db");
  ASSERT_TRUE(store::keep_copy(path, copy));
  EXPECT_EQ(store::revision_at(copy).value(), store->load()->revision);
  const std::string bytes = read_text(copy);
  const auto opened = store::open_sqlite_copy(copy, "for a reason");
  ASSERT_TRUE(opened) << opened.error().what;
  EXPECT_EQ((*opened)->load(), store->load());
  EXPECT_EQ((*opened)->events(0, 10), store->events(0, 10));
  const auto refused = (*opened)->apply({"admin", "", {Put{image("more"), {}}}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().why, store::Refused::Why::not_written);
  EXPECT_EQ(refused.error().what, "for a reason");
  EXPECT_FALSE((*opened)->next_version("images/more"));
  EXPECT_FALSE((*opened)->look());
  EXPECT_EQ(read_text(copy), bytes);
  EXPECT_FALSE(std::filesystem::exists(copy + "-wal"));
}

TEST_F(SqliteStore, ADamagedDatabaseIsNotCopiedOverASoundCopy) {
  for (int i = 0; i < 200; ++i) put(image("image" + std::to_string(i)));
  const std::string copy = scratch.path("copy.db");
  ASSERT_TRUE(store::keep_copy(path, copy));
  const std::string sound = read_text(copy);
  store.reset();
  std::string bytes = read_text(path);
  bytes.replace(bytes.size() / 2, bytes.size() / 4, bytes.size() / 4, '\xa5');
  scratch.write("bootferry.db", bytes);
  EXPECT_FALSE(store::keep_copy(path, copy));
  EXPECT_EQ(read_text(copy), sound);
  EXPECT_FALSE(std::filesystem::exists(copy + ".new"));
  EXPECT_FALSE(store::keep_copy(scratch.path("absent.db"), copy));
  EXPECT_EQ(read_text(copy), sound);
}

TEST_F(SqliteStore, NoDirectoryNoDatabase) {
  EXPECT_THAT(store::open_sqlite(scratch.path("absent/bootferry.db")).error().what,
              HasSubstr("cannot be opened"));
}

}  // namespace
}  // namespace store_test
