// SPDX-License-Identifier: GPL-3.0-or-later
// A large organisation's records in a database that `bootferry serve` can be started on:
//
//   bootferry-bench-site STATE-DIRECTORY [DEVICES [COLLECTIONS [DEPLOYMENTS]]]
//
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "../policy/site.h"
#include "store/store.h"

namespace {

[[noreturn]] void stop(const std::string& why) {
  fmt::print(stderr, "bootferry-bench-site: {}\n", why);
  std::exit(2);
}

class Filler {
 public:
  explicit Filler(const std::string& path) {
    auto store = store::open_sqlite(path);
    if (!store) stop(store.error().what);
    store_ = std::move(*store);
  }

  // All of one kind; in an empty database they get the numbers that they have.
  template <class Records, class ToRecord>
  void put(const Records& records, const ToRecord& to_record) {
    store::Batch batch{"bench", "imported", {}};
    for (const auto& each : records) {
      store::Record record = to_record(each);
      store::set_id(record, 0);
      batch.steps.push_back(store::Put{std::move(record), {}});
    }
    const auto applied = store_->apply(batch);
    if (!applied) stop(applied.error().what);
  }

 private:
  std::unique_ptr<store::Store> store_;
};

// The image's files, empty: machines are answered with what they are called, and nobody loads them.
void make_files(const std::string& state, const policy::Image& image) {
  std::vector<std::string> names = image.initrds;
  names.push_back(image.kernel);
  for (const std::string& name : names) {
    const std::filesystem::path path = std::filesystem::path(state) / name;
    std::filesystem::create_directories(path.parent_path());
    if (!std::ofstream(path)) stop(fmt::format("{} cannot be written", path.string()));
  }
}

}  // namespace

int main(int argc, char** argv) {
  bench::Size size;
  std::int64_t* const numbers[] = {&size.devices, &size.collections, &size.deployments};
  if (argc < 2 || argc > 5)
    stop("usage: bootferry-bench-site STATE-DIRECTORY [DEVICES [COLLECTIONS [DEPLOYMENTS]]]");
  for (int i = 2; i < argc; ++i) {
    if (!bench::read_number(argv[i], *numbers[i - 2]))
      stop(fmt::format("{}: not a number from 100 to 10000000", argv[i]));
  }
  const std::string path = std::string(argv[1]) + "/bootferry.db";
  if (std::filesystem::exists(path)) stop(path + " is there already");

  std::mt19937_64 random(20240817);
  const policy::SiteModel model = bench::make_model(size, random);
  const auto as_it_is = [](const auto& record) { return record; };
  Filler filler(path);
  filler.put(model.images, [&](const policy::Image& image) {
    make_files(argv[1], image);
    return store::ImageRecord{image, fmt::format("images/{}/1", image.name), 1'700'000'000};
  });
  filler.put(model.collections, as_it_is);
  filler.put(model.networks, as_it_is);
  std::vector<policy::Device> devices;
  devices.reserve(static_cast<std::size_t>(size.devices));
  for (std::int64_t id = 1; id <= size.devices; ++id) {
    devices.push_back(bench::make_device(id, size, random));
    if (devices.back().more == nullptr) continue;
    policy::DeviceExtras more = *devices.back().more;
    more.runs.clear();  // of deployments that are not there yet
    devices.back().more = std::make_shared<const policy::DeviceExtras>(std::move(more));
  }
  filler.put(devices, as_it_is);
  filler.put(model.deployments, as_it_is);
}
