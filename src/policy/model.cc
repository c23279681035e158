// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/model.h"

namespace policy {

std::string_view print(ImageKind kind) {
  switch (kind) {
    case ImageKind::linux_kernel:
      return "linux";
    case ImageKind::tree:
      return "tree";
    case ImageKind::wim:
      return "wim";
    case ImageKind::uki:
      return "uki";
  }
  return "unknown";
}

std::optional<ImageKind> parse_image_kind(std::string_view text) {
  for (const ImageKind kind : {ImageKind::linux_kernel, ImageKind::tree, ImageKind::wim, ImageKind::uki}) {
    if (print(kind) == text) return kind;
  }
  return std::nullopt;
}

std::string bios_kernel(const Image& image) {
  if (image.kind != ImageKind::uki) return image.kernel;
  return image.kernel.substr(0, image.kernel.rfind('/') + 1) + std::string(uki_kernel_name);
}

std::string_view print(ImageState state) {
  switch (state) {
    case ImageState::draft:
      return "draft";
    case ImageState::published:
      return "published";
    case ImageState::withdrawn:
      return "withdrawn";
  }
  return "unknown";
}

std::optional<ImageState> parse_image_state(std::string_view text) {
  for (const ImageState state : {ImageState::draft, ImageState::published, ImageState::withdrawn}) {
    if (print(state) == text) return state;
  }
  return std::nullopt;
}

std::string_view print(Role role) {
  switch (role) {
    case Role::boot:
      return "boot";
    case Role::prompt:
      return "prompt";
    case Role::abort:
      return "abort";
    case Role::detect:
      return "detect";
  }
  return "unknown";
}

std::optional<Role> parse_role(std::string_view text) {
  for (const Role role : {Role::boot, Role::prompt, Role::abort, Role::detect}) {
    if (print(role) == text) return role;
  }
  return std::nullopt;
}

}  // namespace policy
