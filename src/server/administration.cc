// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/administration.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <mutex>
#include <utility>

#include "content/import.h"
#include "content/inspect.h"
#include "content/kernel.h"
#include "render/quote.h"
#include "server/site_builder.h"
#include "server/state_directory.h"

namespace server {
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

const store::ImageRecord* find_image(const Records& records, const std::string& name) {
  // Client names know no case, hence image names neither: «images/debian» is one place.
  const auto found = std::find_if(records.images.begin(), records.images.end(), [&](const auto& record) {
    return content::normalise(record.image.name) == content::normalise(name);
  });
  return found == records.images.end() ? nullptr : &*found;
}

base::Status check_target(const policy::Target& target) {
  const auto* mac = std::get_if<base::Mac>(&target);
  if (mac == nullptr || (!mac->is_zero() && !mac->is_group())) return {};
  return base::fail("{}: not the address of a machine", mac->print());
}

}  // namespace

struct Administration::Impl {
  StateDirectory state;
  std::unique_ptr<store::Store> store;

  // One change at a time. Long copies happen outside of it.
  std::mutex change;
  policy::Settings settings;
  std::vector<std::string> strangers;             // problems found when the state was opened
  std::map<std::string, std::string> superseded;  // place -> the version before the present one

  // Guards the two pointers below for as long as it takes to copy them. Not
  // std::atomic<std::shared_ptr>: in libstdc++ 12 its load() gives the lock bit back with
  // relaxed order (bits/shared_ptr_atomic.h), a data race by the language's rules and to TSan.
  // std::atomic_load on shared_ptr is a mutex from a pool that everybody shares.
  mutable std::mutex view;
  std::shared_ptr<const Site> site;
  std::shared_ptr<const std::vector<std::string>> problems;

  Impl(StateDirectory directory, std::unique_ptr<store::Store> records, policy::Settings initial)
      : state(std::move(directory)), store(std::move(records)), settings(initial) {}

  void show(std::shared_ptr<const Site> fresh, std::shared_ptr<const std::vector<std::string>> found) {
    const std::lock_guard lock(view);
    // Swapped, so that the old view (maybe its last holder) is freed outside the lock.
    site.swap(fresh);
    problems.swap(found);
  }

  // After a change to files, records or settings.
  base::Status republish() {
    const auto records = read_records(*store);
    if (!records) return tl::unexpected(records.error());
    std::vector<std::string> old;
    for (const auto& [place, directory] : superseded) old.push_back(directory);
    Publication publication = publish(state, *records, old);
    publication.problems.insert(publication.problems.end(), strangers.begin(), strangers.end());
    show(std::make_shared<const Site>(
             Site{make_snapshot(settings, *records), std::move(publication.published)}),
         std::make_shared<const std::vector<std::string>>(std::move(publication.problems)));
    return {};
  }

  // After a change to deployments only: no file needs to be looked at.
  base::Status redecide() {
    const auto records = read_records(*store);
    if (!records) return tl::unexpected(records.error());
    show(std::make_shared<const Site>(Site{make_snapshot(settings, *records), site->published}), problems);
    return {};
  }

  // Gives a finished copy its place, and the record its directory through `put`. On failure
  // nothing remains of it and the version before stays in service. On success that one is kept
  // on disk and published once more, because a machine may stand between its script and its
  // kernel; the one before it goes.
  base::Status install(content::Staged staged, std::string_view area, const std::string& name,
                       const std::string& previous,
                       const std::function<base::Status(const std::string&)>& put) {
    const std::string place = fmt::format("{}/{}", area, name);
    const auto version = store->next_version(place);
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
    auto published = republish();
    state.drop_versions(place, keep);
    return published;
  }

  // After the record is gone: readers first, then the files.
  base::Status withdraw(const std::string& place) {
    superseded.erase(place);
    auto published = republish();
    if (published) state.drop_versions(place, {});
    return published;
  }
};

