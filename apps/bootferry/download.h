// SPDX-License-Identifier: GPL-3.0-or-later
// Files of images, back from the server.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "site.h"

namespace cli {

// "/v1/images/winpe/files"
std::string files_path(const std::string& image);

// One of that list's items; fails where what came is not what its SHA-256 says.
Got<void> fetch_file(const std::string& image, const Json& file, Site& site,
                     const std::function<base::Status(std::string_view)>& take);

}  // namespace cli
