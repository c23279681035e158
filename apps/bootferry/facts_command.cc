// SPDX-License-Identifier: GPL-3.0-or-later
// run facts: what a machine said that it is, when it last booted an image that says so.
#include <fmt/format.h>

#include "commands.h"
#include "records.h"
#include "terminal.h"

namespace cli {
namespace {

// The machine wrote it, so anything may be missing or be of another shape.
Json part(const Json& of, const char* name) {
  return of.is_object() && of.contains(name) ? of.at(name) : Json();
}
std::string text(const Json& of, const char* name) {
  const Json value = part(of, name);
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? "" : value.dump();
}
std::string size(const Json& of, const char* name) {
  const Json value = part(of, name);
  return value.is_number_unsigned() ? print_size(value.get<std::uint64_t>()) : "";
}
std::string join(const std::vector<std::string>& words, std::string_view between = ", ") {
  std::string out;
  for (const std::string& word : words) {
    if (word.empty()) continue;
    if (!out.empty()) out += between;
    out += word;
  }
  return out;
}
std::string with(std::string_view before, const std::string& value) {
  return value.empty() ? "" : std::string(before) + value;
}

std::string firmware(const Json& facts) {
  const Json firmware = part(facts, "firmware");
  const std::string secure = text(firmware, "secure_boot");
  return join({text(firmware, "kind"), secure.empty()     ? ""
                                       : secure == "true" ? "Secure Boot is on"
                                                          : "Secure Boot is off"});
}

std::string interface(const Json& one) {
  std::vector<std::string> words{join({text(one, "name"), text(one, "mac"), text(one, "driver")}, " "),
                                 text(one, "link") == "true" ? "link" : "no link",
                                 with("Mbit/s: ", text(one, "megabits"))};
  const Json addresses = part(one, "addresses");
  for (std::size_t i = 0; addresses.is_array() && i < addresses.size(); ++i) {
    if (addresses[i].is_string()) words.push_back(addresses[i].get<std::string>());
  }
  return join(words);
}

std::string disk(const Json& one) {
  return join({text(one, "name") + " " + size(one, "size"), text(one, "model"),
               with("serial ", text(one, "serial")), text(one, "transport")});
}

std::string times(const Json& facts) {
  const Json seconds = part(facts, "seconds");
  return join({with("agent ", text(seconds, "agent")), with("link ", text(seconds, "link")),
               with("lease ", text(seconds, "lease")), with("report ", text(seconds, "report"))});
}

std::string show(const Json& told) {
  const Json facts = part(told, "facts"), machine = part(facts, "machine");
  Table table({"FACT", "AS REPORTED"});
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) table.add({name, value});
  };
  const auto add_each = [&](const char* name, const Json& list, const auto& print) {
    for (std::size_t i = 0; list.is_array() && i < list.size(); ++i) add(name, print(list[i]));
  };
  add("device", text(told, "device"));
  add("reported", join({text(told, "reported"), with("by deployment ", text(told, "deployment"))}));
  add("machine", join({text(machine, "manufacturer"), text(machine, "product")}, " "));
  add("UUID", text(machine, "uuid"));
  add("serial", text(machine, "serial"));
  add("architecture", text(machine, "arch"));
  add("firmware", firmware(facts));
  const Json processors = part(facts, "processors");
  add("processors", join({text(processors, "count"), text(processors, "model")}, " x "));
  add("memory", size(facts, "memory"));
  add_each("interface", part(facts, "interfaces"), interface);
  add_each("disk", part(facts, "disks"), disk);
  add_each("no driver", part(facts, "without_driver"),
           [](const Json& id) { return id.is_string() ? "PCI " + id.get<std::string>() : ""; });
  add("kernel", text(facts, "kernel"));
  add("image", text(facts, "image"));
  add("command line", text(facts, "command_line"));
  add("seconds", times(facts));
  return table.print();
}

}  // namespace

void add_facts_command(Command& runs) {
  auto device = std::make_shared<std::string>();
  Command facts = runs.leaf("facts", "What a machine said that it is", [device](const Common& common) {
    return with_site(common, [&](Site& site) -> Got<int> {
      const auto told = site.get(path_of("devices", *device) + "/facts");
      if (!told) return tl::unexpected(told.error());
      print_line(common.json ? api::print_json(*told) : show(*told));
      return exit_ok;
    });
  });
  facts.needs("DEVICE", *device, "Name, MAC address or UUID", names_of("devices"));
  facts.footer("Bootferry's own boot image says so (bootferry image build); others may (docs/reporting.md).");
}

}  // namespace cli
