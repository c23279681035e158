// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/shape.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "base/digest.h"
#include "base/overloaded.h"

namespace store {
namespace {

template <class List, class Projection = std::identity>
void sort_each_once(List& list, Projection projection = {}) {
  if (std::ranges::adjacent_find(list, std::ranges::greater_equal{}, projection) == list.end()) return;
  std::ranges::stable_sort(list, {}, projection);
  // Of equals the last stays.
  const auto rest = std::unique(list.rbegin(), list.rend(), [&](const auto& a, const auto& b) {
    return std::invoke(projection, a) == std::invoke(projection, b);
  });
  list.erase(list.begin(), rest.base());
}

// The first of equals stays where it is: order means something.
template <class List>
void drop_repeated(List& list) {
  for (auto it = list.begin(); it != list.end();) {
    it = std::find(list.begin(), it, *it) == it ? it + 1 : list.erase(it);
  }
}

void tidy_one(policy::Device& device) {
  drop_repeated(device.macs);
  sort_each_once(device.collections);
  if (device.more == nullptr) return;
  policy::DeviceExtras more = *device.more;
  sort_each_once(more.variables, &std::pair<std::string, std::string>::first);
  sort_each_once(more.runs, &policy::RunMark::deployment);
  device.more = more == policy::DeviceExtras{}
                    ? nullptr
                    : std::make_shared<const policy::DeviceExtras>(std::move(more));
}
void tidy_one(policy::Collection& collection) {
  drop_repeated(collection.includes);
  drop_repeated(collection.excludes);
}
void tidy_one(policy::TaskSequence& sequence) {
  sort_each_once(sequence.variables, &std::pair<std::string, std::string>::first);
}
void tidy_one(policy::Program& program) { sort_each_once(program.roles); }
void tidy_one(policy::Network& network) {
  std::ranges::stable_sort(network.maintenance, {}, &policy::WeekWindow::from_minute);
}
void tidy_one(policy::BootServer& server) { sort_each_once(server.files, &policy::BootServer::File::arch); }
void tidy_one(ImageRecord&) {}
void tidy_one(policy::Deployment&) {}
void tidy_one(policy::Referral&) {}

// Collects the first fault.
class Checker {
 public:
  void one_line(std::string_view what, std::string_view text, std::size_t longest) {
    bounded(what, text.size(), longest);
    const bool control =
        std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    if (control) fault(fmt::format("{} holds a control character", what));
  }
  void name(std::string_view text) {
    if (text.empty()) fault("it has no name");
    one_line("its name", text, max_name);
  }
  void bounded(std::string_view what, std::size_t size, std::size_t longest) {
    if (size > longest) fault(fmt::format("{} is too long: {} of at most {}", what, size, longest));
  }
  void variables(const policy::Variables& variables) {
    bounded("its list of variables", variables.size(), max_list);
    for (const auto& [key, value] : variables) {
      if (key.empty()) fault("one of its variables has no name");
      one_line("the name of a variable", key, max_name);
      bounded("the value of a variable", value.size(), max_text);
    }
  }
  void fault(std::string what) {
    if (status_) status_ = tl::unexpected(base::Error{std::move(what)});
  }
  base::Status status() { return std::move(status_); }

  void check(const policy::Device& device) {
    if (device.macs.empty() && !device.uuid) fault("it has neither a hardware address nor a machine UUID");
    bounded("its list of hardware addresses", device.macs.size(), max_list);
    for (const base::Mac& mac : device.macs) {
      if (mac.is_zero() || mac.is_group())
        fault(fmt::format("{} is not the address of a machine", mac.print()));
    }
    if (device.uuid && device.uuid->is_blank()) fault("a machine UUID of zeros or ones names no machine");
    if (device.request != 0 && device.state != policy::DeviceState::pending) {
      fault("only a device that waits for approval shows a number");
    }
    bounded("its list of collections", device.collections.size(), max_list);
    bounded("its list of runs", device.extras().runs.size(), max_list);
    one_line("the name of its boot program", device.extras().program, max_name);
    variables(device.extras().variables);
  }
  void check(const policy::Collection& collection) {
    bounded("its list of collections", collection.includes.size() + collection.excludes.size(), max_list);
  }
  void check(const ImageRecord& record) {
    one_line("its directory", record.directory, max_path);
    hash("its manifest", record.manifest);
    one_line("its kernel's name", record.image.kernel, max_path);
    bounded("its list of initrds", record.image.initrds.size(), max_list);
    for (const auto& initrd : record.image.initrds) one_line("the name of an initrd", initrd, max_path);
    bounded("its command line", record.image.command_line.size(), max_text);
  }
  void check(const policy::TaskSequence& sequence) { variables(sequence.variables); }
  void check(const policy::Program& program) {
    one_line("its path", program.path, max_path);
    hash("its manifest", program.manifest);
  }
  void check(const policy::Deployment& deployment) {
    one_line("the name of its boot program", deployment.program, max_name);
    if (deployment.from && deployment.until && *deployment.from >= *deployment.until) {
      fault("it ends before it begins");
    }
    if (deployment.once && deployment.again) fault("it is to boot once and at every boot");
  }
  void check(const policy::Network& network) {
    const auto& windows = network.maintenance;
    bounded("its list of maintenance windows", windows.size(), max_list);
    if (std::ranges::adjacent_find(windows, {}, &policy::WeekWindow::from_minute) != windows.end()) {
      fault("two of its maintenance windows begin in the same minute");
    }
  }
  void check(const policy::BootServer& server) {
    for (const auto& file : server.files) one_line("the name of its file", file.path, max_path);
  }
  void check(const policy::Referral& referral) {
    bounded("its list of servers", referral.shares.size(), max_list);
  }

  // Or nothing.
  void hash(std::string_view what, const std::string& text) {
    if (!text.empty() && !base::parse_sha256(text)) fault(fmt::format("{} is no SHA-256", what));
  }

 private:
  base::Status status_;
};

}  // namespace

void tidy(Record& record) {
  std::visit([](auto& one) { tidy_one(one); }, record);
}

void tidy(SiteSettings& settings) {
  sort_each_once(settings.ignored_macs);
  sort_each_once(settings.wandering_macs);
  sort_each_once(settings.banned_uuids);
}

void tidy(Batch& batch) {
  for (Step& step : batch.steps) {
    if (auto* put = std::get_if<Put>(&step)) tidy(put->record);
    if (auto* set = std::get_if<SetSettings>(&step)) tidy(set->settings);
  }
}

base::Status check(const Record& record) {
  Checker checker;
  checker.name(name_of(record));
  std::visit([&](const auto& one) { checker.check(one); }, record);
  return checker.status();
}

base::Status check(const SiteSettings& settings) {
  Checker checker;
  checker.bounded("the list of ignored addresses", settings.ignored_macs.size(), max_site_list);
  checker.bounded("the list of wandering addresses", settings.wandering_macs.size(), max_site_list);
  checker.bounded("the list of banned UUIDs", settings.banned_uuids.size(), max_site_list);
  checker.bounded("the message to waiting machines", settings.policy.pending.message.size(), max_text);
  return checker.status();
}

}  // namespace store
