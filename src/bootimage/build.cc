// SPDX-License-Identifier: GPL-3.0-or-later
#include "bootimage/build.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <system_error>

#include "bootimage/archive.h"
#include "bootimage/files.h"
#include "bootimage/kernel_tree.h"
#include "bootimage/uki.h"

namespace bootimage {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t room_needed = 700'000'000;  // a kernel package unpacked, and what is made of it

// The screen last: it becomes the console of what is not written to both. A kernel that stops
// restarts the machine.
constexpr std::string_view command_line = "console=ttyS0,115200 console=tty0 loglevel=4 panic=60";
constexpr std::string_view shell_word = " bootferry.debug-shell";

// What busybox's udhcpc runs when a lease begins or ends.
constexpr std::string_view udhcpc_script = R"(#!/bin/sh
case $1 in
deconfig)
  ip link set "$interface" up
  ip -4 address flush dev "$interface"
  ;;
bound)
  ip -4 address flush dev "$interface"
  ip address add "$ip/$mask" broadcast + dev "$interface"
  for one in $router; do
    ip route add default via "$one" dev "$interface" && break
  done
  ;;
esac
)";

base::Status make_program(const std::string& path) {
  std::error_code error;
  fs::permissions(path, fs::perms::owner_all, error);
  if (error) return base::fail("{}: {}", path, error.message());
  return {};
}

base::Status put_program(const std::string& from, const std::string& to) {
  if (const auto copied = copy_file(from, to); !copied) return copied;
  return make_program(to);
}

base::Status link(const std::string& target, const std::string& path) {
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  if (!error) fs::create_symlink(target, path, error);
  if (error) return base::fail("{}: {}", path, error.message());
  return {};
}

// One build: what its steps hand to each other.
class Build {
 public:
  Build(const Order& order, const Tell& tell, WorkFolder work)
      : order_(order), tell_(tell), work_(std::move(work)), root_(work_.path("root")) {}

  base::Result<Built> all() {
    for (const auto step : {&Build::get_packages, &Build::choose_drivers, &Build::put_base,
                            &Build::put_firmware, &Build::write_files}) {
      if (const auto done = (this->*step)(); !done) return tl::unexpected(done.error());
    }
    return std::move(built_);
  }

 private:
  base::Status get(const std::string& name, std::string& into) {
    const auto packages = Packages::open(order_.packages);
    if (!packages) return tl::unexpected(packages.error());
    auto file = packages->fetch(name, tell_);
    if (!file) return tl::unexpected(file.error());
    into = std::move(*file);
    const auto date = date_of(into);
    if (!date) return tl::unexpected(date.error());
    date_ = std::max(date_, *date);
    return {};
  }

  base::Status get_packages() {
    if (order_.kernel_package.empty()) {
      const auto name = Packages::current_kernel();
      if (!name) return tl::unexpected(name.error());
      if (const auto got = get(*name, kernel_package_); !got) return got;
    } else {
      kernel_package_ = order_.kernel_package;
      const auto date = date_of(kernel_package_);
      if (!date) return tl::unexpected(date.error());
      date_ = *date;
    }
    std::string busybox;
    if (const auto got = get("busybox-static", busybox); !got) return got;
    if (order_.uki) {
      std::string boot;
      if (const auto got = get("systemd-boot-efi", boot); !got) return got;
      if (const auto unpacked = unpack(boot, work_.path("boot")); !unpacked) return unpacked;
    }
    if (const char* const chosen = std::getenv("SOURCE_DATE_EPOCH"); chosen != nullptr && *chosen != '\0')
      date_ = std::strtoll(chosen, nullptr, 10);
    return unpack(busybox, work_.path("busybox"));
  }

  base::Status choose_drivers() {
    tell_("unpacking " + fs::path(kernel_package_).filename().string());
    auto tree = KernelTree::unpack(kernel_package_, work_.path("kernel"));
    if (!tree) return tl::unexpected(tree.error());
    tell_("choosing drivers for " + tree->release());
    const auto chosen = tree->choose(order_.drivers);
    if (!chosen) return tl::unexpected(chosen.error());
    if (const auto put = tree->put(*chosen, root_); !put) return put;
    built_.release = tree->release();
    built_.network_drivers = chosen->network.size();
    built_.storage_drivers = chosen->storage.size();
    built_.modules = chosen->all.size();
    built_.pci_ids = chosen->pci_ids.size();
    built_.added_drivers.assign(chosen->added.begin(), chosen->added.end());
    built_.newly_served.assign(chosen->newly_served.begin(), chosen->newly_served.end());
    built_.warnings = chosen->warnings;
    built_.no_firmware = chosen->firmware;
    built_.kernel = order_.output + "/vmlinuz";
    return copy_file(tree->kernel(), built_.kernel);
  }

