// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/http_conditions.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <limits>

namespace net {
namespace {

constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// Does a list of entity tags name this one? A weak tag counts only where the weak comparison
// does (If-None-Match).
bool names(std::string_view list, std::string_view etag, bool weak_counts) {
  list = trim(list);
  if (list == "*") return true;
  while (!list.empty()) {
    const bool weak = list.starts_with("W/");
    if (weak) list.remove_prefix(2);
    const std::size_t end = list.starts_with('"') ? list.find('"', 1) : std::string_view::npos;
    if (end == std::string_view::npos) return false;  // no tag: nothing after it can be trusted
    if (list.substr(0, end + 1) == etag && (weak_counts || !weak)) return true;
    list.remove_prefix(end + 1);
    while (!list.empty() && (list.front() == ',' || list.front() == ' ' || list.front() == '\t')) {
      list.remove_prefix(1);
    }
  }
  return false;
}

// Digits only; what does not fit is "very far", which is what a client with such a number means.
std::optional<std::uint64_t> parse_position(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::uint64_t value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) {
    return std::numeric_limits<std::uint64_t>::max();
  }
  return value;
}

// One range of octets. Several ranges, other units and nonsense are ignored, as §14.2
// permits: no firmware asks for multipart answers.
Selection select_range(std::string_view text, std::uint64_t size) {
  const Selection whole{200, 0, size};
  const Selection unsatisfiable{416, 0, 0};
  constexpr std::string_view unit = "bytes=";
  text = trim(text);
  const auto same_letter = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
  if (text.size() < unit.size() || !std::equal(unit.begin(), unit.end() - 1, text.begin(), same_letter))
    return whole;
  if (text[unit.size() - 1] != '=') return whole;
  text = trim(text.substr(unit.size()));
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return whole;
  const std::string_view before = text.substr(0, dash);
  const auto last = parse_position(text.substr(dash + 1));
  if (before.empty()) {  // the last N octets
    if (!last) return whole;
    if (*last == 0 || size == 0) return unsatisfiable;
    const std::uint64_t length = std::min(*last, size);
    return {206, size - length, length};
  }
  const auto first = parse_position(before);
  if (!first || (!last && dash + 1 != text.size()) || (last && *last < *first)) return whole;
  if (*first >= size) return unsatisfiable;
  return {206, *first, std::min(last.value_or(size - 1), size - 1) - *first + 1};
}

std::optional<int> two_digits(std::string_view text) {
  const auto value = parse_position(text);
  return value ? std::optional<int>(static_cast<int>(*value)) : std::nullopt;
}

}  // namespace

// The order is RFC 9110 §13.2.2's.
Selection select(const Conditions& conditions, const Validators& file, std::uint64_t size, bool is_get) {
  const Selection failed{412, 0, 0}, not_modified{304, 0, size};
  const auto date = [](const std::optional<std::string>& field) {
    return field ? parse_http_date(*field) : std::nullopt;
  };
  if (conditions.if_match) {
    if (!names(*conditions.if_match, file.etag, false)) return failed;
  } else if (const auto limit = date(conditions.if_unmodified_since); limit && file.modified > *limit) {
    return failed;
  }
  if (conditions.if_none_match) {
    if (names(*conditions.if_none_match, file.etag, true)) return not_modified;
  } else if (const auto since = date(conditions.if_modified_since); since && file.modified <= *since) {
    return not_modified;
  }
  if (is_get && conditions.range) {
    bool same = true;
    if (conditions.if_range) {
      const auto stamp = date(conditions.if_range);
      same = stamp ? *stamp == file.modified
                   : trim(*conditions.if_range) != "*" && names(*conditions.if_range, file.etag, false);
    }
    if (same) return select_range(*conditions.range, size);
  }
  return {200, 0, size};
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
  text = trim(text);
  constexpr std::string_view shape = "Www, 00 Mmm 0000 00:00:00 GMT";
  if (text.size() != shape.size()) return std::nullopt;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const bool punctuation = shape[i] == ' ' || shape[i] == ',' || shape[i] == ':' || i >= 26;
    if (punctuation && text[i] != shape[i]) return std::nullopt;
  }
  const auto month = std::find(months.begin(), months.end(), text.substr(8, 3));
  const auto day = two_digits(text.substr(5, 2)), year = two_digits(text.substr(12, 4));
  const auto hour = two_digits(text.substr(17, 2)), minute = two_digits(text.substr(20, 2));
  const auto second = two_digits(text.substr(23, 2));
  if (month == months.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;  // 60 is a leap second
  const std::chrono::year_month_day date{
      std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(month - months.begin()) + 1),
      std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const std::int64_t midnight = std::chrono::sys_days(date).time_since_epoch().count() * std::int64_t{86400};
  return midnight + *hour * 3600 + *minute * 60 + *second;
}

std::string print_http_date(std::int64_t unix_seconds) {
  using std::chrono::floor, std::chrono::seconds;
  const std::chrono::sys_seconds time{seconds(unix_seconds)};
  const auto day = floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days[std::chrono::weekday(day).c_encoding()],
                     static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

}  // namespace net
