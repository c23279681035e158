// SPDX-License-Identifier: GPL-3.0-or-later
// Any loader configuration of a netboot tree. The input is a few files with NUL between
// them; which one a path means follows from the path. Properties: reading ends, also where
// files include each other; entries hold text of the files and one line each; what is
// chosen to boot is a file of the tree.
#include "content/loader_config.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/result.h"
#include "base/utf8.h"
#include "content/tree.h"

namespace {

using content::ConfigEntry;
using Entries = std::vector<ConfigEntry>;
using Files = std::vector<std::string>;

Files split(std::string_view text) {
  Files files;
  while (files.size() < 8) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    files.emplace_back(text.substr(0, end));
    if (end == text.size()) break;
    text.remove_prefix(end + 1);
  }
  return files;
}

bool has_any(std::string_view text, std::string_view signs) { return text.find_first_of(signs) != text.npos; }

bool holds(const Files& files, std::string_view text) {
  return std::any_of(files.begin(), files.end(),
                     [&](const std::string& file) { return file.find(text) != file.npos; });
}

void check_command_line(std::string_view line) {
  BOOTFERRY_CHECK(!has_any(line, "\n\r\t") && line.find("  ") == line.npos);
  BOOTFERRY_CHECK(!line.starts_with(' ') && !line.ends_with(' '));
}

bool same(const Entries& a, const Entries& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const ConfigEntry& x, const ConfigEntry& y) {
    return x.label == y.label && x.kernel == y.kernel && x.initrds == y.initrds &&
           x.command_line == y.command_line && x.is_default == y.is_default;
  });
}

std::string with_carriage_returns(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

// Files that include each other make much text of little; some of it is enough to try.
class Budget {
 public:
  bool pay(const std::string& file) {  // the same with either kind of line end
    const auto returns = std::count(file.begin(), file.end(), '\r');
    const std::size_t cost = file.size() - static_cast<std::size_t>(returns);
    if (cost > left_) return false;
    left_ -= cost;
    return true;
  }

 private:
  std::size_t left_ = 16 * 1024;
};

Entries syslinux(const Files& files) {
  Budget budget;
  unsigned includes = 0;
  const auto include = [&](std::string_view path) -> std::optional<std::string> {
    ++includes;
    BOOTFERRY_CHECK(!has_any(path, "\n"));
    if (path.empty()) return std::nullopt;
    const std::string& file = files[static_cast<unsigned char>(path.back()) % files.size()];
    return budget.pay(file) ? std::optional(file) : std::nullopt;
  };
  Entries entries = content::parse_syslinux(files.front(), include);
  BOOTFERRY_CHECK(includes <= 200 && entries.size() <= 1000);
  return entries;
}

void check_syslinux(const Files& files) {
  const Entries entries = syslinux(files);
  for (const ConfigEntry& entry : entries) {
    BOOTFERRY_CHECK(!has_any(entry.label, "\n") && holds(files, entry.label));
    BOOTFERRY_CHECK(!has_any(entry.kernel, "\n") && holds(files, entry.kernel));
    for (const std::string& initrd : entry.initrds) {
      BOOTFERRY_CHECK(!initrd.empty() && !has_any(initrd, "\n,") && holds(files, initrd));
    }
    check_command_line(entry.command_line);
    BOOTFERRY_CHECK(!entry.command_line.starts_with("initrd=") &&
                    entry.command_line.find(" initrd=") == std::string::npos);
  }
  Files dos;
  for (const std::string& file : files) dos.push_back(with_carriage_returns(file));
  BOOTFERRY_CHECK(same(syslinux(dos), entries));
}

void check_grub(const Files& files) {
  const Entries entries = content::parse_grub(files.front());
  BOOTFERRY_CHECK(entries.size() <= 1000);
  for (const ConfigEntry& entry : entries) {
    BOOTFERRY_CHECK(!has_any(entry.label, "\n") && holds(files, entry.label));
    BOOTFERRY_CHECK(!has_any(entry.kernel, "$ \t\r\n") && holds(files, entry.kernel));
    for (const std::string& initrd : entry.initrds) {
      BOOTFERRY_CHECK(!initrd.empty() && !has_any(initrd, "$ \t\r\n") && holds(files, initrd));
    }
    check_command_line(entry.command_line);
    BOOTFERRY_CHECK(!has_any(entry.command_line, "$"));
  }
  BOOTFERRY_CHECK(same(content::parse_grub(with_carriage_returns(files.front())), entries));
}

// The same texts as the configuration of a tree.
void check_tree(const Files& files) {
  constexpr std::array<const char*, 6> configurations = {"boot/pxelinux.cfg/default", "boot/menu.cfg",
                                                         "isolinux/isolinux.cfg",     "isolinux/menu.cfg",
                                                         "boot/grub/grub.cfg",        "other/grub.cfg"};
  content::TreeView tree;
  tree.names = {"boot/linux", "boot/initrd.gz", "extra/initrd"};
  tree.names.insert(tree.names.end(), configurations.begin(), configurations.end());
  const auto is_of_tree = [&](const std::string& name) {
    return std::find(tree.names.begin(), tree.names.end(), name) != tree.names.end();
  };
  Budget budget;
  tree.read = [&](const std::string& name) -> base::Result<std::string> {
    BOOTFERRY_CHECK(is_of_tree(name));
    const auto place = std::find(configurations.begin(), configurations.end(), name);
    const auto index = static_cast<std::size_t>(place - configurations.begin());
    if (index >= files.size() || !budget.pay(files[index])) return base::fail("cut short");
    return files[index];
  };
  const auto menu = content::find_boot_menu(tree);
  if (!menu) {
    // It travels in one message to the command line, whatever the tree calls its entries.
    BOOTFERRY_CHECK(!menu.error().what.empty() && menu.error().what.size() <= 4096);
    return;
  }
  const content::BootEntry& entry = menu->chosen;
  BOOTFERRY_CHECK(is_of_tree(entry.kernel));
  BOOTFERRY_CHECK(std::all_of(entry.initrds.begin(), entry.initrds.end(), is_of_tree));
  check_command_line(entry.command_line);
  BOOTFERRY_CHECK(menu->labels.size() <= content::most_menu_labels);
  for (const std::string& label : menu->labels) {
    BOOTFERRY_CHECK(base::one_line(label, content::longest_menu_label) == label);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Files files = split(base::as_text({data, size}));
  check_syslinux(files);
  check_grub(files);
  check_tree(files);
  return 0;
}
