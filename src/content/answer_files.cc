// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/answer_files.h"

#include <fcntl.h>

#include <cerrno>

#include "base/fd.h"

namespace content {

base::Status check_answer_name(std::string_view name) {
  if (check_image_name(name)) return {};
  return base::fail(
      "answer file \"{}\": a name is 1 to 64 letters, digits, '.', '_' and '-', and begins with a letter or "
      "digit",
      name);
}

std::optional<std::string_view> answer_name(std::string_view in_package) {
  if (!in_package.starts_with(answers_folder)) return std::nullopt;
  return in_package.substr(answers_folder.size());
}

base::Result<std::string> read_answer(const SourceFile& file) {
  const auto octets = read_front(file, longest_answer + 1);
  if (!octets) return tl::unexpected(octets.error());
  if (octets->size() > longest_answer)
    return base::fail("{}: is longer than {} octets", file.name, longest_answer);
  std::string text(octets->begin(), octets->end());
  if (text.find('\0') != text.npos)
    return base::fail("{}: holds NUL: answer files are text, in UTF-8", file.name);
  return text;
}

base::Result<std::string> read_answer(const std::string& path) {
  const base::Fd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!fd.open()) return base::fail_errno(path, errno);
  return read_answer(SourceFile{path, fd.get()});
}

}  // namespace content
