// SPDX-License-Identifier: GPL-3.0-or-later
// Lists of machines with a line of column names, and Configuration Manager's without one.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "api/csv.h"
#include "api/import_collector.h"
#include "api/import_columns.h"
#include "api/import_text.h"
#include "base/ascii.h"

namespace api {
namespace {

constexpr std::size_t shown = 60;  // of a cell, in messages

std::optional<Column::Kind> kind_of_column(std::string_view name) {
  using Kind = Column::Kind;
  struct Known {
    std::string_view name;
    Kind kind;
  };
  // Ours, Configuration Manager's, Active Directory's; in the order in which the better one of
  // two in one file comes first.
  static constexpr Known columns[] = {
      {"name", Kind::name},
      {"computername", Kind::name},
      {"hostname", Kind::name},
      {"devicename", Kind::name},
      {"machinename", Kind::name},
      {"device", Kind::name},
      {"host", Kind::name},
      {"cn", Kind::name},
      {"samaccountname", Kind::account},
      {"mac", Kind::macs},
      {"macs", Kind::macs},
      {"macaddress", Kind::macs},
      {"macaddresses", Kind::macs},
      {"hardwareaddress", Kind::macs},
      {"uuid", Kind::uuid},
      {"guid", Kind::uuid},
      {"smbiosguid", Kind::uuid},
      {"smbiosuuid", Kind::uuid},
      {"biosguid", Kind::uuid},
      {"systemuuid", Kind::uuid},
      {"netbootguid", Kind::netboot_id},
      {"deviceid", Kind::netboot_id},
      {"collection", Kind::collections},
      {"collections", Kind::collections},
      {"state", Kind::state},
      {"image", Kind::image},
      {"program", Kind::program},
      {"bootprogram", Kind::program},
      {"referral", Kind::referral},
      {"description", Kind::ignored},
      {"comment", Kind::ignored},
      {"sourcecomputer", Kind::ignored},
  };
  std::string folded_name;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) folded_name += base::lower(c);
  }
  for (const Known& known : columns) {
    if (known.name == folded_name) return known.kind;
  }
  // "MAC Address 2"
  const auto digits = folded_name.find_last_not_of("0123456789") + 1;
  if (digits == folded_name.size() || digits == 0) return std::nullopt;
  const auto numbered = kind_of_column(folded_name.substr(0, digits));
  return numbered == Kind::macs ? numbered : std::nullopt;
}

// "5.254E+11": a spreadsheet took digits for a number.
bool is_made_a_number(std::string_view cell) {
  return !cell.empty() && cell.find_first_not_of("0123456789.,E+e") == cell.npos &&
         cell.find_first_of("Ee") != cell.npos && cell.find('+') != cell.npos;
}

std::string not_that(std::string_view cell, std::string_view what) {
  if (is_made_a_number(cell)) {
    return fmt::format("\"{}\" is a number that a spreadsheet made of {}: format that column as text", cell,
                       what);
  }
  return fmt::format("\"{}\" is not {}", cell.substr(0, shown), what);
}

// The parts of a cell that holds several, by any of `separators`.
template <class Visit>
void each_part(std::string_view cell, std::string_view separators, const Visit& visit) {
  while (!cell.empty()) {
    const auto end = cell.find_first_of(separators);
    if (const auto part = trimmed(cell.substr(0, end)); !part.empty()) visit(part);
    cell.remove_prefix(end == cell.npos ? cell.size() : end + 1);
  }
}

}  // namespace

std::vector<Column> columns_of(const std::vector<std::string>& cells) {
  std::vector<Column> columns;
  for (const std::string& cell : cells) {
    constexpr std::string_view variable = "var.";
    if (folded(cell.substr(0, variable.size())) == variable && cell.size() > variable.size()) {
      columns.push_back({Column::Kind::variable, cell.substr(variable.size())});
    } else {
      columns.push_back({kind_of_column(cell).value_or(Column::Kind::unknown), cell});
    }
  }
  return columns;
}

bool names_machines(const std::vector<Column>& columns) {
  return std::ranges::any_of(columns, [](const Column& column) {
    using Kind = Column::Kind;
    return column.kind == Kind::macs || column.kind == Kind::uuid || column.kind == Kind::netboot_id;
  });
}

