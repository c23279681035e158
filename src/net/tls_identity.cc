// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/tls_identity.h"

#include <fcntl.h>
#include <gnutls/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <type_traits>

#include "base/fd.h"

namespace net {
namespace {

struct FreeCertificate {
  void operator()(gnutls_x509_crt_t certificate) const { gnutls_x509_crt_deinit(certificate); }
};
using Certificate = std::unique_ptr<std::remove_pointer_t<gnutls_x509_crt_t>, FreeCertificate>;
struct FreeKey {
  void operator()(gnutls_x509_privkey_t key) const { gnutls_x509_privkey_deinit(key); }
};
using Key = std::unique_ptr<std::remove_pointer_t<gnutls_x509_privkey_t>, FreeKey>;
using KeyId = std::array<unsigned char, 64>;

enum class Secret : bool { no, yes };

base::Result<std::string> read_pem(const std::string& path, Secret secret) {
  // O_NONBLOCK: a pipe by that name must not hang the start.
  const base::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat facts {};
  if (!fd.open() && errno == EACCES) {
    return base::fail("{}: the server's user may not read it: chgrp bootferry {}, chmod 0640 {}", path, path,
                      path);
  }
  if (!fd.open() || fstat(fd.get(), &facts) != 0)
    return base::fail_errno(fmt::format("open {}", path), errno);
  if (!S_ISREG(facts.st_mode)) return base::fail("{}: not a file: name one in PEM form", path);
  if (secret == Secret::yes && (facts.st_mode & (S_IROTH | S_IWOTH)) != 0) {
    return base::fail("{}: everybody on this machine may read this key: chmod o= {}, and think of a new key",
                      path, path);
  }
  constexpr off_t most = 1 << 20;
  if (facts.st_size > most) return base::fail("{}: too large for a file in PEM form", path);
  std::string text(static_cast<std::size_t>(facts.st_size), '\0');
  const ssize_t got = pread(fd.get(), text.data(), text.size(), 0);
  if (got < 0) return base::fail_errno(fmt::format("read {}", path), errno);
  text.resize(static_cast<std::size_t>(got));
  return text;
}

gnutls_datum_t view(const std::string& text) {
  return {reinterpret_cast<unsigned char*>(const_cast<char*>(text.data())),
          static_cast<unsigned>(text.size())};
}

// The first of the file, which is ours.
base::Result<Certificate> first_certificate(const std::string& text, const std::string& path) {
  const gnutls_datum_t data = view(text);
  gnutls_x509_crt_t* list = nullptr;
  unsigned size = 0;
  const int error = gnutls_x509_crt_list_import2(&list, &size, &data, GNUTLS_X509_FMT_PEM, 0);
  if (error < 0 || size == 0) {
    return base::fail("{}: no certificate in PEM form ({}): it starts with -----BEGIN CERTIFICATE-----", path,
                      gnutls_strerror(error));
  }
  Certificate first(list[0]);
  for (unsigned i = 1; i < size; ++i) gnutls_x509_crt_deinit(list[i]);
  gnutls_free(list);
  return first;
}

base::Result<Key> import_key(const std::string& text, const std::string& path) {
  gnutls_x509_privkey_t raw = nullptr;
  if (gnutls_x509_privkey_init(&raw) < 0) return base::fail("{}: no memory for the key", path);
  Key key(raw);
  const gnutls_datum_t data = view(text);
  const int error = gnutls_x509_privkey_import2(raw, &data, GNUTLS_X509_FMT_PEM, nullptr, 0);
  if (error < 0 && text.find("ENCRYPTED") != std::string::npos) {
    return base::fail("{0}: the key has a passphrase: openssl pkey -in {0} -out PLAIN takes it off", path);
  }
  if (error < 0) {
    return base::fail("{}: no private key in PEM form ({}): it starts with -----BEGIN PRIVATE KEY-----", path,
                      gnutls_strerror(error));
  }
  return key;
}

}  // namespace

base::Result<std::string> read_certificate(const std::string& certificate_path) {
  return read_pem(certificate_path, Secret::no);
}

base::Result<TlsIdentity> load_tls_identity(const std::string& certificate_path,
                                            const std::string& key_path) {
  auto certificate_text = read_certificate(certificate_path);
  if (!certificate_text) return tl::unexpected(certificate_text.error());
  auto key_text = read_pem(key_path, Secret::yes);
  if (!key_text) return tl::unexpected(key_text.error());
  const auto certificate = first_certificate(*certificate_text, certificate_path);
  if (!certificate) return tl::unexpected(certificate.error());
  const auto key = import_key(*key_text, key_path);
  if (!key) return tl::unexpected(key.error());

  KeyId of_certificate{}, of_key{};
  std::size_t size = of_certificate.size(), key_size = of_key.size();
  if (gnutls_x509_crt_get_key_id(certificate->get(), GNUTLS_KEYID_USE_SHA256, of_certificate.data(), &size) <
          0 ||
      gnutls_x509_privkey_get_key_id(key->get(), GNUTLS_KEYID_USE_SHA256, of_key.data(), &key_size) < 0 ||
      size != key_size || of_certificate != of_key) {
    return base::fail("{}: not the key of {}: name the one that this certificate was made for", key_path,
                      certificate_path);
  }
  TlsIdentity identity;
  identity.certificate = std::move(*certificate_text);
  identity.key = std::move(*key_text);
  identity.valid_from = gnutls_x509_crt_get_activation_time(certificate->get());
  identity.valid_until = gnutls_x509_crt_get_expiration_time(certificate->get());
  return identity;
}

}  // namespace net
