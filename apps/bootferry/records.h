// SPDX-License-Identifier: GPL-3.0-or-later
// add, list, show, set and remove of any kind of record: what kinds differ in is a table.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "arguments.h"
#include "site.h"

namespace cli {

// An option that fills one field of a record.
struct Field {
  enum class Shape {
    text,    // --uuid U
    texts,   // --mac M --mac N
    number,  // --delay 30
    yes_no,  // --console yes
    pairs,   // --var KEY=VALUE
    shares,  // --share SERVER or SERVER=WEIGHT
  };
  const char* option;
  const char* field;
  Shape shape;
  const char* what;
  Values values = {};
  bool needed = false;  // by `add`
};

struct Kind {
  const char* word;                  // "collection"
  const char* plural;                // "collections", as in paths
  std::vector<Field> fields;         // in the order in which `show` tells them
  std::vector<const char*> columns;  // fields that `list` tells, besides the name
  const char* none;                  // what `list` says of an empty list
};

// What was typed for a kind's fields. Keeps its place: options write into it.
class Given {
 public:
  explicit Given(const std::vector<Field>& fields);
  void declare(Command& command, bool adding);
  // What makes no sense as typed; empty: all is well.
  [[nodiscard]] std::string fault() const;
  // The fields that were given, and no others.
  [[nodiscard]] Json record() const;

 private:
  [[nodiscard]] tl::expected<Json, std::string> value(std::size_t i) const;
  std::vector<Field> fields_;
  std::vector<std::optional<std::string>> single_;
  std::vector<std::vector<std::string>> several_;
};

// Below `group`.
Command add_command(Command& group, const Kind& kind);
// `query` adds what a list may be asked for.
Command list_command(Command& group, const Kind& kind, std::function<api::Pairs()> query = {});
Command show_command(Command& group, const Kind& kind);
Command remove_command(Command& group, const Kind& kind);
// Changes the fields that are given; `also`, if there is one, adds to the change what depends on
// the record as it is (the ETag then guards against changes in between).
using Also = std::function<void(const Json& present, Json& change)>;
Command set_command(Command& group, const Kind& kind, Also also = {});
void record_commands(Command& group, const Kind& kind);  // all five

// A field's value as one cell, «lab, office»; "" of what is not there.
std::string cell(const Json& record, std::string_view field);
// A record for people: what the kind knows in its order, then the rest.
std::string show_record(const Kind& kind, const Json& record);
// A list as a table; the items themselves, as they come, in JSON.
Got<int> print_records(const Common& common, Site& site, const Kind& kind, const std::string& path,
                       const api::Pairs& query);
// What `deployment list` and `deploy --list` print.
Got<int> list_deployments(const Common& common, Site& site);

}  // namespace cli
