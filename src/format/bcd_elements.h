// SPDX-License-Identifier: GPL-3.0-or-later
// The encodings of boot configuration data: an object's elements, each by the format that four
// bits of its number tell. Sources: docs/formats/bcd.md. Texts are valid UTF-8 here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/bytes.h"
#include "format/registry_hive.h"
#include "format/utf16.h"

namespace format {

// UTF-16LE with a NUL at its end: REG_SZ.
base::Bytes registry_text(std::string_view text);

// "boot": whatever the boot manager itself came from, the TFTP server here. 88 octets.
base::Bytes boot_device();
// "ramdisk=[boot]\path,{options}": a file on that device, unpacked into memory.
base::Bytes ramdisk_device(std::string_view path, const base::Uuid& options);

// One object, under construction. The element's number says its format (bits 24 to 27); which
// call goes with which is checked.
class BcdObject {
 public:
  BcdObject(std::string_view guid, std::uint32_t type);
  BcdObject& device(std::uint32_t element, base::Bytes value);
  BcdObject& text(std::uint32_t element, std::string_view value);
  BcdObject& object(std::uint32_t element, std::string_view guid);
  BcdObject& objects(std::uint32_t element, const std::vector<std::string>& guids);
  BcdObject& number(std::uint32_t element, std::uint64_t value);
  BcdObject& yes_no(std::uint32_t element, bool value);
  HiveKey take() &&;

 private:
  BcdObject& add(std::uint32_t element, unsigned format, RegistryType type, base::Bytes value);
  HiveKey key_;
  HiveKey elements_;
};

}  // namespace format
