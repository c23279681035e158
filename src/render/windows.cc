// SPDX-License-Identifier: GPL-3.0-or-later
#include "render/windows.h"

#include <algorithm>
#include <string>
#include <utility>

#include "format/bcd.h"
#include "render/plan_text.h"

namespace render {
namespace {

// As Windows spells it: from the root of the TFTP server.
std::string windows_path(std::string_view published) {
  std::string path = "\\" + std::string(published);
  std::ranges::replace(path, '/', '\\');
  return path;
}

}  // namespace

base::Result<std::optional<base::Bytes>> windows_bcd(const policy::Plan& plan,
                                                     const policy::Settings& settings, std::int64_t only) {
  const auto screen = screen_of(plan);
  if (!screen) return std::nullopt;
  format::BcdStore store;
  store.timeout = prompt_seconds(settings);
  const policy::WindowsTerms& terms = settings.windows;
  if (terms.tftp_block_size != 0) store.tftp_block_size = terms.tftp_block_size;
  if (terms.tftp_window_size != 0) store.tftp_window_size = terms.tftp_window_size;
  if (!terms.locale.empty()) store.locale = terms.locale;
  for (const Screen::Entry& entry : screen->entries) {
    if (!is_windows(entry) || entry.windows == nullptr || entry.windows->boot_sdi.empty()) continue;
    if (only != 0 && entry.image->id != only) continue;
    store.images.push_back(
        {entry.title, windows_path(entry.image->kernel), windows_path(entry.windows->boot_sdi)});
    if (terms.locale.empty()) store.images.back().locale = entry.windows->locale;
    // The boot manager takes its fonts and its language from one place: those of the default.
    if (store.images.size() == 1) {
      store.fonts_path = windows_path(entry.windows->fonts);
      if (terms.locale.empty() && !entry.windows->locale.empty()) store.locale = entry.windows->locale;
    }
    if (store.images.size() == format::most_bcd_images) break;
  }
  if (store.images.empty()) return std::nullopt;
  auto bytes = format::write_bcd(store);
  if (!bytes) return tl::unexpected(bytes.error());
  return std::move(*bytes);
}

}  // namespace render
