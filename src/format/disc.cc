// SPDX-License-Identifier: GPL-3.0-or-later
#include "format/disc.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "format/disc_reader.h"
#include "format/iso9660.h"
#include "format/udf.h"

namespace format {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool same_without_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

enum class Volume { none, iso9660, udf };

// The sequence of descriptors that begins 32 KiB into every disc (ECMA-167 part 2, ECMA-119).
base::Result<Volume> recognise(DiscReader& reader) {
  constexpr std::uint64_t sector = 2048;
  constexpr std::uint64_t first = 16;
  constexpr std::uint64_t most = 64;
  Volume found = Volume::none;
  for (std::uint64_t i = first; i < first + most && (i + 1) * sector <= reader.size(); ++i) {
    const auto descriptor = reader.read(i * sector, 6, "a volume descriptor");
    if (!descriptor) return tl::unexpected(descriptor.error());
    const std::string_view id = base::as_text(*descriptor).substr(1, 5);
    if (id == "NSR02" || id == "NSR03") return Volume::udf;
    if (id == "CD001") {
      found = Volume::iso9660;
    } else if (id != "BEA01" && id != "BOOT2" && id != "CDW02" && id != std::string_view("\0\0\0\0\0", 5)) {
      break;  // blocks of 4 KiB leave every other sector empty
    }
  }
  return found;
}

}  // namespace

base::Result<DiscSource> disc_source(int fd) {
  struct stat facts {};
  if (::fstat(fd, &facts) != 0) return base::fail_errno("look at the image", errno);
  if (!S_ISREG(facts.st_mode)) return base::fail("not a regular file");
  DiscSource source;
  source.size = static_cast<std::uint64_t>(facts.st_size);
  source.read = [fd](std::uint64_t offset, std::span<std::uint8_t> out) -> base::Status {
    while (!out.empty()) {
      const ssize_t got = ::pread(fd, out.data(), out.size(), static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return base::fail_errno("read the image", errno);
      if (got == 0) return base::fail("the image became shorter while it was read");
      offset += static_cast<std::uint64_t>(got);
      out = out.subspan(static_cast<std::size_t>(got));
    }
    return {};
  };
  return source;
}

std::string_view print(DiscNames names) {
  switch (names) {
    case DiscNames::udf:
      return "UDF";
    case DiscNames::rock_ridge:
      return "Rock Ridge";
    case DiscNames::joliet:
      return "Joliet";
    case DiscNames::iso9660:
      break;
  }
  return "ISO 9660";
}

const DiscFile* Disc::find(std::string_view path) const {
  // As spelled first: on some discs a name has a '\\' of its own.
  const auto exact = std::ranges::lower_bound(files, path, {}, &DiscFile::path);
  if (exact != files.end() && exact->path == path) return &*exact;
  std::string wanted(path);
  std::replace(wanted.begin(), wanted.end(), '\\', '/');
  wanted.erase(0, std::min(wanted.find_first_not_of('/'), wanted.size()));
  const DiscFile* found = nullptr;
  for (const DiscFile& file : files) {
    if (file.path == wanted) return &file;
    if (found == nullptr && same_without_case(file.path, wanted)) found = &file;
  }
  return found;
}

base::Result<Disc> read_disc(const DiscSource& source) {
  DiscReader reader(source);
  const auto volume = recognise(reader);
  if (!volume) return tl::unexpected(volume.error());
  switch (*volume) {
    case Volume::udf:
      return read_udf(reader);
    case Volume::iso9660:
      return read_iso9660(reader);
    case Volume::none:
      break;
  }
  return base::fail("not a disc image: neither ISO 9660 nor UDF begins 32 KiB into it");
}

base::Result<base::Bytes> read_disc_file(const DiscSource& source, const DiscFile& file, std::size_t most) {
  base::Bytes out(static_cast<std::size_t>(std::min<std::uint64_t>(file.size, most)));
  std::span<std::uint8_t> rest(out);
  for (const Extent& extent : file.extents) {
    if (rest.empty()) break;
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(extent.size, rest.size()));
    if (extent.offset > source.size || source.size - extent.offset < size) {
      return base::fail("{} is not in this image", file.path);
    }
    if (auto ok = source.read(extent.offset, rest.first(size)); !ok) return tl::unexpected(ok.error());
    rest = rest.subspan(size);
  }
  if (!rest.empty()) return base::fail("{} is not in this image", file.path);
  return out;
}

}  // namespace format
