// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/csv.h"

#include <algorithm>

#include "api/import_text.h"

namespace api {
namespace {

char most_frequent_separator(std::string_view line) {
  std::size_t commas = 0, semicolons = 0, tabs = 0;
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    commas += c == ',' ? 1 : 0;
    semicolons += c == ';' ? 1 : 0;
    tabs += c == '\t' ? 1 : 0;
  }
  if (tabs > commas && tabs > semicolons) return '\t';
  return semicolons > commas ? ';' : ',';
}

}  // namespace

CsvReader::CsvReader(std::string_view text) : rest_(text) {
  std::string_view after = rest_;
  const std::string_view first = take_line(after);
  if (first.size() == 5 && first.starts_with("sep=")) {
    separator_ = first[4];
    rest_ = after;
    line_ = 2;
    return;
  }
  // Blank lines and remarks may stand in front.
  std::string_view looking = rest_;
  while (!looking.empty()) {
    const std::string_view line = take_line(looking);
    if (trimmed(line).empty() || line.starts_with('#')) continue;
    separator_ = most_frequent_separator(line);
    return;
  }
}

bool CsvReader::next() {
  while (!rest_.empty() && !fault_) {
    row_line_ = line_;
    if (rest_.starts_with('#')) {
      take_line(rest_);
      ++line_;
      continue;
    }
    read_row();
    const bool blank = std::ranges::all_of(cells_, [](const std::string& cell) { return cell.empty(); });
    if (!blank && !fault_) return true;
  }
  return false;
}

void CsvReader::read_row() {
  const char ends[] = {separator_, '\n', '\r'};
  const std::string_view any_end(ends, 3);
  std::size_t count = 0;
  for (bool more = true; more;) {
    if (count == max_cells) {
      fault_ = LineFault{line_, "a row holds at most 4096 cells"};
      return;
    }
    if (count == cells_.size()) cells_.emplace_back();
    std::string& cell = cells_[count++];
    cell.clear();
    const auto begin = rest_.find_first_not_of(separator_ == '\t' ? " " : " \t");
    if (begin != rest_.npos && rest_[begin] == '"') {
      rest_.remove_prefix(begin + 1);
      if (!read_quoted(cell)) return;
    } else {
      const std::string_view plain = rest_.substr(0, rest_.find_first_of(any_end));
      rest_.remove_prefix(plain.size());
      cell = trimmed(plain);
    }
    if (rest_.starts_with("\r\n")) rest_.remove_prefix(1);
    more = rest_.starts_with(separator_);
    if (!more && !rest_.empty() && rest_.front() == '\n') ++line_;
    if (!rest_.empty()) rest_.remove_prefix(1);
  }
  cells_.resize(count);
}

// Behind the first quotation mark, up to the cell's end.
bool CsvReader::read_quoted(std::string& cell) {
  const std::size_t began = line_;
  while (true) {
    const auto mark = rest_.find('"');
    if (mark == rest_.npos) {
      fault_ = LineFault{began, "a quotation mark is opened here and never closed"};
      return false;
    }
    line_ += static_cast<std::size_t>(
        std::count(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(mark), '\n'));
    cell.append(rest_.substr(0, mark));
    rest_.remove_prefix(mark + 1);
    if (!rest_.starts_with('"')) break;
    cell += '"';
    rest_.remove_prefix(1);
  }
  const auto end = rest_.find_first_not_of(separator_ == '\t' ? " " : " \t");
  rest_.remove_prefix(end == rest_.npos ? rest_.size() : end);
  if (rest_.empty() || rest_.front() == separator_ || rest_.front() == '\n' || rest_.front() == '\r')
    return true;
  fault_ =
      LineFault{line_, "there is more behind a closing quotation mark: one within a cell is written twice"};
  return false;
}

}  // namespace api
