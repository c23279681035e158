// SPDX-License-Identifier: GPL-3.0-or-later
#include "format/bcd.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/overloaded.h"
#include "format/bcd_elements.h"

namespace format {
namespace {

// Objects that every store knows by these names.
constexpr std::string_view boot_manager = "{9dea862c-5cdd-4e70-acc1-f32b344d4795}";
constexpr std::string_view debugger_settings = "{4636856e-540f-4170-a130-a84776f4c654}";
constexpr std::string_view ramdisk_options = "{ae5534e0-a924-466c-b836-758539a3ee3a}";

// Objects of ours; their last two digits count. By place, not by content: a changed path is
// then a changed path and nothing else.
std::string image_guid(std::size_t index) {
  return fmt::format("{{6a0f7d0c-52c5-4b7e-9d3a-0c5d1b00f0{:02x}}}", index);
}
// The first is the well-known one.
std::string options_guid(std::size_t index) {
  if (index == 0) return std::string(ramdisk_options);
  return fmt::format("{{6a0f7d0c-52c5-4b7e-9d3a-0c5d1b00f1{:02x}}}", index);
}

// Image or application of which kind: DescriptionType of an object.
constexpr std::uint32_t boot_manager_type = 0x10100002;
constexpr std::uint32_t windows_loader_type = 0x10200003;
constexpr std::uint32_t inherited_type = 0x20100000;
constexpr std::uint32_t device_options_type = 0x30000000;

std::string_view program(WindowsLoader loader) {
  switch (loader) {
    case WindowsLoader::winload_exe:
      return R"(\windows\system32\boot\winload.exe)";
    case WindowsLoader::winload_efi:
      return R"(\windows\system32\boot\winload.efi)";
    case WindowsLoader::by_firmware:
      break;
  }
  return {};
}

base::Status check_text(std::string_view what, std::string_view text, std::size_t longest) {
  const auto utf16 = utf16_of(text);
  if (!utf16) return base::fail("{}: not UTF-8", what);
  if (text.empty()) return base::fail("{}: empty", what);
  if (utf16->size() / 2 > longest) return base::fail("{}: over {} characters", what, longest);
  if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
    return base::fail("{}: holds a control character", what);
  }
  return {};
}

base::Status check_path(std::string_view what, std::string_view path) {
  if (auto ok = check_text(what, path, longest_bcd_path); !ok) return ok;
  if (path.front() != '\\' || path.size() == 1 || path.find('/') != path.npos) {
    return base::fail(R"({}: not of the form \folder\file)", what);
  }
  return {};
}

base::Status check_number(std::string_view what, std::uint32_t value, std::uint32_t least,
                          std::uint32_t most) {
  if (value >= least && value <= most) return {};
  return base::fail("{}: {} is not within {} and {}", what, value, least, most);
}

// Four groups of 1 to 13 small letters and digits: 256 bits in base 36.
bool is_debugging_key(std::string_view key) {
  std::size_t groups = 1;
  std::size_t length = 0;
  for (const char c : key) {
    if (c == '.') {
      if (length == 0) return false;
      ++groups;
      length = 0;
    } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      if (++length > 13) return false;
    } else {
      return false;
    }
  }
  return groups == 4 && length > 0;
}

base::Status check_debugging(const BcdStore& store) {
  return std::visit(base::Overloaded{
                        [](std::monostate) -> base::Status { return {}; },
                        [](const SerialDebugging& serial) -> base::Status {
                          if (auto ok = check_number("debugging port", serial.port, 1, 255); !ok) return ok;
                          return check_number("debugging baud rate", serial.baud, 300, 4'000'000);
                        },
                        [](const NetDebugging& net) -> base::Status {
                          if (net.port == 0) return base::fail("debugging port: 0");
                          if (is_debugging_key(net.key)) return {};
                          return base::fail("debugging key: not of the form 1.2.3.4");
                        },
                    },
                    store.debugging);
}

