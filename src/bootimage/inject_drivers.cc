// SPDX-License-Identifier: GPL-3.0-or-later
#include "bootimage/inject_drivers.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "base/ascii.h"

namespace bootimage {
namespace {

base::Result<base::Bytes> read_all(const InjectSource& source) {
  const auto file = source.open();
  if (!file) return tl::unexpected(file.error());
  base::Bytes octets(static_cast<std::size_t>(std::min<std::uint64_t>(source.size, format::largest_inf + 1)));
  std::size_t got = 0;
  while (got < octets.size()) {
    const ssize_t n = ::read(file->get(), octets.data() + got, octets.size() - got);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::fail_errno("read", errno);
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  octets.resize(got);
  return octets;
}

// The folder that a file is in, with its slash: a catalog stands beside its .inf.
std::string_view folder_of(std::string_view name) { return name.substr(0, name.rfind('/') + 1); }

bool has_file(const DriverFolder& folder, std::string_view name) {
  return std::ranges::any_of(
      folder.files, [&](const InjectSource& file) { return base::same_but_for_case(file.name, name); });
}

}  // namespace

bool is_inf_name(std::string_view name) {
  return name.size() > 4 && base::same_but_for_case(name.substr(name.size() - 4), ".inf");
}

base::Result<DriverFolder> read_driver_folder(std::string name, std::vector<InjectSource> files) {
  DriverFolder folder{std::move(name), std::move(files), {}};
  std::string fault;
  for (const InjectSource& file : folder.files) {
    if (!is_inf_name(file.name)) continue;
    const auto octets = read_all(file);
    if (!octets) return base::fail("{}: {}", file.name, octets.error().what);
    auto inf = format::read_inf(*octets);
    if (inf) {
      folder.infs.push_back({file.name, std::move(*inf)});
    } else if (fault.empty()) {
      fault = file.name + ": " + inf.error().what;
    }
  }
  if (!fault.empty()) return base::fail("{}", fault);
  if (!folder.infs.empty()) return folder;
  return base::fail("holds no .inf: a driver's folder is needed, unpacked, not its installer");
}

std::vector<std::string> served_devices(const DriverFolder& folder, policy::Arch arch) {
  std::set<std::string> all;
  for (const DriverInf& driver : folder.infs) {
    const auto devices = format::devices_for(driver.inf, arch);
    all.insert(devices.begin(), devices.end());
  }
  return {all.begin(), all.end()};
}

std::vector<std::string> driver_warnings(const DriverFolder& folder, policy::Arch arch) {
  std::vector<std::string> warnings;
  for (const DriverInf& driver : folder.infs) {
    const format::Inf& inf = driver.inf;
    if (!format::is_for(inf, arch)) {
      warnings.push_back(fmt::format("{}: has no devices for {}: it will not be loaded by this image",
                                     driver.name, policy::print(arch)));
    }
    if (!format::is_boot_class(inf.driver_class)) {
      warnings.push_back(
          fmt::format("{}: of class {}: neither network nor storage; a boot image needs no more", driver.name,
                      inf.driver_class.empty() ? "unknown" : inf.driver_class));
    }
    const auto missing = [&](const std::string& catalog) {
      return !has_file(folder, std::string(folder_of(driver.name)) + catalog);
    };
    if (inf.catalogs.empty()) {
      warnings.push_back(
          fmt::format("{}: names no catalog: it is not signed, and Windows may refuse it", driver.name));
    } else if (std::ranges::all_of(inf.catalogs, missing)) {
      warnings.push_back(
          fmt::format("{}: its catalog {} is not beside it: it is not signed, and Windows may "
                      "refuse it",
                      driver.name, inf.catalogs.front()));
    }
  }
  return warnings;
}

}  // namespace bootimage
