// SPDX-License-Identifier: GPL-3.0-or-later
// image test: boots an image in QEMU, and shows what it says. Its kernel, initrds and command line
// are what machines get; how they get there (DHCP, loaders, transfers) is not tried, and the virtual
// machine reaches no network.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "base/ascii.h"
#include "base/url.h"
#include "bootimage/files.h"
#include "commands.h"
#include "download.h"
#include "policy/model.h"
#include "records.h"
#include "terminal.h"
#include "test_machine.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

struct Test {
  std::string name, firmware = "bios", screen;
  std::vector<std::string> expected;
  std::optional<std::int64_t> timeout, memory;
  bool emulate = false;
};

constexpr std::int64_t default_timeout = 300, default_memory = 1024;  // seconds, MiB
constexpr const char* qemu = "/usr/bin/qemu-system-x86_64";
// Debian's package ovmf; the store of variables is copied, as firmware writes into it.
constexpr const char* uefi_code = "/usr/share/OVMF/OVMF_CODE_4M.fd";
constexpr const char* uefi_variables = "/usr/share/OVMF/OVMF_VARS_4M.fd";

// What an image says that is up: a system that takes people in, or Bootferry's own.
constexpr std::array<std::string_view, 3> signs_of_life{"login: ", "bootferry: facts reported to",
                                                        "bootferry: nobody asked for a report"};
constexpr std::string_view sign_of_death = "Kernel panic - not syncing";

struct Boots {
  policy::Image image;
  std::string kernel, initrd;  // files; the second may be empty
  std::string unified;         // the folder of a disk with a UEFI program, in place of the two
};

Got<policy::Image> image_of(const std::string& name, Site& site) {
  const auto json = site.get(path_of("images", name));
  if (!json) return tl::unexpected(json.error());
  policy::Image image;
  image.name = cell(*json, "name");
  image.kernel = cell(*json, "kernel");
  image.command_line = cell(*json, "command_line");
  for (const Json& initrd : json->value("initrds", Json::array()))
    image.initrds.push_back(initrd.get<std::string>());
  const std::string kind = cell(*json, "kind"), arch = cell(*json, "arch");
  image.kind = policy::parse_image_kind(kind).value_or(policy::ImageKind::linux_kernel);
  image.arch = policy::parse_arch(arch).value_or(policy::Arch::other);
  if (image.kind == policy::ImageKind::wim) {
    return tl::unexpected(
        Failure{name + ": is a Windows image, whose boot manager reads its configuration from the server's "
                       "DHCP answers: it cannot be tested without a network, boot a machine instead"});
  }
  if (image.arch != policy::Arch::x64 && image.arch != policy::Arch::ia32)
    return tl::unexpected(
        Failure{fmt::format("{}: is for {}: x64 and ia32 images can be tested", name, arch)});
  return image;
}

// «images/debian/3/boot/linux» is the file «boot/linux».
std::string_view within_image(std::string_view published) {
  for (int part = 0; part < 3; ++part)
    published.remove_prefix(std::min(published.find('/') + 1, published.size()));
  return published;
}

class Fetching {
 public:
  Fetching(const policy::Image& image, const Common& common, Site& site)
      : image_(image), site_(site), bar_("copying " + image.name, !common.json) {}

  Got<void> begin() {
    auto files = files_of_image(image_.name, site_);
    if (!files) return tl::unexpected(files.error());
    files_ = std::move(*files);
    return {};
  }

  Got<void> fetch(std::string_view published, const std::string& to) {
    const auto found = std::ranges::find_if(files_, [&](const Json& file) {
      return base::same_but_for_case(cell(file, "name"), within_image(published));
    });
    if (found == files_.end())
      return tl::unexpected(Failure{fmt::format("{}: has no file {}", image_.name, published)});
    const auto total = found->value("size", std::uint64_t{0});
    std::uint64_t done = 0;
    return fetch_file(image_.name, *found, to, site_, [&](std::uint64_t n) { bar_.show(done += n, total); });
  }

  void end() { bar_.clear(); }

 private:
  const policy::Image& image_;
  Site& site_;
  ProgressBar bar_;
  Json files_;
};

// One behind the other, each at a multiple of four octets, as loaders put several.
Got<void> append_file(const std::string& from, const std::string& to) {
  std::ifstream in(from, std::ios::binary);
  std::ofstream out(to, std::ios::binary | std::ios::app);
  if (in.peek() != std::ifstream::traits_type::eof()) out << in.rdbuf();
  const auto size = static_cast<std::uint64_t>(out.tellp());
  out << std::string((4 - size % 4) % 4, '\0');
  out.flush();
  if (!in.good() && !in.eof()) return tl::unexpected(Failure{from + ": cannot be read"});
  if (!out) return tl::unexpected(Failure{to + ": cannot be written: is the disk full?"});
  return {};
}

