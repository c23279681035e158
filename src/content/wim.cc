// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/wim.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/digest.h"
#include "content/wim_facts_json.h"
#include "content/wim_job.h"

namespace content {
namespace {

using format::WimBootFile;

tl::unexpected<ConfinedFailure> fail(ConfinedEnd end, std::string what) {
  return tl::unexpected(ConfinedFailure{end, std::move(what)});
}

// Files that are taken away again unless they are kept, newest first.
class Written {
 public:
  explicit Written(std::string directory) : directory_(std::move(directory)) {}
  Written(const Written&) = delete;
  Written& operator=(const Written&) = delete;
  ~Written() {
    for (auto name = files_.rbegin(); name != files_.rend(); ++name) ::unlink(path(*name).c_str());
    for (const std::string& name : folders_) ::rmdir(path(name).c_str());
  }
  void keep() {
    files_.clear();
    folders_.clear();
  }

  base::Result<base::Fd> create(const std::string& name) {
    if (const std::size_t slash = name.find('/'); slash != name.npos) {
      const std::string folder = name.substr(0, slash);
      if (::mkdir(path(folder).c_str(), 0750) == 0)
        folders_.push_back(folder);
      else if (errno != EEXIST)
        return base::fail_errno("create " + path(folder), errno);
    }
    base::Fd fd(::open(path(name).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640));
    if (!fd.open()) return base::fail_errno("create " + path(name), errno);
    files_.push_back(name);
    return fd;
  }

 private:
  [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }
  std::string directory_;
  std::vector<std::string> files_;
  std::vector<std::string> folders_;
};

base::Status write_all(int to, base::ByteView octets) {
  while (!octets.empty()) {
    const ssize_t n = ::write(to, octets.data(), octets.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::fail_errno("write", errno);
    octets = octets.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

// Copies a part of one file into another, and says what it was.
base::Result<std::string> copy(int from, std::uint64_t at, std::uint64_t size, int to) {
  base::Hasher digest;
  std::array<std::uint8_t, 65536> block{};
  for (std::uint64_t done = 0; done < size;) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(size - done, block.size()));
    const ssize_t n = ::pread(from, block.data(), wanted, static_cast<off_t>(at + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return base::fail_errno("read", n < 0 ? errno : ENODATA);
    const base::ByteView got(block.data(), static_cast<std::size_t>(n));
    digest.add(got);
    if (auto written = write_all(to, got); !written) return tl::unexpected(written.error());
    done += got.size();
  }
  return base::print(digest.finish());
}

struct Run {
  ConfinedAnswer answer;
  format::WimFacts facts;
};

ConfinedResult<Run> run(const FilePart& file, int image, std::string_view wish,
                        const ConfinedLimits& limits) {
  const auto part = measured(file);
  if (!part) return tl::unexpected(part.error());
  auto answer = run_confined("wim", fmt::format("{} {}", wish, image), *part, limits);
  if (!answer) return tl::unexpected(std::move(answer.error()));
  auto facts = parse_wim_facts(answer->text);
  if (!facts) return fail(ConfinedEnd::garbled, facts.error().what);
  facts->size = part->size;
  return Run{std::move(*answer), std::move(*facts)};
}

}  // namespace

ConfinedResult<WimInspection> inspect_wim(const FilePart& file, int image, const ConfinedLimits& limits) {
  auto done = run(file, image, wim_facts_wish, limits);
  if (!done) return tl::unexpected(std::move(done.error()));
  return WimInspection{std::move(done->facts), done->answer.landlock};
}

ConfinedResult<WimExtraction> extract_wim_boot_files(const FilePart& file, int image,
                                                     const std::string& directory,
                                                     const ConfinedLimits& limits) {
  auto done = run(file, image, wim_files_wish, limits);
  if (!done) return tl::unexpected(std::move(done.error()));
  std::uint64_t total = 0;
  for (const WimBootFile& boot_file : done->facts.boot_files) total += boot_file.size;
  if (total != done->answer.size)
    return fail(ConfinedEnd::garbled, "its files have other sizes than it says");

  WimExtraction extraction{std::move(done->facts), {}, done->answer.landlock};
  Written written(directory);
  std::uint64_t at = 0;
  for (const WimBootFile& boot_file : extraction.facts.boot_files) {
    const auto to = written.create(boot_file.name);
    if (!to) return fail(ConfinedEnd::not_started, to.error().what);
    auto digest = copy(done->answer.output.get(), at, boot_file.size, to->get());
    if (!digest) return fail(ConfinedEnd::not_started, boot_file.name + ": " + digest.error().what);
    extraction.files.push_back({boot_file, std::move(*digest)});
    at += boot_file.size;
  }
  written.keep();
  return extraction;
}

}  // namespace content
