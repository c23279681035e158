// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/administration.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "base/log.h"
#include "content/kernel.h"
#include "content/library.h"
#include "site/image_answers.h"
#include "site/old_layout.h"
#include "site/publication.h"
#include "site/records.h"
#include "site/referral_check.h"
#include "site/state_directory.h"
#include "site/taken_image.h"

namespace site {
namespace {

std::vector<content::SourceFile> sources(const std::vector<IncomingFile>& files) {
  std::vector<content::SourceFile> out;
  for (const IncomingFile& file : files) out.push_back({file.name, file.fd.get()});
  return out;
}

// A name in the published tree: the one spelling in which files are looked up.
std::string published_name(const std::string& directory, const std::string& file) {
  return content::normalise(fmt::format("{}/{}", directory, file)).value_or("");
}

struct PackageInUse {
  bool image = false;  // otherwise a boot program
  std::string name;
  std::set<base::Sha256> hashes;
};

const store::ImageRecord* find_image(const SiteRecords& records, const std::string& name) {
  // Client names know no case, hence image names neither: «images/debian» is one place.
  const auto found = std::ranges::find_if(records.images(), [&](const auto& record) {
    return content::normalise(record.image.name) == content::normalise(name);
  });
  return found == records.images().end() ? nullptr : &*found;
}

}  // namespace

struct Administration::Impl {
  StateDirectory state;
  std::unique_ptr<content::Library> library;
  StoreHealth health;
  std::unique_ptr<SiteRecords> records;
  std::unique_ptr<KeptCopy> kept;  // ends before the records do

  // One change at a time. Long copies happen outside of it.
  std::mutex change;
  std::vector<std::string> strangers;         // problems found when the state was opened
  std::map<std::string, Version> superseded;  // place -> the version before the present one
  std::uint64_t images_shown = 0;             // SiteRecords::image_changes() of what is published

  // Guards what follows, the pointers for as long as it takes to copy them. Not
  // std::atomic<std::shared_ptr>: in libstdc++ 12 its load() gives the lock bit back with
  // relaxed order (bits/shared_ptr_atomic.h), a data race by the language's rules and to TSan.
  // std::atomic_load on shared_ptr is a mutex from a pool that everybody shares.
  mutable std::mutex view;
  std::shared_ptr<const Site> site;
  std::shared_ptr<const std::vector<std::string>> problems;
  std::map<std::int64_t, content::Usage> usage;  // of images
  std::map<std::int64_t, std::vector<std::string>> answers;

  std::unique_ptr<Scrub> scrub;  // ends first

  explicit Impl(StateDirectory directory) : state(std::move(directory)) {}

  void show(std::shared_ptr<const Site> fresh, std::shared_ptr<const std::vector<std::string>> found) {
    const std::lock_guard lock(view);
    // Swapped, so that the old view (maybe its last holder) is freed outside the lock.
    site.swap(fresh);
    problems.swap(found);
  }

  // After a change to files.
  void republish() {
    std::vector<Version> old;
    for (const auto& [place, version] : superseded) old.push_back(version);
    Publication publication = publish(state, *library, *records, old);
    images_shown = records->image_changes();
    // Refused only by what contradicts itself, which these lists cannot.
    BOOTFERRY_CHECK(
        records->set_found_images(std::move(publication.broken_images), std::move(publication.windows)));
    publication.problems.insert(publication.problems.end(), strangers.begin(), strangers.end());
    show(std::make_shared<const Site>(Site{records->snapshot(), std::make_shared<const content::Published>(
                                                                    std::move(publication.published))}),
         std::make_shared<const std::vector<std::string>>(std::move(publication.problems)));
    const std::lock_guard lock(view);
    usage = std::move(publication.usage);
    answers = std::move(publication.answers);
  }

  // After a change to records: files need to be looked at only where images changed.
  void show_records() {
    if (records->image_changes() != images_shown) return republish();
    show(std::make_shared<const Site>(Site{records->snapshot(), site->published}), problems);
  }

