// SPDX-License-Identifier: GPL-3.0-or-later
// image build: makes Bootferry's own boot image and gives it to the server, or to a folder.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <system_error>

#include "api/local_tree.h"
#include "bootimage/build.h"
#include "bootimage/files.h"
#include "commands.h"
#include "content/sources.h"
#include "records.h"
#include "terminal.h"
#include "upload.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

struct BuildImage {
  std::string name = "agent";
  std::string output, kernel_package, packages;
  std::vector<std::string> drivers, firmware;
  bool debug_shell = false, uki = false;
};

constexpr std::uint64_t room_for_result = 50'000'000;
constexpr std::size_t shown_at_most = 12;  // names in one cell

// Beside this program, as a build leaves it, or where the Debian package puts it.
Got<std::string> find_agent() {
  std::error_code error;
  const std::string beside =
      fs::read_symlink("/proc/self/exe", error).parent_path().string() + "/bootferry-agent";
  const std::string installed = "/usr/lib/bootferry/bootferry-agent";
  for (const std::string& path : {beside, installed}) {
    if (fs::is_regular_file(path, error)) return path;
  }
  return tl::unexpected(
      Failure{fmt::format("the agent is missing: there is no {} and no {}", beside, installed)});
}

std::string default_packages() {
  const char* const cache = std::getenv("XDG_CACHE_HOME");
  const char* const home = std::getenv("HOME");
  if (cache != nullptr && *cache == '/') return std::string(cache) + "/bootferry/packages";
  return std::string(home != nullptr && *home == '/' ? home : "/var/tmp") + "/.cache/bootferry/packages";
}

template <class List, class Print>
std::string some_of(const List& list, const Print& print) {
  std::string text;
  std::size_t count = 0;
  for (const auto& one : list) {
    if (count++ == shown_at_most) return fmt::format("{} and {} more", text, list.size() - shown_at_most);
    text += (text.empty() ? "" : ", ") + print(one);
  }
  return text;
}
std::string same(const std::string& text) { return text; }

std::string summary(const bootimage::Built& built, bool debug_shell) {
  Table table({"PART", "WHAT"});
  table.add({"version", built.version});
  table.add({"kernel", fmt::format("{}, {}", built.release, print_size(built.kernel_size))});
  table.add({"initramfs", print_size(built.initrd_size)});
  if (!built.uki.empty()) table.add({"unified", print_size(built.uki_size)});
  table.add({"drivers", fmt::format("{} network, {} storage; {} modules with what they need",
                                    built.network_drivers, built.storage_drivers, built.modules)});
  if (!built.added_drivers.empty()) table.add({"added", some_of(built.added_drivers, same)});
  table.add({"PCI devices", fmt::format("{} are served", built.pci_ids)});
  if (!built.added_drivers.empty()) {
    table.add({"newly served",
               built.newly_served.empty()
                   ? "none by the added drivers"
                   : some_of(built.newly_served, [](bootimage::PciId id) { return bootimage::print(id); })});
  }
  if (!built.firmware.empty()) table.add({"firmware", some_of(built.firmware, same)});
  if (!built.no_firmware.empty()) table.add({"not included", "firmware " + some_of(built.no_firmware, same)});
  table.add({"command line", built.command_line});
  table.add({"debug shell",
             debug_shell ? "YES: whoever stands in front of the machine is root after a failure" : "no"});
  return table.print();
}

Json as_json(const bootimage::Built& built, bool debug_shell) {
  Json newly = Json::array();
  for (const bootimage::PciId id : built.newly_served) newly.push_back(bootimage::print(id));
  return {{"version", built.version},
          {"kernel_release", built.release},
          {"kernel_size", built.kernel_size},
          {"initrd_size", built.initrd_size},
          {"uki_size", built.uki_size},
          {"network_drivers", built.network_drivers},
          {"storage_drivers", built.storage_drivers},
          {"modules", built.modules},
          {"pci_devices", built.pci_ids},
          {"added_drivers", built.added_drivers},
          {"newly_served", newly},
          {"firmware", built.firmware},
          {"firmware_not_included", built.no_firmware},
          {"command_line", built.command_line},
          {"debug_shell", debug_shell},
          {"warnings", built.warnings}};
}

