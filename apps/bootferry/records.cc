// SPDX-License-Identifier: GPL-3.0-or-later
#include "records.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iostream>

#include "terminal.h"

namespace cli {
namespace {

std::string heading(std::string_view field) {
  std::string out;
  for (const char c : field)
    out += c == '_' ? ' ' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

std::string label(std::string_view field) {
  std::string out(field);
  std::ranges::replace(out, '_', ' ');
  return out;
}

std::string one_value(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_null()) return "";
  return value.dump();
}

// Objects stand in few fields: «far=3» of shares, «x done» of runs, «collection lab» of a target;
// elsewhere they are pairs, «KEY=value».
std::string object_value(std::string_view field, const Json& value) {
  if (field == "shares") return fmt::format("{}={}", cell(value, "server"), value.value("weight", 1));
  if (field == "runs") return fmt::format("{} {}", cell(value, "deployment"), cell(value, "end"));
  std::string out;
  for (const auto& [key, inner] : value.items()) {
    const char between = field == "to" ? ' ' : '=';
    out += fmt::format("{}{}{}{}", out.empty() ? "" : ", ", key, between, one_value(inner));
  }
  return out;
}

std::string as_cell(std::string_view field, const Json& value) {
  if (value.is_object()) return object_value(field, value);
  if (!value.is_array()) return one_value(value);
  std::string out;
  for (const Json& item : value) out += (out.empty() ? "" : ", ") + as_cell(field, item);
  return out;
}

}  // namespace

std::string cell(const Json& record, std::string_view field) {
  const auto found = record.find(field);
  return found == record.end() ? "" : as_cell(field, *found);
}

std::string show_record(const Kind& kind, const Json& record) {
  Table table({"name", cell(record, "name")});
  std::vector<std::string_view> told{"name", "id", "revision"};
  const auto tell = [&](std::string_view field) {
    if (std::ranges::find(told, field) != told.end()) return;
    told.push_back(field);
    const auto found = record.find(field);
    if (found == record.end() || found->is_null() ||
        ((found->is_array() || found->is_object()) && found->empty()))
      return;
    const bool list = found->is_array() && found->size() > 1;
    if (!list) {
      if (const std::string text = as_cell(field, *found); !text.empty()) table.add({label(field), text});
      return;
    }
    std::string name = label(field);
    for (const Json& item : *found) table.add({std::exchange(name, ""), as_cell(field, item)});
  };
  for (const Field& field : kind.fields) tell(field.field);
  for (const auto& [key, value] : record.items()) tell(key);
  return table.print();
}

Got<int> print_records(const Common& common, Site& site, const Kind& kind, const std::string& path,
                       const api::Pairs& query) {
  if (common.json) {
    std::cout << '[';
    bool first = true;
    const auto listed = site.each(path, query, [&](const Json& item) {
      std::cout << (std::exchange(first, false) ? "" : ",") << api::print_json(item);
      return static_cast<bool>(std::cout);
    });
    if (!listed) return tl::unexpected(listed.error());
    std::cout << "]\n";
    return exit_ok;
  }
  std::vector<std::string> headings{"NAME"};
  for (const char* column : kind.columns) headings.push_back(heading(column));
  Table table(std::move(headings));
  bool any = false;
  const auto listed = site.each(path, query, [&](const Json& item) {
    std::vector<std::string> row{cell(item, "name")};
    for (const char* column : kind.columns) row.push_back(cell(item, column));
    table.add(std::move(row));
    return any = true;
  });
  if (!listed) return tl::unexpected(listed.error());
  print_line(any ? table.print() : kind.none);
  return exit_ok;
}

Command add_command(Command& group, const Kind& kind) {
  struct Typed {
    explicit Typed(const Kind& kind) : given(kind.fields) {}
    std::string name;
    Given given;
  };
  auto typed = std::make_shared<Typed>(kind);
  Command add = group.leaf("add", "Add one", [typed, kind](const Common& common) {
    return with_site(
        common,
        [&](Site& site) -> Got<int> {
          Json record = typed->given.record();
          record["name"] = typed->name;
          const auto added = site.send("POST", fmt::format("/v1/{}", kind.plural), record);
          if (!added) return tl::unexpected(added.error());
          print_line(common.json ? api::print_json(*added)
                                 : fmt::format("added {} {}", kind.word, cell(*added, "name")));
          return exit_ok;
        },
        true);
  });
  add.needs("NAME", typed->name, "What to call it");
  typed->given.declare(add, true);
  return add;
}

Command list_command(Command& group, const Kind& kind, std::function<api::Pairs()> query) {
  struct Typed {
    std::string search;
  };
  auto typed = std::make_shared<Typed>();
  Command list = group.leaf("list", "List them", [typed, kind, query](const Common& common) {
    return with_site(common, [&](Site& site) {
      api::Pairs asked = query ? query() : api::Pairs();
      if (!typed->search.empty()) asked.emplace_back("q", typed->search);
      return print_records(common, site, kind, fmt::format("/v1/{}", kind.plural), asked);
    });
  });
  list.option("--search", typed->search, "Only those with this text in their name");
  return list;
}

Command show_command(Command& group, const Kind& kind) {
  auto name = std::make_shared<std::string>();
  Command show = group.leaf("show", "Show one", [name, kind](const Common& common) {
    return with_site(common, [&](Site& site) -> Got<int> {
      const auto record = site.get(path_of(kind.plural, *name));
      if (!record) return tl::unexpected(record.error());
      print_line(common.json ? api::print_json(*record) : show_record(kind, *record));
      return exit_ok;
    });
  });
  show.needs("NAME", *name, "Which one", names_of(kind.plural));
  return show;
}

Command remove_command(Command& group, const Kind& kind) {
  auto name = std::make_shared<std::string>();
  Command remove = group.leaf("remove", "Remove one that nothing uses", [name, kind](const Common& common) {
    return with_site(common, [&](Site& site) -> Got<int> {
      const auto removed = site.remove(path_of(kind.plural, *name));
      if (!removed) return tl::unexpected(removed.error());
      return done(common, fmt::format("removed {} {}", kind.word, *name));
    });
  });
  remove.needs("NAME", *name, "Which one", names_of(kind.plural));
  return remove;
}

Command set_command(Command& group, const Kind& kind, Also also) {
  struct Typed {
    explicit Typed(const Kind& kind) : given(kind.fields) {}
    std::string name, new_name;
    std::vector<std::string> unset;
    Given given;
  };
  auto typed = std::make_shared<Typed>(kind);
  // «--unset uuid» names an option; «--unset var.KEY» one of several pairs.
  const auto unset = [typed, kind](Json& change) -> std::string {
    for (const std::string& what : typed->unset) {
      const std::string option = "--" + what.substr(0, what.find('.'));
      const auto field =
          std::ranges::find_if(kind.fields, [&](const Field& f) { return option == f.option; });
      if (field == kind.fields.end())
        return fmt::format("--unset {}: a {} has no {}", what, kind.word, option);
      if (what.find('.') != std::string::npos) {
        change[field->field][what.substr(what.find('.') + 1)] = nullptr;
      } else {
        change[field->field] = nullptr;
      }
    }
    return "";
  };
  Command set = group.leaf("set", "Change what is given, and leave the rest", [=](const Common& common) {
    return with_site(common, [&](Site& site) -> Got<int> {
      Json change = typed->given.record();
      unset(change);
      if (!typed->new_name.empty()) change["name"] = typed->new_name;
      api::Request request;
      request.method = "PATCH";
      request.path = path_of(kind.plural, typed->name);
      request.headers = {{"Content-Type", "application/merge-patch+json"}};
      if (also) {
        const auto present = site.get(request.path);
        if (!present) return tl::unexpected(present.error());
        also(*present, change);
        request.headers.emplace_back("If-Match", fmt::format("\"{}\"", cell(*present, "revision")));
      }
      if (change.empty())
        return tl::unexpected(Failure{"nothing to change was given: --help shows what can be"});
      request.body = api::print_json(change);
      const auto answer = site.ask(std::move(request));
      if (!answer) return tl::unexpected(answer.error());
      const Json changed = Json::parse(answer->body, nullptr, false);
      print_line(common.json ? api::print_json(changed)
                             : fmt::format("changed {} {}", kind.word, cell(changed, "name")));
      return exit_ok;
    });
  });
  set.needs("NAME", typed->name, "Which one", names_of(kind.plural));
  set.option("--name", typed->new_name, "A new name");
  typed->given.declare(set, false);
  set.option("--unset", typed->unset, "Take back what this option says, or one pair: var.NAME");
  set.refuse_if([unset] {
    Json scratch = Json::object();
    return unset(scratch);
  });
  return set;
}

void record_commands(Command& group, const Kind& kind) {
  add_command(group, kind);
  list_command(group, kind);
  show_command(group, kind);
  set_command(group, kind);
  remove_command(group, kind);
}

}  // namespace cli