Got<Boots> fetch_parts(const Test& test, const bootimage::WorkFolder& folder, const Common& common,
                       Site& site) {
  auto image = image_of(test.name, site);
  if (!image) return tl::unexpected(image.error());
  Boots boots{std::move(*image), folder.path("kernel"), "", ""};
  Fetching fetching(boots.image, common, site);
  if (auto begun = fetching.begin(); !begun) return tl::unexpected(begun.error());
  if (boots.image.kind == policy::ImageKind::uki && test.firmware == "uefi") {
    boots.unified = folder.path("disk");
    const bool wide = boots.image.arch == policy::Arch::x64;
    const std::string program = fmt::format("{}/EFI/BOOT/BOOT{}.EFI", boots.unified, wide ? "X64" : "IA32");
    if (auto done = fetching.fetch(boots.image.kernel, program); !done) return tl::unexpected(done.error());
  } else {
    if (auto done = fetching.fetch(policy::bios_kernel(boots.image), boots.kernel); !done)
      return tl::unexpected(done.error());
    for (std::size_t i = 0; i < boots.image.initrds.size(); ++i) {
      const std::string part = folder.path(fmt::format("initrd-{}", i));
      boots.initrd = folder.path("initrd");
      if (auto done = fetching.fetch(boots.image.initrds[i], part); !done)
        return tl::unexpected(done.error());
      if (auto done = append_file(part, boots.initrd); !done) return tl::unexpected(done.error());
    }
  }
  fetching.end();
  return boots;
}

// Where the image says nothing on a serial line, it is told to: here is no other way to read it.
std::string command_line_of(const policy::Image& image) {
  if (image.command_line.find("console=ttyS0") != std::string::npos) return image.command_line;
  return image.command_line + (image.command_line.empty() ? "" : " ") + "console=tty0 console=ttyS0";
}

bool has_kvm(const Test& test) { return !test.emulate && ::access("/dev/kvm", R_OK | W_OK) == 0; }

Got<std::vector<std::string>> arguments(const Test& test, const Boots& boots,
                                        const bootimage::WorkFolder& folder) {
  std::vector<std::string> out{"-nodefaults", "-no-user-config", "-display", "none", "-vga", "std",
                               "-no-reboot", "-m", std::to_string(test.memory.value_or(default_memory)),
                               // It has a network of its own that leads nowhere.
                               "-netdev", "user,id=net,restrict=on", "-device",
                               "virtio-net-pci,netdev=net,romfile=", "-accel", has_kvm(test) ? "kvm" : "tcg"};
  const auto add = [&](std::initializer_list<std::string> words) { out.insert(out.end(), words); };
  if (test.firmware == "uefi") {
    const std::string variables = folder.path("variables");
    if (auto copied = bootimage::copy_file(uefi_variables, variables); !copied)
      return tl::unexpected(Failure{copied.error().what});
    add({"-machine", "q35,smm=off", "-drive",
         fmt::format("if=pflash,format=raw,unit=0,readonly=on,file={}", uefi_code), "-drive",
         fmt::format("if=pflash,format=raw,unit=1,file={}", variables)});
  } else {
    add({"-machine", "pc"});
  }
  if (!boots.unified.empty()) {
    add({"-drive", fmt::format("if=none,id=disk,format=raw,readonly=on,file=fat:{}", boots.unified),
         "-device", "virtio-blk-pci,drive=disk"});
    return out;
  }
  add({"-kernel", boots.kernel, "-append", command_line_of(boots.image)});
  if (!boots.initrd.empty()) add({"-initrd", boots.initrd});
  return out;
}

Got<void> check_tools(const Test& test) {
  if (::access(qemu, X_OK) != 0)
    return tl::unexpected(Failure{fmt::format("{} is not there: apt install qemu-system-x86", qemu)});
  if (test.firmware == "uefi" && (::access(uefi_code, R_OK) != 0 || ::access(uefi_variables, R_OK) != 0))
    return tl::unexpected(Failure{fmt::format("{} is not there: apt install ovmf", uefi_code)});
  return {};
}

std::string what_is_tested(const Test& test, const Boots& boots) {
  std::string added;
  if (boots.unified.empty() && command_line_of(boots.image) != boots.image.command_line)
    added = "; console=ttyS0 is added to its command line";
  return fmt::format("{} in QEMU, {}, processor {}, from memory and not from the network{}", boots.image.name,
                     test.firmware == "uefi" ? "UEFI" : "BIOS", has_kvm(test) ? "by KVM" : "emulated", added);
}

struct Outcome {
  std::string reached;  // what it said that was expected; empty: nothing
  std::string why_not;
};

