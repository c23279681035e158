// SPDX-License-Identifier: GPL-3.0-or-later
// What the three menu languages say alike.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/plan.h"
#include "render/template.h"

namespace render {

// What a machine is shown and does, whatever language its loader speaks.
struct Screen {
  struct Entry {
    std::string title;
    const policy::Image* image = nullptr;
    const policy::WindowsFiles* windows = nullptr;
    const policy::Deployment* deployment = nullptr;
    const policy::TaskSequence* task_sequence = nullptr;
  };
  std::vector<Entry> entries;
  bool asks = false;           // else the first one boots
  bool silence_boots = false;  // where it asks: the first one, else the local disk
};
// What placeholders stand for where it boots.
Choosing choosing(const Screen::Entry& entry, const BootWords& boot);
// Its command line, with the word in front that tells where to report.
std::string command_line_of(const Screen::Entry& entry, const BootWords& boot);
// Nothing where nothing boots from here.
std::optional<Screen> screen_of(const policy::Plan& plan);
// Through Windows' own boot manager.
inline bool is_windows(const Screen::Entry& entry) { return entry.image->kind == policy::ImageKind::wim; }
// All empty where they are not there.
inline policy::WindowsFiles windows_files(const Screen::Entry& entry) {
  return entry.windows != nullptr ? *entry.windows : policy::WindowsFiles{};
}
// Why nothing boots from here: "Bootferry: no-deployment: nothing is deployed …".
std::string refusal_text(const policy::Plan& plan);

// A prompt of no seconds would wait for ever in one language and not at all in another.
inline unsigned prompt_seconds(const policy::Settings& settings) {
  return std::max<unsigned>(settings.prompt_seconds, 1);
}

// Adds one line.
template <class... Args>
void line(std::string& script, fmt::format_string<Args...> text, Args&&... args) {
  fmt::format_to(std::back_inserter(script), text, std::forward<Args>(args)...);
  script += '\n';
}

inline constexpr std::string_view local_disk = "Boot from the local disk";

}  // namespace render
