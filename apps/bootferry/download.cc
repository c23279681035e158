// SPDX-License-Identifier: GPL-3.0-or-later
#include "download.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "base/url.h"
#include "records.h"

namespace cli {

std::string files_path(const std::string& image) {
  return fmt::format("/v1/images/{}/files", base::escape_url_part(image));
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

}  // namespace cli
