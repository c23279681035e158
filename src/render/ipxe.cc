// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <iterator>

#include "base/url.h"
#include "render/menu.h"
#include "render/plan_text.h"
#include "render/quote.h"

namespace render {
namespace {

// A file that must come, and what is said when it does not: iPXE prints the error itself,
// but not which file it was about.
void fetch(std::string& script, std::string_view command, std::string_view url, std::string_view arguments) {
  line(script, "set wanted {}", url);
  line(script, "{} {}{}{} || goto failed", command, url, arguments.empty() ? "" : " ", arguments);
}

std::string label(const Screen& screen, std::size_t entry) {
  return screen.entries.size() == 1 ? "network" : fmt::format("entry{}", entry + 1);
}

void load_and_boot(std::string& script, const Screen::Entry& entry, const ServerAddress& files,
                   const BootWords& boot) {
  const policy::Image& image = *entry.image;
  // A kernel started by UEFI's stub reads its initrds by name through iPXE's file system, so
  // the command line names them; on BIOS they are just there and the words do no harm. The
  // names are ours: two initrds may have one base name, or one with a space in it.
  std::string arguments;
  for (std::size_t i = 0; i < image.initrds.size(); ++i) {
    fmt::format_to(std::back_inserter(arguments), "initrd=initrd{} ", i);
  }
  arguments += ipxe_words(command_line_of(entry, boot));
  while (arguments.ends_with(' ')) arguments.pop_back();

  line(script, "imgfree");
  fetch(script, "kernel", files.url(policy::bios_kernel(image)), arguments);
  for (std::size_t i = 0; i < image.initrds.size(); ++i) {
    fetch(script, fmt::format("initrd --name initrd{}", i), files.url(image.initrds[i]), "");
  }
  line(script, "set wanted the kernel");
  line(script, "boot || goto failed");
}

// A record of type 1: the length of a path, and the path.
std::string variables_option(std::string_view mac_dashed) {
  const std::string path = fmt::format("\\bcd\\{}.boot.var", mac_dashed);
  std::string octets = fmt::format("01:{:02x}", path.size());
  for (const char c : path) octets += fmt::format(":{:02x}", static_cast<unsigned char>(c));
  return octets;
}

// UEFI firmware starts the program itself, as its signature covers it; a BIOS gets the kernel and the
// initrds that it holds. The program takes the words that follow in place of its own command line,
// which Secure Boot makes it ignore.
void load_and_boot_unified(std::string& script, const std::string& name, const Screen::Entry& entry,
                           const ServerAddress& files, const BootWords& boot) {
  const policy::Image& image = *entry.image;
  line(script, "iseq ${{platform}} pcbios && goto {}-bios ||", name);
  line(script, "imgfree");
  fetch(script, "kernel", files.url(image.kernel), ipxe_words(command_line_of(entry, boot)));
  line(script, "set wanted the unified kernel image");
  line(script, "boot || goto failed");
  line(script, ":{}-bios", name);
  load_and_boot(script, entry, files, boot);
}

// iPXE starts Windows' boot program as the ROM would, and is the ROM to it: what the program and
// the boot manager behind it want to know, they read from the answers that iPXE shows them.
// (ipxe.org/appnote/chainload_wds_wdsnbp sets next-server for the same reason.)
void start_windows(std::string& script, const Screen::Entry& entry, const ServerAddress& server,
                   const BootWords& boot) {
  const policy::WindowsFiles files = windows_files(entry);
  const std::string& bios = files.pxeboot_n12.empty() ? files.pxeboot_com : files.pxeboot_n12;
  line(script, "set wanted the Windows boot program for ${{platform}}");
  line(script, "clear program ||");
  if (!bios.empty()) line(script, "iseq ${{platform}} pcbios && set program {} ||", bios);
  if (!files.bootmgfw_efi.empty())
    line(script, "iseq ${{platform}} efi && set program {} ||", files.bootmgfw_efi);
  line(script, "isset ${{program}} || goto failed");
  line(script, "set netX/next-server {}", server.address.print());
  line(script, "set netX/filename ${{program}}");
  line(script, "set netX/252:string \\bcd\\${{netX/mac:hexhyp}}\\{}.bcd", entry.image->id);
  if (!boot.report.empty()) line(script, "set netX/243:hex {} ||", variables_option(boot.mac_dashed));
  line(script, "imgfree");
  line(script, "chain tftp://{}/${{program}} || goto failed", server.address.print());
}

void ask(std::string& script, const Screen& screen, unsigned seconds) {
  // Keys: 'b' for the only one, digits and letters for several.
  constexpr std::string_view keys = "123456789acdefghijkmnopq";
  line(script, "menu Bootferry");
  for (std::size_t i = 0; i < screen.entries.size(); ++i) {
    const char key = screen.entries.size() == 1 ? 'b' : keys.at(i);
    line(script, "item --key {} {} {}", key, label(screen, i), ipxe_words(screen.entries[i].title));
  }
  line(script, "item --key l local {}", local_disk);
  line(script, "choose --default {} --timeout {} choice || goto local",
       screen.silence_boots ? label(screen, 0) : "local", seconds * 1000);
  line(script, "goto ${{choice}}");
  line(script, ":local");
  line(script, "echo Bootferry: on to the local disk");
  line(script, "exit 1");
}

// To another Bootferry, whose script knows the machine by the name that it asks for.
std::string referring_script(const policy::BootServer& to) {
  std::string script = "#!ipxe\n";
  line(script, "echo Bootferry: on to {}",
       ipxe_words(screen_text(fmt::format("{} ({})", to.name, to.address.print()))));
  line(script, "chain --replace --autofree {}${{netX/mac:hexhyp}}.ipxe ||",
       ServerAddress{to.address, 80}.url("ipxe/"));
  line(script, "echo Bootferry: there is no script for this machine");
  line(script, "exit 1");
  return script;
}

}  // namespace

std::string ServerAddress::url(std::string_view path) const {
  std::string text;
  base::write_http_url(address, http_port, path, [&](char c) { text += c; });
  return text;
}

std::string ipxe_script(const policy::Plan& plan, const policy::Settings& settings,
                        const ServerAddress& server, const BootWords& boot) {
  if (const auto* refer = std::get_if<policy::Refer>(&plan.outcome)) return referring_script(*refer->server);
  std::string script = "#!ipxe\n";
  const auto screen = screen_of(plan);
  if (!screen) {
    line(script, "echo {}", ipxe_words(refusal_text(plan)));
    line(script, "exit 1");
    return script;
  }
  const ServerAddress files{server.address,
                            settings.images_port != 0 ? settings.images_port : server.http_port};
  if (screen->asks) ask(script, *screen, prompt_seconds(settings));
  for (std::size_t i = 0; i < screen->entries.size(); ++i) {
    if (screen->asks) line(script, ":{}", label(*screen, i));
    line(script, "echo Bootferry: booting {}", ipxe_words(screen->entries[i].title));
    if (is_windows(screen->entries[i])) {
      start_windows(script, screen->entries[i], server, boot);
    } else if (screen->entries[i].image->kind == policy::ImageKind::uki) {
      load_and_boot_unified(script, label(*screen, i), screen->entries[i], files, boot);
    } else {
      load_and_boot(script, screen->entries[i], files, boot);
    }
  }
  line(script, ":failed");
  line(script, "echo Bootferry: ${{wanted}} could not be loaded or started");
  line(script, "exit 1");
  return script;
}

// --replace: each script takes the place of the one before, so that the wait may be long. The
// server may be away for a moment (an upgrade); a second try, then the firmware goes on.
std::string ipxe_waiting_script(const Wait& wait, const base::Mac& mac, const ServerAddress& server) {
  const std::string again = fmt::format("chain --replace --autofree {}",
                                        server.url(fmt::format("ipxe/{}.ipxe", mac.print_dashed())));
  std::string script = "#!ipxe\n";
  line(script, "echo Bootferry: {}", ipxe_words(screen_text(wait.text)));
  line(script, "sleep {} ||", wait.seconds);
  line(script, "{} ||", again);
  line(script, "sleep 30 ||");
  line(script, "{} || exit 1", again);
  return script;
}

// netX is the interface that iPXE booted from; net0 may be another card of the machine.
std::string ipxe_entry_script(const ServerAddress& server) {
  return fmt::format("#!ipxe\nchain {}${{netX/mac:hexhyp}}.ipxe || exit 1\n", server.url("ipxe/"));
}

}  // namespace render
