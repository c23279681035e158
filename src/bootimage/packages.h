// SPDX-License-Identifier: GPL-3.0-or-later
// Debian packages as files: fetched by apt, which checks what it fetches, and kept in a folder,
// so that a machine downloads each of them once.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bootimage {

using Tell = std::function<void(std::string_view line)>;

class Packages {
 public:
  // The folder is made if it is not there.
  static base::Result<Packages> open(const std::string& folder);
  // Where the file of a package is, of the version that apt would install.
  [[nodiscard]] base::Result<std::string> fetch(const std::string& name, const Tell& tell) const;
  // The kernel that «linux-image-amd64» stands for now: «linux-image-6.1.0-56-amd64».
  static base::Result<std::string> current_kernel();

 private:
  explicit Packages(std::string folder) : folder_(std::move(folder)) {}
  std::string folder_;
};

// Unpacked below a folder.
base::Status unpack(const std::string& package, const std::string& folder);
// When it was built, in Unix seconds: the date that its archive's members bear.
base::Result<std::int64_t> date_of(const std::string& package);

// What `apt-get --print-uris download` says of one package.
struct Download {
  std::string file;  // «busybox-static_1%3a1.35.0-4_amd64.deb»
  std::uint64_t size = 0;
};
base::Result<Download> parse_download(std::string_view text);
// The first package that «Depends:» names whose name begins so; empty: none.
std::string first_dependency(std::string_view control, std::string_view begin);

}  // namespace bootimage
