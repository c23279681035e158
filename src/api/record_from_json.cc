// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include "api/fields.h"
#include "api/record_json.h"
#include "api/record_reader.h"
#include "api/time_text.h"
#include "store/shape.h"

namespace api {
namespace {

using store::Kind;

std::optional<policy::RunEnd> parse_run_end(std::string_view text) {
  if (text == "done") return policy::RunEnd::done;
  if (text == "held") return policy::RunEnd::held;
  return std::nullopt;
}

class RecordReader {
 public:
  RecordReader(const Json& object, const Names& names, const std::string& at, Restoring restoring)
      : at_(at), names_(names), restoring_(restoring == Restoring::yes), f_(object, at, fault_) {}

  base::Result<store::Record, Fault> read(Kind kind) {
    store::Record record = read_fields(kind);
    f_.refuse_others({"id", "revision", "created", "request", "seen", "members", "runs"});
    store::tidy(record);
    if (f_.ok()) {
      // What concerns several fields at once.
      if (const auto good = store::check(record); !good) f_.complain(at_, good.error().what);
    }
    if (fault_) return tl::unexpected(std::move(*fault_));
    return record;
  }

 private:
  store::Record read_fields(Kind kind) {
    switch (kind) {
      case Kind::device:
        return device();
      case Kind::collection:
        return collection();
      case Kind::task_sequence:
        return task_sequence();
      case Kind::program:
        return program();
      case Kind::deployment:
        return deployment();
      case Kind::network:
        return network();
      case Kind::server:
        return server();
      case Kind::referral:
        return referral();
      case Kind::image:
        f_.complain(at_, "an image comes with its files: `bootferry image add`");
        break;
      case Kind::settings:
        f_.complain(at_, "settings are no record");
        break;
    }
    return policy::Referral{};
  }

  policy::Device device() {
    policy::Device out;
    out.name = f_.name();
    f_.each("macs", store::max_list, [&](const Json& entry, const std::string& at) {
      const auto mac = f_.parsed_of(entry, at, base::Mac::parse, needed::mac);
      if (!mac) return;
      if (mac->is_zero() || mac->is_group())
        f_.complain(at, fmt::format("{} is not the address of a machine", mac->print()));
      out.macs.push_back(*mac);
    });
    out.uuid = f_.parsed("uuid", base::Uuid::parse, needed::uuid);
    if (out.uuid && out.uuid->is_blank()) f_.complain("uuid", "a UUID of zeros or ones names no machine");
    out.state =
        f_.parsed("state", policy::parse_device_state, "it must be \"approved\", \"pending\" or \"rejected\"")
            .value_or(policy::DeviceState::approved);
    out.collections = f_.references("collections", Kind::collection, names_);
    policy::DeviceExtras more;
    more.variables = f_.variables("variables");
    more.program = f_.program("program", names_);
    more.image = f_.reference("image", Kind::image, names_);
    more.referral = f_.reference("referral", Kind::referral, names_);
    if (restoring_) restore(out, more);
    out.more = std::make_shared<const policy::DeviceExtras>(std::move(more));
    return out;
  }

  void restore(policy::Device& device, policy::DeviceExtras& more) {
    const auto request = f_.number<std::uint32_t>("request", 0, UINT32_MAX, 0);
    if (device.state == policy::DeviceState::pending) device.request = request;
    f_.each("runs", store::max_list, [&](const Json& entry, const std::string& at) {
      Fields run(entry, at, fault_);
      const Json* const of = run.get("deployment");
      const auto end = run.parsed("end", parse_run_end, "it must be \"done\" or \"held\"");
      run.refuse_others();
      if (of == nullptr || !of->is_string() || !end)
        return run.complain(at, "a run has a deployment and an end");
      // Of deployments that are gone nobody asks any more.
      const auto id = names_.find(Kind::deployment, of->get_ref<const std::string&>());
      if (id) more.runs.push_back({*id, *end});
    });
  }

  policy::Collection collection() {
    policy::Collection out;
    out.name = f_.name();
    out.rule = f_.rule("rule");
    out.includes = f_.references("includes", Kind::collection, names_);
    out.excludes = f_.references("excludes", Kind::collection, names_);
    out.referral = f_.reference("referral", Kind::referral, names_);
    return out;
  }

  policy::TaskSequence task_sequence() {
    policy::TaskSequence out;
    out.name = f_.name();
    out.image = f_.reference("image", Kind::image, names_);
    if (out.image == 0) f_.complain("image", "a task sequence needs a boot image");
    out.variables = f_.variables("variables");
    return out;
  }

  policy::Program program() {
    policy::Program out;
    out.name = f_.name();
    const auto arch = f_.parsed("arch", policy::parse_arch, needed::arch);
    if (!arch) f_.complain("arch", "a boot program needs an architecture");
    out.arch = arch.value_or(policy::Arch::other);
    out.roles = f_.list("roles", store::max_list, policy::parse_role,
                        "it must be one of boot, prompt, abort, detect");
    out.console = f_.flag("console", false);
    out.path = f_.line("path", store::max_path);
    if (out.path.empty()) f_.complain("path", "a boot program needs its path in the published tree");
    return out;
  }

