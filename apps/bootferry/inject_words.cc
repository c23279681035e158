// SPDX-License-Identifier: GPL-3.0-or-later
#include "inject_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "bootimage/inject_names.h"
#include "terminal.h"

namespace cli {
namespace {

using api::Json;
using bootimage::as_windows;
using bootimage::DriverFolder;

constexpr std::size_t shown_at_most = 12;  // names in one cell, files in the table

policy::Arch arch_of(const Injected& injected) {
  return injected.facts.booted().arch.value_or(policy::Arch::other);  // plan_injection refused that
}

std::string some_of(const std::vector<std::string>& list) {
  std::string text;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i == shown_at_most) return fmt::format("{} and {} more", text, list.size() - i);
    text += (text.empty() ? "" : ", ") + list[i];
  }
  return text;
}

std::vector<std::string> as_windows_all(const std::vector<std::string>& paths) {
  std::vector<std::string> out;
  std::ranges::transform(paths, std::back_inserter(out),
                         [](const std::string& path) { return as_windows(path); });
  return out;
}

std::vector<std::string> classes_of(const DriverFolder& driver) {
  std::vector<std::string> classes;
  for (const bootimage::DriverInf& each : driver.infs) {
    const std::string name = each.inf.driver_class.empty() ? "unknown class" : each.inf.driver_class;
    if (std::ranges::find(classes, name) == classes.end()) classes.push_back(name);
  }
  return classes;
}

std::string number_of_files(std::size_t count) {
  return fmt::format("{} file{}", count, count == 1 ? "" : "s");
}

}  // namespace

std::vector<std::string> inject_warnings(const Injected& injected) {
  std::vector<std::string> warnings;
  for (const DriverFolder& driver : injected.wish.drivers) {
    for (const std::string& each : bootimage::driver_warnings(driver, arch_of(injected)))
      warnings.push_back(fmt::format("{}/{}", driver.name, each));
  }
  for (const std::string& path : injected.plan.replaced)
    warnings.push_back(fmt::format("{} was in the image, and is replaced", as_windows(path)));
  return warnings;
}

std::string show_injected(const Injected& injected) {
  const format::WimImage& image = injected.facts.booted();
  Table table({"PART", "WHAT"});
  table.add(
      {"image", fmt::format("{} of {}, {}{}", image.index, injected.facts.images.size(),
                            image.name.empty() ? "" : image.name + ", ", policy::print(arch_of(injected)))});
  for (std::size_t i = 0; i < injected.wish.drivers.size(); ++i) {
    const DriverFolder& driver = injected.wish.drivers[i];
    table.add({"driver", fmt::format("{}: {}, {}", as_windows(bootimage::driver_place(injected.wish, i)),
                                     some_of(classes_of(driver)), number_of_files(driver.files.size()))});
    const auto devices = bootimage::served_devices(driver, arch_of(injected));
    table.add({"now served", devices.empty() ? "no device by this driver" : some_of(devices)});
  }
  const auto& files = injected.wish.files;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (i == shown_at_most) {
      table.add({"files", fmt::format("{} more", files.size() - i)});
      break;
    }
    table.add({"file", as_windows(files[i].name)});
  }
  if (!injected.plan.start.empty()) table.add({"start", injected.plan.start});
  if (!injected.wish.command.empty()) table.add({"command", injected.wish.command});
  if (!injected.plan.taken_back.empty())
    table.add({"taken back", some_of(as_windows_all(injected.plan.taken_back)) + ", of the inject before"});
  table.add({"size", print_size(injected.size)});
  return table.print();
}

Json injected_json(const Injected& injected) {
  Json drivers = Json::array();
  for (std::size_t i = 0; i < injected.wish.drivers.size(); ++i) {
    const DriverFolder& driver = injected.wish.drivers[i];
    Json infs = Json::array();
    for (const bootimage::DriverInf& each : driver.infs)
      infs.push_back({{"name", each.name}, {"class", each.inf.driver_class}});
    drivers.push_back({{"path", as_windows(bootimage::driver_place(injected.wish, i))},
                       {"files", driver.files.size()},
                       {"infs", std::move(infs)},
                       {"serves", bootimage::served_devices(driver, arch_of(injected))}});
  }
  Json files = Json::array();
  for (const bootimage::InjectSource& file : injected.wish.files) files.push_back(as_windows(file.name));
  return {{"index", injected.facts.image},
          {"drivers", std::move(drivers)},
          {"files", std::move(files)},
          {"replaced", as_windows_all(injected.plan.replaced)},
          {"taken_back", as_windows_all(injected.plan.taken_back)},
          {"start", injected.plan.start},
          {"command", injected.wish.command},
          {"size", injected.size},
          {"warnings", inject_warnings(injected)}};
}

}  // namespace cli
