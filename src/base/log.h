// SPDX-License-Identifier: GPL-3.0-or-later
// The log front-end. One line an event: time, level, component, text. Below the server
// nobody logs: rooms return events as values and the server words them.
#pragma once

#include <fmt/core.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace base {

enum class LogLevel { debug, info, warning, error };

// Lines below this level are not formatted. Default info. Thread-safe.
void set_log_level(LogLevel level);
[[nodiscard]] bool log_enabled(LogLevel level);

// Where lines go; stderr unless set. JSON lines instead of text when `json`.
// The journal's own priorities ("<6>") are put in front when stderr is the journal.
enum class LogFormat { text, json, journal };
void set_log_format(LogFormat format);
void set_log_sink(std::function<void(std::string_view line)> sink);  // tests

void log_line(LogLevel level, std::string_view component, std::string_view text);

template <class... Args>
void log(LogLevel level, std::string_view component, fmt::format_string<Args...> text, Args&&... args) {
  if (log_enabled(level)) log_line(level, component, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace base
