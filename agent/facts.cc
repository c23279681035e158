// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/facts.h"

#include <sys/utsname.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>
#include <string_view>

#include "agent/files.h"

namespace agent {
namespace {

using Json = nlohmann::json;

void put(Json& into, const char* name, const std::string& value) {
  if (!value.empty()) into[name] = value;
}

std::uint64_t number_in(const std::string& path) {
  return std::strtoull(read_text(path).c_str(), nullptr, 10);
}

// The text behind «name», tabs and a colon, of the first such line.
std::string line_of(const std::string& text, std::string_view name) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, end - at);
    at = end + 1;
    const std::size_t colon = line.find(':');
    if (!line.starts_with(name) || colon == std::string_view::npos) continue;
    const std::size_t value = line.find_first_not_of(" \t", colon + 1);
    return value == std::string_view::npos ? "" : std::string(line.substr(value));
  }
  return "";
}

Json machine(const std::string& root) {
  const std::string dmi = root + "/sys/class/dmi/id/";
  Json json = Json::object();
  put(json, "uuid", read_text(dmi + "product_uuid"));
  put(json, "manufacturer", read_text(dmi + "sys_vendor"));
  put(json, "product", read_text(dmi + "product_name"));
  put(json, "serial", read_text(dmi + "product_serial"));
  put(json, "bios_version", read_text(dmi + "bios_version"));
  utsname system{};
  if (::uname(&system) == 0) put(json, "arch", static_cast<const char*>(system.machine));
  return json;
}

Json processors(const std::string& root) {
  const std::string text = read_octets(root + "/proc/cpuinfo", 4 << 20);
  std::size_t count = text.starts_with("processor") ? 1 : 0;
  for (std::size_t at = text.find("\nprocessor"); at != std::string::npos;
       at = text.find("\nprocessor", at + 1))
    ++count;
  Json json = {{"count", count}};
  put(json, "model", line_of(text, "model name"));
  return json;
}

std::uint64_t memory(const std::string& root) {
  return std::strtoull(line_of(read_octets(root + "/proc/meminfo"), "MemTotal").c_str(), nullptr, 10) * 1024;
}

Json firmware(const std::string& root) {
  const std::string efi = root + "/sys/firmware/efi";
  if (!is_there(efi)) return {{"kind", "bios"}};
  Json json = {{"kind", "uefi"}};
  // Four octets of attributes, then the value (UEFI specification, 3.3).
  const std::string state = read_octets(efi + "/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", 16);
  if (state.size() == 5) json["secure_boot"] = state[4] == 1;
  return json;
}

// By the path that the kernel's device has among its buses.
std::string transport(const std::string& device) {
  constexpr std::pair<const char*, const char*> buses[] = {
      {"/usb", "usb"}, {"/nvme", "nvme"},      {"/virtio", "virtio"}, {"/ata", "ata"},      {"/mmc", "mmc"},
      {"/sas", "sas"}, {"/end_device", "sas"}, {"/VMBUS", "hyperv"},  {"/vmbus", "hyperv"}, {"/vbd-", "xen"},
  };
  for (const auto& [part, name] : buses) {
    if (device.find(part) != std::string::npos) return name;
  }
  return device.find("/host") == std::string::npos ? "" : "scsi";
}

std::string serial(const std::string& disk) {
  for (const char* file : {"/serial", "/device/serial"}) {
    if (auto text = read_text(disk + file); !text.empty()) return text;
  }
  // SCSI's «unit serial number» page: four octets of header, then blanks and the text.
  std::string page = read_octets(disk + "/device/vpd_pg80", 256);
  if (page.size() <= 4) return "";
  page.erase(0, 4);
  page.erase(0, page.find_first_not_of(' '));
  const std::size_t end = page.find_last_not_of(std::string_view(" \0", 2));
  return page.substr(0, end == std::string::npos ? 0 : end + 1);
}

bool is_a_disk(const std::string& name) {
  for (const char* other : {"loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd"}) {
    if (name.starts_with(other)) return false;
  }
  return name.find("boot") == std::string::npos && name.find("rpmb") == std::string::npos;  // eMMC's
}

