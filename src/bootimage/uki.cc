// SPDX-License-Identifier: GPL-3.0-or-later
#include "bootimage/uki.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "bootimage/files.h"
#include "bootimage/tool.h"

namespace bootimage {
namespace {

constexpr std::uint64_t page = 4096;
std::uint64_t round_up(std::uint64_t value) { return (value + page - 1) / page * page; }

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; (at = line.find_first_not_of(" \t", at)) != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_of(" \t", at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

bool read_hexadecimal(std::string_view text, std::uint64_t& value) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

}  // namespace

bool take_out_time(std::string& program) {
  constexpr std::size_t pointer_at = 0x3c, time_at = 8, checksum_at = 24 + 64;  // behind «PE\0\0»
  if (program.size() < pointer_at + 4) return false;
  std::size_t header = 0;
  for (std::size_t i = 4; i-- > 0;)
    header = header << 8 | static_cast<unsigned char>(program[pointer_at + i]);
  constexpr std::size_t needed = checksum_at + 4;
  if (program.size() < needed || header > program.size() - needed) return false;
  if (program.compare(header, 4, std::string_view("PE\0\0", 4)) != 0) return false;
  program.replace(header + time_at, 4, 4, '\0');
  program.replace(header + checksum_at, 4, 4, '\0');
  return true;
}

base::Result<std::uint64_t> end_of_sections(std::string_view headers) {
  // «  0 .text  0000d0f0  0000000140001000  0000000140001000  00000400  2**4»
  std::uint64_t end = 0;
  for (std::size_t at = 0; at < headers.size();) {
    const std::size_t line_end = std::min(headers.find('\n', at), headers.size());
    const auto words = words_of(headers.substr(at, line_end - at));
    at = line_end + 1;
    std::uint64_t size = 0, address = 0;
    if (words.size() == 7 && words[1].starts_with('.') && read_hexadecimal(words[2], size) &&
        read_hexadecimal(words[3], address))
      end = std::max(end, address + size);
  }
  if (end == 0) return base::fail("objdump lists no section of it");
  return round_up(end);
}

base::Status write_uki(const UkiParts& parts, const std::string& file, const std::string& scratch) {
  const auto headers = run(objdump, {"-h", parts.stub});
  if (!headers) return tl::unexpected(headers.error());
  const auto end = end_of_sections(*headers);
  if (!end) return base::fail("{}: {}", parts.stub, end.error().what);

  const std::string os_release = scratch + "/uki.osrel", command_line = scratch + "/uki.cmdline";
  if (const auto written = write_file(os_release, fmt::format("ID=bootferry\nNAME=Bootferry\nVERSION_ID={}\n"
                                                              "PRETTY_NAME=\"Bootferry boot image\"\n",
                                                              parts.release));
      !written)
    return written;
  if (const auto written = write_file(command_line, parts.command_line + std::string(1, '\0')); !written)
    return written;
  // The kernel last: it may need the room behind itself while it unpacks.
  const std::array<std::pair<const char*, const std::string*>, 4> sections{{{".osrel", &os_release},
                                                                            {".cmdline", &command_line},
                                                                            {".initrd", &parts.initrd},
                                                                            {".linux", &parts.kernel}}};
  std::vector<std::string> arguments;
  std::uint64_t address = *end;
  for (const auto& [name, from] : sections) {
    const auto size = size_of(*from);
    if (!size) return tl::unexpected(size.error());
    arguments.insert(arguments.end(), {"--add-section", fmt::format("{}={}", name, *from),
                                       "--change-section-vma", fmt::format("{}={:#x}", name, address)});
    address = round_up(address + *size);
  }
  arguments.insert(arguments.end(), {parts.stub, file});
  if (const auto made = run(objcopy, arguments); !made) return tl::unexpected(made.error());
  auto program = read_file(file);
  if (!program) return tl::unexpected(program.error());
  if (!take_out_time(*program)) return base::fail("{}: objcopy made no UEFI program of it", parts.stub);
  return write_file(file, *program);
}

}  // namespace bootimage
