// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/windows_parts.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

#include "base/ascii.h"
#include "content/wim.h"
#include "content/wim_facts_json.h"
#include "content/windows_names.h"

namespace content {
namespace {

constexpr std::string_view sdi_name = "boot.sdi";

// A folder that is gone when this is.
class Scratch {
 public:
  explicit Scratch(const std::string& below) : path_(below + "/.incoming-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) error_ = errno;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;  // what cannot be removed now goes with the next start
    if (error_ == 0) std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  int error_ = 0;
};

base::Result<base::Fd> open_taken(const std::string& path) {
  base::Fd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.open()) return base::fail_errno("open " + path, errno);
  return fd;
}

base::Result<base::Fd> keep_facts(const format::WimFacts& facts, const std::string& folder) {
  const std::string path = fmt::format("{}/{}", folder, windows_facts_name);
  std::ofstream file(path, std::ios::binary);
  file << print_wim_facts(facts) << '\n';
  file.close();
  if (!file) return base::fail_errno("write " + path, errno);
  return open_taken(path);
}

}  // namespace

base::Result<WindowsParts> WindowsParts::take_out(const SourceFile& wim, const SourceFile* sdi, int index,
                                                  const std::string& scratch) {
  const Scratch folder(scratch);
  if (folder.error() != 0) return base::fail_errno("create " + folder.path(), folder.error());
  auto taken = extract_wim_boot_files(wim.part, index, folder.path());
  if (!taken) return base::fail("{}: {}", wim.name, taken.error().what);
  WindowsParts parts;
  parts.facts_ = std::move(taken->facts);
  auto facts = keep_facts(parts.facts_, folder.path());
  if (!facts) return tl::unexpected(facts.error());
  parts.files_.push_back({std::string(windows_image_name), wim.part});
  parts.files_.push_back({std::string(windows_facts_name), facts->get()});
  parts.open_.push_back(std::move(*facts));
  if (sdi != nullptr) parts.files_.push_back({std::string(sdi_name), sdi->part});
  for (const WimExtract& each : taken->files) {
    if (sdi != nullptr && each.file.name == sdi_name) continue;
    const std::string path = fmt::format("{}/{}", folder.path(), each.file.name);
    auto fd = open_taken(path);
    if (!fd) return tl::unexpected(fd.error());
    parts.files_.push_back({each.file.name, fd->get()});
    parts.open_.push_back(std::move(*fd));
  }
  return parts;
}

void WindowsParts::add_missing(std::span<const SourceFile> files) {
  for (const SourceFile& file : files) {
    const auto same = [&](const SourceFile& other) { return base::same_but_for_case(other.name, file.name); };
    if (std::ranges::none_of(files_, same)) files_.push_back(file);
  }
}

}  // namespace content