std::optional<std::string> read_cell(const Column& column, std::string_view cell, ImportedDevice& device) {
  using Kind = Column::Kind;
  std::optional<std::string> fault;
  const auto bad = [&](std::string_view part, std::string_view what) {
    if (!fault) fault = not_that(part, what);
  };
  switch (column.kind) {
    case Kind::name:
      if (device.name.empty()) device.name = cell;
      break;
    case Kind::account:  // DOMAIN\PC-1$
      if (device.name.empty()) device.name = computer_name(cell);
      break;
    case Kind::macs:
      if (is_made_a_number(cell)) return not_that(cell, "a hardware address");
      each_part(cell, " ,;|\n\r\t", [&](std::string_view part) {
        const auto mac = base::Mac::parse(part);
        if (mac) device.macs.push_back(*mac);
        if (!mac) bad(part, "a hardware address");
      });
      break;
    case Kind::uuid: {
      device.uuid = base::Uuid::parse(cell);
      if (!device.uuid) bad(cell, "a UUID");
      break;
    }
    case Kind::netboot_id: {
      const auto id = parse_netboot_id(cell);
      if (!id) {
        bad(cell, "a UUID or a hardware address");
      } else if (const auto* mac = std::get_if<base::Mac>(&*id)) {
        device.macs.push_back(*mac);
      } else {
        device.uuid = std::get<base::Uuid>(*id);
      }
      break;
    }
    case Kind::collections:
      each_part(cell, ",;|\n\r", [&](std::string_view part) { device.collections.emplace_back(part); });
      break;
    case Kind::state:
      device.state = policy::parse_device_state(folded(cell));
      if (device.state == policy::DeviceState::pending || !device.state)
        bad(cell, "a state: \"approved\" or \"rejected\"");
      break;
    case Kind::image:
      device.image = cell;
      break;
    case Kind::program:
      device.program = cell;
      break;
    case Kind::referral:
      device.referral = cell;
      break;
    case Kind::variable:
      device.variables.emplace_back(column.title, cell);
      break;
    case Kind::ignored:
    case Kind::unknown:
      break;
  }
  return fault;
}

std::string_view computer_name(std::string_view account) {
  if (const auto slash = account.rfind('\\'); slash != account.npos) account.remove_prefix(slash + 1);
  if (account.ends_with('$')) account.remove_suffix(1);
  return account;
}

void read_rows(CsvReader& csv, const std::vector<Column>& columns, Collector& out) {
  while (csv.next()) {
    ImportedDevice device;
    device.line = csv.line();
    const auto& cells = csv.cells();
    std::optional<std::string> fault;
    for (std::size_t i = 0; i < cells.size() && !fault; ++i) {
      if (cells[i].empty()) continue;
      if (i >= columns.size()) {
        fault =
            fmt::format("it has {} cells, and the first line names {} columns", cells.size(), columns.size());
      } else {
        fault = read_cell(columns[i], cells[i], device);
      }
    }
    if (fault) {
      out.fault(csv.line(), *fault);
    } else {
      out.add(std::move(device));
    }
  }
  if (csv.fault()) out.fault(csv.fault()->line, csv.fault()->what);
}

namespace {

// Name, SMBIOS GUID, hardware address: what each cell is, it says itself.
void read_row_without_columns(const std::vector<std::string>& cells, std::size_t line, Collector& out) {
  ImportedDevice device;
  device.line = line;
  for (const std::string& cell : cells) {
    if (cell.empty()) continue;
    if (const auto mac = base::Mac::parse(cell)) {
      device.macs.push_back(*mac);
    } else if (const auto uuid = base::Uuid::parse(cell)) {
      device.uuid = uuid;
    } else if (device.name.empty()) {
      device.name = cell;
    } else {
      return out.fault(line,
                       not_that(cell, "a hardware address or a UUID (the first line names no columns)"));
    }
  }
  out.add(std::move(device));
}

}  // namespace

base::Result<Imported, LineFaults> read_csv(std::string_view text) {
  Collector out;
  CsvReader csv(text);
  if (!csv.next()) {
    if (csv.fault()) out.fault(csv.fault()->line, csv.fault()->what);
    return std::move(out).finish();
  }
  const std::vector<Column> columns = columns_of(csv.cells());
  if (names_machines(columns)) {
    for (const Column& column : columns) {
      if (column.kind != Column::Kind::unknown || column.title.empty()) continue;
      out.fault(csv.line(),
                fmt::format("no column is called \"{}\": name, mac, uuid, collections, state, image, "
                            "program, referral and var.NAME are",
                            column.title.substr(0, shown)));
    }
    read_rows(csv, columns, out);
    return std::move(out).finish();
  }
  const bool is_machine = std::ranges::any_of(
      csv.cells(), [](const std::string& cell) { return base::Mac::parse(cell) || base::Uuid::parse(cell); });
  if (!is_machine) {
    out.fault(csv.line(), "the first line names no column of hardware addresses (mac) or UUIDs (uuid)");
    return std::move(out).finish();
  }
  do read_row_without_columns(csv.cells(), csv.line(), out);
  while (csv.next());
  if (csv.fault()) out.fault(csv.fault()->line, csv.fault()->what);
  return std::move(out).finish();
}

}  // namespace api
