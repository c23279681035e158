// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/messages.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "base/overloaded.h"

namespace api {
namespace {

using nlohmann::json;

std::string line(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

// The fields of one JSON object. The error is sticky, so that a message reads all its fields
// and asks ok() once.
class Fields {
 public:
  explicit Fields(const json& object) : object_(object) {
    if (!object.is_object()) complain("an object is needed");
  }

  std::string text(const char* name) {
    const json* value = find(name);
    if (value == nullptr || !value->is_string())
      return complain(fmt::format("\"{}\" must be text", name)), "";
    return value->get<std::string>();
  }
  std::optional<std::string> optional_text(const char* name) {
    if (find(name) == nullptr) return std::nullopt;
    return text(name);
  }
  std::vector<std::string> texts(const char* name) {
    std::vector<std::string> out;
    for (const json& value : list(name)) {
      if (!value.is_string()) {
        complain(fmt::format("\"{}\" must hold text", name));
        return {};
      }
      out.push_back(value.get<std::string>());
    }
    return out;
  }
  bool flag(const char* name) {
    const json* value = find(name);
    if (value == nullptr || !value->is_boolean()) {
      complain(fmt::format("\"{}\" must be true or false", name));
      return false;
    }
    return value->get<bool>();
  }
  std::int64_t number(const char* name) {
    const json* value = find(name);
    // A number above the signed range would come out negative.
    if (value == nullptr || !value->is_number_integer() ||
        (value->is_number_unsigned() &&
         value->get<std::uint64_t>() >
             static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))) {
      complain(fmt::format("\"{}\" must be a whole number", name));
      return 0;
    }
    return value->get<std::int64_t>();
  }
  std::uint64_t count(const char* name) {
    const json* value = find(name);
    if (value == nullptr || !value->is_number_unsigned()) {
      complain(fmt::format("\"{}\" must be a whole number", name));
      return 0;
    }
    return value->get<std::uint64_t>();
  }
  std::vector<std::pair<std::string, std::uint64_t>> counts(const char* name) {
    const json* value = find(name);
    std::vector<std::pair<std::string, std::uint64_t>> out;
    if (value == nullptr || !value->is_object()) {
      complain(fmt::format("\"{}\" must be an object", name));
      return out;
    }
    for (const auto& [key, number] : value->items()) {
      if (!number.is_number_unsigned())
        complain(fmt::format("\"{}\" must hold whole numbers", name));
      else
        out.emplace_back(key, number.get<std::uint64_t>());
    }
    return out;
  }
  Fields object(const char* name) {
    static const json none;
    const json* value = find(name);
    return Fields(value == nullptr ? none : *value);
  }
  base::Mac mac(const char* name) {
    const auto value = base::Mac::parse(text(name));
    if (!value && ok()) complain(fmt::format("\"{}\" must be a MAC address", name));
    return value.value_or(base::Mac{});
  }
  policy::Arch arch(const char* name) {
    const auto value = policy::parse_arch(text(name));
    if (!value && ok()) complain(fmt::format("\"{}\" names no architecture that is known", name));
    return value.value_or(policy::Arch::other);
  }
  policy::ImageKind kind(const char* name) {
    const auto value = policy::parse_image_kind(text(name));
    if (!value && ok()) complain(fmt::format("\"{}\" must be \"linux\" or \"tree\"", name));
    return value.value_or(policy::ImageKind::linux_kernel);
  }
  Target target(const char* name) {
    const auto value = parse_target(text(name));
    if (!value && ok()) complain(fmt::format("\"{}\" must be \"all\" or a MAC address", name));
    return value.value_or(AllMachines{});
  }

  void complain(std::string what) {
    if (error_.empty()) error_ = std::move(what);
  }
  [[nodiscard]] bool ok() const { return error_.empty(); }
  template <class Variant, class T>
  base::Result<Variant> result(T value) const {
    if (!ok()) return base::fail("{}", error_);
    return Variant(std::move(value));
  }

 private:
  const json* find(const char* name) {
    if (!object_.is_object()) return nullptr;
    const auto it = object_.find(name);
    return it == object_.end() || it->is_null() ? nullptr : &*it;
  }
  const json& list(const char* name) {
    static const json empty = json::array();
    const json* value = find(name);
    if (value != nullptr && value->is_array()) return *value;
    complain(fmt::format("\"{}\" must be a list", name));
    return empty;
  }

  const json& object_;
  std::string error_;
};

json image_fields(const ImageItem& item) {
  const policy::Image& image = item.image;
  return {{"id", image.id},
          {"name", image.name},
          {"kind", policy::print(image.kind)},
          {"kernel", image.kernel},
          {"initrds", image.initrds},
          {"command_line", image.command_line},
          {"arch", policy::print(image.arch)},
          {"created", item.created}};
}

ImageItem read_image(Fields& fields) {
  ImageItem item;
  item.image.id = fields.number("id");
  item.image.name = fields.text("name");
  item.image.kind = fields.kind("kind");
  item.image.kernel = fields.text("kernel");
  item.image.initrds = fields.texts("initrds");
  item.image.command_line = fields.text("command_line");
  item.image.arch = fields.arch("arch");
  item.created = fields.number("created");
  return item;
}

json status_fields(const Status& status) {
  json counters = json::object();
  for (const auto& [name, value] : status.counters) counters[name] = value;
  return {{"version", status.version},
          {"pid", status.pid},
          {"started", status.started},
          {"interfaces", status.interfaces},
          {"services", status.services},
          {"notes", status.notes},
          {"counters", counters},
          {"queue",
           {{"at_once", status.queue.at_once},
            {"loading", status.queue.loading},
            {"waiting", status.queue.waiting},
            {"longest_wait", status.queue.longest_wait}}}};
}

Status read_status(Fields& fields) {
  Status status;
  status.version = fields.text("version");
  status.pid = fields.number("pid");
  status.started = fields.number("started");
  status.interfaces = fields.texts("interfaces");
  status.services = fields.texts("services");
  status.notes = fields.texts("notes");
  status.counters = fields.counts("counters");
  Fields queue = fields.object("queue");
  status.queue = {queue.count("at_once"), queue.count("loading"), queue.count("waiting"),
                  queue.count("longest_wait")};
  if (!queue.ok()) fields.complain("\"queue\" must hold counts");
  return status;
}

// The name that wraps a reply's fields on the wire, and the fields.
std::pair<const char*, json> wrap(const Reply& reply) {
  using Pair = std::pair<const char*, json>;
  return std::visit(base::Overloaded{
                        [](const Done&) {
                          return Pair{"done", true};
                        },
                        [](const Failed& f) {
                          return Pair{"error", f.error};
                        },
                        [](const Progress& p) {
                          return Pair{"progress", {{"done", p.done}, {"total", p.total}}};
                        },
                        [](const ImageItem& i) {
                          return Pair{"image", image_fields(i)};
                        },
                        [](const DeploymentItem& d) {
                          return Pair{
                              "deployment",
                              {{"image", d.image}, {"target", print(d.target)}, {"prompt", d.prompt}}};
                        },
                        [](const ProgramItem& p) {
                          return Pair{"program", {{"arch", policy::print(p.arch)}, {"path", p.path}}};
                        },
                        [](const Status& s) {
                          return Pair{"status", status_fields(s)};
                        },
                        [](const Problem& p) {
                          return Pair{"problem", p.text};
                        },
                        [](const QueueItem& q) {
                          return Pair{"machine",
                                      {{"machine", q.machine.print()},
                                       {"kind", q.kind},
                                       {"loading", q.loading},
                                       {"waits_by", q.waits_by},
                                       {"since", q.since},
                                       {"held_by", q.held_by}}};
                        },
                    },
                    reply);
}

json request_fields(const Request& request) {
  return std::visit(
      base::Overloaded{
          [](const BeginImage& r) {
            json out = {{"do", "image.begin"},
                        {"name", r.name},
                        {"kind", policy::print(r.kind)},
                        {"kernel", r.kernel},
                        {"initrds", r.initrds}};
            if (r.command_line) out["command_line"] = *r.command_line;
            return out;
          },
          [](const AddFile& r) {
            return json{{"do", "image.file"}, {"name", r.name}};
          },
          [](const CommitImage&) {
            return json{{"do", "image.commit"}};
          },
          [](const ListImages&) {
            return json{{"do", "image.list"}};
          },
          [](const RemoveImage& r) {
            return json{{"do", "image.remove"}, {"name", r.name}};
          },
          [](const Deploy& r) {
            return json{
                {"do", "deploy"}, {"image", r.image}, {"target", print(r.target)}, {"prompt", r.prompt}};
          },
          [](const Undeploy& r) {
            return json{{"do", "undeploy"}, {"target", print(r.target)}};
          },
          [](const ListDeployments&) {
            return json{{"do", "deployment.list"}};
          },
          [](const AddProgram& r) {
            return json{{"do", "program.add"}, {"arch", policy::print(r.arch)}, {"name", r.name}};
          },
          [](const ListPrograms&) {
            return json{{"do", "program.list"}};
          },
          [](const RemoveProgram& r) {
            return json{{"do", "program.remove"}, {"arch", policy::print(r.arch)}};
          },
          [](const GetStatus&) {
            return json{{"do", "status"}};
          },
          [](const GetProblems&) {
            return json{{"do", "problems"}};
          },
          [](const ListQueue&) {
            return json{{"do", "queue.list"}};
          },
      },
      request);
}

// nlohmann recurses once a level; a message of only '[' must not use up the stack.
base::Result<json> parse_json(std::string_view text) {
  if (text.size() > max_message)
    return base::fail("message of {} octets: at most {}", text.size(), max_message);
  bool too_deep = false;
  const auto watch_depth = [&](int depth, json::parse_event_t, json&) {
    if (depth > 8) too_deep = true;
    return !too_deep;
  };
  json value = json::parse(text, watch_depth, false);
  if (too_deep || value.is_discarded()) return base::fail("not one JSON object");
  return value;
}

}  // namespace

std::string print(const Target& target) {
  if (const auto* mac = std::get_if<base::Mac>(&target)) return mac->print();
  return "all";
}

std::optional<Target> parse_target(std::string_view text) {
  if (text == "all") return AllMachines{};
  if (const auto mac = base::Mac::parse(text)) return *mac;
  return std::nullopt;
}

std::string print(const Request& request) { return line(request_fields(request)); }

std::string print(const Reply& reply) {
  const auto [name, fields] = wrap(reply);
  return line(json{{name, fields}});
}

base::Result<Request> parse_request(std::string_view text) {
  const auto value = parse_json(text);
  if (!value) return tl::unexpected(value.error());
  Fields f(*value);
  const std::string what = f.text("do");
  if (what == "image.begin") {
    BeginImage r{f.text("name"), f.kind("kind"), f.text("kernel"), f.texts("initrds"),
                 f.optional_text("command_line")};
    return f.result<Request>(std::move(r));
  }
  if (what == "image.file") return f.result<Request>(AddFile{f.text("name")});
  if (what == "image.commit") return f.result<Request>(CommitImage{});
  if (what == "image.list") return f.result<Request>(ListImages{});
  if (what == "image.remove") return f.result<Request>(RemoveImage{f.text("name")});
  if (what == "deploy") {
    return f.result<Request>(Deploy{f.text("image"), f.target("target"), f.flag("prompt")});
  }
  if (what == "undeploy") return f.result<Request>(Undeploy{f.target("target")});
  if (what == "deployment.list") return f.result<Request>(ListDeployments{});
  if (what == "program.add") return f.result<Request>(AddProgram{f.arch("arch"), f.text("name")});
  if (what == "program.list") return f.result<Request>(ListPrograms{});
  if (what == "program.remove") return f.result<Request>(RemoveProgram{f.arch("arch")});
  if (what == "status") return f.result<Request>(GetStatus{});
  if (what == "problems") return f.result<Request>(GetProblems{});
  if (what == "queue.list") return f.result<Request>(ListQueue{});
  f.complain(fmt::format("\"do\": nothing is called \"{}\"", what.substr(0, 40)));
  return f.result<Request>(GetStatus{});
}

base::Result<Reply> parse_reply(std::string_view text) {
  const auto value = parse_json(text);
  if (!value) return tl::unexpected(value.error());
  if (!value->is_object() || value->size() != 1) return base::fail("not a reply");
  const std::string name = value->begin().key();
  const json& inner = value->begin().value();
  if (name == "done") return Done{};
  Fields outer(*value);
  if (name == "error") return outer.result<Reply>(Failed{outer.text("error")});
  if (name == "problem") return outer.result<Reply>(Problem{outer.text("problem")});
  Fields f(inner);
  if (name == "progress") return f.result<Reply>(Progress{f.count("done"), f.count("total")});
  if (name == "image") {
    ImageItem item = read_image(f);
    return f.result<Reply>(std::move(item));
  }
  if (name == "deployment") {
    return f.result<Reply>(DeploymentItem{f.text("image"), f.target("target"), f.flag("prompt")});
  }
  if (name == "program") {
    return f.result<Reply>(ProgramItem{f.arch("arch"), f.text("path")});
  }
  if (name == "machine") {
    return f.result<Reply>(QueueItem{f.mac("machine"), f.text("kind"), f.flag("loading"), f.text("waits_by"),
                                     f.count("since"), f.text("held_by")});
  }
  if (name == "status") {
    Status status = read_status(f);
    return f.result<Reply>(std::move(status));
  }
  return base::fail("a reply called \"{}\" is not known", name.substr(0, 40));
}

std::string print_item(const Reply& item) { return line(wrap(item).second); }

std::string print_items(const std::vector<Reply>& items) {
  json list = json::array();
  for (const Reply& item : items) {
    if (std::holds_alternative<Done>(item) || std::holds_alternative<Failed>(item) ||
        std::holds_alternative<Progress>(item)) {
      continue;
    }
    list.push_back(wrap(item).second);
  }
  return line(list);
}

}  // namespace api
