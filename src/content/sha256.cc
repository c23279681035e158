// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/sha256.h"

#include <fmt/format.h>
#include <gnutls/crypto.h>

#include <array>

#include "base/result.h"

namespace content {
namespace {

gnutls_hash_hd_t handle(void* hash) { return static_cast<gnutls_hash_hd_t>(hash); }

}  // namespace

void Sha256::Free::operator()(void* hash) const { gnutls_hash_deinit(handle(hash), nullptr); }

Sha256::Sha256() {
  gnutls_hash_hd_t hash = nullptr;
  BOOTFERRY_CHECK(gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) == 0);
  hash_.reset(hash);
}

void Sha256::add(base::ByteView octets) {
  BOOTFERRY_CHECK(gnutls_hash(handle(hash_.get()), octets.data(), octets.size()) == 0);
}

std::string Sha256::finish() {
  std::array<std::uint8_t, 32> digest{};
  gnutls_hash_output(handle(hash_.get()), digest.data());
  std::string text;
  for (const std::uint8_t octet : digest) text += fmt::format("{:02x}", octet);
  return text;
}

}  // namespace content
