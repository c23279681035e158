// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "render/menu.h"
#include "render/plan_text.h"
#include "render/quote.h"

namespace render {
namespace {

// LOCALBOOT 0 hands back to the PXE ROM, which goes on with the BIOS's next boot device.
void local_label(std::string& config) { line(config, "LABEL local\n  LOCALBOOT 0"); }

std::string label(const Screen& screen, std::size_t entry) {
  return screen.entries.size() == 1 ? "network" : fmt::format("{}", entry + 1);
}

// pxechn.c32 starts another boot program, which finds itself named in the DHCP answers as if the ROM
// had loaded it (-W: as WDS's programs want it). They ask for their configuration by its fixed name.
void start_windows(std::string& config, const policy::WindowsFiles& files) {
  const std::string& program = files.pxeboot_n12.empty() ? files.pxeboot_com : files.pxeboot_n12;
  line(config, "  COM32 ::/bios/pxechn.c32");
  line(config, "  APPEND ::{} -W", one_line(program));
}

void load(std::string& config, const Screen::Entry& entry, const BootWords& boot) {
  const policy::Image& image = *entry.image;
  line(config, "  KERNEL ::/{}", one_line(policy::bios_kernel(image)));
  if (!image.initrds.empty()) {
    std::string initrds;
    for (const std::string& initrd : image.initrds) {
      if (!initrds.empty()) initrds += ',';
      initrds += "::/" + one_line(initrd);
    }
    line(config, "  INITRD {}", initrds);
  }
  const std::string command_line = one_line(command_line_of(entry, boot));
  if (!command_line.empty()) line(config, "  APPEND {}", command_line);
}

void boot_label(std::string& config, std::string_view name, const Screen::Entry& entry,
                const BootWords& boot) {
  line(config, "LABEL {}", name);
  if (is_windows(entry)) {
    start_windows(config, windows_files(entry));
  } else {
    load(config, entry, boot);
  }
}

// Plain text: menus need vesamenu.c32, which not every place has, and serial lines show this.
void ask(std::string& config, const Screen& screen, unsigned seconds) {
  if (screen.entries.size() == 1) {
    line(config, "SAY Bootferry: type \"network\" and Enter for {}.", screen.entries.front().title);
  } else {
    line(config, "SAY Bootferry: type a number and Enter.");
    for (std::size_t i = 0; i < screen.entries.size(); ++i) {
      line(config, "SAY   {:>2}  {}", i + 1, screen.entries[i].title);
    }
  }
  if (screen.silence_boots) {
    line(config, "SAY \"local\" and Enter: {}. {} seconds of nothing: {}.", local_disk, seconds,
         screen.entries.front().title);
  } else {
    line(config, "SAY Enter alone, or {} seconds of nothing: {}.", seconds, local_disk);
  }
  line(config, "DEFAULT {}\nPROMPT 1\nTIMEOUT {}", screen.silence_boots ? label(screen, 0) : "local",
       seconds * 10);  // tenths of a second
}

}  // namespace

std::string pxelinux_config(const policy::Plan& plan, const policy::Settings& settings,
                            const BootWords& boot) {
  std::string config;
  const auto screen = screen_of(plan);
  if (!screen) {
    line(config, "SAY {}", refusal_text(plan));
    line(config, "DEFAULT local\nPROMPT 0");
    local_label(config);
    return config;
  }
  if (screen->asks) {
    ask(config, *screen, prompt_seconds(settings));
    local_label(config);
  } else {
    line(config, "SAY Bootferry: booting {}", screen->entries.front().title);
    line(config, "DEFAULT network\nPROMPT 0");
  }
  for (std::size_t i = 0; i < screen->entries.size(); ++i) {
    boot_label(config, label(*screen, i), screen->entries[i], boot);
  }
  return config;
}

// Reads its configuration anew when nobody has typed anything for so long.
std::string pxelinux_waiting_config(const Wait& wait, const base::Mac& mac) {
  std::string config;
  line(config, "SAY Bootferry: {}", screen_text(wait.text));
  line(config, "DEFAULT again\nPROMPT 1\nTIMEOUT {}", std::max(wait.seconds, 1U) * 10);
  line(config, "LABEL again\n  CONFIG ::/bios/pxelinux.cfg/01-{}", mac.print_dashed());
  return config;
}

}  // namespace render