Json disks(const std::string& root) {
  Json list = Json::array();
  for (const std::string& name : names_in(root + "/sys/block")) {
    const std::string disk = root + "/sys/block/" + name;
    const std::uint64_t sectors = number_in(disk + "/size");
    if (!is_a_disk(name) || sectors == 0) continue;
    Json json = {{"name", name}, {"size", sectors * 512}};
    put(json, "model", read_text(disk + "/device/model"));
    put(json, "serial", serial(disk));
    put(json, "transport", transport(link_of(disk)));
    list.push_back(std::move(json));
  }
  return list;
}

Json interfaces(const std::string& root, const std::vector<InterfaceAddress>& addresses) {
  Json list = Json::array();
  for (const std::string& name : ethernet_interfaces(root)) {
    const std::string interface = root + "/sys/class/net/" + name;
    Json json = {{"name", name},
                 {"mac", read_text(interface + "/address")},
                 {"link", read_text(interface + "/carrier") == "1"}};
    put(json, "driver", link_name(interface + "/device/driver"));
    const long speed = std::strtol(read_text(interface + "/speed").c_str(), nullptr, 10);
    if (speed > 0) json["megabits"] = speed;
    Json held = Json::array();
    for (const InterfaceAddress& one : addresses) {
      if (one.interface == name) held.push_back(one.address);
    }
    json["addresses"] = std::move(held);
    list.push_back(std::move(json));
  }
  return list;
}

Json as_json(const Times& times) {
  Json json = Json::object();
  const auto add = [&](const char* name, double seconds) {
    if (seconds > 0) json[name] = static_cast<double>(static_cast<std::int64_t>(seconds * 10)) / 10;
  };
  add("agent", times.agent);
  add("link", times.link);
  add("lease", times.lease);
  add("report", times.report);
  return json;
}

}  // namespace

std::vector<std::string> ethernet_interfaces(const std::string& root) {
  std::vector<std::string> names;
  for (const std::string& name : names_in(root + "/sys/class/net")) {
    const std::string interface = root + "/sys/class/net/" + name;
    if (read_text(interface + "/type") == "1" && is_there(interface + "/device")) names.push_back(name);
  }
  return names;
}

std::vector<std::string> pci_without_driver(const std::string& root, const std::string& pci_class) {
  std::vector<std::string> devices;
  const std::string folder = root + "/sys/bus/pci/devices/";
  const auto hexadecimal = [](const std::string& text) {
    return text.substr(text.starts_with("0x") ? 2 : 0);
  };
  for (const std::string& name : names_in(folder)) {
    const std::string device = folder + name;
    if (!hexadecimal(read_text(device + "/class")).starts_with(pci_class) || is_there(device + "/driver"))
      continue;
    devices.push_back(hexadecimal(read_text(device + "/vendor")) + ":" +
                      hexadecimal(read_text(device + "/device")));
  }
  return devices;
}

std::string image_says(const std::string& root, const std::string& key) {
  const std::string text = "\n" + read_octets(root + "/etc/bootferry-image") + "\n";
  const std::size_t at = text.find("\n" + key + "=");
  if (at == std::string::npos) return "";
  const std::size_t value = at + key.size() + 2;
  return text.substr(value, text.find('\n', value) - value);
}

Json gather_facts(const std::string& root, const CommandLine& command_line, const Times& times,
                  const std::vector<InterfaceAddress>& addresses) {
  Json json = {{"version", 1},
               {"machine", machine(root)},
               {"processors", processors(root)},
               {"memory", memory(root)},
               {"firmware", firmware(root)},
               {"interfaces", interfaces(root, addresses)},
               {"disks", disks(root)},
               {"seconds", as_json(times)},
               {"kernel", read_text(root + "/proc/sys/kernel/osrelease")},
               {"command_line", command_line.shown}};
  put(json, "boot_mac", command_line.boot_mac);
  put(json, "image", image_says(root, "version"));
  Json lacking = Json::array();
  for (const char* pci_class : {"02", "01"}) {
    for (std::string& device : pci_without_driver(root, pci_class)) lacking.push_back(std::move(device));
  }
  if (!lacking.empty()) json["without_driver"] = std::move(lacking);
  return json;
}

}  // namespace agent
