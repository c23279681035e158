// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/drivers.h"

#include <dirent.h>

#include <utility>

#include "agent/files.h"
#include "agent/programs.h"

namespace agent {
namespace {

constexpr int deepest = 32;             // buses behind buses
constexpr std::size_t at_a_time = 200;  // names for one modprobe: an argument list has an end

// Links are not followed: each device stands in one place.
void collect(const std::string& folder, int depth, std::vector<std::string>& into) {
  DIR* const open = ::opendir(folder.c_str());
  if (open == nullptr) return;
  while (const dirent* entry = ::readdir(open)) {
    const std::string name = static_cast<const char*>(entry->d_name);
    if (entry->d_type == DT_DIR && name != "." && name != ".." && depth < deepest) {
      collect(folder + "/" + name, depth + 1, into);
    } else if (name == "modalias") {
      if (auto text = read_text(folder + "/" + name); !text.empty()) into.push_back(std::move(text));
    }
  }
  ::closedir(open);
}

}  // namespace

std::vector<std::string> modaliases(const std::string& folder) {
  std::vector<std::string> names;
  collect(folder, 0, names);
  return names;
}

bool Drivers::load_new() {
  std::vector<std::string> fresh;
  std::vector<std::string> names = modaliases("/sys/devices");
  const bool changed = std::exchange(devices_, names.size()) != names.size();
  for (std::string& name : names) {
    if (tried_.insert(name).second) fresh.push_back(std::move(name));
  }
  for (std::size_t at = 0; at < fresh.size(); at += at_a_time) {
    std::vector<std::string> words{"modprobe", "-qab"};
    for (std::size_t i = at; i < fresh.size() && i < at + at_a_time; ++i) words.push_back(fresh[i]);
    run_busybox(words);  // most names are of devices that an image like this has no driver for
  }
  return changed || !fresh.empty();
}

}  // namespace agent