base::Status check(const BcdStore& store) {
  if (store.images.empty()) return base::fail("a boot configuration without an image");
  if (store.images.size() > most_bcd_images) {
    return base::fail("{} images: at most {}", store.images.size(), most_bcd_images);
  }
  if (store.default_image >= store.images.size()) {
    return base::fail("default image {}: there are {}", store.default_image + 1, store.images.size());
  }
  for (const BcdImage& image : store.images) {
    if (auto ok = check_text("description", image.description, longest_bcd_description); !ok) return ok;
    if (auto ok = check_path("WIM path", image.wim_path); !ok) return ok;
    if (auto ok = check_path("boot.sdi path", image.sdi_path); !ok) return ok;
    if (!image.locale.empty() && !is_bcd_locale(image.locale))
      return base::fail("an image's locale: not of the form en-US");
  }
  if (!is_bcd_locale(store.locale)) return base::fail("locale: not of the form en-US");
  if (!store.fonts_path.empty()) {
    if (auto ok = check_path("fonts path", store.fonts_path); !ok) return ok;
  }
  if (store.tftp_block_size) {
    if (auto ok = check_number("TFTP block size", *store.tftp_block_size, 512, 65'464); !ok) return ok;
  }
  if (store.tftp_window_size) {
    if (auto ok = check_number("TFTP window size", *store.tftp_window_size, 1, 65'535); !ok) return ok;
  }
  return check_debugging(store);
}

HiveKey boot_manager_object(const BcdStore& store) {
  std::vector<std::string> order;
  for (std::size_t i = 0; i < store.images.size(); ++i) order.push_back(image_guid(i));
  BcdObject object(boot_manager, boot_manager_type);
  object.text(0x12000004, "Windows Boot Manager").text(0x12000005, store.locale);
  if (!store.fonts_path.empty()) object.text(0x1200004a, store.fonts_path);
  object.object(0x23000003, image_guid(store.default_image))
      .objects(0x24000001, order)
      .number(0x25000004, store.timeout)
      .yes_no(0x26000020, store.images.size() > 1);
  return std::move(object).take();
}

HiveKey options_object(const BcdStore& store, std::size_t index, std::string_view sdi_path) {
  BcdObject object(options_guid(index), device_options_type);
  object.device(0x31000003, boot_device()).text(0x32000004, sdi_path);
  if (store.tftp_block_size) object.number(0x35000007, *store.tftp_block_size);
  if (store.tftp_window_size) object.number(0x35000008, *store.tftp_window_size);
  object.yes_no(0x3600000b, false);  // Microsoft's variable window, which this server does not speak
  return std::move(object).take();
}

HiveKey image_object(const BcdStore& store, std::size_t index, std::string_view options) {
  const BcdImage& image = store.images[index];
  const base::Bytes device = ramdisk_device(image.wim_path, *base::Uuid::parse(options));
  BcdObject object(image_guid(index), windows_loader_type);
  object.device(0x11000001, device);
  if (const auto path = program(image.loader); !path.empty()) object.text(0x12000002, path);
  object.text(0x12000004, image.description)
      .text(0x12000005, image.locale.empty() ? store.locale : image.locale);
  const bool debugged = !std::holds_alternative<std::monostate>(store.debugging);
  if (debugged) object.objects(0x14000006, {std::string(debugger_settings)});
  object.device(0x21000001, device)
      .text(0x22000002, R"(\Windows)")
      .yes_no(0x26000010, true)   // find out about the hardware
      .yes_no(0x26000022, true);  // a Windows PE
  if (debugged) object.yes_no(0x260000a0, true);
  return std::move(object).take();
}

std::optional<HiveKey> debugger_object(const BcdStore& store) {
  BcdObject object(debugger_settings, inherited_type);
  if (const auto* serial = std::get_if<SerialDebugging>(&store.debugging)) {
    object.number(0x15000011, 0).number(0x15000013, serial->port).number(0x15000014, serial->baud);
  } else if (const auto* net = std::get_if<NetDebugging>(&store.debugging)) {
    object.text(0x1200001d, net->key)
        .number(0x15000011, 3)
        .number(0x1500001a, net->host.host_order())
        .number(0x1500001b, net->port)
        .yes_no(0x1600001c, true);
  } else {
    return std::nullopt;
  }
  return std::move(object).take();
}

}  // namespace

bool is_bcd_locale(std::string_view text) {
  return text.size() >= 2 && text.size() <= 20 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
         });
}

base::Result<HiveKey> bcd_tree(const BcdStore& store) {
  if (auto ok = check(store); !ok) return tl::unexpected(ok.error());
  // One options object for each boot.sdi: images of one origin share theirs.
  std::vector<std::string_view> sdi_paths;
  HiveKey objects{"Objects", {}, {}};
  objects.keys.push_back(boot_manager_object(store));
  for (std::size_t i = 0; i < store.images.size(); ++i) {
    const std::string_view path = store.images[i].sdi_path;
    const auto known = std::find(sdi_paths.begin(), sdi_paths.end(), path);
    const auto index = static_cast<std::size_t>(known - sdi_paths.begin());
    if (known == sdi_paths.end()) {
      sdi_paths.push_back(path);
      objects.keys.push_back(options_object(store, index, path));
    }
    objects.keys.push_back(image_object(store, i, options_guid(index)));
  }
  if (auto debugger = debugger_object(store)) objects.keys.push_back(std::move(*debugger));

  HiveKey description{"Description", {}, {}};
  description.values.push_back({"FirmwareModified", RegistryType::number, {1, 0, 0, 0}});
  description.values.push_back({"KeyName", RegistryType::string, registry_text("BCD00000001")});
  return HiveKey{"NewStoreRoot", {}, {std::move(description), std::move(objects)}};
}

base::Result<base::Bytes> write_bcd(const BcdStore& store) {
  const auto tree = bcd_tree(store);
  if (!tree) return tl::unexpected(tree.error());
  return write_hive(*tree);
}

}  // namespace format
