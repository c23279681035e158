// SPDX-License-Identifier: GPL-3.0-or-later
// Programs in Microsoft's PE format: what machine one is built for, and who says that he
// signed it. Bytes in, facts out. Nothing is verified here: firmware does that, with its own
// list of authorities; these are the names that it will look for there.
// Source: «PE Format», Microsoft; UEFI specification 2.10 §32.5; «Windows Authenticode PE
// Signature Format».
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "policy/arch.h"

namespace format {

// The common names in the signer's certificate, one printable line each. The organisation's
// name stands in where a certificate has no common one.
struct PeSignature {
  std::string signer;
  std::string issuer;  // the authority that firmware must know
  bool operator==(const PeSignature&) const = default;
};

struct PeProgram {
  policy::Arch arch = policy::Arch::other;
  std::vector<PeSignature> signatures;  // in the order of the file; none: unsigned
  bool operator==(const PeProgram&) const = default;
};

// Octets of the file.
struct PeRange {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  bool operator==(const PeRange&) const = default;
};

// What a section has in the file, without the filling behind it.
struct PeSection {
  std::string name;  // ".linux"; printable ASCII
  PeRange place;
  bool operator==(const PeSection&) const = default;
};

inline constexpr std::size_t most_pe_sections = 96;  // as many as Windows takes
inline constexpr std::size_t most_pe_signatures = 8;
inline constexpr std::size_t longest_pe_name = 200;  // octets of signer and issuer

// Offset of the PE header in a file that begins like a DOS program; nullopt for anything else.
std::optional<std::size_t> find_pe_header(base::ByteView head);

// The machine, from the front of the file.
std::optional<policy::Arch> pe_machine(base::ByteView head);

// The sections, in the order of the file's table, from the front of a file of `size` octets; each
// lies within the file.
base::Result<std::vector<PeSection>> read_pe_sections(base::ByteView head, std::uint64_t size);

// Where the signatures stand in a file of `size` octets, by its front; of size 0: unsigned.
base::Result<PeRange> find_pe_signatures(base::ByteView head, std::uint64_t size);
// `table`: the octets of that range.
base::Result<std::vector<PeSignature>> read_pe_signatures(base::ByteView table);

// The whole file: signatures stand at its end. The error is one line that does not name the
// file: the caller knows its name.
base::Result<PeProgram> read_pe_program(base::ByteView file);

}  // namespace format