  base::Status put_base() {
    std::error_code error;
    for (const char* folder : {"dev", "proc", "run", "sys"})
      fs::create_directories(root_ + "/" + folder, error);
    if (error) return base::fail("{}: {}", root_, error.message());
    built_.version = fmt::format("{}+{}+{:%Y%m%d}", BOOTFERRY_VERSION, built_.release,
                                 fmt::gmtime(static_cast<std::time_t>(date_)));
    for (const base::Status& put :
         {put_program(order_.agent, root_ + "/init"),
          put_program(work_.path("busybox/bin/busybox"), root_ + "/bin/busybox"),
          link("busybox", root_ + "/bin/sh"), link("busybox", root_ + "/bin/ip"),
          link("../bin/busybox", root_ + "/sbin/modprobe"),  // where the kernel itself asks for modules
          write_file(root_ + "/etc/udhcpc", udhcpc_script), make_program(root_ + "/etc/udhcpc"),
          write_file(root_ + "/etc/bootferry-image",
                     fmt::format("version={}\ndebug-shell={}\n", built_.version,
                                 order_.debug_shell ? "yes" : "no"))}) {
      if (!put) return put;
    }
    return {};
  }

  base::Status put_firmware() {
    std::set<std::string> there;
    for (const std::string& given : order_.firmware) {
      const auto files = files_at(given);
      if (!files) return tl::unexpected(files.error());
      std::error_code error;
      const bool folder = fs::is_directory(given, error);
      for (const std::string& file : *files) {
        const std::string name =
            folder ? fs::path(file).lexically_relative(given).string() : fs::path(file).filename().string();
        if (const auto put = copy_file(file, fmt::format("{}/lib/firmware/{}", root_, name)); !put)
          return put;
        there.insert(name);
      }
    }
    built_.firmware.assign(there.begin(), there.end());
    std::erase_if(built_.no_firmware, [&](const std::string& name) { return there.contains(name); });
    return {};
  }

  base::Status write_files() {
    tell_("packing the initramfs");
    built_.command_line = std::string(command_line) + std::string(order_.debug_shell ? shell_word : "");
    built_.initrd = order_.output + "/initrd.img";
    if (const auto packed = pack(root_, built_.initrd, date_); !packed) return packed;
    const auto kernel = size_of(built_.kernel), initrd = size_of(built_.initrd);
    if (!kernel || !initrd) return tl::unexpected((kernel ? initrd : kernel).error());
    built_.kernel_size = *kernel;
    built_.initrd_size = *initrd;
    if (*kernel + *initrd > most_octets) {
      built_.warnings.push_back(
          fmt::format("kernel and initramfs together have {} octets, more than {}: slow to load",
                      *kernel + *initrd, most_octets));
    }
    if (!order_.uki) return {};
    tell_("making the unified kernel image");
    built_.uki = order_.output + "/bootferry.efi";
    const auto made = write_uki({work_.path("boot/usr/lib/systemd/boot/efi/linuxx64.efi.stub"), built_.kernel,
                                 built_.initrd, built_.command_line, built_.version},
                                built_.uki, work_.path());
    if (!made) return made;
    const auto size = size_of(built_.uki);
    if (!size) return tl::unexpected(size.error());
    built_.uki_size = *size;
    return {};
  }

  const Order& order_;
  const Tell& tell_;
  WorkFolder work_;
  std::string root_, kernel_package_;
  std::int64_t date_ = 0;
  Built built_;
};

}  // namespace

base::Result<Built> build(const Order& order, const Tell& tell) {
  auto work = WorkFolder::make(room_needed);
  if (!work) return tl::unexpected(work.error());
  return Build(order, tell, std::move(*work)).all();
}

}  // namespace bootimage
