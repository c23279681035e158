// SPDX-License-Identifier: GPL-3.0-or-later
// The database as a file: out of a running server or a stopped one, and back into a stopped one.
#include <fmt/format.h>

#include <filesystem>

#include "commands.h"
#include "site.h"
#include "site/restore.h"
#include "terminal.h"
#include "text_file.h"

namespace cli {
namespace {

Got<int> back_up(const std::string& file, const Common& common, Site& site) {
  std::error_code error;
  if (file != "-" && std::filesystem::exists(file, error))
    return tl::unexpected(Failure{fmt::format("{} is there already: name another file", file)});
  auto out = NewFile::make(file);
  if (!out) return tl::unexpected(Failure{out.error().what});
  std::uint64_t size = 0;
  api::Request request;
  request.path = "/v1/backup";
  const auto written = site.ask(std::move(request), [&](std::string_view piece) {
    size += piece.size();
    return out->write(piece);
  });
  if (!written) return tl::unexpected(written.error());
  if (auto kept = out->commit(); !kept) return tl::unexpected(Failure{kept.error().what});
  if (file == "-") return exit_ok;
  return done(common,
              fmt::format("wrote {} ({}); the images themselves are not in it", file, print_size(size)));
}

int put_back(const std::string& file, const Common& common) {
  const auto config = load_config(common);
  if (!config) return failed(config.error().what);
  const auto restored = site::restore(config->state, file);
  if (!restored) return failed(restored.error().what);
  for (const std::string& problem : restored->problems) report("warning: " + problem);
  return done(common, restored->before.empty()
                          ? fmt::format("restored {}", file)
                          : fmt::format("restored {}; the database before is {}", file, restored->before));
}

}  // namespace

void add_backup_commands(Command& root) {
  auto out = std::make_shared<std::string>();
  root.leaf("backup", "Write a copy of the database, while the server goes on",
            [out](const Common& common) {
              return with_site(common, [&](Site& site) { return back_up(*out, common, site); });
            })
      .needs("FILE", *out, "A new file; - writes standard output", a_file());
  auto in = std::make_shared<std::string>();
  root.leaf("restore", "Put a copy of the database back, with --state of a stopped server",
            [in](const Common& common) { return put_back(*in, common); })
      .needs("FILE", *in, "As `backup` wrote it", a_file())
      .stopped_server_only();
}

}  // namespace cli
