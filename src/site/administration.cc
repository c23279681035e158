// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/administration.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <map>
#include <mutex>
#include <utility>

#include "content/import.h"
#include "content/inspect.h"
#include "content/kernel.h"
#include "content/windows_names.h"
#include "content/windows_parts.h"
#include "format/wim_boot_files.h"
#include "render/quote.h"
#include "site/publication.h"
#include "site/records.h"
#include "site/referral_check.h"
#include "site/state_directory.h"

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

const store::ImageRecord* find_image(const SiteRecords& records, const std::string& name) {
  // Client names know no case, hence image names neither: «images/debian» is one place.
  const auto found = std::ranges::find_if(records.images(), [&](const auto& record) {
    return content::normalise(record.image.name) == content::normalise(name);
  });
  return found == records.images().end() ? nullptr : &*found;
}

}  // namespace

namespace {

// What an image will consist of, and what it boots: known before a single byte is copied.
struct Taken {
  std::vector<content::SourceFile> files;
  std::string kernel, command_line;
  std::vector<std::string> initrds;
  policy::Arch arch = policy::Arch::other;
  std::optional<content::WindowsParts> windows = {};  // keeps its files open
};

base::Result<Taken> look_at_linux(const NewImage& image, const std::vector<content::SourceFile>& files) {
  auto boots = content::inspect_image(files, {image.kind, image.kernel, image.initrds, image.command_line});
  if (!boots) return tl::unexpected(boots.error());
  if (const auto acts = render::what_ipxe_acts_on(boots->command_line); !acts.empty()) {
    return base::fail(
        "the command line holds \"{}\", which iPXE would act on instead of passing it to the kernel", acts);
  }
  return Taken{files, std::move(boots->kernel), std::move(boots->command_line), std::move(boots->initrds),
               boots->kernel_facts.arch};
}

base::Result<Taken> look_at_windows(const NewImage& image, const std::vector<content::SourceFile>& files,
                                    const std::string& scratch) {
  if (files.size() > 2)
    return base::fail("a WIM and perhaps a boot.sdi are taken, not {} files", files.size());
  const content::SourceFile* const sdi = files.size() == 2 ? &files[1] : nullptr;
  auto parts = content::WindowsParts::take_out(files[0], sdi, image.wim_index, scratch);
  if (!parts) return tl::unexpected(parts.error());
  const format::WimImage& booted = parts->facts().booted();
  if (!booted.arch) return base::fail("{}: image {} holds no Windows", files[0].name, booted.index);
  Taken taken;
  taken.arch = *booted.arch;
  if (format::served_by(parts->facts()).empty()) {
    return base::fail(
        "{}: no machine could boot it over the network: it brings neither bootmgr.exe nor "
        "bootmgfw.efi. `bootferry image inspect` says what else it lacks",
        files[0].name);
  }
  const bool has_sdi =
      std::ranges::any_of(parts->files(), [](const auto& file) { return file.name == "boot.sdi"; });
  if (!has_sdi) {
    return base::fail("{}: brings no boot.sdi, without which Windows cannot make its RAM disk: --sdi FILE",
                      files[0].name);
  }
  taken.kernel = content::windows_image_name;
  taken.files.assign(parts->files().begin(), parts->files().end());
  taken.windows = std::move(*parts);
  return taken;
}

}  // namespace

struct Administration::Impl {
  StateDirectory state;
  StoreHealth health;
  std::unique_ptr<SiteRecords> records;
  std::unique_ptr<KeptCopy> kept;  // ends before the records do

  // One change at a time. Long copies happen outside of it.
  std::mutex change;
  std::vector<std::string> strangers;             // problems found when the state was opened
  std::map<std::string, std::string> superseded;  // place -> the version before the present one
  std::uint64_t images_shown = 0;                 // SiteRecords::image_changes() of what is published

  // Guards the two pointers below for as long as it takes to copy them. Not
  // std::atomic<std::shared_ptr>: in libstdc++ 12 its load() gives the lock bit back with
  // relaxed order (bits/shared_ptr_atomic.h), a data race by the language's rules and to TSan.
  // std::atomic_load on shared_ptr is a mutex from a pool that everybody shares.
  mutable std::mutex view;
  std::shared_ptr<const Site> site;
  std::shared_ptr<const std::vector<std::string>> problems;

  explicit Impl(StateDirectory directory) : state(std::move(directory)) {}

  void show(std::shared_ptr<const Site> fresh, std::shared_ptr<const std::vector<std::string>> found) {
    const std::lock_guard lock(view);
    // Swapped, so that the old view (maybe its last holder) is freed outside the lock.
    site.swap(fresh);
    problems.swap(found);
  }

  // After a change to files.
  void republish() {
    std::vector<std::string> old;
    for (const auto& [place, directory] : superseded) old.push_back(directory);
    Publication publication = publish(state, *records, old);
    images_shown = records->image_changes();
    // Refused only by what contradicts itself, which these lists cannot.
    BOOTFERRY_CHECK(
        records->set_found_images(std::move(publication.broken_images), std::move(publication.windows)));
    publication.problems.insert(publication.problems.end(), strangers.begin(), strangers.end());
    show(std::make_shared<const Site>(Site{records->snapshot(), std::make_shared<const content::Published>(
                                                                    std::move(publication.published))}),
         std::make_shared<const std::vector<std::string>>(std::move(publication.problems)));
  }