Got<bootimage::Built> make(const BuildImage& typed, const std::string& output) {
  auto agent = find_agent();
  if (!agent) return tl::unexpected(agent.error());
  bootimage::Order order;
  order.agent = *agent;
  order.kernel_package = typed.kernel_package;
  order.packages = typed.packages.empty() ? default_packages() : typed.packages;
  order.drivers = typed.drivers;
  order.firmware = typed.firmware;
  order.debug_shell = typed.debug_shell;
  order.uki = typed.uki;
  order.output = output;
  auto built = bootimage::build(order, [](std::string_view line) { std::cerr << printable(line) << '\n'; });
  if (!built) return tl::unexpected(Failure{built.error().what});
  for (const std::string& warning : built->warnings) report("note: " + warning);
  return std::move(*built);
}

void tell(const bootimage::Built& built, const BuildImage& typed, const Common& common,
          const std::string& sentence) {
  print_line(common.json ? api::print_json(as_json(built, typed.debug_shell))
                         : summary(built, typed.debug_shell) + "\n\n" + sentence);
}

int build_into_folder(const BuildImage& typed, const Common& common) {
  std::error_code error;
  fs::create_directories(typed.output, error);
  if (error) return failed(Failure{typed.output + ": " + error.message()});
  const auto built = make(typed, typed.output);
  if (!built) return failed(built.error());
  tell(*built, typed, common, "written to " + typed.output);
  return exit_ok;
}

Got<int> build_for_server(const BuildImage& typed, const Common& common, Site& site) {
  const auto output = bootimage::WorkFolder::make(room_for_result);
  if (!output) return tl::unexpected(Failure{output.error().what});
  const auto built = make(typed, output->path());
  if (!built) return tl::unexpected(built.error());
  std::vector<NamedFile> files;
  for (const std::string& path : {built->kernel, built->initrd}) {
    auto fd = api::open_local_file(path);
    if (!fd) return tl::unexpected(Failure{fd.error().what});
    files.push_back({fs::path(path).filename().string(), std::move(*fd)});
  }
  const Json record{{"name", typed.name},
                    {"kind", "linux"},
                    {"kernel", files[0].name},
                    {"initrds", {files[1].name}},
                    {"command_line", built->command_line}};
  const auto added = upload(site, "/v1/images", record, std::move(files), "copying " + typed.name, common);
  if (!added) return tl::unexpected(added.error());
  tell(*built, typed, common,
       fmt::format("added {}; no machine gets it yet: bootferry deploy {} --to MAC --required", typed.name,
                   typed.name));
  return exit_ok;
}

const char* const footer =
    "Made of Debian's kernel and busybox, which apt fetches; needs no root. Machines that boot it\n"
    "report what they are: bootferry run facts DEVICE.";

}  // namespace

void add_image_build(Command& images) {
  auto typed = std::make_shared<BuildImage>();
  Command build =
      images.leaf("build", "Make Bootferry's own boot image and publish it", [typed](const Common& common) {
        if (!typed->output.empty()) return build_into_folder(*typed, common);
        return with_site(
            common, [&](Site& site) { return build_for_server(*typed, common, site); }, true);
      });
  build.footer(footer);
  build.may("NAME", typed->name, "What to call it [agent]");
  build.option("--output", typed->output, "Write vmlinuz and initrd.img into this folder; no server is asked",
               a_folder());
  build.option("--kernel-package", typed->kernel_package,
               "A kernel's .deb [Debian's present linux-image-amd64]", a_file());
  build.option("--packages", typed->packages,
               "Where downloaded packages are kept [~/.cache/bootferry/packages]", a_folder());
  build.option("--driver", typed->drivers, "A module (.ko) or a folder of them, in addition", a_file());
  build.option("--firmware", typed->firmware, "A driver's firmware file, or a folder like /lib/firmware",
               a_file());
  build.flag("--debug-shell", typed->debug_shell, "After a failure open a root shell instead of restarting");
  build.flag("--uki", typed->uki, "With --output: also write bootferry.efi, a unified kernel image");
  build.refuse_if([typed]() -> std::string {
    if (typed->uki && typed->output.empty()) return "--uki needs --output DIR";
    const auto named = content::check_image_name(typed->name);
    return named ? "" : "NAME: " + named.error().what;
  });
}

}  // namespace cli
