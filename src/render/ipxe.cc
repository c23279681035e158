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

void load_and_boot(std::string& script, const policy::Image& image, const ServerAddress& files) {
  // A kernel started by UEFI's stub reads its initrds by name through iPXE's file system, so
  // the command line names them; on BIOS they are just there and the words do no harm. The
  // names are ours: two initrds may have one base name, or one with a space in it.
  std::string arguments;
  for (std::size_t i = 0; i < image.initrds.size(); ++i) {
    fmt::format_to(std::back_inserter(arguments), "initrd=initrd{} ", i);
  }
  arguments += ipxe_words(image.command_line);
  while (arguments.ends_with(' ')) arguments.pop_back();

  line(script, "imgfree");
  fetch(script, "kernel", files.url(image.kernel), arguments);
  for (std::size_t i = 0; i < image.initrds.size(); ++i) {
    fetch(script, fmt::format("initrd --name initrd{}", i), files.url(image.initrds[i]), "");
  }
  line(script, "set wanted the kernel");
  line(script, "boot || goto failed");
  line(script, ":failed");
  line(script, "echo Bootferry: ${{wanted}} could not be loaded or started");
  line(script, "exit 1");
}

}  // namespace

std::string ServerAddress::url(std::string_view path) const {
  std::string text;
  base::write_http_url(address, http_port, path, [&](char c) { text += c; });
  return text;
}

std::string ipxe_script(const policy::Plan& plan, const policy::Settings& settings,
                        const ServerAddress& server) {
  std::string script = "#!ipxe\n";
  const policy::Boot* boot = plan.boot();
  if (boot == nullptr) {
    line(script, "echo {}", ipxe_words(ignore_text(plan)));
    line(script, "exit 1");
    return script;
  }
  const std::string name = ipxe_words(title(*boot));
  if (boot->prompt) {
    line(script, "menu Bootferry");
    line(script, "item --key l local {}", local_disk);
    line(script, "item --key b network {}", name);
    line(script, "choose --default local --timeout {} choice || goto local", prompt_seconds(settings) * 1000);
    line(script, "goto ${{choice}}");
    line(script, ":local");
    line(script, "echo Bootferry: on to the local disk");
    line(script, "exit 1");
    line(script, ":network");
  }
  line(script, "echo Bootferry: booting {}", name);
  load_and_boot(script, *boot->image,
                {server.address, settings.images_port != 0 ? settings.images_port : server.http_port});
  return script;
}

// --replace: each script takes the place of the one before, so that the wait may be long. The
// server may be away for a moment (an upgrade); a second try, then the firmware goes on.
std::string ipxe_waiting_script(const policy::Hold& hold, const base::Mac& mac, const ServerAddress& server) {
  const std::string again = fmt::format("chain --replace --autofree {}",
                                        server.url(fmt::format("ipxe/{}.ipxe", mac.print_dashed())));
  std::string script = "#!ipxe\n";
  line(script, "echo Bootferry: {}", policy::explain(hold));
  line(script, "sleep {} ||", policy::script_asks_every_seconds);
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
