// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/store.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "store/schema.h"
#include "store/sqlite.h"

namespace store {
namespace {

using policy::Target;

struct TargetColumns {
  std::string_view kind;
  std::string value;
};

TargetColumns columns(const Target& target) {
  if (const auto* mac = std::get_if<base::Mac>(&target)) return {"mac", mac->print()};
  return {"all", ""};
}

std::optional<Target> parse_target(const std::string& kind, const std::string& value) {
  if (kind == "all") return policy::AllMachines{};
  const auto mac = base::Mac::parse(value);
  if (kind != "mac" || !mac) return std::nullopt;
  return Target{*mac};
}

// A site's database is small: reading it once at the start costs less than serving from a
// damaged one.
base::Status check_pages(Database& database) {
  Statement check = database.query("PRAGMA quick_check(1)");
  const std::string verdict = check.next() ? check.text(0) : "ok";
  if (auto status = check.status(); !status) return status;
  if (verdict == "ok") return {};
  return base::fail("{} is damaged ({}): keep a copy of it, then put back a backup", database.path(),
                    verdict);
}

}  // namespace

struct Store::Impl {
  Database database;

  // A value that the tables' own checks cannot know to be wrong: somebody edited the file.
  [[nodiscard]] tl::unexpected<base::Error> unreadable(std::string_view row) const {
    return base::fail("{}: {} holds a value that Bootferry never writes: put back a backup", database.path(),
                      row);
  }
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

base::Result<std::unique_ptr<Store>> Store::open(const std::string& path) {
  auto database = Database::open(path);
  if (!database) return tl::unexpected(database.error());
  if (auto sound = check_pages(*database); !sound) return tl::unexpected(sound.error());
  if (auto migrated = migrate(*database, migrations()); !migrated) return tl::unexpected(migrated.error());
  // Only now, when it is known to be ours: the mode is written into the file.
  if (auto set = database->run("PRAGMA journal_mode = WAL"); !set) return tl::unexpected(set.error());
  return std::unique_ptr<Store>(new Store(std::make_unique<Impl>(Impl{std::move(*database)})));
}

base::Result<std::vector<ImageRecord>> Store::images() {
  Database& database = impl_->database;
  std::map<std::int64_t, std::vector<std::string>> initrds;
  Statement paths = database.query("SELECT image, path FROM image_initrds ORDER BY image, position");
  while (paths.next()) initrds[paths.integer(0)].push_back(paths.text(1));
  if (auto status = paths.status(); !status) return tl::unexpected(status.error());

  std::vector<ImageRecord> records;
  Statement rows = database.query(
      "SELECT id, name, kind, kernel, command_line, arch, directory, created FROM images ORDER BY name");
  while (rows.next()) {
    ImageRecord record;
    record.image.id = rows.integer(0);
    record.image.name = rows.text(1);
    const auto kind = policy::parse_image_kind(rows.text(2));
    const auto arch = policy::parse_arch(rows.text(5));
    if (!kind || !arch) return impl_->unreadable(fmt::format("image {}", record.image.name));
    record.image.kind = *kind;
    record.image.kernel = rows.text(3);
    record.image.initrds = initrds[record.image.id];
    record.image.command_line = rows.text(4);
    record.image.arch = *arch;
    record.directory = rows.text(6);
    record.created = rows.integer(7);
    records.push_back(std::move(record));
  }
  if (auto status = rows.status(); !status) return tl::unexpected(status.error());
  return records;
}

base::Result<std::vector<policy::Deployment>> Store::deployments() {
  std::vector<policy::Deployment> deployments;
  Statement rows = impl_->database.query(
      "SELECT id, image, target_kind, target_value, prompt FROM deployments ORDER BY id");
  while (rows.next()) {
    auto target = parse_target(rows.text(2), rows.text(3));
    if (!target) return impl_->unreadable(fmt::format("deployment {}", rows.integer(0)));
    deployments.push_back({rows.integer(0), rows.integer(1), std::move(*target), rows.integer(4) != 0});
  }
  if (auto status = rows.status(); !status) return tl::unexpected(status.error());
  return deployments;
}

base::Result<std::vector<policy::Program>> Store::programs() {
  std::vector<policy::Program> programs;
  Statement rows = impl_->database.query("SELECT arch, path FROM programs ORDER BY arch");
  while (rows.next()) {
    const auto arch = policy::parse_arch(rows.text(0));
    if (!arch) return impl_->unreadable(fmt::format("program {}", rows.text(0)));
    programs.push_back({*arch, rows.text(1)});
  }
  if (auto status = rows.status(); !status) return tl::unexpected(status.error());
  return programs;
}

base::Result<std::int64_t> Store::put_image(const ImageRecord& record) {
  Database& database = impl_->database;
  const policy::Image& image = record.image;
  Transaction transaction(database);
  if (!transaction.begun()) return tl::unexpected(transaction.begun().error());
  Statement row = database.query(
      "INSERT INTO images (name, kind, arch, kernel, command_line, directory, created) VALUES (?, ?, ?, ?, "
      "?, ?, ?) "
      "ON CONFLICT (name) DO UPDATE SET name = excluded.name, kind = excluded.kind, arch = excluded.arch, "
      "kernel = excluded.kernel, command_line = excluded.command_line, directory = excluded.directory, "
      "created = excluded.created RETURNING id",
      image.name, policy::print(image.kind), policy::print(image.arch), image.kernel, image.command_line,
      record.directory, record.created);
  const std::int64_t id = row.next() ? row.integer(0) : 0;
  if (auto done = row.run(); !done) return tl::unexpected(done.error());
  if (auto done = database.run("DELETE FROM image_initrds WHERE image = ?", id); !done) {
    return tl::unexpected(done.error());
  }
  std::int64_t position = 0;
  for (const std::string& path : image.initrds) {
    const auto done = database.run("INSERT INTO image_initrds (image, position, path) VALUES (?, ?, ?)", id,
                                   position++, path);
    if (!done) return tl::unexpected(done.error());
  }
  if (auto done = transaction.commit(); !done) return tl::unexpected(done.error());
  return id;
}

base::Status Store::remove_image(const std::string& name) {
  Database& database = impl_->database;
  Transaction transaction(database);
  if (!transaction.begun()) return transaction.begun();
  Statement users = database.query(
      "SELECT target_kind, target_value FROM deployments JOIN images ON images.id = deployments.image "
      "WHERE name = ? ORDER BY deployments.id",
      name);
  std::vector<std::string> targets;
  while (users.next()) {
    const auto target = parse_target(users.text(0), users.text(1));
    targets.push_back(target ? policy::print(*target) : users.text(1));
  }
  if (auto status = users.status(); !status) return status;
  if (!targets.empty()) {
    return base::fail("image \"{}\" is deployed to {}: remove that deployment first: bootferry undeploy {}",
                      name, fmt::join(targets, ", "), targets.front());
  }
  if (auto done = database.run("DELETE FROM images WHERE name = ?", name); !done) return done;
  if (database.changed() == 0)
    return base::fail("no image \"{}\": `bootferry image list` shows what is there", name);
  return transaction.commit();
}

base::Result<std::int64_t> Store::put_deployment(const policy::Deployment& deployment) {
  const TargetColumns target = columns(deployment.target);
  Statement row = impl_->database.query(
      "INSERT INTO deployments (image, target_kind, target_value, prompt) VALUES (?, ?, ?, ?) "
      "ON CONFLICT (target_kind, target_value) DO UPDATE SET image = excluded.image, prompt = "
      "excluded.prompt "
      "RETURNING id",
      deployment.image, target.kind, target.value, std::int64_t{deployment.prompt});
  const std::int64_t id = row.next() ? row.integer(0) : 0;
  if (auto done = row.run(); !done) return tl::unexpected(done.error());
  return id;
}

base::Status Store::remove_deployment(const Target& target) {
  const TargetColumns value = columns(target);
  auto done = impl_->database.run("DELETE FROM deployments WHERE target_kind = ? AND target_value = ?",
                                  value.kind, value.value);
  if (done && impl_->database.changed() == 0) {
    return base::fail("nothing is deployed to {}", policy::print(target));
  }
  return done;
}

base::Status Store::put_program(const policy::Program& program) {
  return impl_->database.run(
      "INSERT INTO programs (arch, path) VALUES (?, ?) ON CONFLICT (arch) DO UPDATE SET path = excluded.path",
      policy::print(program.arch), program.path);
}

base::Status Store::remove_program(policy::Arch arch) {
  auto done = impl_->database.run("DELETE FROM programs WHERE arch = ?", policy::print(arch));
  if (done && impl_->database.changed() == 0) {
    return base::fail("no boot program was added for {}: `bootferry program list` shows those that were",
                      policy::print(arch));
  }
  return done;
}

base::Result<std::int64_t> Store::next_version(const std::string& place) {
  Statement row = impl_->database.query(
      "INSERT INTO versions (place, last) VALUES (?, 1) ON CONFLICT (place) DO UPDATE SET last = last + 1 "
      "RETURNING last",
      place);
  const std::int64_t version = row.next() ? row.integer(0) : 0;
  if (auto done = row.run(); !done) return tl::unexpected(done.error());
  return version;
}

base::Result<std::int64_t> Store::last_version(const std::string& place) {
  Statement row = impl_->database.query("SELECT last FROM versions WHERE place = ?", place);
  const std::int64_t version = row.next() ? row.integer(0) : 0;
  if (auto status = row.status(); !status) return tl::unexpected(status.error());
  return version;
}

}  // namespace store
