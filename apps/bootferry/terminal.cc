// SPDX-License-Identifier: GPL-3.0-or-later
#include "terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>

namespace cli {
namespace {

bool colour_wanted() {
  const char* refused = std::getenv("NO_COLOR");
  return ::isatty(STDOUT_FILENO) == 1 && (refused == nullptr || *refused == '\0');
}

// Letters, not octets: columns hold names in UTF-8.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

int terminal_columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    out += u < 0x20 || u == 0x7f ? '?' : c;
  }
  return out;
}

void report(std::string_view error) { std::cerr << "bootferry: " << printable(error) << '\n'; }
void print_line(std::string_view text) { std::cout << text << '\n'; }

std::string paint(std::string_view text, Colour colour) {
  if (colour == Colour::none || !colour_wanted()) return std::string(text);
  const int code = colour == Colour::green ? 32 : colour == Colour::yellow ? 33 : 31;
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

void Table::colour(Colour colour) {
  colours_.resize(rows_.size(), Colour::none);
  colours_.back() = colour;
}

std::string Table::print() const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string out;
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    for (std::size_t i = 0; i < rows_[r].size(); ++i) {
      const std::string cell = printable(rows_[r][i]);
      const bool coloured = i == 0 && r < colours_.size();
      out += coloured ? paint(cell, colours_[r]) : cell;
      if (i + 1 < rows_[r].size()) out += std::string(widths[i] - width(cell) + 2, ' ');
    }
    out.erase(out.find_last_not_of(' ') + 1);  // empty cells at a row's end
    out += '\n';
  }
  out.pop_back();
  return out;
}

std::string print_size(std::uint64_t octets) {
  constexpr double mib = 1024.0 * 1024.0;
  const auto size = static_cast<double>(octets);
  return size >= 1024 * mib ? fmt::format("{:.1f} GiB", size / (1024 * mib))
                            : fmt::format("{:.1f} MiB", size / mib);
}

ProgressBar::ProgressBar(std::string what, bool wanted, Unit unit)
    : what_(std::move(what)), shown_(wanted && ::isatty(STDERR_FILENO) == 1), unit_(unit) {}

void ProgressBar::show(std::uint64_t done, std::uint64_t total) {
  const auto now = std::chrono::steady_clock::now();
  if (!shown_ || total == 0 || (drawn_ && now - last_ < std::chrono::milliseconds(50))) return;
  last_ = now;
  drawn_ = true;
  const auto figure = [&](std::uint64_t value) {
    return unit_ == Unit::octets ? print_size(value) : fmt::format("{}", value);
  };
  const std::string figures = fmt::format(" {} of {}", figure(std::min(done, total)), figure(total));
  const int room = terminal_columns() - static_cast<int>(what_.size() + figures.size()) - 5;
  const auto cells = static_cast<std::size_t>(std::clamp(room, 0, 40));
  const auto full = static_cast<std::size_t>(
      static_cast<double>(cells) * static_cast<double>(std::min(done, total)) / static_cast<double>(total));
  std::cerr << fmt::format("\r{} [{}{}]{}\x1b[K", what_, std::string(full, '#'),
                           std::string(cells - full, ' '), figures)
            << std::flush;
}

void ProgressBar::clear() {
  if (drawn_) std::cerr << "\r\x1b[K" << std::flush;
  drawn_ = false;
}

bool confirm(std::string_view question) {
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1) return true;
  std::cerr << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

void Redrawn::show(const std::string& text) {
  if (::isatty(STDOUT_FILENO) == 1) {
    std::cout << "\x1b[H\x1b[2J" << text << '\n' << std::flush;
  } else if (text != last_) {
    std::cout << text << '\n' << std::flush;
  }
  last_ = text;
}

}  // namespace cli
