// SPDX-License-Identifier: GPL-3.0-or-later
// What the reader of discs finds in an image, for tests/interop/test_disc_images.py: the kind
// and the label, then a line a file: size, extents as offset+size, path. One line on standard
// error and 1 where it refuses.
#include <fcntl.h>
#include <fmt/core.h>

#include "base/fd.h"
#include "format/disc.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: disc_list IMAGE\n");
    return 2;
  }
  const base::Fd fd(::open(argv[1], O_RDONLY | O_CLOEXEC));
  const auto source = format::disc_source(fd.get());
  const auto disc = source ? format::read_disc(*source) : tl::unexpected(source.error());
  if (!disc) {
    fmt::print(stderr, "{}\n", disc.error().what);
    return 1;
  }
  fmt::print("{}\t{}\n", format::print(disc->names), disc->label);
  for (const format::DiscFile& file : disc->files) {
    fmt::print("{}\t", file.size);
    for (const format::Extent& extent : file.extents) fmt::print("{}+{} ", extent.offset, extent.size);
    fmt::print("\t{}\n", file.path);
  }
}