  policy::Deployment deployment() {
    policy::Deployment out;
    out.name = f_.name();
    const std::int64_t image = f_.reference("image", Kind::image, names_);
    const std::int64_t sequence = f_.reference("task_sequence", Kind::task_sequence, names_);
    if ((image == 0) == (sequence == 0))
      f_.complain("image", "a deployment is of an image or of a task sequence, one of them");
    if (sequence != 0) {
      out.what = policy::ToRun{sequence};
    } else {
      out.what = policy::ToBoot{image};
    }
    out.target = target();
    out.condition = f_.rule("condition");
    out.purpose = f_.parsed("purpose", policy::parse_purpose, "it must be \"available\" or \"required\"")
                      .value_or(policy::Purpose::available);
    out.enabled = f_.flag("enabled", true);
    out.order = f_.number<std::int32_t>("order", INT32_MIN, INT32_MAX, 0);
    out.from = f_.time("from");
    out.until = f_.time("until");
    if (out.from && out.until && *out.from >= *out.until) f_.complain("until", "it ends before it begins");
    out.again = f_.flag("again", false);
    out.once = f_.flag("once", false);
    out.asks = f_.flag("asks", false);
    out.program = f_.program("program", names_);
    if (restoring_) out.created = f_.time("created").value_or(0);
    return out;
  }

  policy::DeployedTo target() {
    const Json* const to = f_.get("to");
    constexpr std::string_view needed =
        R"(it must be "all", "unknown", {"collection": NAME} or {"device": NAME})";
    if (to == nullptr) return f_.complain("to", std::string(needed)), policy::ToAll{};
    if (to->is_string() && *to == "all") return policy::ToAll{};
    if (to->is_string() && *to == "unknown") return policy::ToUnknown{};
    if (!to->is_object() || to->size() != 1) return f_.complain("to", std::string(needed)), policy::ToAll{};
    Fields fields(*to, f_.pointer("to"), fault_);
    if (const Json* const of = fields.get("collection"))
      return policy::ToCollection{
          fields.reference_of(*of, fields.pointer("collection"), Kind::collection, names_)};
    if (const Json* const of = fields.get("device"))
      return policy::ToDevice{fields.reference_of(*of, fields.pointer("device"), Kind::device, names_)};
    return f_.complain("to", std::string(needed)), policy::ToAll{};
  }

  policy::Network network() {
    policy::Network out;
    out.name = f_.name();
    const auto subnet = f_.parsed("subnet", base::IpNet::parse, "it must be a subnet as \"10.1.0.0/16\"");
    if (!subnet) f_.complain("subnet", "a network needs its subnet");
    out.subnet = subnet.value_or(base::IpNet{});
    out.answer = f_.parsed("answer", policy::parse_answer_to, needed::answer);
    out.add_unknown = f_.maybe_flag("add_unknown");
    out.prompt_known = f_.parsed("prompt_known", policy::parse_prompting, needed::prompt);
    out.prompt_unknown = f_.parsed("prompt_unknown", policy::parse_prompting, needed::prompt);
    out.delay_seconds = f_.maybe_number<std::uint16_t>("delay_seconds", 0, UINT16_MAX);
    out.maintenance = f_.list("maintenance", store::max_list, parse_window,
                              "it must be a window as \"Sat 22:00-Sun 06:00\"");
    refuse_overlaps(out.maintenance);
    out.referral = f_.reference("referral", Kind::referral, names_);
    return out;
  }

  void refuse_overlaps(const std::vector<policy::WeekWindow>& windows) {
    if (windows.size() > 1000) return;  // the store's to find: each with each costs too much here
    for (std::size_t i = 0; i < windows.size(); ++i) {
      for (std::size_t j = 0; j < windows.size(); ++j) {
        if (i != j && windows[i].contains(windows[j].from_minute))
          return f_.complain(
              fmt::format("{}/{}", f_.pointer("maintenance"), j),
              fmt::format("{} overlaps {}", print_window(windows[j]), print_window(windows[i])));
      }
    }
  }

  policy::BootServer server() {
    policy::BootServer out;
    out.name = f_.name();
    const auto address =
        f_.parsed("address", base::Ipv4::parse, "it must be an IPv4 address as \"10.0.0.2\"");
    if (!address) f_.complain("address", "a server needs its address");
    out.address = address.value_or(base::Ipv4{});
    const Json* const files = f_.get("files");
    if (files == nullptr) return out;
    if (!files->is_object())
      return f_.complain("files", "it must be an object: a path for each architecture"), out;
    for (const auto& [key, path] : files->items()) {
      const std::string at = fmt::format("{}/{}", f_.pointer("files"), escaped(key));
      const auto arch = policy::parse_arch(key);
      if (!arch) f_.complain(at, std::string(needed::arch));
      out.files.push_back({arch.value_or(policy::Arch::other), f_.line_of(path, at, store::max_path)});
    }
    return out;
  }

  policy::Referral referral() {
    policy::Referral out;
    out.name = f_.name();
    f_.each("shares", store::max_list, [&](const Json& entry, const std::string& at) {
      Fields share(entry, at, fault_);
      const std::int64_t id = share.reference("server", Kind::server, names_);
      if (id == 0) share.complain("server", "a share needs its server");
      out.shares.push_back({id, share.number<std::uint16_t>("weight", 0, UINT16_MAX, 1)});
      share.refuse_others();
    });
    return out;
  }

  std::string at_;
  const Names& names_;
  bool restoring_;
  std::optional<Fault> fault_;
  Fields f_;
};

}  // namespace

base::Result<store::Record, Fault> read_record(Kind kind, const Json& object, const Names& names,
                                               const std::string& at, Restoring restoring) {
  return RecordReader(object, names, at, restoring).read(kind);
}

base::Result<store::Record, Fault> from_json(Kind kind, const Json& object, const Names& names) {
  return read_record(kind, object, names, "", Restoring::no);
}

}  // namespace api
