// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/log.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <mutex>

#include "base/utf8.h"

namespace base {
namespace {

std::atomic<LogLevel> lowest{LogLevel::info};
std::atomic<LogFormat> format_{LogFormat::text};
std::mutex sink_mutex;
std::function<void(std::string_view)> sink;  // guarded by sink_mutex

constexpr std::string_view name(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "?";
}

constexpr int journal_priority(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return 7;
    case LogLevel::info:
      return 6;
    case LogLevel::warning:
      return 4;
    case LogLevel::error:
      return 3;
  }
  return 6;
}

std::string timestamp() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, ms);
}

// Text from packets reaches the log: control characters must not forge lines or colours, and
// what is no text must not spoil the JSON.
std::string printable(std::string_view text, bool json) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t octets = printable_utf8(text);
    if (octets == 0) {
      out += fmt::format("{}x{:02x}", json ? "\\\\" : "\\", static_cast<unsigned char>(text.front()));
    } else {
      if (json && (text.front() == '"' || text.front() == '\\')) out += '\\';
      out += text.substr(0, octets);
    }
    text.remove_prefix(std::max<std::size_t>(octets, 1));
  }
  return out;
}

}  // namespace

void set_log_level(LogLevel level) { lowest = level; }
bool log_enabled(LogLevel level) { return level >= lowest.load(std::memory_order_relaxed); }
void set_log_format(LogFormat format) { format_ = format; }

void set_log_sink(std::function<void(std::string_view)> new_sink) {
  const std::lock_guard lock(sink_mutex);
  sink = std::move(new_sink);
}

void log_line(LogLevel level, std::string_view component, std::string_view text) {
  std::string line;
  switch (format_.load()) {
    case LogFormat::text:
      line = fmt::format("{} {:<7} {}: {}\n", timestamp(), name(level), component, printable(text, false));
      break;
    case LogFormat::json:
      line = fmt::format("{{\"time\":\"{}\",\"level\":\"{}\",\"component\":\"{}\",\"text\":\"{}\"}}\n",
                         timestamp(), name(level), component, printable(text, true));
      break;
    case LogFormat::journal:
      line = fmt::format("<{}>{}: {}\n", journal_priority(level), component, printable(text, false));
      break;
  }
  const std::lock_guard lock(sink_mutex);
  if (sink) {
    sink(line);
  } else {
    std::fputs(line.c_str(), stderr);
  }
}

}  // namespace base
