// SPDX-License-Identifier: GPL-3.0-or-later
// What an administrator has said: images, deployments, boot programs, settings; and the
// immutable Snapshot of it all that packet threads decide from. People's words, no bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/address.h"

namespace policy {

// What a boot program must be built for. BIOS clients call themselves 0 whatever their CPU.
enum class Arch : std::uint8_t { bios, ia32, x64, arm32, arm64, riscv64, loongarch64, other };
inline constexpr std::size_t arch_count = 8;
std::string_view print(Arch arch);                      // "bios", "ia32", "x64", ...
std::optional<Arch> parse_arch(std::string_view text);  // also "x86_64", "amd64", "aarch64", "i386"

// Processor-architecture ids of option 93 (IANA registry). 7 and 9 are both x64: RFC 4578's
// text swapped them (erratum 4624) and firmware of both readings is in the field.
struct ArchId {
  Arch arch = Arch::other;
  bool http = false;   // the id of an HTTP Boot client (15, 16, 18, 19, ...)
  bool uboot = false;  // 21..24
};
ArchId arch_of(std::uint16_t id);

enum class ImageKind : std::uint8_t { linux_kernel, tree };
std::string_view print(ImageKind kind);  // "linux", "tree"
std::optional<ImageKind> parse_image_kind(std::string_view text);

// A published boot image. Paths are those of the published tree («images/debian/1/linux»).
struct Image {
  std::int64_t id = 0;
  std::string name;
  ImageKind kind = ImageKind::linux_kernel;
  std::string kernel;
  std::vector<std::string> initrds;
  std::string command_line;
  // Which machines the kernel runs on. A BIOS machine counts as x64 here: PXE cannot tell.
  Arch arch = Arch::x64;
  bool operator==(const Image&) const = default;
};

// Who a deployment is for. Part of the model that grows into collections.
struct AllMachines {
  bool operator==(const AllMachines&) const = default;
};
using Target = std::variant<AllMachines, base::Mac>;
std::string print(const Target& target);  // "all" or the MAC

struct Deployment {
  std::int64_t id = 0;
  std::int64_t image = 0;
  Target target;
  bool prompt = false;  // ask at the machine before anything boots; always set for AllMachines
  bool operator==(const Deployment&) const = default;
};

// A boot program that an administrator added for an architecture: where we have none of our
// own, and in place of ours where we have.
struct Program {
  Arch arch = Arch::other;
  std::string path;  // in the published tree
  bool operator==(const Program&) const = default;
};

// Which chain a UEFI machine gets when nothing says whether Secure Boot is on: DHCP cannot
// reveal it. ipxe: works beside any DHCP server, refused under Secure Boot. shim: runs under
// Secure Boot, but its GRUB reads the server's address from the DHCP ACK only.
enum class UnknownUefi : std::uint8_t { ipxe, shim };
// What an iPXE in a BIOS ROM gets: a script over HTTP, or pxelinux like any other ROM.
enum class BiosIpxe : std::uint8_t { script, pxelinux };

struct Settings {
  UnknownUefi unknown_uefi = UnknownUefi::ipxe;
  BiosIpxe bios_ipxe = BiosIpxe::script;
  std::uint16_t prompt_seconds = 10;  // how long a prompt waits before the local disk boots; 0 counts as 1
  bool http = true;                   // our HTTP service is on
  std::uint16_t http_port = 80;
  std::uint16_t images_port = 0;  // where another server that stands before us serves images by HTTP; 0: none
  bool operator==(const Settings&) const = default;
};

// Everything a decision needs, immutable once published. Pointers into it live as long as
// the shared_ptr that a packet thread holds. Of two deployments for one target the later in
// the list counts: what was said last.
class Snapshot {
 public:
  Snapshot() = default;
  Snapshot(Settings settings, std::vector<Image> images, std::vector<Deployment> deployments,
           std::vector<Program> programs);

  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] const std::vector<Image>& images() const { return images_; }
  [[nodiscard]] const std::vector<Deployment>& deployments() const { return deployments_; }
  [[nodiscard]] const Image* image(std::int64_t id) const;
  [[nodiscard]] const Deployment* deployment_for(base::Mac mac) const;  // for this machine by name
  [[nodiscard]] const Deployment* deployment_for_all() const;
  [[nodiscard]] const Program* program(Arch arch) const;  // added by the administrator

 private:
  Settings settings_;
  std::vector<Image> images_;
  std::vector<Deployment> deployments_;
  std::vector<Program> programs_;
  std::unordered_map<base::Mac, std::size_t> by_mac_;
  std::optional<std::size_t> for_all_;
  std::unordered_map<std::int64_t, std::size_t> by_image_id_;
};

}  // namespace policy
