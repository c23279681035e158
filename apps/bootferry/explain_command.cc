// SPDX-License-Identifier: GPL-3.0-or-later
// What would become of a machine, and why, without a packet; which machines another model would
// boot otherwise.
#include <fmt/format.h>

#include "api/explanation.h"
#include "base/address.h"
#include "commands.h"
#include "records.h"
#include "terminal.h"
#include "text_file.h"

namespace cli {
namespace {

struct Explain {
  std::string machine, arch, firmware, client, relay, network, vendor_class, at, diff;
};

// A device's name stands for its own addresses.
Got<Json> question(const Explain& typed, Site& site) {
  Json out = Json::object();
  if (const auto mac = base::Mac::parse(typed.machine)) {
    out["mac"] = mac->print();
  } else if (base::Uuid::parse(typed.machine)) {
    out["uuid"] = typed.machine;
  } else {
    const auto device = site.get(path_of("devices", typed.machine));
    if (!device) return tl::unexpected(device.error());
    const auto macs = device->value("macs", std::vector<std::string>());
    if (!macs.empty()) out["mac"] = macs.front();
    if (device->contains("uuid")) out["uuid"] = (*device)["uuid"];
  }
  const auto say = [&](const char* key, const std::string& value) {
    if (!value.empty()) out[key] = value;
  };
  say("arch", typed.arch);
  say("firmware", typed.firmware);
  say("client", typed.client);
  say("relay", typed.relay);
  say("network", typed.network);
  say("vendor_class", typed.vendor_class);
  say("at", typed.at);
  return out;
}

Got<int> explain(const Explain& typed, const Common& common, Site& site) {
  const auto asked = question(typed, site);
  if (!asked) return tl::unexpected(asked.error());
  const auto answer = site.send("POST", "/v1/explain", *asked);
  if (!answer) return tl::unexpected(answer.error());
  std::string text = common.json ? api::print_json(*answer) : api::explanation_text(*answer);
  if (text.ends_with('\n')) text.pop_back();
  print_line(text);
  return exit_ok;
}

Got<int> compare(const Explain& typed, const Common& common, Site& site) {
  auto text = read_text(typed.diff);
  if (!text) return tl::unexpected(Failure{text.error().what});
  const auto compared = site.send_text("POST", "/v1/model/compare", std::move(*text));
  if (!compared) return tl::unexpected(compared.error());
  if (common.json) {
    print_line(api::print_json(*compared));
    return exit_ok;
  }
  Table table({"DEVICE", "NOW", "THEN"});
  const Json machines = compared->value("machines", Json::array());
  for (const Json& machine : machines)
    table.add({cell(machine, "device"), cell(machine, "now"), cell(machine, "then")});
  if (!machines.empty()) print_line(table.print());
  const auto more = compared->value("more", std::uint64_t{0});
  print_line(fmt::format("{} of {} devices would boot otherwise", machines.size() + more,
                         compared->value("compared", std::uint64_t{0})));
  return exit_ok;
}

const char* const footer =
    "  bootferry explain 52:54:00:12:34:56 --arch x64 --firmware uefi\n"
    "says what becomes of that machine and each rule that was considered. What is not said of a\n"
    "machine is not known, and rules about it match nothing.\n"
    "  bootferry explain --diff model.json\n"
    "says which known machines would boot otherwise with the model of that file.";

}  // namespace

void add_explain_command(Command& root) {
  auto typed = std::make_shared<Explain>();
  Command command = root.leaf("explain", "Say what a machine boots, and why", [typed](const Common& common) {
    return with_site(common, [&](Site& site) {
      return typed->diff.empty() ? explain(*typed, common, site) : compare(*typed, common, site);
    });
  });
  command.footer(footer);
  command.may("MACHINE", typed->machine, "MAC address, UUID, or a device's name", names_of("devices"));
  command.option("--arch", typed->arch, "Its architecture",
                 one_of({"bios", "ia32", "x64", "arm32", "arm64", "riscv64", "loongarch64"}));
  command.option("--firmware", typed->firmware, "What it starts with",
                 one_of({"bios", "uefi", "u-boot", "raspberry-pi"}));
  command.option("--client", typed->client, "Which program asks: bios-rom, uefi-pxe, uefi-http, ipxe, ...");
  command.option("--relay", typed->relay, "The relay that it stands behind");
  command.option("--network", typed->network, "An address in its network");
  command.option("--vendor-class", typed->vendor_class, "What it says in option 60");
  command.option("--at", typed->at, "When: 2026-12-01T08:00:00Z [now]");
  command.option("--diff", typed->diff, "Compare with the model in this file", a_file());
  command.refuse_if([typed]() -> std::string {
    if (typed->machine.empty() == typed->diff.empty()) return "MACHINE, or --diff FILE, is required";
    return "";
  });
}

}  // namespace cli
