// SPDX-License-Identifier: GPL-3.0-or-later
// What people see: tables, one-line errors, a progress bar. Colour and movement only on a
// terminal; NO_COLOR is honoured.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

inline constexpr int exit_ok = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;

// "bootferry: ..." on standard error, always one line.
void report(std::string_view error);
void print_line(std::string_view text);  // standard output

enum class Colour { none, green, yellow, red };
// The text in colour when standard output is a terminal.
std::string paint(std::string_view text, Colour colour);

// Columns as wide as their widest cell; the last one is free. Control characters in cells
// (names from elsewhere) are replaced, so that they cannot steer the terminal.
class Table {
 public:
  explicit Table(std::vector<std::string> headings) { rows_.push_back(std::move(headings)); }
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  // Colours the first cell of the row added last.
  void colour(Colour colour);
  [[nodiscard]] std::string print() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<Colour> colours_;
};

std::string printable(std::string_view text);
std::string print_size(std::uint64_t octets);  // 41.2 MiB

// A bar on standard error; nothing when that is no terminal.
class ProgressBar {
 public:
  enum class Unit { octets, things };
  explicit ProgressBar(std::string what, bool wanted, Unit unit = Unit::octets);
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  void show(std::uint64_t done, std::uint64_t total);
  void clear();

 private:
  std::string what_;
  bool shown_;
  Unit unit_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_;
};

// Asks on the terminal. True without a terminal: a script has nobody to ask.
bool confirm(std::string_view question);

// Something that is shown again and again. On a terminal each text takes the place of the one
// before; else one that differs is printed below it.
class Redrawn {
 public:
  void show(const std::string& text);

 private:
  std::string last_;
};

}  // namespace cli
