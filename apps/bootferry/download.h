// SPDX-License-Identifier: GPL-3.0-or-later
// Files of images, back from the server.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "site.h"

namespace cli {

// [{"name", "sha256", "size"}]
Got<Json> files_of_image(const std::string& image, Site& site);

// One of that list's items; fails where what came is not what its SHA-256 says.
Got<void> fetch_file(const std::string& image, const Json& file, Site& site,
                     const std::function<base::Status(std::string_view)>& take);

// The same into a new file, whose folders are made. `written` gets the octets of each piece.
Got<void> fetch_file(const std::string& image, const Json& file, const std::filesystem::path& to, Site& site,
                     const std::function<void(std::uint64_t)>& written);

}  // namespace cli
