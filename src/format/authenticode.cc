// SPDX-License-Identifier: GPL-3.0-or-later
#include "format/authenticode.h"

#include <gnutls/pkcs7.h>
#include <gnutls/x509.h>

#include <algorithm>
#include <memory>
#include <string>

#include "base/utf8.h"

namespace format {
namespace {

using base::ByteView;

// A signed program brings its own chain, three or four certificates.
constexpr int most_certificates = 32;

struct FreePkcs7 {
  void operator()(gnutls_pkcs7_t p) const { gnutls_pkcs7_deinit(p); }
};
struct FreeCertificate {
  void operator()(gnutls_x509_crt_t c) const { gnutls_x509_crt_deinit(c); }
};
using Pkcs7 = std::unique_ptr<std::remove_pointer_t<gnutls_pkcs7_t>, FreePkcs7>;
using Certificate = std::unique_ptr<std::remove_pointer_t<gnutls_x509_crt_t>, FreeCertificate>;

// A datum of GnuTLS that is ours to free.
struct Datum : gnutls_datum_t {
  Datum() : gnutls_datum_t{nullptr, 0} {}
  Datum(const Datum&) = delete;
  Datum& operator=(const Datum&) = delete;
  ~Datum() { gnutls_free(data); }
};
ByteView view(const gnutls_datum_t& datum) { return {datum.data, datum.size}; }
bool same(ByteView a, ByteView b) { return std::ranges::equal(a, b); }

// Octets of the DER element at the front, head included: a sequence with a length of at most
// four octets. nullopt when it is none, or longer than what there is.
std::optional<std::size_t> der_size(ByteView bytes) {
  if (bytes.size() < 2 || bytes[0] != 0x30) return std::nullopt;
  std::size_t head = 2;
  std::size_t size = bytes[1];
  if (size >= 0x80) {
    const std::size_t octets = size & 0x7f;
    if (octets == 0 || octets > 4 || bytes.size() < head + octets) return std::nullopt;
    size = 0;
    for (std::size_t i = 0; i < octets; ++i) size = size << 8 | bytes[head + i];
    head += octets;
  }
  if (size > bytes.size() - head) return std::nullopt;
  return head + size;
}

struct SignatureInfo : gnutls_pkcs7_signature_info_st {
  SignatureInfo() : gnutls_pkcs7_signature_info_st{} {}
  SignatureInfo(const SignatureInfo&) = delete;
  SignatureInfo& operator=(const SignatureInfo&) = delete;
  ~SignatureInfo() { gnutls_pkcs7_signature_info_deinit(this); }
};

using NameOf = int (*)(gnutls_x509_crt_t, const char* oid, unsigned index, unsigned raw, void* out,
                       std::size_t* size);

std::string name(gnutls_x509_crt_t certificate, NameOf name_of) {
  for (const char* oid : {GNUTLS_OID_X520_COMMON_NAME, GNUTLS_OID_X520_ORGANIZATION_NAME}) {
    char text[512];
    std::size_t size = sizeof text;
    if (name_of(certificate, oid, 0, 0, text, &size) == 0)
      return base::one_line(std::string_view(text, size), longest_pe_name);
  }
  return "";
}

std::vector<Certificate> certificates_of(gnutls_pkcs7_t document) {
  std::vector<Certificate> all;
  const int count = std::min(gnutls_pkcs7_get_crt_count(document), most_certificates);
  for (int i = 0; i < count; ++i) {
    Datum der;
    gnutls_x509_crt_t made = nullptr;
    if (gnutls_pkcs7_get_crt_raw2(document, static_cast<unsigned>(i), &der) != 0) continue;
    if (gnutls_x509_crt_init(&made) != 0) continue;
    Certificate certificate(made);
    if (gnutls_x509_crt_import(made, &der, GNUTLS_X509_FMT_DER) == 0) all.push_back(std::move(certificate));
  }
  return all;
}

bool is_signer(gnutls_x509_crt_t certificate, const SignatureInfo& info) {
  Datum issuer;
  unsigned char serial[64];
  std::size_t size = sizeof serial;
  return gnutls_x509_crt_get_raw_issuer_dn(certificate, &issuer) == 0 &&
         gnutls_x509_crt_get_serial(certificate, serial, &size) == 0 &&
         same(view(issuer), view(info.issuer_dn)) && same({serial, size}, view(info.signer_serial));
}

}  // namespace

base::Result<std::vector<PeSignature>> read_authenticode(ByteView pkcs7) {
  gnutls_pkcs7_t made = nullptr;
  if (gnutls_pkcs7_init(&made) != 0) return base::fail("no memory for its signature");
  const Pkcs7 document(made);
  // The table's entries are rounded up: what follows the document is filling, and the import
  // wants to see nothing of it.
  const auto whole = der_size(pkcs7);
  if (!whole) return base::fail("its signature is damaged");
  const gnutls_datum_t der{const_cast<unsigned char*>(pkcs7.data()), static_cast<unsigned>(*whole)};
  if (gnutls_pkcs7_import(made, &der, GNUTLS_X509_FMT_DER) != 0)
    return base::fail("its signature is damaged");
  const int count = gnutls_pkcs7_get_signature_count(made);
  if (count < 1) return base::fail("its signature is damaged");
  const std::vector<Certificate> certificates = certificates_of(made);
  std::vector<PeSignature> found;
  for (int i = 0; i < std::min<int>(count, most_pe_signatures); ++i) {
    SignatureInfo info;
    if (gnutls_pkcs7_get_signature_info(made, static_cast<unsigned>(i), &info) != 0)
      return base::fail("its signature is damaged");
    const auto signer =
        std::ranges::find_if(certificates, [&](const Certificate& c) { return is_signer(c.get(), info); });
    if (signer == certificates.end())
      return base::fail("its signature does not bring the signer's certificate");
    found.push_back({name(signer->get(), gnutls_x509_crt_get_dn_by_oid),
                     name(signer->get(), gnutls_x509_crt_get_issuer_dn_by_oid)});
  }
  return found;
}

}  // namespace format
