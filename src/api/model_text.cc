// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/model_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/model_sections.h"
#include "api/record_json.h"

namespace api {
namespace {

using store::Kind;

// A record without what every record of its kind has where nothing is said, name first: what a
// person looks for stands at a line's beginning.
class Lines {
 public:
  Lines(const policy::Snapshot& site, const std::function<void(std::string_view)>& out)
      : site_(site), names_(site), out_(out) {}

  void print() {
    out_(fmt::format("{{\"format\": \"{}\",\n\"settings\": {}", model_format,
                     print_json(to_json(settings_of(site_)))));
    for (const Kind kind : model_sections) {
      out_(fmt::format(",\n\"{}\": [", plural(kind)));
      first_ = true;
      section(kind);
      out_(first_ ? "]" : "\n]");
    }
    out_("}\n");
  }

 private:
  void section(Kind kind) {
    const policy::SiteModel& model = site_.model();
    switch (kind) {
      case Kind::device:
        return devices();
      case Kind::collection:
        return records(model.collections);
      case Kind::task_sequence:
        return records(model.task_sequences);
      case Kind::program:
        return records(model.programs);
      case Kind::deployment:
        return records(model.deployments);
      case Kind::network:
        return records(model.networks);
      case Kind::server:
        return records(model.servers);
      case Kind::referral:
        return records(model.referrals);
      case Kind::image:
      case Kind::settings:
        return;
    }
  }

  // Oldest first: among equals the older record comes first in decisions, too.
  template <class Value>
  void records(const std::vector<Value>& all) {
    std::vector<const Value*> ordered;
    ordered.reserve(all.size());
    for (const Value& one : all) ordered.push_back(&one);
    lines(ordered);
  }
  void devices() {
    std::vector<const policy::Device*> ordered;
    ordered.reserve(site_.device_count());
    site_.each_device([&](const policy::Device& device) { ordered.push_back(&device); });
    lines(ordered);
  }
  template <class Value>
  void lines(std::vector<const Value*>& ordered) {
    std::ranges::sort(ordered, {}, &Value::id);
    const Json defaults = to_json(store::Record(Value{}), names_);
    for (const Value* one : ordered) {
      out_(first_ ? "\n" : ",\n");
      first_ = false;
      out_(line(to_json(store::Record(*one), names_), defaults));
    }
  }

  static std::string line(const Json& record, const Json& defaults) {
    std::string out = fmt::format("{{\"name\": {}", print_json(record.at("name")));
    for (const auto& [key, value] : record.items()) {
      if (key == "id" || key == "name") continue;
      const auto same = defaults.find(key);
      if (same != defaults.end() && *same == value && !is_always_said(key)) continue;
      out += fmt::format(", {}: {}", print_json(key), print_json(value));
    }
    return out + "}";
  }
  // Without these a record is not what it is, and a deployment would be the newest of all.
  static bool is_always_said(std::string_view key) {
    return key == "to" || key == "arch" || key == "subnet" || key == "address" || key == "created";
  }

  const policy::Snapshot& site_;
  Names names_;
  const std::function<void(std::string_view)>& out_;
  bool first_ = true;
};

}  // namespace

void print_model(const policy::Snapshot& site, const std::function<void(std::string_view piece)>& out) {
  Lines(site, out).print();
}

std::string print_model(const policy::Snapshot& site) {
  std::string text;
  print_model(site, [&](std::string_view piece) { text += piece; });
  return text;
}

}  // namespace api