  // All that must stay: what records name, and what is published once more.
  [[nodiscard]] std::vector<base::Sha256> needed() const {
    std::vector<base::Sha256> out = records->manifests();
    for (const auto& [place, version] : superseded) {
      if (const auto hash = base::parse_sha256(version.manifest)) out.push_back(*hash);
    }
    return out;
  }

  // What nobody needs since the last change. Where it fails, it goes another time.
  void free_unneeded() const {
    // Records that cannot be kept may not be the last word on what was given up.
    using Sweep = content::Library::Sweep;
    static_cast<void>(library->collect(needed(), health.degraded() ? Sweep::failed : Sweep::given_up));
  }

  // What records name now, and which contents that is.
  [[nodiscard]] std::vector<PackageInUse> packages() {
    const std::lock_guard lock(change);
    std::vector<PackageInUse> out;
    const auto add = [&](bool image, const std::string& name, const std::string& manifest) {
      const auto hash = base::parse_sha256(manifest);
      if (!hash) return;
      PackageInUse& package = out.emplace_back(PackageInUse{image, name, {*hash}});
      if (const auto read = library->package(*hash)) {
        for (const content::PackageFile& file : read->files) package.hashes.insert(file.hash);
      }
    };
    for (const store::ImageRecord& record : records->images()) add(true, record.image.name, record.manifest);
    for (const policy::Program& program : records->model().programs)
      add(false, program.name, program.manifest);
    return out;
  }

  base::Status give_up(const Version& version) const {
    const auto hash = base::parse_sha256(version.manifest);
    return hash ? library->give_up(*hash) : base::Status();
  }

  // Gives a package its place in the published tree, and the record its directory through `put`. On
  // failure nothing remains of it and the version before stays in service. On success that one is
  // published once more, because a machine may stand between its script and its kernel; the one
  // before it goes.
  base::Status install(content::Library::Added added, const std::string& place, const Version& previous,
                       const std::function<base::Status(const Version&)>& put) {
    const auto version = records->store().next_version(place);
    if (!version) return tl::unexpected(version.error());
    if (auto given_up = give_up(previous); !given_up) return given_up;
    if (auto recorded = put({fmt::format("{}/{}", place, *version), base::print(added.manifest)}); !recorded)
      return recorded;
    added.pins.keep();
    if (!previous.directory.empty()) superseded[place] = previous;
    republish();
    return {};
  }

  // After the record is gone: readers first, then the files.
  void drop(const std::string& place) {
    superseded.erase(place);
    republish();
    free_unneeded();
  }
};

// Frees what an add leaves over, whether it ends well or not: last, when its pins are gone.
class Administration::FreeLater {
 public:
  explicit FreeLater(Impl& impl) : impl_(impl) {}
  FreeLater(const FreeLater&) = delete;
  FreeLater& operator=(const FreeLater&) = delete;
  ~FreeLater() { impl_.free_unneeded(); }

