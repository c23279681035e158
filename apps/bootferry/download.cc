// SPDX-License-Identifier: GPL-3.0-or-later
#include "download.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "base/url.h"
#include "records.h"
#include "text_file.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

std::string files_path(const std::string& image) {
  return fmt::format("/v1/images/{}/files", base::escape_url_part(image));
}

}  // namespace

Got<Json> files_of_image(const std::string& image, Site& site) {
  const auto answer = site.get(files_path(image));
  if (!answer) return tl::unexpected(answer.error());
  return answer->value("items", Json::array());
}

Got<void> fetch_file(const std::string& image, const Json& file, Site& site,
                     const std::function<base::Status(std::string_view)>& take) {
  const std::string sha256 = cell(file, "sha256");
  base::Hasher hasher;
  api::Request request;
  request.path = fmt::format("{}/{}", files_path(image), base::escape_url_part(sha256));
  const auto answer = site.ask(std::move(request), [&](std::string_view piece) {
    hasher.add(base::as_bytes(piece));
    return take(piece);
  });
  if (!answer) return tl::unexpected(answer.error());
  if (base::print(hasher.finish()) != sha256) {
    return tl::unexpected(Failure{fmt::format(
        "{}: is damaged: `bootferry image verify {}`, and add the image again", cell(file, "name"), image)});
  }
  return {};
}

Got<void> fetch_file(const std::string& image, const Json& file, const fs::path& to, Site& site,
                     const std::function<void(std::uint64_t)>& written) {
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  if (error)
    return tl::unexpected(Failure{fmt::format("{}: {}", to.parent_path().string(), error.message())});
  auto out = NewFile::make(to.string());
  if (!out) return tl::unexpected(Failure{out.error().what});
  const auto fetched = fetch_file(image, file, site, [&](std::string_view piece) {
    written(piece.size());
    return out->write(piece);
  });
  if (!fetched) return fetched;
  if (auto kept = out->commit(); !kept) return tl::unexpected(Failure{kept.error().what});
  return {};
}

}  // namespace cli
