// SPDX-License-Identifier: GPL-3.0-or-later
#include "format/bcd_elements.h"

#include <fmt/format.h>

#include <utility>

#include "base/result.h"
#include "format/numbers_on_disk.h"

namespace format {
namespace {

// Kinds of devices and of paths to them (BL_DEVICE_DESCRIPTOR and what is within it).
constexpr std::uint32_t local_device = 0;
constexpr std::uint32_t the_boot_device = 5;
constexpr std::uint32_t local_ramdisk = 3;
constexpr std::uint32_t path_on_a_device = 5;
constexpr std::uint32_t boot_device_size = 0x48;
constexpr std::size_t identifier_size = 16;  // of the options, in front of every device

void append(base::Bytes& out, base::ByteView more) { out.insert(out.end(), more.begin(), more.end()); }

// The device without the options in front.
base::Bytes boot_device_descriptor() {
  base::Bytes out;
  append_little(out, the_boot_device);
  append_little<std::uint32_t>(out, 0);  // flags
  append_little(out, boot_device_size);  // from the kind on
  out.resize(boot_device_size);
  return out;
}

}  // namespace

base::Bytes registry_text(std::string_view text) {
  auto utf16 = utf16_of(text);
  BOOTFERRY_CHECK(utf16);
  append_little<std::uint16_t>(*utf16, 0);
  return std::move(*utf16);
}

base::Bytes boot_device() {
  base::Bytes out(identifier_size);  // no options
  append(out, boot_device_descriptor());
  return out;
}

base::Bytes ramdisk_device(std::string_view path, const base::Uuid& options) {
  const base::Bytes nested = boot_device_descriptor();
  const base::Bytes name = registry_text(path);
  const auto path_size = static_cast<std::uint32_t>(12 + nested.size() + name.size());
  base::Bytes out(options.octets.begin(), options.octets.end());
  append_little(out, local_device);
  append_little<std::uint32_t>(out, 1);  // flags: options stand in front
  append_little<std::uint32_t>(out, 40 + path_size);
  append_little<std::uint32_t>(out, 0);
  append_little(out, local_ramdisk);
  append_little<std::uint64_t>(out, 0);  // where in memory: nowhere yet
  append_little<std::uint64_t>(out, 0);  // size
  append_little<std::uint32_t>(out, 0);  // offset in the file
  append_little<std::uint32_t>(out, 1);  // version of the path
  append_little(out, path_size);
  append_little(out, path_on_a_device);
  append(out, nested);
  append(out, name);
  return out;
}

BcdObject::BcdObject(std::string_view guid, std::uint32_t type)
    : key_{std::string(guid), {}, {}}, elements_{"Elements", {}, {}} {
  base::Bytes number;
  append_little(number, type);
  key_.keys.push_back({"Description", {{"Type", RegistryType::number, std::move(number)}}, {}});
}

BcdObject& BcdObject::add(std::uint32_t element, unsigned format, RegistryType type, base::Bytes value) {
  BOOTFERRY_CHECK(((element >> 24) & 0xf) == format);
  elements_.keys.push_back({fmt::format("{:08x}", element), {{"Element", type, std::move(value)}}, {}});
  return *this;
}

BcdObject& BcdObject::device(std::uint32_t element, base::Bytes value) {
  return add(element, 1, RegistryType::binary, std::move(value));
}

BcdObject& BcdObject::text(std::uint32_t element, std::string_view value) {
  return add(element, 2, RegistryType::string, registry_text(value));
}

BcdObject& BcdObject::object(std::uint32_t element, std::string_view guid) {
  return add(element, 3, RegistryType::string, registry_text(guid));
}

BcdObject& BcdObject::objects(std::uint32_t element, const std::vector<std::string>& guids) {
  base::Bytes value;
  for (const std::string& guid : guids) append(value, registry_text(guid));
  append_little<std::uint16_t>(value, 0);
  return add(element, 4, RegistryType::strings, std::move(value));
}

BcdObject& BcdObject::number(std::uint32_t element, std::uint64_t value) {
  base::Bytes octets;
  append_little(octets, value);
  return add(element, 5, RegistryType::binary, std::move(octets));
}

BcdObject& BcdObject::yes_no(std::uint32_t element, bool value) {
  return add(element, 6, RegistryType::binary, {static_cast<std::uint8_t>(value ? 1 : 0)});
}

HiveKey BcdObject::take() && {
  key_.keys.push_back(std::move(elements_));
  return std::move(key_);
}

}  // namespace format
