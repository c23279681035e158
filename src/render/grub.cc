// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "render/menu.h"
#include "render/plan_text.h"
#include "render/quote.h"

namespace render {
namespace {

// Debian's GRUB 2.06 returns EFI_SUCCESS whatever is given to `exit`, and OVMF opens its
// set-up after a boot option that succeeded (seen live): a machine that nobody watches would
// stand there. So the disk's own loader is started first where one is found; `exit 1` means
// failure to GRUBs that carry Fedora's patch. $root moves to the disk with it: chainloader
// tells the loader that it came from $root, and one that believed in the network card would
// look there for its own files.
constexpr std::string_view local_function = R"(function boot_local {
  for loader in /efi/microsoft/boot/bootmgfw.efi /efi/debian/shimx64.efi /efi/ubuntu/shimx64.efi \
      /efi/fedora/shimx64.efi /efi/redhat/shimx64.efi /efi/opensuse/shim.efi /efi/boot/bootx64.efi; do
    if search --no-floppy --file --set=root $loader; then
      chainloader $loader
      boot
    fi
  done
  exit 1
}
)";

void load(std::string& config, const Screen::Entry& entry, std::string_view indent, const BootWords& boot) {
  const policy::Image& image = *entry.image;
  if (is_windows(entry)) {
    line(config, "{}echo {}", indent, grub_word("Bootferry: booting " + entry.title));
    line(config, "{}chainloader {}", indent, grub_word("/" + windows_files(entry).bootmgfw_efi));
    return;
  }
  if (image.kind == policy::ImageKind::uki) {
    // All words as one: chainloader takes no quotes away, and joins words with blanks.
    const std::string command_line = one_line(command_line_of(entry, boot));
    line(config, "{}echo {}", indent, grub_word("Bootferry: booting " + entry.title));
    line(config, "{}chainloader {}{}{}", indent, grub_word("/" + image.kernel),
         command_line.empty() ? "" : " ", command_line.empty() ? "" : grub_word(command_line));
    return;
  }
  std::string words = grub_word("/" + image.kernel);
  if (const std::string command_line = grub_command_line(command_line_of(entry, boot));
      !command_line.empty()) {
    words += ' ' + command_line;
  }
  line(config, "{}echo {}", indent, grub_word("Bootferry: booting " + entry.title));
  line(config, "{}linux {}", indent, words);
  if (image.initrds.empty()) return;
  std::string initrds;
  for (const std::string& initrd : image.initrds) initrds += ' ' + grub_word("/" + initrd);
  line(config, "{}initrd{}", indent, initrds);
}

std::string id_of(const Screen& screen, std::size_t entry) {
  return screen.entries.size() == 1 ? "network" : fmt::format("entry{}", entry + 1);
}

}  // namespace

std::string grub_config(const policy::Plan& plan, const policy::Settings& settings, const BootWords& boot) {
  std::string config(local_function);
  const auto screen = screen_of(plan);
  if (!screen) {
    line(config, "echo {}", grub_word(refusal_text(plan)));
    line(config, "boot_local");
    return config;
  }
  line(config, "set timeout={}", screen->asks ? prompt_seconds(settings) : 0);
  line(config, "set default={}", screen->asks && !screen->silence_boots ? "local" : id_of(*screen, 0));
  // What failed to load ends in the local disk, not in a menu that nobody sees.
  line(config, "set fallback=local");
  for (std::size_t i = 0; i < screen->entries.size(); ++i) {
    line(config, "menuentry {} --id {} {{", grub_word(screen->entries[i].title), id_of(*screen, i));
    load(config, screen->entries[i], "  ", boot);
    line(config, "}}");
  }
  line(config, "menuentry {} --id local {{\n  boot_local\n}}", grub_word(local_disk));
  return config;
}

// GRUB runs a file inside the one that names it, and its stack is small: the first waiting
// file holds the loop, those that come later only say how far the queue is and end.
std::string grub_waiting_config(const Wait& wait, const base::Mac& mac) {
  return fmt::format(
      "echo {}\n"
      "if [ -z \"$bootferry_waits\" ]; then\n"
      "  bootferry_waits=1\n"
      "  export bootferry_waits\n"
      "  while true; do\n"
      "    sleep {}\n"
      "    configfile /grub/machine/{}.cfg\n"
      "  done\n"
      "fi\n",
      grub_word("Bootferry: " + screen_text(wait.text)), wait.seconds, mac.print());
}

// $net_default_mac is the card that GRUB was loaded through. Names are case-insensitive here
// and ':' is fine in them.
std::string grub_entry_config() {
  return fmt::format(
      "{}if [ -n \"$net_default_mac\" ]; then\n"
      "  configfile /grub/machine/$net_default_mac.cfg\n"
      "fi\n"
      "echo 'Bootferry: this machine could not be told by its hardware address'\n"
      "boot_local\n",
      local_function);
}

}  // namespace render