  // After a change to records: files need to be looked at only where images changed.
  void show_records() {
    if (records->image_changes() != images_shown) return republish();
    show(std::make_shared<const Site>(Site{records->snapshot(), site->published}), problems);
  }

  // Gives a finished copy its place, and the record its directory through `put`. On failure
  // nothing remains of it and the version before stays in service. On success that one is kept
  // on disk and published once more, because a machine may stand between its script and its
  // kernel; the one before it goes.
  base::Status install(content::Staged staged, std::string_view area, const std::string& name,
                       const std::string& previous,
                       const std::function<base::Status(const std::string&)>& put) {
    const std::string place = fmt::format("{}/{}", area, name);
    const auto version = records->store().next_version(place);
    if (!version) return tl::unexpected(version.error());
    const std::string directory = fmt::format("{}/{}", place, *version);
    if (auto placed = staged.commit(fmt::format("{}/{}", name, *version)); !placed) return placed;
    std::vector<std::string> keep = {previous};
    if (auto recorded = put(directory); !recorded) {
      if (const auto older = superseded.find(place); older != superseded.end()) keep.push_back(older->second);
      state.drop_versions(place, keep);
      return recorded;
    }
    keep.push_back(directory);
    if (!previous.empty()) superseded[place] = previous;
    republish();
    state.drop_versions(place, keep);
    return {};
  }

  // After the record is gone: readers first, then the files.
  void drop(const std::string& place) {
    superseded.erase(place);
    republish();
    state.drop_versions(place, {});
  }
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
  impl->records->check_referrals(own_addresses);
  // A copy may be older than the files are: nothing is deleted by it.
  if (!impl->health.degraded()) {
    impl->strangers = impl->state.tidy(impl->records->store(), impl->records->directories());
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
  auto taken = image.kind == policy::ImageKind::wim
                   ? look_at_windows(image, given, impl_->state.below(images_area))
                   : look_at_linux(image, given);
  if (!taken) return refuse(taken.error());
  auto staged = content::Staged::copy(impl_->state.below(images_area), taken->files, progress);
  if (!staged) return refuse(staged.error());

  store::ImageRecord record;
  record.image.name = image.name;
  record.image.kind = image.kind;
  record.image.command_line = taken->command_line;
  record.image.arch = taken->arch;
  record.image.state = image.state;
  record.created = std::time(nullptr);
  const auto put = [&](const std::string& directory) -> base::Status {
    record.directory = directory;
    record.image.kernel = published_name(directory, taken->kernel);
    for (const std::string& name : taken->initrds)
      record.image.initrds.push_back(published_name(directory, name));
    const auto applied = impl_->records->apply({image.who, "", {store::Put{record, {}}}});
    if (!applied) return base::fail("{}", applied.error().what);
    record.image.id = applied->ids.front();
    return {};
  };
  const std::lock_guard lock(impl_->change);
  const auto* present = find_image(*impl_->records, image.name);
  using policy::ImageState;
  if (image.state == ImageState::draft && present != nullptr &&
      present->image.state == ImageState::published) {
    return refuse(
        {"it is published, and a draft in its place would take it away from machines: add the draft "
         "under another name, or withdraw the image first"});
  }
  const std::string previous = present == nullptr ? "" : present->directory;
  record.image.id = present == nullptr ? 0 : present->image.id;
  auto installed =
      impl_->install(std::move(*staged), images_area, *content::normalise(image.name), previous, put);
  if (!installed) return refuse(installed.error());
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
  auto staged = content::Staged::copy(impl_->state.below(programs_area), files, {});
  if (!staged) return refuse(staged.error());

  const std::lock_guard lock(impl_->change);
  const policy::Program* const present = impl_->records->snapshot().program(program.name);
  const std::string previous = present == nullptr ? "" : program_directory(*present);
  if (present != nullptr) program.id = present->id;
  const auto put = [&](const std::string& directory) -> base::Status {
    program.path = published_name(directory, file.name);
    const auto applied = impl_->records->apply({added.who, "", {store::Put{program, {}}}});
    if (!applied) return base::fail("{}", applied.error().what);
    program.id = applied->ids.front();
    return {};
  };
  auto installed =
      impl_->install(std::move(*staged), programs_area, *content::normalise(program.name), previous, put);
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
  std::string directory;
  for (const store::ImageRecord& record : kept.images()) {
    if (kind == store::Kind::image && record.image.id == id) directory = record.directory;
  }
  for (const policy::Program& program : kept.model().programs) {
    if (kind == store::Kind::program && program.id == id) directory = program_directory(program);
  }
  auto removed = kept.apply({who, "", {store::Remove{kind, id, {}}}});
  if (!removed) return tl::unexpected(removed.error());
  const std::string place = directory.substr(0, directory.rfind('/'));
  // A program's record may have come without its file, by a path of somebody else's.
  const bool shared = std::ranges::any_of(
      kept.directories(), [&](const std::string& each) { return each.substr(0, each.rfind('/')) == place; });
  const std::string_view area = kind == store::Kind::image ? images_area : programs_area;
  if (!shared && place.starts_with(fmt::format("{}/", area))) {
    impl_->drop(place);
  } else {
    impl_->show_records();
  }
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

std::optional<Degraded> Administration::degraded() const { return impl_->health.degraded(); }

}  // namespace site