Outcome watch(TestMachine& machine, const Test& test, const Common& common) {
  std::vector<std::string> expected = test.expected;
  if (expected.empty()) expected.assign(signs_of_life.begin(), signs_of_life.end());
  const std::int64_t timeout = test.timeout.value_or(default_timeout);
  std::ostream& shown = common.json ? std::cerr : std::cout;
  Outcome outcome;
  ConsoleText console;
  std::string recent;  // long enough for what is looked for
  const auto ended = machine.listen(std::chrono::seconds(timeout), [&](std::string_view piece) {
    const std::string text = console.add(piece);
    shown << text << std::flush;
    recent += text;
    for (const std::string& sign : expected) {
      if (recent.find(sign) != std::string::npos) outcome.reached = sign;
    }
    if (outcome.reached.empty() && recent.find(sign_of_death) != std::string::npos)
      outcome.why_not = "its kernel panicked";
    constexpr std::size_t kept = 4096;
    if (recent.size() > 2 * kept) recent.erase(0, recent.size() - kept);
    return outcome.reached.empty() && outcome.why_not.empty();
  });
  shown << '\n';
  using Ended = TestMachine::Ended;
  if (ended == Ended::time_is_over)
    outcome.why_not = fmt::format("it did not say what was waited for in {} s", timeout);
  if (ended == Ended::interrupted) outcome.why_not = "interrupted";
  if (ended == Ended::machine_ended) {
    const std::string complaint = machine.complaint();
    outcome.why_not = complaint.empty() ? "it switched itself off or restarted" : complaint;
  }
  return outcome;
}

Got<int> test_image(const Test& test, const Common& common, Site& site) {
  if (auto there = check_tools(test); !there) return tl::unexpected(there.error());
  constexpr std::uint64_t room = 1U << 30U;
  const auto folder = bootimage::WorkFolder::make(room);
  if (!folder) return tl::unexpected(Failure{folder.error().what});
  const auto boots = fetch_parts(test, *folder, common, site);
  if (!boots) return tl::unexpected(boots.error());
  const auto words = arguments(test, *boots, *folder);
  if (!words) return tl::unexpected(words.error());
  if (!common.json) print_line(what_is_tested(test, *boots));
  const auto begun = std::chrono::steady_clock::now();
  auto machine = TestMachine::start(qemu, *words);
  if (!machine) return tl::unexpected(Failure{machine.error().what});
  const Outcome outcome = watch(*machine, test, common);
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begun).count();
  std::string screen = test.screen.empty() ? "" : fs::absolute(test.screen).string();
  if (!screen.empty()) {
    if (const auto written = machine->write_screen(screen); !written) {
      report("note: no screen shot: " + written.error().what);
      screen.clear();
    }
  }
  if (common.json) {
    print_line(api::print_json({{"image", boots->image.name},
                                {"firmware", test.firmware},
                                {"accelerator", has_kvm(test) ? "kvm" : "tcg"},
                                {"reached", outcome.reached},
                                {"why_not", outcome.why_not},
                                {"seconds", seconds},
                                {"screen", screen}}));
  } else if (!outcome.reached.empty()) {
    print_line(fmt::format("{}: said \"{}\" after {} s", boots->image.name, outcome.reached, seconds));
    if (!screen.empty()) print_line("its screen: " + screen);
  }
  if (!outcome.reached.empty()) return exit_ok;
  return tl::unexpected(Failure{fmt::format("{}: {}", boots->image.name, outcome.why_not)});
}

const char* const footer =
    "Kernel, initrds and command line are the image's; DHCP, loaders and transfers are not tried.\n"
    "Exit code 0: it asked for a login, was Bootferry's own image with a lease, or said what --expect\n"
    "names. Needs Debian's packages qemu-system-x86 and, for --firmware uefi, ovmf.";

}  // namespace

void add_image_test(Command& images) {
  auto typed = std::make_shared<Test>();
  Command test =
      images.leaf("test", "Boot an image in QEMU and show what it says", [typed](const Common& common) {
        TestMachine::hold_interrupts();
        return with_site(common, [&](Site& site) { return test_image(*typed, common, site); });
      });
  test.footer(footer);
  test.needs("NAME", typed->name, "The image", names_of("images"));
  test.option("--firmware", typed->firmware, "bios or uefi [bios]", one_of({"bios", "uefi"}));
  test.option("--expect", typed->expected,
              "What it is to say on its serial line (may be repeated: any of them)");
  test.option("--timeout", typed->timeout, "Seconds until it must have said so [300]");
  test.option("--screen", typed->screen, "Write its screen into this file at the end (.png, else PPM)",
              a_file());
  test.option("--memory", typed->memory, "The machine's memory in MiB [1024]");
  test.flag("--emulate", typed->emulate, "Emulate the processor also where there is KVM");
  test.refuse_if([typed]() -> std::string {
    if (typed->firmware != "bios" && typed->firmware != "uefi") return "--firmware: bios or uefi is needed";
    if (typed->timeout && (*typed->timeout < 1 || *typed->timeout > 86'400))
      return "--timeout: 1 to 86400 seconds are possible";
    if (typed->memory && (*typed->memory < 64 || *typed->memory > 65'536))
      return "--memory: 64 to 65536 MiB are possible";
    return std::ranges::any_of(typed->expected, &std::string::empty) ? "--expect: a text is needed" : "";
  });
}

}  // namespace cli
