// SPDX-License-Identifier: GPL-3.0-or-later
// image verify, gc, files, export: the content library behind the images.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "commands.h"
#include "download.h"
#include "records.h"
#include "terminal.h"
#include "text_file.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

std::uint64_t number(const Json& object, const char* key) { return object.value(key, std::uint64_t{0}); }

Got<int> verify(const std::string& name, const Common& common, Site& site) {
  Json wish = Json::object();
  if (!name.empty()) wish["image"] = name;
  const auto started = site.send("POST", "/v1/images/verify", wish);
  if (!started) return tl::unexpected(started.error());
  ProgressBar bar("reading", !common.json);
  const auto result =
      site.finish(*started, [&](std::uint64_t done, std::uint64_t total) { bar.show(done, total); });
  bar.clear();
  if (!result) return tl::unexpected(result.error());
  const Json damaged = result->value("damaged", Json::array());
  if (common.json) {
    print_line(api::print_json(*result));
    return damaged.empty() ? exit_ok : exit_failed;
  }
  for (const Json& file : damaged) {
    const std::string of = cell(file, "of");
    print_line(fmt::format("damaged: {}: {}", cell(file, "sha256"),
                           of.empty() ? "nobody needs it" : of + ": add it again"));
  }
  print_line(fmt::format("{} files, {}: {}", number(*result, "files"), print_size(number(*result, "octets")),
                         damaged.empty() ? "all whole" : fmt::format("{} damaged", damaged.size())));
  return damaged.empty() ? exit_ok : exit_failed;
}

Got<int> collect(bool dry_run, const Common& common, Site& site) {
  api::Pairs query;
  if (dry_run) query.emplace_back("dry_run", "true");
  api::Request request;
  request.method = "POST";
  request.path = "/v1/images/collect";
  request.query = std::move(query);
  const auto answer = site.ask(std::move(request));
  if (!answer) return tl::unexpected(answer.error());
  const Json result = Json::parse(answer->body, nullptr, false);
  if (result.is_discarded()) return tl::unexpected(Failure{"the server's answer is not JSON"});
  print_line(common.json ? api::print_json(result)
                         : fmt::format("{} {} files, {}", dry_run ? "would free" : "freed",
                                       number(result, "files"), print_size(number(result, "octets"))));
  return exit_ok;
}

Got<int> list_files(const std::string& name, const Common& common, Site& site) {
  const auto listed = files_of_image(name, site);
  if (!listed) return tl::unexpected(listed.error());
  const Json& items = *listed;
  if (common.json) {
    print_line(api::print_json(items));
    return exit_ok;
  }
  Table table({"SHA-256", "OCTETS", "NAME"});
  for (const Json& file : items)
    table.add({cell(file, "sha256"), std::to_string(number(file, "size")), cell(file, "name")});
  print_line(table.print());
  return exit_ok;
}

// A name from the server, which need not be ours to trust: nothing leaves the folder.
bool stays_inside(const fs::path& name) {
  if (name.empty() || name.is_absolute()) return false;
  return std::ranges::none_of(name, [](const fs::path& part) { return part == ".." || part == "."; });
}

Got<int> export_image(const std::string& name, const std::string& folder, const Common& common, Site& site) {
  const auto listed = files_of_image(name, site);
  if (!listed) return tl::unexpected(listed.error());
  const Json& items = *listed;
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_empty(folder, error))
    return tl::unexpected(Failure{folder + ": is there already, and not empty: name another folder"});
  std::uint64_t total = 0, done = 0;
  for (const Json& file : items) {
    total += number(file, "size");
    if (!stays_inside(cell(file, "name")))
      return tl::unexpected(
          Failure{fmt::format("\"{}\" is no name for a file", printable(cell(file, "name")))});
  }
  ProgressBar bar("writing", !common.json);
  for (const Json& file : items) {
    const auto fetched =
        fetch_file(name, file, fs::path(folder) / cell(file, "name"), site, [&](std::uint64_t n) {
          done += n;
          bar.show(done, total);
        });
    if (!fetched) return tl::unexpected(fetched.error());
  }
  bar.clear();
  if (common.json) {
    print_line(api::print_json({{"files", items.size()}, {"octets", total}}));
    return exit_ok;
  }
  print_line(fmt::format("wrote {} files, {}, to {}", items.size(), print_size(total), folder));
  return exit_ok;
}

}  // namespace

void add_library_commands(Command& images) {
  auto verified = std::make_shared<std::string>();
  images
      .leaf("verify", "Read images' files from the disk, and take damaged ones out of service",
            [=](const Common& common) {
              return with_site(common, [&](Site& site) { return verify(*verified, common, site); });
            })
      .may("NAME", *verified, "The image [all that the library holds]", names_of("images"));
  auto dry = std::make_shared<bool>(false);
  images
      .leaf("gc", "Free what no image and no boot program needs",
            [=](const Common& common) {
              return with_site(common, [&](Site& site) { return collect(*dry, common, site); });
            })
      .flag("--dry-run", *dry, "Only say what would be freed");
  auto listed = std::make_shared<std::string>();
  images
      .leaf("files", "List an image's files",
            [=](const Common& common) {
              return with_site(common, [&](Site& site) { return list_files(*listed, common, site); });
            })
      .needs("NAME", *listed, "The image", names_of("images"));
  auto exported = std::make_shared<std::pair<std::string, std::string>>();
  images
      .leaf("export", "Write an image's files to a folder",
            [=](const Common& common) {
              return with_site(common, [&](Site& site) {
                return export_image(exported->first, exported->second, common, site);
              });
            })
      .needs("NAME", exported->first, "The image", names_of("images"))
      .needs("DIR", exported->second, "A folder that is new or empty", a_folder());
}

}  // namespace cli