 private:
  Impl& impl_;
};

Administration::Administration(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Administration::~Administration() = default;

base::Result<std::unique_ptr<Administration>> Administration::open(const std::string& state_directory,
                                                                   policy::Settings settings, Opening how) {
  auto state = StateDirectory::open(state_directory);
  if (!state) return tl::unexpected(state.error());
  auto impl = std::make_unique<Impl>(std::move(*state));
  auto records = open_records(impl->state, settings, how, impl->health, [it = impl.get()] {
    if (it->kept) it->kept->changed();
  });
  if (!records) return tl::unexpected(records.error());
  impl->records = std::move(*records);
  auto library = content::Library::open(impl->state.below("library"));
  if (!library) return tl::unexpected(library.error());
  impl->library = std::move(*library);
  impl->records->check_referrals(own_addresses);
  // A copy may be older than the files are: nothing is deleted by it.
  if (!impl->health.degraded()) {
    impl->strangers = take_over_directories(impl->state, *impl->records, *impl->library);
    auto left = impl->state.tidy(impl->records->store(), impl->records->directories());
    impl->strangers.insert(impl->strangers.end(), left.begin(), left.end());
    impl->free_unneeded();
  }
  impl->republish();
  return std::unique_ptr<Administration>(new Administration(std::move(impl)));
}

base::Result<policy::Image> Administration::add_image(NewImage image, const Progress& progress) {
  if (auto named = content::check_image_name(image.name); !named) {
    return base::fail("image name \"{}\": {}", image.name, named.error().what);
  }
  const auto refuse = [&](const base::Error& error) {
    return base::fail("image \"{}\": {}", image.name, error.what);
  };
  const auto given = sources(image.files);
  if (auto checked = content::check_sources(given); !checked) return refuse(checked.error());
  const auto warnings = check_answers(image);
  if (!warnings) return refuse(warnings.error());
  auto taken = look_at_image(image, given, impl_->state.below("library/incoming"));
  if (!taken) return refuse(taken.error());
  const auto answers = answer_sources(image);
  taken->files.insert(taken->files.end(), answers.begin(), answers.end());
  auto added = impl_->library->add(taken->files, progress);
  const std::lock_guard lock(impl_->change);
  const FreeLater free_later(*impl_);
  if (!added) return refuse(added.error());
  content::Library::Added package = std::move(*added);

  store::ImageRecord record;
  record.image.name = image.name;
  record.image.kind = taken->kind;
  record.image.command_line = taken->command_line;
  record.image.arch = taken->arch;
  record.image.state = image.state;
  record.created = std::time(nullptr);
  const auto put = [&](const Version& version) -> base::Status {
    record.directory = version.directory;
    record.manifest = version.manifest;
    record.image.kernel = published_name(version.directory, taken->kernel);
    for (const std::string& name : taken->initrds)
      record.image.initrds.push_back(published_name(version.directory, name));
    const auto applied = impl_->records->apply({image.who, "", {store::Put{record, {}}}});
    if (!applied) return base::fail("{}", applied.error().what);
    record.image.id = applied->ids.front();
    return {};
  };
  const auto* present = find_image(*impl_->records, image.name);
  using policy::ImageState;
  if (image.state == ImageState::draft && present != nullptr &&
      present->image.state == ImageState::published) {
    return refuse(
        {"it is published, and a draft in its place would take it away from machines: add the draft "
         "under another name, or withdraw the image first"});
  }
  const Version previous = present == nullptr ? Version{} : Version{present->directory, present->manifest};
  record.image.id = present == nullptr ? 0 : present->image.id;
  const std::string place = fmt::format("{}/{}", images_area, *content::normalise(image.name));
  auto installed = impl_->install(std::move(package), place, previous, put);
  if (!installed) return refuse(installed.error());
  if (image.warn) {
    for (const std::string& warning : *warnings) image.warn(warning);
  }
  return record.image;
}

base::Result<policy::Program> Administration::add_program(NewProgram added) {
  policy::Program program{0, added.name, added.arch, added.roles, added.console, ""};
  if (program.name.empty()) program.name = policy::print(added.arch);
  const auto refuse = [&](const base::Error& error) {
    return base::fail("boot program for {}: {}", policy::print(program.arch), error.what);
  };
  // It becomes a directory, as an image's does.
  if (auto named = content::check_image_name(program.name); !named) return refuse(named.error());
  const IncomingFile& file = added.file;
  const std::vector<content::SourceFile> files = {{file.name, file.fd.get()}};
  if (auto checked = content::check_sources(files); !checked) return refuse(checked.error());
  if (file.name.find('/') != std::string::npos)
    return refuse({file.name + ": a plain file name is needed here"});
  const auto head = content::read_front(files.front(), content::kernel_head_size);
  if (!head) return refuse(head.error());
  const auto machine = content::efi_program_arch(*head);
  if (machine && *machine != program.arch) {
    return refuse({fmt::format("{} is a UEFI program for {}", file.name, policy::print(*machine))});
  }
  auto taken = impl_->library->add(files, {});
  const std::lock_guard lock(impl_->change);
  const FreeLater free_later(*impl_);
  if (!taken) return refuse(taken.error());
  content::Library::Added package = std::move(*taken);

  const policy::Program* const present = impl_->records->snapshot().program(program.name);
  const Version previous =
      present == nullptr ? Version{} : Version{program_directory(*present), present->manifest};
  if (present != nullptr) program.id = present->id;
  const auto put = [&](const Version& version) -> base::Status {
    program.path = published_name(version.directory, file.name);
    program.manifest = version.manifest;
    const auto applied = impl_->records->apply({added.who, "", {store::Put{program, {}}}});
    if (!applied) return base::fail("{}", applied.error().what);
    program.id = applied->ids.front();
    return {};
  };
  const std::string place = fmt::format("{}/{}", programs_area, *content::normalise(program.name));
  auto installed = impl_->install(std::move(package), place, previous, put);
  if (!installed) return refuse(installed.error());
  return program;
}

base::Result<store::Applied, store::Refused> Administration::apply(store::Batch batch) {
  const std::lock_guard lock(impl_->change);
  auto applied = impl_->records->apply(std::move(batch));
  if (applied) impl_->show_records();
  return applied;
}

base::Result<void, store::Refused> Administration::remove_with_files(store::Kind kind, std::int64_t id,
                                                                     const std::string& who) {
  const std::lock_guard lock(impl_->change);
  SiteRecords& kept = *impl_->records;
  Version version;
  for (const store::ImageRecord& record : kept.images()) {
    if (kind == store::Kind::image && record.image.id == id) version = {record.directory, record.manifest};
  }
  for (const policy::Program& program : kept.model().programs) {
    if (kind == store::Kind::program && program.id == id)
      version = {program_directory(program), program.manifest};
  }
  // Where that is not kept, what it had goes with the next `image gc`.
  static_cast<void>(impl_->give_up(version));
  auto removed = kept.apply({who, "", {store::Remove{kind, id, {}}}});
  if (!removed) return tl::unexpected(removed.error());
  impl_->drop(version.directory.substr(0, version.directory.rfind('/')));
  return {};
}

base::Result<base::Fd> Administration::back_up() {
  const std::lock_guard lock(impl_->change);
  const std::string path = impl_->state.below(".backup");
  std::error_code ignored;
  std::filesystem::remove(path, ignored);  // of a server that died
  const auto copied = impl_->records->store().back_up(path);
  base::Fd fd(copied ? ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1);
  const int error = errno;
  std::filesystem::remove(path, ignored);
  if (!copied) return tl::unexpected(copied.error());
  if (!fd.open()) return base::fail_errno("open the copy " + path, error);
  return fd;
}

std::unique_lock<std::mutex> Administration::change_lock() { return std::unique_lock(impl_->change); }
SiteRecords& Administration::records() { return *impl_->records; }
void Administration::show_records() { impl_->show_records(); }

std::shared_ptr<const Site> Administration::site() const {
  const std::lock_guard lock(impl_->view);
  return impl_->site;
}

base::Status Administration::set_settings(policy::Settings settings) {
  const std::lock_guard lock(impl_->change);
  if (auto set = impl_->records->set_settings(settings); !set) return set;
  impl_->republish();
  return {};
}

base::Status Administration::set_dead_servers(std::vector<std::int64_t> servers) {
  const std::lock_guard lock(impl_->change);
  if (auto set = impl_->records->set_dead_servers(std::move(servers)); !set) return set;
  impl_->show_records();
  return {};
}

std::vector<std::string> Administration::problems() const {
  std::vector<std::string> all;
  if (const auto degraded = impl_->health.degraded()) all.push_back(print(*degraded));
  if (auto copy = impl_->health.copy_problem()) all.push_back(std::move(*copy));
  const std::lock_guard lock(impl_->view);
  all.insert(all.end(), impl_->problems->begin(), impl_->problems->end());
  return all;
}

void Administration::keep_copies(KeptCopy::Pace pace) {
  // Where the server runs from the copy, the database is what is to be looked at by somebody.
  if (impl_->health.degraded()) return;
  impl_->kept = std::make_unique<KeptCopy>(impl_->state.database(), impl_->state.copy(), impl_->health, pace);
}

base::Result<VerifiedImages> Administration::verify(const std::optional<std::string>& image,
                                                    content::Library::Verify wish) {
  const auto in_use = impl_->packages();
  if (image) {
    wish.only.emplace();
    for (const PackageInUse& package : in_use) {
      if (package.image && content::normalise(package.name) == content::normalise(*image))
        wish.only->insert(package.hashes.begin(), package.hashes.end());
    }
  }
  auto verified = impl_->library->verify(wish);
  if (!verified) return tl::unexpected(verified.error());
  VerifiedImages out{verified->files, verified->octets, {}, verified->stopped};
  for (const base::Sha256& hash : verified->damaged) {
    DamagedFile& damaged = out.damaged.emplace_back(DamagedFile{hash, {}});
    for (const PackageInUse& package : in_use) {
      if (package.hashes.contains(hash)) damaged.of.push_back(package.name);
    }
  }
  if (!out.damaged.empty()) {
    const std::lock_guard lock(impl_->change);
    impl_->republish();
  }
  return out;
}

base::Result<content::Library::Collected> Administration::collect(bool dry_run) {
  if (const auto degraded = impl_->health.degraded()) return base::fail("{}", print(*degraded));
  const std::lock_guard lock(impl_->change);
  return impl_->library->collect(impl_->needed(), content::Library::Sweep::all, dry_run);
}

base::Result<content::Package> Administration::files(const store::ImageRecord& image) const {
  const auto manifest = base::parse_sha256(image.manifest);
  if (!manifest) return base::fail("image \"{}\" is not in the content library", image.image.name);
  return impl_->library->package(*manifest);
}

base::Result<base::Fd> Administration::open_file(const base::Sha256& hash) const {
  const std::string path = impl_->library->path(hash);
  base::Fd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.open()) return base::fail_errno(path, errno);
  return fd;
}

content::Usage Administration::usage(std::int64_t image) const {
  const std::lock_guard lock(impl_->view);
  const auto found = impl_->usage.find(image);
  return found == impl_->usage.end() ? content::Usage{} : found->second;
}

std::vector<std::string> Administration::answers(std::int64_t image) const {
  const std::lock_guard lock(impl_->view);
  const auto found = impl_->answers.find(image);
  return found == impl_->answers.end() ? std::vector<std::string>{} : found->second;
}

void Administration::keep_reading(Scrub::Pace pace) {
  const auto read = [this](content::Library::Verify wish) -> base::Result<std::uint64_t> {
    const auto verified = verify(std::nullopt, std::move(wish));
    if (!verified) return tl::unexpected(verified.error());
    for (const DamagedFile& file : verified->damaged) {
      base::log(base::LogLevel::error, "library", "{} is damaged; it is of: {}", base::print(file.hash),
                file.of.empty() ? "nobody" : fmt::format("{}", fmt::join(file.of, ", ")));
    }
    return verified->damaged.size();
  };
  impl_->scrub = std::make_unique<Scrub>(impl_->state.below("library/scrub"), read, pace);
}

std::optional<ScrubReport> Administration::scrubbed() const {
  if (impl_->scrub == nullptr) return std::nullopt;
  return impl_->scrub->report();
}

std::optional<Degraded> Administration::degraded() const { return impl_->health.degraded(); }

}  // namespace site
