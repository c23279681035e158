// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/time_text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>

#include "api/json.h"
#include "base/ascii.h"

namespace api {
namespace {

constexpr std::array<std::string_view, 7> days = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr int minutes_of_day = 24 * 60;

// Reads from the front of a text; the failure stays.
class Cursor {
 public:
  explicit Cursor(std::string_view rest) : rest_(rest) {}

  // Exactly so many digits, at most `most`.
  int digits(std::size_t count, int most) {
    int value = 0;
    if (!enough(count)) return 0;
    for (const char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9') return fail();
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    return value <= most ? value : fail();
  }
  void letter(char wanted) {
    if (!take(wanted)) fail();
  }
  // Whether it was there, in either case.
  bool take(char wanted) {
    if (rest_.empty() || base::lower(rest_.front()) != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<int> day() {
    for (std::size_t i = 0; i < days.size(); ++i) {
      if (!base::same_but_for_case(rest_.substr(0, 3), days.at(i))) continue;
      rest_.remove_prefix(3);
      blanks();
      return static_cast<int>(i);
    }
    return std::nullopt;
  }
  int clock() {
    const int hour = digits(2, 24);
    letter(':');
    const int minute = digits(2, 59);
    return hour * 60 + minute <= minutes_of_day ? hour * 60 + minute : fail();
  }
  void skip_digits() {
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') rest_.remove_prefix(1);
  }
  void blanks() {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
  }
  int fail() {
    ok_ = false;
    rest_ = {};
    return 0;
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return ok_ && rest_.empty(); }

 private:
  bool enough(std::size_t count) {
    if (rest_.size() >= count) return true;
    fail();
    return false;
  }
  std::string_view rest_;
  bool ok_ = true;
};

std::string print_minute(int minute) {
  return fmt::format("{} {:02}:{:02}", days.at(static_cast<std::size_t>(minute / minutes_of_day)),
                     minute % minutes_of_day / 60, minute % 60);
}

}  // namespace

std::string print_time(std::int64_t unix_seconds) {
  using namespace std::chrono;
  const sys_seconds at{seconds{unix_seconds}};
  const auto day = floor<std::chrono::days>(at);
  const year_month_day date{day};
  const hh_mm_ss time{at - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  using namespace std::chrono;
  Cursor at(text);
  const int year_number = at.digits(4, 9999);
  at.letter('-');
  const int month_number = at.digits(2, 12);
  at.letter('-');
  const int day_number = at.digits(2, 31);
  if (!at.take(' ')) at.letter('t');
  const int hour = at.digits(2, 23);
  at.letter(':');
  const int minute = at.digits(2, 59);
  at.letter(':');
  const int second = at.digits(2, 60);  // a leap second is the next minute's first
  if (at.take('.')) {
    at.digits(1, 9);
    at.skip_digits();
  }
  int offset = 0;
  if (!at.take('z')) {
    const int sign = at.take('-') ? -1 : 1;
    if (sign > 0) at.letter('+');
    const int hours = at.digits(2, 23);
    at.letter(':');
    offset = sign * (hours * 60 + at.digits(2, 59));
  }
  const year_month_day date{year{year_number}, month{static_cast<unsigned>(month_number)},
                            day{static_cast<unsigned>(day_number)}};
  if (!at.at_end() || !date.ok()) return std::nullopt;
  const std::int64_t days_since = sys_days{date}.time_since_epoch().count();
  return days_since * 86400 + (hour * 60 + minute - offset) * std::int64_t{60} + second;
}

std::string print_window(const policy::WeekWindow& window) {
  const int from = window.from_minute % policy::minutes_of_week;
  return fmt::format("{}-{}", print_minute(from),
                     print_minute((from + window.minutes) % policy::minutes_of_week));
}

std::optional<policy::WeekWindow> parse_window(std::string_view text) {
  Cursor at(text);
  const auto first = at.day();
  const int from_clock = at.clock();
  at.blanks();
  at.letter('-');
  at.blanks();
  const auto second = at.day();
  const int to_clock = at.clock();
  if (!first || !at.at_end()) return std::nullopt;
  constexpr int week = policy::minutes_of_week;
  const int from = (*first * minutes_of_day + from_clock) % week;
  const int next_day = to_clock > from_clock ? 0 : 1;
  const int to = second.value_or(*first + next_day) * minutes_of_day + to_clock;
  const int length = (to - from + 2 * week) % week;
  return policy::WeekWindow{static_cast<std::uint16_t>(from),
                            static_cast<std::uint16_t>(length == 0 ? week : length)};
}

}  // namespace api
