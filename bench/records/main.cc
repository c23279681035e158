// SPDX-License-Identifier: GPL-3.0-or-later
// How long a large site's records take: one import, a start, a change.
//
//   bootferry-bench-records DIRECTORY [DEVICES]
//
// Makes DIRECTORY/records.db, which must not be there, and prints one JSON object.
#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>

#include "site/records.h"

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

policy::Device device(std::size_t number, std::int64_t collection) {
  policy::Device out;
  out.name = fmt::format("PC-{:07}", number);
  for (const std::uint8_t card : {std::uint8_t{0x52}, std::uint8_t{0x56}}) {
    out.macs.push_back(
        {{card, 0x54, static_cast<std::uint8_t>(number >> 24), static_cast<std::uint8_t>(number >> 16),
          static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)}});
  }
  base::Uuid uuid;
  for (std::size_t i = 0; i < uuid.octets.size(); ++i) {
    uuid.octets[i] = static_cast<std::uint8_t>((number * 0x9e3779b97f4a7c15ULL) >> (8 * (i % 8)));
  }
  out.uuid = uuid;
  out.collections = {collection};
  return out;
}

[[noreturn]] void stop(const std::string& why) {
  fmt::print(stderr, "bootferry-bench-records: {}\n", why);
  std::exit(2);
}

std::size_t allocated() {
  const auto use = ::mallinfo2();
  return use.uordblks + use.hblkhd;
}

template <class Result>
auto must(Result result) {
  if (!result) stop(result.error().what);
  return std::move(*result);
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t devices = 100'000;
  if (argc < 2 || argc > 3) stop("usage: bootferry-bench-records DIRECTORY [DEVICES]");
  if (argc == 3) {
    const std::string_view text = argv[2];
    if (std::from_chars(text.data(), text.data() + text.size(), devices).ec != std::errc() || devices == 0)
      stop("not a number of devices");
  }
  const std::string path = std::string(argv[1]) + "/records.db";
  if (std::filesystem::exists(path)) stop(path + " is there already");

  auto records = must(site::SiteRecords::open(must(store::open_sqlite(path)), {}));
  policy::Collection all;
  all.name = "all";
  const std::int64_t collection = must(records->apply({"bench", "", {store::Put{all, {}}}})).ids.front();
  store::Batch import{"bench", "imported", {}};
  for (std::size_t i = 1; i <= devices; ++i) import.steps.push_back(store::Put{device(i, collection), {}});
  auto start = Clock::now();
  must(records->apply(std::move(import)));
  const double import_seconds = seconds_since(start);

  constexpr int changes = 20;
  start = Clock::now();
  for (int i = 1; i <= changes; ++i) {
    policy::Device changed = *records->snapshot().device(i);
    changed.name += fmt::format(" {}", i);
    must(records->apply({"bench", "", {store::Put{changed, {}}}}));
  }
  const double change_seconds = seconds_since(start) / changes;
  start = Clock::now();
  for (int i = 1; i <= changes; ++i) {
    const auto next = records->snapshot().with_devices({*records->snapshot().device(i)}, {});
    if (next.device_count() != devices) stop("a device is missing");
  }
  const double snapshot_seconds = seconds_since(start) / changes;

  records.reset();
  start = Clock::now();
  auto store = must(store::open_sqlite(path));
  const double open_seconds = seconds_since(start);
  const std::size_t before = allocated();
  start = Clock::now();
  auto loaded = must(store->load());
  const double load_seconds = seconds_since(start);
  start = Clock::now();
  const auto snapshot = must(policy::Snapshot::make({}, std::move(loaded.devices)));
  const double make_seconds = seconds_since(start);
  const std::size_t octets_each = (allocated() - before) / devices;
  if (snapshot.device_count() != devices) stop("devices are missing");
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  fmt::print(
      "{{\"devices\": {}, \"import_s\": {:.2f}, \"change_ms\": {:.2f}, \"snapshot_change_ms\": {:.3f}, "
      "\"open_s\": "
      "{:.3f}, \"load_s\": {:.2f}, \"snapshot_s\": {:.2f}, \"octets_a_device\": {}, \"peak_mb\": {}}}\n",
      devices, import_seconds, change_seconds * 1e3, snapshot_seconds * 1e3, open_seconds, load_seconds,
      make_seconds, octets_each, usage.ru_maxrss / 1024);
}
