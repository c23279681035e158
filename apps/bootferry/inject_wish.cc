// SPDX-License-Identifier: GPL-3.0-or-later
#include "inject_wish.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <memory>

#include "api/local_tree.h"
#include "bootimage/inject_names.h"
#include "bootimage/inject_start.h"

namespace cli {
namespace {

namespace fs = std::filesystem;
using bootimage::InjectSource;
using OpenFile = std::function<base::Result<base::Fd>()>;

base::Result<InjectSource> source_of(std::string name, OpenFile open) {
  const auto file = open();
  if (!file) return tl::unexpected(file.error());
  struct stat facts {};
  if (::fstat(file->get(), &facts) != 0) return base::fail_errno(name, errno);
  return InjectSource{std::move(name), static_cast<std::uint64_t>(facts.st_size), std::move(open)};
}

// Everything below a folder, by relative names.
base::Result<std::vector<InjectSource>> files_below(const std::string& path) {
  auto opened = api::LocalTree::open(path);
  if (!opened) return tl::unexpected(opened.error());
  const auto tree = std::make_shared<api::LocalTree>(std::move(*opened));
  std::vector<InjectSource> sources;
  for (const std::string& name : tree->names()) {
    auto source = source_of(name, [tree, name] { return tree->open_file(name); });
    if (!source) return tl::unexpected(source.error());
    sources.push_back(std::move(*source));
  }
  return sources;
}

base::Result<bootimage::DriverFolder> read_driver(const std::string& path) {
  std::error_code error;
  const fs::path whole = fs::canonical(path, error);
  if (error) return base::fail("{}: {}", path, error.message());
  if (!fs::is_directory(whole, error))
    return base::fail("{}: not a folder: a driver is a folder with its .inf and all beside it", path);
  auto files = files_below(path);
  if (!files) return tl::unexpected(files.error());
  auto folder = bootimage::read_driver_folder(whole.filename().string(), std::move(*files));
  if (!folder) return base::fail("{}: {}", path, folder.error().what);
  return folder;
}

// «tools=\Tools», «x.exe=\Tools\», «x.exe=\Tools\y.exe»
base::Status read_file(const std::string& typed, std::vector<InjectSource>& into) {
  const std::size_t sign = typed.rfind('=');
  if (sign == typed.npos || sign == 0)
    return base::fail("--file {}: SOURCE=DESTINATION is needed, for example x.exe=\\Tools\\x.exe", typed);
  const std::string path = typed.substr(0, sign);
  std::string to = typed.substr(sign + 1);
  std::error_code error;
  if (fs::is_directory(path, error)) {
    auto files = files_below(path);
    if (!files) return tl::unexpected(files.error());
    for (InjectSource& file : *files) {
      auto place = bootimage::image_path(to + "/" + file.name);
      if (!place) return tl::unexpected(place.error());
      file.name = std::move(*place);
      into.push_back(std::move(file));
    }
    return {};
  }
  if (to.ends_with('/') || to.ends_with('\\')) to += fs::path(path).filename().string();
  const auto place = bootimage::image_path(to);
  if (!place) return tl::unexpected(place.error());
  auto source = source_of(*place, [path] { return api::open_local_file(path); });
  if (!source) return tl::unexpected(source.error());
  into.push_back(std::move(*source));
  return {};
}

}  // namespace

base::Result<bootimage::InjectWish> read_inject_wish(const InjectArguments& typed) {
  bootimage::InjectWish wish;
  if (const auto fits = bootimage::check_start_command(typed.start); !fits)
    return base::fail("--start: {}", fits.error().what);
  wish.command = typed.start;
  for (const std::string& path : typed.drivers) {
    auto driver = read_driver(path);
    if (!driver) return tl::unexpected(driver.error());
    wish.drivers.push_back(std::move(*driver));
  }
  for (const std::string& each : typed.files) {
    if (auto read = read_file(each, wish.files); !read) return tl::unexpected(read.error());
  }
  return wish;
}

std::uint64_t octets_of(const bootimage::InjectWish& wish) {
  std::uint64_t octets = 0;
  for (const bootimage::DriverFolder& driver : wish.drivers) {
    for (const InjectSource& file : driver.files) octets += file.size;
  }
  for (const InjectSource& file : wish.files) octets += file.size;
  return octets;
}

}  // namespace cli
