// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/publication.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <initializer_list>
#include <optional>
#include <utility>

#include "base/fd.h"
#include "content/answer_files.h"
#include "content/disk_file.h"
#include "content/loaders.h"
#include "content/wim_facts_json.h"
#include "content/windows_names.h"
#include "format/bcd.h"

namespace site {
namespace {

// «images/debian/3» -> «images/debian/current»
std::string current(const std::string& directory) {
  return fmt::format("{}/current", directory.substr(0, directory.rfind('/')));
}

class Publisher {
 public:
  Publisher(const StateDirectory& state, const content::Library& library)
      : state_(state), library_(library) {}

  Publication out;

  // What is missing of it, in words; "": nothing.
  std::string publish(const Version& version, const std::vector<std::string>& prefixes) {
    if (version.manifest.empty()) return publish_old(version, prefixes);
    const auto package = read(version);
    if (!package) return package.error().what;
    std::size_t missing = 0;
    std::string first;
    for (const content::PackageFile& file : package->files) {
      const auto described = library_.describe(file, file.name);
      if (!described && ++missing == 1) first = file.name;
      if (!described) continue;
      if (const auto answer = content::answer_name(file.name))
        out.published.add_answer(version.directory, *answer, described->path);
      else
        add(prefixes, file.name, *described);
    }
    if (missing == 0) return "";
    return fmt::format("{}{} gone or damaged", first,
                       missing == 1 ? " is" : fmt::format(" and {} more are", missing - 1));
  }

  base::Result<content::Package> read(const Version& version) {
    const auto hash = base::parse_sha256(version.manifest);
    if (!hash) return base::fail("\"{}\" is no SHA-256", version.manifest);
    return library_.package(*hash);
  }

  bool has(const std::string& path) const {
    return std::holds_alternative<const content::DiskFile*>(out.published.find(path));
  }

 private:
  std::string publish_old(const Version& version, const std::vector<std::string>& prefixes) {
    for (const std::string& prefix : prefixes) {
      const auto done = content::publish_directory(out.published, state_.below(version.directory), prefix);
      if (!done) return done.error().what;
    }
    return "";
  }

  void add(const std::vector<std::string>& prefixes, const std::string& file,
           const content::DiskFile& described) {
    for (const std::string& prefix : prefixes) {
      if (auto name = content::normalise(fmt::format("{}/{}", prefix, file)))
        out.published.add(std::move(*name), described);
    }
  }

  const StateDirectory& state_;
  const content::Library& library_;
};

// What is there of what Windows' boot programs need, beside the WIM.
policy::WindowsFiles windows_files(const Publisher& publisher, const policy::Image& image) {
  const std::string beside = image.kernel.substr(0, image.kernel.rfind('/') + 1);
  const auto named = [&](std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
      const std::string path = beside + std::string(name);
      if (publisher.has(path)) return path;
    }
    return std::string();
  };
  // Images that were taken in before facts were kept have none.
  std::string locale;
  const auto kept = publisher.out.published.find(beside + std::string(content::windows_facts_name));
  if (const auto* const file = std::get_if<const content::DiskFile*>(&kept)) {
    const base::Fd fd(::open((*file)->path.c_str(), O_RDONLY | O_CLOEXEC));
    const auto facts = content::read_wim_facts(fd.get());
    if (facts && format::is_bcd_locale(facts->booted().default_language))
      locale = facts->booted().default_language;
  }
  // Signed by the CA of 2011, which most firmware knows; the other where it is the only one.
  return {image.id,
          named({"pxeboot.com"}),
          named({"pxeboot.n12"}),
          named({"bootmgr.exe"}),
          named({"bootmgfw.efi", "bootmgfw_ex.efi"}),
          named({"boot.sdi"}),
          beside + "fonts",
          std::move(locale)};
}

std::string what_is_missing(Publisher& publisher, const store::ImageRecord& record) {
  std::string missing =
      publisher.publish({record.directory, record.manifest}, {record.directory, current(record.directory)});
  std::vector<std::string> needed = record.image.initrds;
  needed.insert(needed.begin(), record.image.kernel);
  for (const std::string& path : needed) {
    if (missing.empty() && !publisher.has(path)) missing = path + " is gone or cannot be read";
  }
  return missing;
}

std::vector<std::string> answers_in(const content::Package& package) {
  std::vector<std::string> out;
  for (const content::PackageFile& file : package.files) {
    if (const auto name = content::answer_name(file.name)) out.emplace_back(*name);
  }
  return out;
}

// Programs and superseded versions share files with images like other images.
void add_packages(Publisher& publisher, const SiteRecords& records, const std::vector<Version>& superseded) {
  std::vector<content::Package> packages;
  std::vector<std::int64_t> ids;
  const auto take = [&](const Version& version, std::int64_t image) {
    if (auto package = publisher.read(version)) {
      if (image != 0) publisher.out.answers[image] = answers_in(*package);
      packages.push_back(std::move(*package));
      ids.push_back(image);
    }
  };
  for (const store::ImageRecord& record : records.images())
    take({record.directory, record.manifest}, record.image.id);
  for (const policy::Program& program : records.model().programs) take({"", program.manifest}, 0);
  for (const Version& version : superseded) take(version, 0);
  const auto used = content::usage(packages);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] != 0) publisher.out.usage[ids[i]] = used[i];
  }
}

}  // namespace

Publication publish(const StateDirectory& state, const content::Library& library, const SiteRecords& records,
                    const std::vector<Version>& superseded) {
  Publisher publisher(state, library);
  publisher.out.problems = content::publish_loaders(publisher.out.published);
  std::vector<std::string>& problems = publisher.out.problems;
  for (const Version& version : superseded) publisher.publish(version, {version.directory});
  for (const store::ImageRecord& record : records.images()) {
    if (record.image.state != policy::ImageState::published) continue;
    if (const std::string missing = what_is_missing(publisher, record); !missing.empty()) {
      problems.push_back(fmt::format("image \"{}\": {}: add the image again", record.image.name, missing));
      publisher.out.broken_images.push_back(record.image.id);
      continue;
    }
    if (record.image.kind != policy::ImageKind::wim) continue;
    publisher.out.windows.push_back(windows_files(publisher, record.image));
    if (!publisher.out.windows.back().boot_sdi.empty()) continue;
    problems.push_back(fmt::format(
        "image \"{}\" brought no boot.sdi, without which Windows cannot make its RAM disk: add it again "
        "with --sdi FILE",
        record.image.name));
    publisher.out.broken_images.push_back(record.image.id);
  }
  for (const policy::Program& program : records.model().programs) {
    const std::string directory = program_directory(program);
    std::string missing;
    if (!program.manifest.empty() || directory.starts_with(fmt::format("{}/", programs_area)))
      missing = publisher.publish({directory, program.manifest}, {directory});
    if (missing.empty() && publisher.has(program.path)) continue;
    if (missing.empty()) missing = program.path + " is gone or cannot be read";
    problems.push_back(
        fmt::format("boot program for {}: {}: add it again", policy::print(program.arch), missing));
  }
  add_packages(publisher, records, superseded);
  return std::move(publisher.out);
}

}  // namespace site