Administration::Administration(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Administration::~Administration() = default;

base::Result<std::unique_ptr<Administration>> Administration::open(const std::string& state_directory,
                                                                   policy::Settings settings) {
  auto state = StateDirectory::open(state_directory);
  if (!state) return tl::unexpected(state.error());
  auto store = store::Store::open(state->database());
  if (!store) return tl::unexpected(store.error());
  auto impl = std::make_unique<Impl>(std::move(*state), std::move(*store), settings);
  const auto records = read_records(*impl->store);
  if (!records) return tl::unexpected(records.error());
  impl->strangers = impl->state.tidy(*impl->store, records->directories());
  if (auto published = impl->republish(); !published) return tl::unexpected(published.error());
  return std::unique_ptr<Administration>(new Administration(std::move(impl)));
}

base::Result<policy::Image> Administration::add_image(NewImage image, const Progress& progress) {
  if (auto named = content::check_image_name(image.name); !named) {
    return base::fail("image name \"{}\": {}", image.name, named.error().what);
  }
  const auto refuse = [&](const base::Error& error) {
    return base::fail("image \"{}\": {}", image.name, error.what);
  };
  const auto files = sources(image.files);
  if (auto checked = content::check_sources(files); !checked) return refuse(checked.error());
  const auto boots =
      content::inspect_image(files, {image.kind, image.kernel, image.initrds, image.command_line});
  if (!boots) return refuse(boots.error());
  if (const auto acts = render::what_ipxe_acts_on(boots->command_line); !acts.empty()) {
    return refuse({fmt::format(
        "the command line holds \"{}\", which iPXE would act on instead of passing it to the kernel", acts)});
  }
  auto staged = content::Staged::copy(impl_->state.below(images_area), files, progress);
  if (!staged) return refuse(staged.error());

  store::ImageRecord record;
  record.image.name = image.name;
  record.image.kind = image.kind;
  record.image.command_line = boots->command_line;
  record.image.arch = boots->kernel_facts.arch;
  record.created = std::time(nullptr);
  const auto put = [&](const std::string& directory) -> base::Status {
    record.directory = directory;
    record.image.kernel = published_name(directory, boots->kernel);
    for (const std::string& name : boots->initrds)
      record.image.initrds.push_back(published_name(directory, name));
    const auto id = impl_->store->put_image(record);
    if (!id) return tl::unexpected(id.error());
    record.image.id = *id;
    return {};
  };
  const std::lock_guard lock(impl_->change);
  const auto records = read_records(*impl_->store);
  if (!records) return tl::unexpected(records.error());
  const auto* present = find_image(*records, image.name);
  const std::string previous = present == nullptr ? "" : present->directory;
  auto installed =
      impl_->install(std::move(*staged), images_area, *content::normalise(image.name), previous, put);
  if (!installed) return refuse(installed.error());
  return record.image;
}

base::Result<std::vector<store::ImageRecord>> Administration::images() {
  const std::lock_guard lock(impl_->change);
  return impl_->store->images();
}

base::Status Administration::remove_image(const std::string& name) {
  const std::lock_guard lock(impl_->change);
  if (auto removed = impl_->store->remove_image(name); !removed) return removed;
  return impl_->withdraw(fmt::format("{}/{}", images_area, content::normalise(name).value_or("")));
}

base::Result<policy::Deployment> Administration::deploy(const std::string& image,
                                                        const policy::Target& target, bool prompt) {
  if (auto checked = check_target(target); !checked) return tl::unexpected(checked.error());
  const std::lock_guard lock(impl_->change);
  const auto records = read_records(*impl_->store);
  if (!records) return tl::unexpected(records.error());
  const auto* found = find_image(*records, image);
  if (found == nullptr) {
    return base::fail(
        "no image \"{}\": `bootferry image list` shows what is there, `bootferry image add` adds one", image);
  }
  policy::Deployment deployment;
  deployment.image = found->image.id;
  deployment.target = target;
  // Whoever powers on a machine must be able to say no to what was meant for everybody.
  deployment.prompt = prompt || std::holds_alternative<policy::AllMachines>(target);
  const auto id = impl_->store->put_deployment(deployment);
  if (!id) return tl::unexpected(id.error());
  deployment.id = *id;
  if (auto shown = impl_->redecide(); !shown) return tl::unexpected(shown.error());
  return deployment;
}

base::Status Administration::undeploy(const policy::Target& target) {
  const std::lock_guard lock(impl_->change);
  if (auto removed = impl_->store->remove_deployment(target); !removed) return removed;
  return impl_->redecide();
}

base::Result<std::vector<policy::Deployment>> Administration::deployments() {
  const std::lock_guard lock(impl_->change);
  return impl_->store->deployments();
}

base::Status Administration::add_program(policy::Arch arch, IncomingFile file) {
  const auto refuse = [&](const base::Error& error) {
    return base::fail("boot program for {}: {}", policy::print(arch), error.what);
  };
  const std::vector<content::SourceFile> files = {{file.name, file.fd.get()}};
  if (auto checked = content::check_sources(files); !checked) return refuse(checked.error());
  if (file.name.find('/') != std::string::npos)
    return refuse({file.name + ": a plain file name is needed here"});
  const auto head = content::read_front(files.front(), content::kernel_head_size);
  if (!head) return refuse(head.error());
  const auto machine = content::efi_program_arch(*head);
  if (machine && *machine != arch) {
    return refuse({fmt::format("{} is a UEFI program for {}", file.name, policy::print(*machine))});
  }
  auto staged = content::Staged::copy(impl_->state.below(programs_area), files, {});
  if (!staged) return refuse(staged.error());

  const std::lock_guard lock(impl_->change);
  const auto programs = impl_->store->programs();
  if (!programs) return tl::unexpected(programs.error());
  const auto present =
      std::find_if(programs->begin(), programs->end(), [&](const auto& p) { return p.arch == arch; });
  const std::string previous = present == programs->end() ? "" : program_directory(*present);
  const auto put = [&](const std::string& directory) {
    return impl_->store->put_program({arch, published_name(directory, file.name)});
  };
  auto installed =
      impl_->install(std::move(*staged), programs_area, std::string(policy::print(arch)), previous, put);
  if (!installed) return refuse(installed.error());
  return {};
}

base::Result<std::vector<policy::Program>> Administration::programs() {
  const std::lock_guard lock(impl_->change);
  return impl_->store->programs();
}

base::Status Administration::remove_program(policy::Arch arch) {
  const std::lock_guard lock(impl_->change);
  if (auto removed = impl_->store->remove_program(arch); !removed) return removed;
  return impl_->withdraw(fmt::format("{}/{}", programs_area, policy::print(arch)));
}

std::shared_ptr<const Site> Administration::site() const {
  const std::lock_guard lock(impl_->view);
  return impl_->site;
}

base::Status Administration::set_settings(policy::Settings settings) {
  const std::lock_guard lock(impl_->change);
  impl_->settings = settings;
  return impl_->republish();
}

std::vector<std::string> Administration::problems() const {
  const std::lock_guard lock(impl_->view);
  return *impl_->problems;
}

}  // namespace server
