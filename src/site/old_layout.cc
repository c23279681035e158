// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/old_layout.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "base/fd.h"
#include "base/log.h"

namespace site {
namespace {

namespace fs = std::filesystem;

// Regular files alone, as they were published.
base::Result<content::Library::Added> take(const std::string& directory, content::Library& library) {
  std::vector<base::Fd> opened;
  std::vector<content::SourceFile> files;
  std::error_code error;
  for (fs::recursive_directory_iterator walk(directory, error), end; !error && walk != end;
       walk.increment(error)) {
    if (walk->symlink_status(error).type() != fs::file_type::regular) continue;
    opened.emplace_back(::open(walk->path().c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!opened.back().open()) return base::fail_errno(walk->path().string(), errno);
    files.push_back({walk->path().lexically_relative(directory).generic_string(), opened.back().get()});
  }
  if (error) return base::fail("{}: {}", directory, error.message());
  return library.add(files, {}, content::Library::Take::link);
}

class Takeover {
 public:
  Takeover(const StateDirectory& state, SiteRecords& records, content::Library& library)
      : state_(state), records_(records), library_(library) {}

  void take(store::Record record, const std::string& directory, std::string& manifest) {
    const std::string path = state_.below(directory);
    std::error_code error;
    if (!fs::is_directory(path, error)) return;
    if (manifest.empty()) {
      if (auto taken = record_package(std::move(record), path, manifest); !taken) {
        problems_.push_back(
            fmt::format("{}: cannot be taken into the library: {}", path, taken.error().what));
        return;
      }
      base::log(base::LogLevel::info, "site", "{}: taken into the content library", path);
    }
    fs::remove_all(path, error);
    ::rmdir(fs::path(path).parent_path().c_str());
  }

  std::vector<std::string> problems() && { return std::move(problems_); }

 private:
  base::Status record_package(store::Record record, const std::string& path, std::string& manifest) {
    auto added = site::take(path, library_);
    if (!added) return tl::unexpected(added.error());
    manifest = base::print(added->manifest);
    std::visit(
        [&](auto& of) {
          if constexpr (requires { of.manifest; }) of.manifest = manifest;
        },
        record);
    const auto applied = records_.apply({"the upgrade", "", {store::Put{std::move(record), {}}}});
    if (!applied) return base::fail("{}", applied.error().what);
    added->pins.keep();
    return {};
  }

  const StateDirectory& state_;
  SiteRecords& records_;
  content::Library& library_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> take_over_directories(const StateDirectory& state, SiteRecords& records,
                                               content::Library& library) {
  Takeover takeover(state, records, library);
  for (store::ImageRecord record : std::vector(records.images()))
    takeover.take(record, record.directory, record.manifest);
  for (policy::Program program : std::vector(records.model().programs)) {
    const std::string directory = program_directory(program);
    // Others are loaders of Debian's packages, or an image's.
    if (directory.starts_with(fmt::format("{}/", programs_area)))
      takeover.take(program, directory, program.manifest);
  }
  return std::move(takeover).problems();
}

}  // namespace site
