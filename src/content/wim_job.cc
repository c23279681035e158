// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/wim_job.h"

#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "content/wim_facts_json.h"
#include "format/wim_reader.h"

namespace content {
namespace {

using format::WimBootFile;
using format::WimFault;

tl::unexpected<ConfinedFailure> refuse(std::string what) {
  return tl::unexpected(ConfinedFailure{ConfinedEnd::refused, std::move(what)});
}

struct Wish {
  bool files = false;
  int image = 0;
};
Wish parse(std::string_view argument) {
  Wish wish;
  wish.files = argument.starts_with(wim_files_wish);
  const std::size_t space = argument.find(' ');
  if (space != argument.npos)
    std::from_chars(argument.data() + space + 1, argument.data() + argument.size(), wish.image);
  return wish;
}

bool is_program(std::string_view name) { return name.ends_with(".efi") || name.ends_with(".exe"); }

std::uint64_t end_of_output() {
  const off_t end = ::lseek(confined_output, 0, SEEK_CUR);
  return end < 0 ? 0 : static_cast<std::uint64_t>(end);
}

base::Bytes read_back(std::uint64_t at, std::uint64_t size) {
  base::Bytes bytes(size);
  std::size_t got = 0;
  while (got < bytes.size()) {
    const ssize_t n =
        ::pread(confined_output, bytes.data() + got, bytes.size() - got, static_cast<off_t>(at + got));
    if (n <= 0) break;
    got += static_cast<std::size_t>(n);
  }
  bytes.resize(got);
  return bytes;
}

// Firmware starts the program itself, so it must be built for the image's machines: bootmgr.exe
// is the exception, which a BIOS starts and which is 32-bit in every image.
void look_into(WimBootFile& file, std::uint64_t at, std::optional<policy::Arch> arch) {
  auto program = format::read_pe_program(read_back(at, file.size));
  if (!program) {
    file.fault = program.error().what;
    return;
  }
  if (file.name.ends_with(".efi") && arch && program->arch != *arch) {
    file.fault =
        fmt::format("is built for {}, the image for {}", policy::print(program->arch), policy::print(*arch));
  }
  file.program = std::move(*program);
}

}  // namespace

tl::unexpected<ConfinedFailure> failure_of(WimFault fault) {
  switch (fault.kind) {
    case WimFault::Kind::out_of_memory:
      return tl::unexpected(ConfinedFailure{ConfinedEnd::out_of_memory, ""});
    case WimFault::Kind::too_large:
      return tl::unexpected(ConfinedFailure{ConfinedEnd::too_large, ""});
    case WimFault::Kind::refused:
      break;
  }
  return refuse(std::move(fault.what));
}

ConfinedResult<std::string> run_wim_job(std::string_view argument) {
  const Wish wish = parse(argument);
  auto wim = format::WimReader::open(confined_file);
  if (!wim) return failure_of(wim.error());
  auto facts = wim->facts(wish.image);
  if (!facts) return failure_of(facts.error());
  auto files = wim->find_boot_files(facts->image);
  if (!files) return failure_of(files.error());
  facts->boot_files = std::move(*files);
  for (WimBootFile& file : facts->boot_files) {
    if (!wish.files && !is_program(file.name)) continue;
    const std::uint64_t at = end_of_output();
    if (auto written = wim->write_to_output(facts->image, file.path); !written)
      return failure_of(written.error());
    if (end_of_output() != at + file.size) return refuse(file.name + " in it has another size than it says");
    if (is_program(file.name)) look_into(file, at, facts->booted().arch);
  }
  return print_wim_facts(*facts);
}

}  // namespace content
