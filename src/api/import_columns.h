// SPDX-License-Identifier: GPL-3.0-or-later
// What the columns of a list of machines mean. For the readers of imports only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/csv.h"
#include "api/import.h"
#include "api/import_collector.h"

namespace api {

struct Column {
  enum class Kind : std::uint8_t {
    name,
    account,  // a computer's in a domain
    macs,
    uuid,
    netboot_id,  // import_text.h
    collections,
    state,
    image,
    program,
    referral,
    variable,
    ignored,
    unknown,
  };
  Kind kind = Kind::unknown;
  std::string title;  // of a variable its name
};

// By the names in the first line; case, blanks and signs in them do not matter.
std::vector<Column> columns_of(const std::vector<std::string>& cells);
// Whether one of them tells machines apart.
bool names_machines(const std::vector<Column>& columns);
// What is wrong with the cell, if something is.
std::optional<std::string> read_cell(const Column& column, std::string_view cell, ImportedDevice& device);
// All rows that are left.
void read_rows(CsvReader& csv, const std::vector<Column>& columns, Collector& out);

// "PC-1" of "DOMAIN\PC-1$".
std::string_view computer_name(std::string_view account);

}  // namespace api
