// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/whole.h"

#include <array>
#include <fstream>
#include <string_view>

#include "store/sqlite.h"
#include "store/store.h"

namespace store {
namespace {

// SQLite's file format, 1.3: what a file begins with, and where our mark stands, in network order.
constexpr std::string_view magic{"SQLite format 3\0", 16};
constexpr std::size_t mark_at = 68;
constexpr std::string_view mark = "BFry";

}  // namespace

base::Status check_whole(const std::string& path) {
  std::array<char, 100> head{};
  std::ifstream(path, std::ios::binary).read(head.data(), head.size());
  const std::string_view octets(head.data(), head.size());
  if (!octets.starts_with(magic)) return base::fail("is no database");
  if (octets.substr(mark_at, mark.size()) != mark) return base::fail("is another program's database");
  {
    auto database = Database::open(path);
    if (!database) return tl::unexpected(database.error());
    Statement check = database->query("PRAGMA integrity_check(1)");
    const std::string said = check.next() ? check.text(0) : "";
    if (auto status = check.status(); !status) return status;
    if (said != "ok") return base::fail("is damaged: {}", said);
  }
  const auto opened = open_sqlite(path);
  if (!opened) return tl::unexpected(opened.error());
  if (const auto loaded = (*opened)->load(); !loaded) return tl::unexpected(loaded.error());
  return {};
}

}  // namespace store
