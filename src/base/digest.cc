// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/digest.h"

#include <fmt/format.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include <iterator>

namespace base {
namespace {

gnutls_hash_hd_t handle(void* hash) { return static_cast<gnutls_hash_hd_t>(hash); }

}  // namespace

Sha256 sha256(std::string_view octets) {
  Sha256 digest{};
  const int error = gnutls_hash_fast(GNUTLS_DIG_SHA256, octets.data(), octets.size(), digest.data());
  BOOTFERRY_CHECK(error == 0);
  return digest;
}

std::string print(const Sha256& digest) {
  std::string text;
  for (const std::uint8_t octet : digest) fmt::format_to(std::back_inserter(text), "{:02x}", octet);
  return text;
}

std::optional<Sha256> parse_sha256(std::string_view text) {
  Sha256 digest{};
  if (text.size() != 2 * digest.size()) return std::nullopt;
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    digest[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return digest;
}

bool same(const Sha256& a, const Sha256& b) { return gnutls_memcmp(a.data(), b.data(), a.size()) == 0; }

void Hasher::Free::operator()(void* hash) const { gnutls_hash_deinit(handle(hash), nullptr); }

Hasher::Hasher() {
  gnutls_hash_hd_t hash = nullptr;
  BOOTFERRY_CHECK(gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) == 0);
  hash_.reset(hash);
}

void Hasher::add(ByteView octets) {
  BOOTFERRY_CHECK(gnutls_hash(handle(hash_.get()), octets.data(), octets.size()) == 0);
}

Sha256 Hasher::finish() {
  Sha256 digest{};
  gnutls_hash_output(handle(hash_.get()), digest.data());
  return digest;
}

Result<std::string> new_secret() {
  Sha256 octets{};
  if (const int error = gnutls_rnd(GNUTLS_RND_KEY, octets.data(), octets.size()); error != 0)
    return fail("no random numbers: {}", gnutls_strerror(error));
  return print(octets);
}

}  // namespace base
