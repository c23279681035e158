// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/digest.h"

#include <gnutls/crypto.h>

#include "base/result.h"

namespace net {

std::array<std::uint8_t, 32> sha256(std::string_view bytes) {
  std::array<std::uint8_t, 32> digest{};
  BOOTFERRY_CHECK(gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes.data(), bytes.size(), digest.data()) == 0);
  return digest;
}

}  // namespace net
