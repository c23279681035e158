// SPDX-License-Identifier: GPL-3.0-or-later
// The real files, mapped, to compare every received byte with; and small socket helpers.
#pragma once

#include <netinet/in.h>

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace bench {

struct ServedFile {
  std::string name;  // as the server knows it
  base::ByteView content;
};

// "NAME=PATH": what to ask for, and the same file here. Mapped until the process ends.
ServedFile map_file(const std::string& name_and_path);
std::vector<ServedFile> map_files(const std::vector<std::string>& items);

sockaddr_in parse_address(const std::string& ip, std::uint16_t port);
bool same_bytes(base::ByteView a, base::ByteView b);

}  // namespace bench
