// SPDX-License-Identifier: GPL-3.0-or-later
// What the reader of discs finds in an image, for tests/interop/test_disc_images.py: the kind
// and the label, then a line a file: size, extents as offset+size, path. With --boot: what it
// boots instead. One line on standard error and 1 where it refuses.
#include <fcntl.h>
#include <fmt/core.h>

#include <string_view>

#include "base/fd.h"
#include "content/boot_media.h"
#include "format/disc.h"

namespace {

int refuse(const base::Error& error) {
  fmt::print(stderr, "{}\n", error.what);
  return 1;
}

void print(const content::WindowsMedia& media) {
  for (const content::WindowsTree& tree : media.trees) {
    fmt::print("windows\t{}\t{}", tree.folder, policy::print(tree.arch));
    for (const auto& part : {tree.boot_wim, tree.install, tree.boot_sdi}) {
      fmt::print("\t{}", part ? part->path : "");
    }
    fmt::print("\n");
  }
}

void print(const content::LinuxMedia& media) {
  fmt::print("linux\t{}\t{}\t{}", policy::print(media.kernel_facts.arch), media.entry.command_line,
             media.kernel.path);
  for (const format::DiscFile& initrd : media.initrds) fmt::print("\t{}", initrd.path);
  fmt::print("\n");
}

void print(const format::Disc& disc) {
  fmt::print("{}\t{}\n", format::print(disc.names), disc.label);
  for (const format::DiscFile& file : disc.files) {
    fmt::print("{}\t", file.size);
    for (const format::Extent& extent : file.extents) fmt::print("{}+{} ", extent.offset, extent.size);
    fmt::print("\t{}\n", file.path);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bool boot = argc == 3 && std::string_view(argv[1]) == "--boot";
  if (argc != 2 && !boot) {
    fmt::print(stderr, "usage: disc_list [--boot] IMAGE\n");
    return 2;
  }
  const base::Fd fd(::open(argv[argc - 1], O_RDONLY | O_CLOEXEC));
  const auto source = format::disc_source(fd.get());
  if (!source) return refuse(source.error());
  const auto disc = format::read_disc(*source);
  if (!disc) return refuse(disc.error());
  if (!boot) {
    print(*disc);
    return 0;
  }
  const auto media = content::find_boot_parts(*source, *disc);
  if (!media) return refuse(media.error());
  std::visit([](const auto& found) { print(found); }, *media);
}
