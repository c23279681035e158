// SPDX-License-Identifier: GPL-3.0-or-later
// Any file that is looked at as a program. Properties: names are single printable lines within
// their bounds, the machine is what the front alone says, and the reasons for a refusal are
// words.
#include "format/pe_program.h"

#include <algorithm>

#include "base/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::ByteView file(data, size);
  const auto program = format::read_pe_program(file);
  if (!program) {
    const std::string& what = program.error().what;
    BOOTFERRY_CHECK(!what.empty() && what.size() < 100);
    return 0;
  }
  BOOTFERRY_CHECK(format::find_pe_header(file) && format::pe_machine(file) == program->arch);
  BOOTFERRY_CHECK(program->signatures.size() <= format::most_pe_signatures);
  for (const format::PeSignature& signature : program->signatures) {
    for (const std::string& name : {signature.signer, signature.issuer})
      BOOTFERRY_CHECK(base::one_line(name, format::longest_pe_name) == name);
  }
  return 0;
}
