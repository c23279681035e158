// SPDX-License-Identifier: GPL-3.0-or-later
// Changes the records of a stopped server as an administrator would, for tests that need what the
// command line does not have.
//   edit_site STATE settings add_unknown=1 detect=1 answer=known poll_seconds=2 polls=3 message=TEXT
//   edit_site STATE approve MAC | reject MAC | list
//   edit_site STATE program NAME ARCH ROLE,ROLE|- [PATH]     PATH once; later its roles change
//   edit_site STATE deployment NAME IMAGE MAC|all|unknown PROGRAM|-
//   edit_site STATE referral MAC ADDRESS ARCH FILE
// `list` prints a device a line: "NAME STATE REQUEST MAC".
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "site/administration.h"
#include "site/records.h"

namespace {

using site::Administration;
using site::SiteRecords;
using Words = std::vector<std::string>;

[[noreturn]] void die(const std::string& why) {
  fmt::print(stderr, "edit_site: {}\n", why);
  std::exit(1);
}

std::int64_t apply(Administration& site, store::Step step) {
  const auto applied = site.apply({"a test", "", {std::move(step)}});
  if (!applied) die(applied.error().what);
  return applied->ids.front();
}
std::int64_t put(Administration& site, store::Record record) {
  return apply(site, store::Put{std::move(record), {}});
}

policy::Device device_of(Administration& site, const std::string& mac) {
  const auto parsed = base::Mac::parse(mac);
  if (!parsed) die(mac + ": no hardware address");
  const policy::Device* const found = site.site()->policy.device(*parsed);
  if (found != nullptr) return *found;
  policy::Device device;
  device.name = parsed->print_dashed();
  device.macs = {*parsed};
  device.id = put(site, device);
  return device;
}

void settings(Administration& site, const Words& words) {
  const policy::SiteModel model = site.site()->policy.model();
  store::SiteSettings all{model.policy, model.ignored_macs, model.wandering_macs, model.banned_uuids};
  for (const std::string& word : words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos) die(word + ": no KEY=VALUE");
    const std::string key = word.substr(0, equals), value = word.substr(equals + 1);
    const auto number = static_cast<std::uint16_t>(std::atoi(value.c_str()));
    if (key == "add_unknown") {
      all.policy.add_unknown = number != 0;
    } else if (key == "detect") {
      all.policy.detect_processor = number != 0;
    } else if (key == "answer") {
      all.policy.answer = policy::parse_answer_to(value).value();
    } else if (key == "poll_seconds") {
      all.policy.pending.poll_seconds = number;
    } else if (key == "polls") {
      all.policy.pending.polls = number;
    } else if (key == "message") {
      all.policy.pending.message = value;
    } else {
      die(key + ": no such setting");
    }
  }
  apply(site, store::SetSettings{all, {}});
}

void set_state(Administration& site, const std::string& mac, policy::DeviceState state) {
  policy::Device device = device_of(site, mac);
  device.state = state;
  device.request = 0;
  put(site, device);
}

void list(Administration& site) {
  site.site()->policy.each_device([](const policy::Device& device) {
    fmt::print("{} {} {} {}\n", device.name, policy::print(device.state), device.request,
               device.macs.empty() ? "-" : device.macs.front().print());
  });
}

void program(Administration& site, const Words& words) {
  policy::Program program;
  const std::shared_ptr<const site::Site> present = site.site();
  if (const policy::Program* const found = present->policy.program(words.at(0)); found != nullptr) {
    program = *found;
  }
  program.name = words.at(0);
  program.arch = policy::parse_arch(words.at(1)).value();
  program.roles.clear();
  for (std::size_t at = 0; words.at(2) != "-" && at < words[2].size();) {
    const std::size_t comma = std::min(words[2].find(',', at), words[2].size());
    program.roles.push_back(policy::parse_role(words[2].substr(at, comma - at)).value());
    at = comma + 1;
  }
  if (words.size() > 3) program.path = words[3];
  put(site, program);
}

void deployment(Administration& site, const Words& words) {
  policy::Deployment deployment;
  deployment.name = words.at(0);
  for (const policy::Image& image : site.site()->policy.model().images) {
    if (image.name == words.at(1)) deployment.what = policy::ToBoot{image.id};
  }
  if (words.at(2) == "all") {
    deployment.target = policy::ToAll{};
  } else if (words[2] == "unknown") {
    deployment.target = policy::ToUnknown{};
  } else {
    deployment.target = policy::ToDevice{device_of(site, words[2]).id};
  }
  if (words.at(3) != "-") deployment.program = words[3];
  put(site, deployment);
}

void referral(Administration& site, const Words& words) {
  policy::BootServer there;
  there.name = "there";
  there.address = base::Ipv4::parse(words.at(1)).value();
  there.files = {{policy::parse_arch(words.at(2)).value(), words.at(3)}};
  policy::Referral referral;
  referral.name = "away";
  referral.shares = {{put(site, there), 1}};
  policy::Device device = device_of(site, words.at(0));
  policy::DeviceExtras extras = device.extras();
  extras.referral = put(site, referral);
  device.more = std::make_shared<const policy::DeviceExtras>(extras);
  put(site, device);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) die("STATE and a verb are needed");
  auto opened = Administration::open(argv[1], {});
  if (!opened) die(opened.error().what);
  Administration& site = **opened;
  const std::string verb = argv[2];
  const Words words(argv + 3, argv + argc);
  if (verb == "settings") {
    settings(site, words);
  } else if (verb == "approve") {
    set_state(site, words.at(0), policy::DeviceState::approved);
  } else if (verb == "reject") {
    set_state(site, words.at(0), policy::DeviceState::rejected);
  } else if (verb == "list") {
    list(site);
  } else if (verb == "program") {
    program(site, words);
  } else if (verb == "deployment") {
    deployment(site, words);
  } else if (verb == "referral") {
    referral(site, words);
  } else {
    die(verb + ": no such verb");
  }
  return 0;
}
