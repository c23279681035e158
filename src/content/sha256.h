// SPDX-License-Identifier: GPL-3.0-or-later
// The digest by which contents are told apart, of octets that come in pieces; by GnuTLS.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"

namespace content {

class Sha256 {
 public:
  Sha256();
  void add(base::ByteView octets);
  // 64 hexadecimal digits, of all that was added. Once.
  [[nodiscard]] std::string finish();

 private:
  struct Free {
    void operator()(void* hash) const;
  };
  std::unique_ptr<void, Free> hash_;
};

}  // namespace content
