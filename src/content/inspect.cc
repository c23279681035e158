// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/inspect.h"

#include <algorithm>

#include "base/bytes.h"
#include "content/published.h"
#include "content/tree.h"

namespace content {
namespace {

constexpr std::size_t longest_configuration = 256 * 1024;
// What kernels without a word on it take (COMMAND_LINE_SIZE of arm64 and x86), and the most
// that any takes (s390): a made-up header would promise gigabytes.
constexpr std::size_t longest_command_line = 2047;
constexpr std::size_t longest_of_any_kernel = 4096;
// A record must fit one message to the command line, and one menu may name any number.
constexpr std::size_t most_initrds = 32;

// As clients ask, without regard to case: that is how the file will be found later.
base::Result<const SourceFile*> find_file(std::span<const SourceFile> files, const std::string& name,
                                          std::string_view what) {
  const auto key = normalise(name);
  const auto found =
      std::find_if(files.begin(), files.end(), [&](const SourceFile& f) { return normalise(f.name) == key; });
  if (!key || found == files.end()) return base::fail("{} {}: not among the image's files", what, name);
  return &*found;
}

base::Result<BootEntry> entry_of_tree(std::span<const SourceFile> files) {
  TreeView tree;
  for (const SourceFile& file : files) tree.names.push_back(file.name);
  tree.read = [&](const std::string& name) -> base::Result<std::string> {
    const auto file = find_file(files, name, "file");
    if (!file) return tl::unexpected(file.error());
    const auto bytes = read_front(**file, longest_configuration);
    if (!bytes) return tl::unexpected(bytes.error());
    return std::string(base::as_text(*bytes));
  };
  auto menu = find_boot_menu(tree);
  if (!menu) return tl::unexpected(menu.error());
  return std::move(menu->chosen);
}

base::Status check_command_line(const std::string& line, const KernelFacts& kernel) {
  // A line break would end the line of a script that carries it, and begin another command.
  if (std::any_of(line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
    return base::fail("the kernel command line holds a line break or another control character");
  }
  const std::size_t most = kernel.command_line_max == 0
                               ? longest_command_line
                               : std::min<std::size_t>(kernel.command_line_max, longest_of_any_kernel);
  if (line.size() <= most) return {};
  return base::fail("the kernel command line has {} characters, this kernel takes {}", line.size(), most);
}

// The wish completed from the tree's own menu.
base::Result<BootFacts> complete(std::span<const SourceFile> files, const BootWish& wish) {
  BootFacts facts{wish.kernel, wish.initrds, wish.command_line.value_or(""), {}};
  if (wish.kind == policy::ImageKind::linux_kernel) {
    if (wish.kernel.empty()) return base::fail("no kernel named: --kernel FILE");
    return facts;
  }
  const auto entry = entry_of_tree(files);
  if (!entry) {
    // A tree that tells nothing is no error for somebody who said it all.
    if (wish.kernel.empty()) return tl::unexpected(entry.error());
    return facts;
  }
  const bool same_kernel = wish.kernel.empty() || normalise(wish.kernel) == normalise(entry->kernel);
  if (wish.kernel.empty()) facts.kernel = entry->kernel;
  if (wish.kernel.empty() && wish.initrds.empty()) facts.initrds = entry->initrds;
  if (same_kernel && !wish.command_line) facts.command_line = entry->command_line;
  return facts;
}

}  // namespace

base::Result<BootFacts> inspect_image(std::span<const SourceFile> files, const BootWish& wish) {
  auto facts = complete(files, wish);
  if (!facts) return facts;
  const auto kernel = find_file(files, facts->kernel, "kernel");
  if (!kernel) return tl::unexpected(kernel.error());
  facts->kernel = (*kernel)->name;
  if (facts->initrds.size() > most_initrds) {
    return base::fail("{} initrds: at most {}", facts->initrds.size(), most_initrds);
  }
  for (std::string& name : facts->initrds) {
    const auto initrd = find_file(files, name, "initrd");
    if (!initrd) return tl::unexpected(initrd.error());
    name = (*initrd)->name;
  }
  const auto head = read_front(**kernel, kernel_head_size);
  if (!head) return tl::unexpected(head.error());
  auto header = read_kernel_header(*head);
  if (!header) return base::fail("{}: {}", facts->kernel, header.error().what);
  facts->kernel_facts = std::move(*header);
  if (auto fits = check_command_line(facts->command_line, facts->kernel_facts); !fits) {
    return tl::unexpected(fits.error());
  }
  return facts;
}

}  // namespace content
