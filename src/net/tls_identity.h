// SPDX-License-Identifier: GPL-3.0-or-later
// What a TLS server shows and proves itself with: a certificate and its private key, read
// from PEM files and held against each other before a client does it.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace net {

struct TlsIdentity {
  std::string certificate;  // PEM; ours first, then those that lead to the authority
  std::string key;          // PEM
  std::int64_t valid_from = 0;
  std::int64_t valid_until = 0;  // Unix seconds
};

// An expired certificate is read all the same: to refuse it is for clients, and a firmware
// whose clock is wrong may take it. Refused by name: a key that everybody may read, one that
// has a passphrase, one that belongs to another certificate.
base::Result<TlsIdentity> load_tls_identity(const std::string& certificate_path, const std::string& key_path);

// The certificate file's text alone, which is no secret: has it changed?
base::Result<std::string> read_certificate(const std::string& certificate_path);

}  // namespace net
