// SPDX-License-Identifier: GPL-3.0-or-later
#include "format/inf.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "base/ascii.h"
#include "base/utf8.h"
#include "format/setup_text.h"

namespace format {
namespace {

using policy::Arch;

constexpr std::size_t longest_text = 200;  // octets of a name or an id

struct ClassGuid {
  std::string_view guid, name;
};
// «System-Defined Device Setup Classes Available to Vendors».
constexpr ClassGuid class_guids[] = {
    {"{4d36e972-e325-11ce-bfc1-08002be10318}", "Net"},
    {"{4d36e97b-e325-11ce-bfc1-08002be10318}", "SCSIAdapter"},
    {"{4d36e96a-e325-11ce-bfc1-08002be10318}", "HDC"},
    {"{4d36e97d-e325-11ce-bfc1-08002be10318}", "System"},
    {"{36fc9e60-c465-11cf-8056-444553540000}", "USB"},
};

class Strings {
 public:
  explicit Strings(const std::vector<SetupSection>& sections) {
    // [Strings.0409] and the like are translations of it.
    if (const SetupSection* section = find_section(sections, "Strings")) {
      for (const std::string& line : section->lines) {
        const SetupEntry entry = entry_of(line);
        texts_.try_emplace(base::lowered(entry.key), values_of(entry.value).front());
      }
    }
  }
  // With «%token%» as what it stands for; once: a text may hold a percent sign.
  [[nodiscard]] std::string put_into(std::string_view text) const {
    std::string out;
    while (!text.empty()) {
      const std::size_t begin = text.find('%');
      const std::size_t end = begin == text.npos ? text.npos : text.find('%', begin + 1);
      if (end == text.npos) break;
      out += text.substr(0, begin);
      const std::string_view token = text.substr(begin + 1, end - begin - 1);
      const auto found = texts_.find(base::lowered(token));
      out += found == texts_.end() ? text.substr(begin, end + 1 - begin) : std::string_view(found->second);
      text.remove_prefix(end + 1);
      if (out.size() > longest_text) break;
    }
    return base::one_line(out.append(text), longest_text);
  }

 private:
  std::unordered_map<std::string, std::string> texts_;
};

std::string class_of(const std::map<std::string, std::string>& version, const Strings& strings) {
  const auto value = [&](const char* key) {
    const auto found = version.find(key);
    return found == version.end() ? "" : strings.put_into(values_of(found->second).front());
  };
  const std::string guid = value("classguid");
  // The name may be anybody's, what counts for Windows is the number.
  for (const ClassGuid& row : class_guids) {
    if (base::same_but_for_case(row.guid, guid)) return std::string(row.name);
  }
  return value("class");
}

// «NTamd64.10.0...16299», or nothing.
std::optional<Arch> arch_of(std::string_view decoration) {
  const std::string arch = base::lowered(decoration.substr(0, decoration.find('.')));
  if (arch.empty() || arch == "nt" || arch == "ntx86") return Arch::ia32;
  if (arch == "ntamd64") return Arch::x64;
  if (arch == "ntarm64") return Arch::arm64;
  if (arch == "ntarm") return Arch::arm32;
  return std::nullopt;
}

// «%text% = install-section, hardware-id, compatible-id, …»
void read_models(const SetupSection& section, const Strings& strings, InfModels& into, std::size_t& count) {
  for (const std::string& line : section.lines) {
    const auto values = values_of(entry_of(line).value);
    for (std::size_t i = 1; i < values.size() && count < most_inf_devices; ++i) {
      std::string id = strings.put_into(values[i]);
      if (id.empty()) continue;
      into.devices.push_back(std::move(id));
      ++count;
    }
  }
}

// Four hexadecimal digits behind a word, in small letters.
std::string number_behind(std::string_view id, std::string_view word) {
  const std::size_t at = id.find(word);
  if (at == id.npos) return "";
  const std::string_view digits = id.substr(at + word.size(), 4);
  const bool good =
      digits.size() == 4 && digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return good ? std::string(digits) : "";
}

std::string short_device(const std::string& id) {
  const std::string small = base::lowered(id);
  const auto pair = [&](std::string_view begin, std::string_view first, std::string_view second) {
    if (!small.starts_with(begin)) return std::string();
    const std::string vendor = number_behind(small, first), device = number_behind(small, second);
    return vendor.empty() || device.empty() ? std::string() : vendor + ":" + device;
  };
  if (std::string pci = pair("pci\\", "ven_", "dev_"); !pci.empty()) return pci;
  if (const std::string usb = pair("usb\\", "vid_", "pid_"); !usb.empty()) return "usb " + usb;
  return id;
}

}  // namespace

base::Result<Inf> read_inf(base::ByteView octets) {
  if (octets.size() > largest_inf) return base::fail("larger than {} MiB", largest_inf >> 20U);
  const SetupText text = decode_setup_text(octets);
  const auto sections = sections_of(text.text, {.continued = true});
  const SetupSection* version_section = find_section(sections, "Version");
  if (version_section == nullptr) return base::fail("no driver's description: it has no [Version]");
  std::map<std::string, std::string> version;
  for (const std::string& line : version_section->lines) {
    SetupEntry entry = entry_of(line);
    version.try_emplace(base::lowered(entry.key), std::move(entry.value));
  }
  const auto signature = version.find("signature");
  if (signature == version.end() || !values_of(signature->second).front().starts_with('$'))
    return base::fail("no driver's description: its [Version] has no Signature");

  const Strings strings(sections);
  Inf inf;
  inf.driver_class = class_of(version, strings);
  for (const auto& [key, value] : version) {
    if (!key.starts_with("catalogfile")) continue;
    std::string name = strings.put_into(values_of(value).front());
    if (!name.empty() && std::ranges::find(inf.catalogs, name) == inf.catalogs.end())
      inf.catalogs.push_back(std::move(name));
  }
  std::unordered_map<std::string, const SetupSection*> unread;  // several makers may share one
  for (const SetupSection& section : sections) unread.emplace(base::lowered(section.name), &section);
  std::size_t count = 0;
  const SetupSection* makers = find_section(sections, "Manufacturer");
  for (const std::string& line : makers == nullptr ? std::vector<std::string>{} : makers->lines) {
    const SetupEntry entry = entry_of(line);
    // «%Intel% = Intel, NTamd64, NTarm64»; «Intel» alone is its own section.
    const auto values = values_of(entry.value.empty() ? entry.key : entry.value);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::string decoration = i == 0 ? "" : values[i];
      const std::string name = i == 0 ? values[0] : values[0] + "." + values[i];
      const auto section = unread.extract(base::lowered(name));
      if (section.empty()) continue;
      InfModels models{arch_of(decoration)};
      read_models(*section.mapped(), strings, models, count);
      inf.models.push_back(std::move(models));
    }
  }
  return inf;
}

bool is_boot_class(std::string_view driver_class) {
  const auto same = [&](std::string_view name) { return base::same_but_for_case(name, driver_class); };
  return std::ranges::any_of(
      std::initializer_list<std::string_view>{"Net", "SCSIAdapter", "HDC", "System", "USB"}, same);
}

std::vector<std::string> devices_for(const Inf& inf, Arch arch) {
  std::set<std::string> devices;
  for (const InfModels& models : inf.models) {
    if (models.arch != arch) continue;
    for (const std::string& id : models.devices) devices.insert(short_device(id));
  }
  return {devices.begin(), devices.end()};
}

bool is_for(const Inf& inf, Arch arch) {
  return std::ranges::any_of(
      inf.models, [&](const InfModels& models) { return models.arch == arch && !models.devices.empty(); });
}

}  // namespace format
