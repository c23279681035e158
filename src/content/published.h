// SPDX-License-Identifier: GPL-3.0-or-later
// The one namespace that TFTP and HTTP serve: loaders from Debian's packages, images, and
// names that are rendered per machine. An immutable index: name in, entry out. A name can
// only hit what was indexed; no request ever becomes a path on disk.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/address.h"
#include "base/result.h"

namespace content {

// A name as any client spells it -> one spelling: '\' and '/' alike, runs of them one,
// leading ones cut, "." dropped, lower case. nullopt: "..", control characters, or over
// 512 octets. (Windows loaders mix spellings within one boot; shim sends "//grubx64.efi".)
std::optional<std::string> normalise(std::string_view requested);

// A file on disk that stays as it is while it is published.
struct DiskFile {
  std::string path;  // absolute
  std::uint64_t size = 0;
  std::string etag;  // changes when the content does
  std::string content_type;
};

// Names that are rendered for whoever asks.
enum class Rendered : std::uint8_t {
  ipxe_entry,
  ipxe_script,
  pxelinux_config,
  grub_entry,
  grub_config,
  windows_bcd,
  boot_variables,
};
struct RenderedName {
  Rendered what;
  // The identity that the name itself carries («pxelinux.cfg/01-52-54-…», «…/52-54-….ipxe»).
  std::optional<base::Mac> mac;
  std::optional<base::Uuid> uuid;
  std::int64_t image = 0;  // of a boot configuration: for this one alone
};

struct NotFound {};
using Entry = std::variant<NotFound, const DiskFile*, RenderedName>;

// Whether a loader: fetching one twice in an attempt is a loop.
bool is_loader(std::string_view normalised);
// Whether an iPXE: the one loader that takes a script in a loader's place.
bool is_ipxe(std::string_view normalised);

class Published {
 public:
  // Names must be normalised already; a later add of the same name replaces.
  void add(std::string name, DiskFile file);
  [[nodiscard]] Entry find(std::string_view normalised) const;
  // An image's answer file, which is no published name: `directory` is its version's.
  void add_answer(std::string_view directory, std::string_view name, std::string path);
  // Where it stands on the disk; empty: there is none. `name` as the client spelled it.
  [[nodiscard]] std::string answer(std::string_view directory, std::string_view name) const;
  [[nodiscard]] std::size_t size() const { return files_.size(); }
  [[nodiscard]] const std::unordered_map<std::string, DiskFile>& files() const { return files_; }

 private:
  std::unordered_map<std::string, DiskFile> files_;
  std::unordered_map<std::string, std::string> answers_;
};

// The rendered names, in one place:
//   boot.ipxe                       entry: chains to the next line
//   ipxe/<mac-dashed>.ipxe          script of one machine
//   bios/pxelinux.cfg/<uuid>        pxelinux asks its UUID, 01-<mac>, hex addresses, default
//   grub/grub.cfg                   entry (also debian-installer/amd64/grub/grub.cfg: the
//   grub/machine/<mac>.cfg          prefix in Debian's network installer GRUB), and
//   grub/grub.cfg-01-<mac>          what GRUB 2.06 looks for by itself before grub.cfg
//   bcd/<mac-dashed>.bcd            Windows' boot configuration of one machine, which option 252 names
//   bcd/<mac-dashed>/<image>.bcd    of one machine for one image, by its number
//   bcd/<mac-dashed>.boot.var       what option 243 names: docs/formats/variables-file.md
//   boot/bcd, smsboot/bcd           where Windows' boot manager looks when nobody told it
std::optional<RenderedName> parse_rendered_name(std::string_view normalised);

}  // namespace content
