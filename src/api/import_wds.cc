// SPDX-License-Identifier: GPL-3.0-or-later
// Machines prestaged for Windows Deployment Services: what `wdsutil /get-alldevices` prints in
// English, and lists of computer accounts with their netbootGUID.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string>

#include "api/import_collector.h"
#include "api/import_columns.h"
#include "api/import_text.h"

namespace api {
namespace {

// "Device Name: PC1" -> "devicename", "PC1"; nothing for lines of another shape.
struct Property {
  std::string name;
  std::string_view value;
};
std::optional<Property> property(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == line.npos) return std::nullopt;
  Property out{"", trimmed(line.substr(colon + 1))};
  for (const char c : line.substr(0, colon)) {
    if (std::isalpha(static_cast<unsigned char>(c)) != 0)
      out.name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

// One machine begins with its name; what else is said of it is Microsoft's.
class Listing {
 public:
  base::Result<Imported, LineFaults> read(std::string_view text) {
    for (std::size_t line = 1; !text.empty(); ++line) {
      const auto found = property(trimmed(take_line(text)));
      if (!found || found->value.empty()) continue;
      if (is_one_of(found->name, {"devicename", "computername", "device", "name", "samaccountname"})) {
        end_machine();
        device_.line = line;
        device_.name = computer_name(found->value);
      } else if (is_one_of(found->name,
                           {"deviceid", "id", "guid", "uuid", "netbootguid", "macaddress", "mac"})) {
        if (device_.line == 0) device_.line = line;
        identify(found->value, line);
      }
    }
    end_machine();
    return std::move(out_).finish();
  }

 private:
  void identify(std::string_view value, std::size_t line) {
    const auto id = parse_netboot_id(value);
    if (!id) {
      out_.fault(line, fmt::format("\"{}\" is neither a UUID nor a hardware address", value.substr(0, 60)));
      bad_ = true;
    } else if (const auto* mac = std::get_if<base::Mac>(&*id)) {
      device_.macs.push_back(*mac);
    } else if (device_.uuid && *device_.uuid != std::get<base::Uuid>(*id)) {
      out_.fault(line, fmt::format("\"{}\" has two UUIDs", device_.name));
      bad_ = true;
    } else {
      device_.uuid = std::get<base::Uuid>(*id);
    }
  }

  void end_machine() {
    if (device_.line != 0 && !bad_) {
      if (device_.macs.empty() && !device_.uuid) {
        out_.pass_over(device_.line, fmt::format("\"{}\" has no ID", device_.name));
      } else {
        out_.add(std::move(device_));
      }
    }
    device_ = {};
    bad_ = false;
  }

  Collector out_;
  ImportedDevice device_;
  bool bad_ = false;
};

}  // namespace

base::Result<Imported, LineFaults> read_wds(std::string_view text) {
  CsvReader csv(text);
  if (csv.next()) {
    const std::vector<Column> columns = columns_of(csv.cells());
    if (columns.size() > 1 && names_machines(columns)) {
      // Of an account's many attributes we want three.
      Collector out;
      read_rows(csv, columns, out);
      return std::move(out).finish();
    }
  }
  return Listing().read(text);
}

}  // namespace api
