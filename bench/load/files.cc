// SPDX-License-Identifier: GPL-3.0-or-later
#include "files.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cstring>

#include "base/fd.h"
#include "flags.h"

namespace bench {

ServedFile map_file(const std::string& name_and_path) {
  const std::size_t equals = name_and_path.find('=');
  if (equals == std::string::npos) usage_error("a file is given as NAME=PATH, not " + name_and_path);
  const std::string path = name_and_path.substr(equals + 1);
  const base::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!fd.open() || ::fstat(fd.get(), &status) != 0) fatal_errno(path);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return {name_and_path.substr(0, equals), {}};
  void* start = ::mmap(nullptr, size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd.get(), 0);
  if (start == MAP_FAILED) fatal_errno(path);
  return {name_and_path.substr(0, equals), {static_cast<const std::uint8_t*>(start), size}};
}

std::vector<ServedFile> map_files(const std::vector<std::string>& items) {
  std::vector<ServedFile> files;
  for (const std::string& item : items) files.push_back(map_file(item));
  if (files.empty()) usage_error("--files NAME=PATH[,NAME=PATH] is needed");
  return files;
}

sockaddr_in parse_address(const std::string& ip, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, ip.c_str(), &address.sin_addr) != 1) usage_error(ip + " is no IPv4 address");
  return address;
}

bool same_bytes(base::ByteView a, base::ByteView b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace bench
