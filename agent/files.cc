// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/fd.h"

namespace agent {

std::string read_octets(const std::string& path, std::size_t most) {
  const base::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  std::string octets;
  std::array<char, 4096> part;
  while (file.open() && octets.size() < most) {
    const ssize_t got = ::read(file.get(), part.data(), std::min(part.size(), most - octets.size()));
    if (got <= 0) break;
    octets.append(part.data(), static_cast<std::size_t>(got));
  }
  return octets;
}

std::string read_text(const std::string& path) {
  const std::string octets = read_octets(path);
  const auto blank = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\0' || c == '\r'; };
  std::size_t begin = 0, end = octets.size();
  while (begin < end && blank(octets[begin])) ++begin;
  while (end > begin && blank(octets[end - 1])) --end;
  return octets.substr(begin, end - begin);
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  DIR* const open = ::opendir(folder.c_str());
  if (open == nullptr) return names;
  while (const dirent* entry = ::readdir(open)) {
    const std::string name = static_cast<const char*>(entry->d_name);
    if (name != "." && name != "..") names.push_back(name);
  }
  ::closedir(open);
  std::sort(names.begin(), names.end());
  return names;
}

bool is_there(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

std::string link_of(const std::string& path) {
  std::array<char, 4096> target;
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  return size <= 0 ? "" : std::string(target.data(), static_cast<std::size_t>(size));
}

std::string link_name(const std::string& path) {
  const std::string target = link_of(path);
  return target.substr(target.rfind('/') + 1);  // npos + 1 is 0
}

}  // namespace agent
