// SPDX-License-Identifier: GPL-3.0-or-later
#include "bootimage/packages.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <system_error>

#include "base/fd.h"
#include "bootimage/tool.h"

namespace bootimage {

namespace fs = std::filesystem;

base::Result<Packages> Packages::open(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return base::fail("{}: {}", folder, error.message());
  return Packages(fs::absolute(folder).string());
}

base::Result<Download> parse_download(std::string_view text) {
  // 'URL' FILE SIZE SHA256:…
  const std::size_t file = text.find("' ");
  const std::size_t size = file == std::string_view::npos ? file : text.find(' ', file + 2);
  Download download;
  if (size != std::string_view::npos) {
    const char* const begin = text.data() + size + 1;
    const auto read = std::from_chars(begin, text.data() + text.size(), download.size);
    download.file = text.substr(file + 2, size - file - 2);
    if (read.ec == std::errc() && download.file.find('/') == std::string::npos && !download.file.empty())
      return download;
  }
  return base::fail("apt-get --print-uris said \"{}\"", text.substr(0, 200));
}

base::Result<std::string> Packages::fetch(const std::string& name, const Tell& tell) const {
  const auto where = run(apt_get, {"-qq", "--print-uris", "download", name});
  if (!where)
    return base::fail("package {} cannot be found: {}; does `apt-get update` help?", name,
                      where.error().what);
  const auto download = parse_download(*where);
  if (!download) return tl::unexpected(download.error());
  std::string path = fmt::format("{}/{}", folder_, download->file);
  std::error_code error;
  const bool there = fs::file_size(path, error) == download->size && !error;
  if (!there) {
    if (const auto room = fs::space(folder_, error); !error && room.available < download->size)
      return base::fail("{}: not enough room for {} ({} octets)", folder_, name, download->size);
    tell(fmt::format("downloading {} ({:.1f} MB)", name, static_cast<double>(download->size) / 1e6));
  }
  // It compares a file that is there with the archive's own digest, and fetches it if need be.
  const auto fetched =
      run(apt_get, {"-q", "-o", "APT::Sandbox::User=", "download", name}, {.folder = folder_});
  if (!fetched) {
    return base::fail("package {} cannot be fetched: {}; without a network, give --packages a folder with {}",
                      name, fetched.error().what, download->file);
  }
  return path;
}

std::string first_dependency(std::string_view control, std::string_view begin) {
  constexpr std::string_view field = "Depends:";
  for (std::size_t at = 0; at < control.size();) {
    const std::size_t end = std::min(control.find('\n', at), control.size());
    const std::string_view line = control.substr(at, end - at);
    at = end + 1;
    if (!line.starts_with(field)) continue;
    for (std::size_t word = field.size(); word < line.size();) {
      const std::size_t first = line.find_first_not_of(" ,", word);
      if (first == std::string_view::npos) break;
      const std::size_t last = std::min(line.find_first_of(" ,(:", first), line.size());
      const std::string_view name = line.substr(first, last - first);
      if (name.starts_with(begin)) return std::string(name);
      word = std::min(line.find(',', last), line.size());
    }
  }
  return "";
}

base::Result<std::string> Packages::current_kernel() {
  const std::string name = "linux-image-amd64";
  const auto shown = run(apt_cache, {"show", "--no-all-versions", name});
  if (!shown)
    return base::fail("package {} cannot be found: {}; does `apt-get update` help?", name,
                      shown.error().what);
  std::string kernel = first_dependency(*shown, "linux-image-");
  if (kernel.empty()) return base::fail("package {} names no kernel: give one with --kernel-package", name);
  return kernel;
}

base::Status unpack(const std::string& package, const std::string& folder) {
  const auto unpacked = run(dpkg_deb, {"-x", package, folder});
  if (!unpacked) return base::fail("{}: {}", package, unpacked.error().what);
  return {};
}

base::Result<std::int64_t> date_of(const std::string& package) {
  // ar(5): eight octets of magic, then each member's header; its date stands at 16, 12 wide.
  constexpr std::size_t date_at = 8 + 16, date_size = 12;
  std::array<char, date_at + date_size> head{};
  const base::Fd file(::open(package.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) return base::fail_errno(package, errno);
  const ssize_t got = ::read(file.get(), head.data(), head.size());
  std::int64_t date = 0;
  if (got != static_cast<ssize_t>(head.size()) || std::string_view(head.data(), 8) != "!<arch>\n" ||
      std::from_chars(head.data() + date_at, head.data() + head.size(), date).ec != std::errc() || date < 0)
    return base::fail("{}: no Debian package", package);
  return date;
}

}  // namespace bootimage
