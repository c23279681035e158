// SPDX-License-Identifier: GPL-3.0-or-later
// How deciding scales: time for a decision, memory for a device, and what publishing a change
// costs, on one core. bootferry-bench-policy [DEVICES [COLLECTIONS [DEPLOYMENTS]]]
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <vector>

#include "base/result.h"
#include "memory.h"
#include "policy/next_step.h"
#include "site.h"

namespace {

using bench::Size;
// Processor time of this thread: what else the machine does is no part of a decision.
double micros_now() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

struct Times {
  std::vector<double> micros;
  double at(double share) {
    const auto place = static_cast<std::ptrdiff_t>(share * static_cast<double>(micros.size() - 1));
    std::nth_element(micros.begin(), micros.begin() + place, micros.end());
    return micros[static_cast<std::size_t>(place)];
  }
};

void measure_decisions(const policy::Snapshot& snapshot, const Size& size, std::mt19937_64& random) {
  constexpr std::size_t count = 200'000;
  std::vector<policy::Facts> machines;
  for (std::size_t i = 0; i < count; ++i) {
    const auto id = 1 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(size.devices));
    machines.push_back(bench::make_facts(id, random));
  }
  // Each machine three times, far apart; its best counts, so that what an interrupt or another
  // process took from the caches does not.
  Times times{std::vector<double>(count, 1e9)};
  double longest = 0;
  std::size_t served = 0;
  for (int pass = 0; pass < 3; ++pass) {
    for (std::size_t i = 0; i < count; ++i) {
      const double begin = micros_now();
      const policy::Answer answer = policy::answer(machines[i], snapshot, {86400, 100});
      const double took = micros_now() - begin;
      times.micros[i] = std::min(times.micros[i], took);
      longest = std::max(longest, took);
      served += pass == 0 && std::holds_alternative<policy::Step>(answer.step) ? 1 : 0;
      BOOTFERRY_CHECK(answer.plan.identity.by == policy::IdentifiedBy::both);
    }
  }
  fmt::print(
      "decision: p50 {:.1f} us, p99 {:.1f} us, max {:.0f} us ({:.0f} at the worst); {} of {} machines "
      "served\n",
      times.at(0.5), times.at(0.99), times.at(1), longest, served, count);
}

// Publishes while the old one is kept, as packet threads keep it.
template <class Change>
void measure_publishing(std::string_view what, const Change& change) {
  constexpr std::size_t count = 21;
  Times times;
  std::size_t most = 0;
  const std::size_t before = bench::resident();
  for (std::size_t i = 0; i < count; ++i) {
    malloc_trim(0);
    bench::forget_peak();
    const double begin = micros_now();
    const policy::Snapshot next = change();
    times.micros.push_back(micros_now() - begin);
    most = std::max(most, bench::peak());
  }
  fmt::print(
      "publishing one changed {}: median {:.2f} ms, max {:.2f} ms; at most {:.2f} MB more ({:.3f} times)\n",
      what, times.at(0.5) / 1e3, times.at(1) / 1e3, static_cast<double>(most - std::min(most, before)) / 1e6,
      static_cast<double>(most) / static_cast<double>(before));
}

void run(const Size& size) {
  std::mt19937_64 random(20240817);
  policy::SiteModel model = bench::make_model(size, random);
  const policy::Snapshot empty = policy::Snapshot::make(model, {}).value();
  const std::size_t before = bench::resident();

  std::vector<policy::Device> devices;
  devices.reserve(static_cast<std::size_t>(size.devices));
  for (std::int64_t id = 1; id <= size.devices; ++id) devices.push_back(bench::make_device(id, size, random));
  bench::forget_peak();
  double begin = micros_now();
  const policy::Snapshot snapshot = policy::Snapshot::make(model, std::move(devices)).value();
  fmt::print(
      "built from vectors of {} devices, {} collections, {} deployments: {:.2f} s, at most {:.0f} MB\n",
      size.devices, size.collections, size.deployments, (micros_now() - begin) / 1e6,
      static_cast<double>(bench::peak()) / 1e6);
  BOOTFERRY_CHECK(snapshot.device_count() == static_cast<std::size_t>(size.devices));
  fmt::print("memory: {:.0f} octets a device\n",
             static_cast<double>(bench::resident() - before) / static_cast<double>(size.devices));

  measure_decisions(snapshot, size, random);
  measure_publishing("device", [&] {
    const auto id = 1 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(size.devices));
    policy::Device changed = *snapshot.device(id);
    changed.name += " renamed";
    return snapshot.with_devices({std::move(changed)}, {});
  });
  measure_publishing("deployment", [&] {
    policy::SiteModel next = snapshot.model();
    next.deployments[random() % next.deployments.size()].enabled = false;
    return snapshot.with(std::move(next)).value();
  });
}

}  // namespace

int main(int argc, char** argv) {
  Size size;
  std::int64_t* const numbers[] = {&size.devices, &size.collections, &size.deployments};
  for (int i = 1; i < argc; ++i) {
    if (i > 3 || !bench::read_number(argv[i], *numbers[i - 1])) {
      fmt::print(
          stderr,
          "usage: bootferry-bench-policy [DEVICES [COLLECTIONS [DEPLOYMENTS]]], each 100 to 10000000\n");
      return 2;
    }
  }
  run(size);
}
