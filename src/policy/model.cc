// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/model.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace policy {
namespace {

struct ArchName {
  std::string_view name;
  Arch arch;
};

// The first name of an architecture is the one that is printed.
constexpr ArchName arch_names[] = {
    {"bios", Arch::bios},
    {"ia32", Arch::ia32},
    {"i386", Arch::ia32},
    {"x86", Arch::ia32},
    {"x64", Arch::x64},
    {"x86_64", Arch::x64},
    {"amd64", Arch::x64},
    {"arm32", Arch::arm32},
    {"arm", Arch::arm32},
    {"armhf", Arch::arm32},
    {"arm64", Arch::arm64},
    {"aarch64", Arch::arm64},
    {"riscv64", Arch::riscv64},
    {"loongarch64", Arch::loongarch64},
    {"loong64", Arch::loongarch64},
    {"other", Arch::other},
};

struct ArchRow {
  std::uint16_t id;
  ArchId meaning;
};

// The rows of the IANA registry that we have a name for. What is missing (IA64, PowerPC,
// s390, MIPS, the 32- and 128-bit RISC-Vs …) is Arch::other: served with nothing, and the
// message shows the number.
constexpr ArchRow arch_rows[] = {
    {0, {Arch::bios, false, false}},
    {6, {Arch::ia32, false, false}},
    {7, {Arch::x64, false, false}},
    {9, {Arch::x64, false, false}},  // "EBC": x64 firmware that read RFC 4578 before its erratum
    {10, {Arch::arm32, false, false}},
    {11, {Arch::arm64, false, false}},
    {15, {Arch::ia32, true, false}},
    {16, {Arch::x64, true, false}},
    {17, {Arch::x64, true, false}},  // "EBC" once more, by HTTP
    {18, {Arch::arm32, true, false}},
    {19, {Arch::arm64, true, false}},
    {20, {Arch::bios, true, false}},
    {21, {Arch::arm32, false, true}},
    {22, {Arch::arm64, false, true}},
    {23, {Arch::arm32, true, true}},
    {24, {Arch::arm64, true, true}},
    {27, {Arch::riscv64, false, false}},
    {28, {Arch::riscv64, true, false}},
    {39, {Arch::loongarch64, false, false}},
    {40, {Arch::loongarch64, true, false}},
};

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

}  // namespace

std::string_view print(Arch arch) {
  for (const ArchName& row : arch_names) {
    if (row.arch == arch) return row.name;
  }
  return "other";
}

std::optional<Arch> parse_arch(std::string_view text) {
  for (const ArchName& row : arch_names) {
    if (std::ranges::equal(row.name, text, {}, {}, lower)) return row.arch;
  }
  return std::nullopt;
}

std::string_view print(ImageKind kind) { return kind == ImageKind::tree ? "tree" : "linux"; }

std::optional<ImageKind> parse_image_kind(std::string_view text) {
  for (const ImageKind kind : {ImageKind::linux_kernel, ImageKind::tree}) {
    if (print(kind) == text) return kind;
  }
  return std::nullopt;
}

ArchId arch_of(std::uint16_t id) {
  for (const ArchRow& row : arch_rows) {
    if (row.id == id) return row.meaning;
  }
  return {};
}

std::string print(const Target& target) {
  if (const auto* mac = std::get_if<base::Mac>(&target)) return mac->print();
  return "all";
}

Snapshot::Snapshot(Settings settings, std::vector<Image> images, std::vector<Deployment> deployments,
                   std::vector<Program> programs)
    : settings_(settings),
      images_(std::move(images)),
      deployments_(std::move(deployments)),
      programs_(std::move(programs)) {
  for (std::size_t i = 0; i < images_.size(); ++i) by_image_id_.insert_or_assign(images_[i].id, i);
  for (std::size_t i = 0; i < deployments_.size(); ++i) {
    if (const auto* mac = std::get_if<base::Mac>(&deployments_[i].target)) {
      by_mac_.insert_or_assign(*mac, i);
    } else {
      for_all_ = i;
    }
  }
}

const Image* Snapshot::image(std::int64_t id) const {
  const auto found = by_image_id_.find(id);
  return found == by_image_id_.end() ? nullptr : &images_[found->second];
}

const Deployment* Snapshot::deployment_for(base::Mac mac) const {
  const auto found = by_mac_.find(mac);
  return found == by_mac_.end() ? nullptr : &deployments_[found->second];
}

const Deployment* Snapshot::deployment_for_all() const {
  return for_all_ ? &deployments_[*for_all_] : nullptr;
}

const Program* Snapshot::program(Arch arch) const {
  const auto found = std::ranges::find(programs_, arch, &Program::arch);
  return found == programs_.end() ? nullptr : &*found;
}

}  // namespace policy
