// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "render/menu.h"
#include "render/plan_text.h"
#include "render/quote.h"

namespace render {
namespace {

// LOCALBOOT 0 hands back to the PXE ROM, which goes on with the BIOS's next boot device.
void local_label(std::string& config) { line(config, "LABEL local\n  LOCALBOOT 0"); }

void boot_label(std::string& config, const policy::Image& image) {
  line(config, "LABEL network");
  line(config, "  KERNEL ::/{}", one_line(image.kernel));
  if (!image.initrds.empty()) {
    std::string initrds;
    for (const std::string& initrd : image.initrds) {
      if (!initrds.empty()) initrds += ',';
      initrds += "::/" + one_line(initrd);
    }
    line(config, "  INITRD {}", initrds);
  }
  const std::string command_line = one_line(image.command_line);
  if (!command_line.empty()) line(config, "  APPEND {}", command_line);
}

}  // namespace

std::string pxelinux_config(const policy::Plan& plan, const policy::Settings& settings) {
  std::string config;
  const policy::Boot* boot = plan.boot();
  if (boot == nullptr) {
    line(config, "SAY {}", ignore_text(plan));
    line(config, "DEFAULT local\nPROMPT 0");
    local_label(config);
    return config;
  }
  if (boot->prompt) {
    const unsigned seconds = prompt_seconds(settings);
    line(config, "SAY Bootferry: type \"network\" and Enter for {}.", title(*boot));
    line(config, "SAY Enter alone, or {} seconds of nothing: {}.", seconds, local_disk);
    line(config, "DEFAULT local\nPROMPT 1\nTIMEOUT {}", seconds * 10);  // tenths of a second
    local_label(config);
  } else {
    line(config, "SAY Bootferry: booting {}", title(*boot));
    line(config, "DEFAULT network\nPROMPT 0");
  }
  boot_label(config, *boot->image);
  return config;
}

}  // namespace render
