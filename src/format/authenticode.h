// SPDX-License-Identifier: GPL-3.0-or-later
// The PKCS#7 document in which a PE program carries its signature, by GnuTLS.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "format/pe_program.h"

namespace format {

// Who signed, by the certificates that the document brings along.
base::Result<std::vector<PeSignature>> read_authenticode(base::ByteView pkcs7);

}  // namespace format
