// SPDX-License-Identifier: GPL-3.0-or-later
// Comma-separated values, as RFC 4180 has them and spreadsheets write them: any separator, cells
// in quotation marks that may hold separators, line breaks and doubled quotation marks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/import.h"

namespace api {

class CsvReader {
 public:
  static constexpr std::size_t max_cells = 4096;  // in a row

  // Excel's «sep=;» in front decides; else what the first line holds most of: ',', ';' or tab.
  explicit CsvReader(std::string_view text);

  // The next row that is not empty; false at the end and at a fault.
  bool next();
  [[nodiscard]] const std::vector<std::string>& cells() const { return cells_; }  // without blanks around
  [[nodiscard]] std::size_t line() const { return row_line_; }                    // where the row begins
  [[nodiscard]] const std::optional<LineFault>& fault() const { return fault_; }
  [[nodiscard]] char separator() const { return separator_; }

 private:
  void read_row();
  bool read_quoted(std::string& cell);

  std::string_view rest_;
  char separator_ = ',';
  std::size_t line_ = 1, row_line_ = 1;
  std::vector<std::string> cells_;
  std::optional<LineFault> fault_;
};

}  // namespace api
