// SPDX-License-Identifier: GPL-3.0-or-later
// An image's files, from the server.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "site.h"

namespace cli {

// [{"name", "sha256", "size"}]
Got<Json> files_of_image(const std::string& image, Site& site);

// One of them into a new file, whose folders are made; held against its SHA-256. `written` gets the
// octets of each piece.
Got<void> fetch_file(const std::string& image, const Json& file, const std::filesystem::path& to, Site& site,
                     const std::function<void(std::uint64_t)>& written);

}  // namespace cli
