// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/run_logs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/log.h"

namespace site {
namespace fs = std::filesystem;

namespace {

constexpr std::string_view log_end = ".log", facts_end = ".facts.json";

void complain(const std::string& name) {
  base::log(base::LogLevel::warning, "run", "{}: {}", name, std::strerror(errno));
}

bool write_all(int file, std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t written = ::write(file, octets.data(), octets.size());
    if (written <= 0) return false;
    octets.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// «17-4-1763760000» of a file's name; nothing where it is of another form.
struct Try {
  std::int64_t device = 0, deployment = 0, offered = 0;
};
std::optional<Try> try_of(std::string_view name) {
  Try found;
  for (std::int64_t* const number : {&found.device, &found.deployment, &found.offered}) {
    const auto read = std::from_chars(name.data(), name.data() + name.size(), *number);
    if (read.ec != std::errc()) return std::nullopt;
    name.remove_prefix(static_cast<std::size_t>(read.ptr - name.data()));
    if (number != &found.offered && !name.starts_with('-')) return std::nullopt;
    if (number != &found.offered) name.remove_prefix(1);
  }
  return name.empty() ? std::optional(found) : std::nullopt;
}

}  // namespace

std::string RunLogs::name_of(const policy::Run& run, std::string_view end) const {
  return fmt::format("{}/{}-{}-{}{}", directory_, run.key.device, run.key.deployment, run.offered, end);
}

bool RunLogs::post(std::string_view octets, std::function<void(std::string_view)> write) {
  if (waiting_.fetch_add(octets.size()) + octets.size() > max_waiting) {
    waiting_ -= octets.size();
    return false;
  }
  const bool taken = post_([this, write = std::move(write), text = std::string(octets)](Administration&) {
    if (make_room()) write(text);
    waiting_ -= text.size();
  });
  if (!taken) waiting_ -= octets.size();
  return taken;
}

bool RunLogs::append(const policy::Run& run, std::string_view octets) {
  return post(octets, [this, name = name_of(run, log_end)](std::string_view text) { write_log(name, text); });
}

bool RunLogs::keep_facts(const policy::Run& run, std::string_view json) {
  return post(json,
              [this, name = name_of(run, facts_end)](std::string_view text) { write_facts(name, text); });
}

bool RunLogs::make_room() const {
  if (::mkdir(directory_.c_str(), 0750) != 0 && errno != EEXIST) {
    complain(directory_);
    return false;
  }
  drop_oldest();
  return true;
}

void RunLogs::write_log(const std::string& name, std::string_view octets) const {
  const base::Fd file(::open(name.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0640));
  struct stat facts {};
  if (!file.open() || ::fstat(file.get(), &facts) != 0) return complain(name);
  const auto there = static_cast<std::size_t>(facts.st_size);
  if (!write_all(file.get(), octets.substr(0, max_octets - std::min(max_octets, there)))) complain(name);
}

void RunLogs::write_facts(const std::string& name, std::string_view octets) const {
  // Whoever reads meanwhile sees the old ones or the new ones, whole.
  const std::string fresh = name + ".new";
  const base::Fd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640));
  if (!file.open() || !write_all(file.get(), octets) || ::rename(fresh.c_str(), name.c_str()) != 0)
    complain(name);
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

std::optional<KeptFacts> last_facts(const std::string& directory, std::int64_t device) {
  std::optional<Try> last;
  std::string path;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(facts_end)) continue;
    const auto found = try_of(std::string_view(name).substr(0, name.size() - facts_end.size()));
    if (!found || found->device != device || (last && last->offered > found->offered)) continue;
    last = found;
    path = entry.path().string();
  }
  struct stat facts {};
  const base::Fd file(last ? ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1);
  if (!file.open() || ::fstat(file.get(), &facts) != 0) return std::nullopt;
  KeptFacts kept{last->deployment, facts.st_mtim.tv_sec, {}};
  kept.json.resize(std::min<std::size_t>(static_cast<std::size_t>(facts.st_size), RunLogs::max_octets));
  const ssize_t got = ::read(file.get(), kept.json.data(), kept.json.size());
  kept.json.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return kept;
}

}  // namespace site
