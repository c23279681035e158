// SPDX-License-Identifier: GPL-3.0-or-later
#include "upload.h"

#include "terminal.h"

namespace cli {

Got<Json> upload(Site& site, const std::string& path, Json record, std::vector<NamedFile> files,
                 const std::string& what, const Common& common, std::vector<NamedFile> answers) {
  api::Request request;
  request.method = "POST";
  request.path = path;
  request.headers = {{"Content-Type", "application/json"}};
  record["files"] = Json::array();
  for (NamedFile& file : files) {
    record["files"].push_back(file.name);
    request.files.push_back(std::move(file.fd));
  }
  for (NamedFile& file : answers) {
    record["answers"].push_back(file.name);
    request.files.push_back(std::move(file.fd));
  }
  request.body = api::print_json(record);
  const auto started = site.ask(std::move(request));
  if (!started) return tl::unexpected(started.error());
  ProgressBar bar(what, !common.json);
  auto result = site.finish(Json::parse(started->body, nullptr, false),
                            [&](std::uint64_t done, std::uint64_t total) { bar.show(done, total); });
  bar.clear();
  return result;
}

}  // namespace cli
