// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/run_logs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/log.h"

namespace site {
namespace fs = std::filesystem;

bool RunLogs::append(const policy::Run& run, std::string_view octets) {
  if (waiting_.fetch_add(octets.size()) + octets.size() > max_waiting) {
    waiting_ -= octets.size();
    return false;
  }
  auto name = fmt::format("{}/{}-{}-{}.log", directory_, run.key.device, run.key.deployment, run.offered);
  const bool taken = post_([this, name = std::move(name), text = std::string(octets)](Administration&) {
    write(name, text);
    waiting_ -= text.size();
  });
  if (!taken) waiting_ -= octets.size();
  return taken;
}

void RunLogs::write(const std::string& name, std::string_view octets) const {
  if (::mkdir(directory_.c_str(), 0750) != 0 && errno != EEXIST) {
    return base::log(base::LogLevel::warning, "run", "{}: {}", directory_, std::strerror(errno));
  }
  drop_oldest();
  const base::Fd file(::open(name.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0640));
  struct stat facts {};
  if (!file.open() || ::fstat(file.get(), &facts) != 0) {
    return base::log(base::LogLevel::warning, "run", "{}: {}", name, std::strerror(errno));
  }
  const auto there = static_cast<std::size_t>(facts.st_size);
  octets = octets.substr(0, max_octets - std::min(max_octets, there));
  while (!octets.empty()) {
    const ssize_t written = ::write(file.get(), octets.data(), octets.size());
    if (written <= 0) {
      return base::log(base::LogLevel::warning, "run", "{}: {}", name, std::strerror(errno));
    }
    octets.remove_prefix(static_cast<std::size_t>(written));
  }
}

void RunLogs::drop_oldest() const {
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory_, error)) {
    files.emplace_back(entry.last_write_time(error), entry.path());
  }
  if (files.size() < max_files) return;
  std::ranges::sort(files);
  for (std::size_t i = 0; i + max_files <= files.size(); ++i) fs::remove(files[i].second, error);
}

}  // namespace site
