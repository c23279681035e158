// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/work.h"

#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "agent/command_line.h"
#include "agent/drivers.h"
#include "agent/facts.h"
#include "agent/files.h"
#include "agent/network.h"
#include "agent/post.h"
#include "agent/programs.h"

namespace agent {
namespace {

constexpr double patience_with_server = 1800, longest_pause = 60;  // seconds
constexpr unsigned step_microseconds = 200'000, steps_a_second = 5;
// Before the network is looked for, and before disks are counted: behind controllers and USB they
// show up one by one.
constexpr int soon = 2, settled = 2 * steps_a_second;

void wait_seconds(double seconds) { ::usleep(static_cast<useconds_t>(seconds * 1e6)); }

// Until no new device shows up for so many steps.
void load_drivers(Drivers& drivers, int steps) {
  for (int quiet = 0; quiet < steps;) {
    quiet = drivers.load_new() ? 0 : quiet + 1;
    ::usleep(step_microseconds);
  }
}

void wait_for_network(Screen& screen, Drivers& drivers, Network& network, int family, Times& times) {
  double say_at = seconds_since_start() + 3, pause = 5;
  for (unsigned step = 0;; ++step) {
    const double now = seconds_since_start();
    if (step % steps_a_second == 0) drivers.load_new();  // adapters that are plugged in now
    network.step(now);
    if (network.link() && times.link == 0) times.link = now;
    const std::string address = Network::address_of(family);
    if (!address.empty()) {
      times.lease = now;
      return screen.say("address " + address);
    }
    if (now >= say_at) {
      screen.say("waiting: " + network.state());
      say_at = now + pause;
      pause = std::min(pause * 2, longest_pause);
    }
    ::usleep(step_microseconds);
  }
}

// What the server refuses for good, or nothing when it took it.
std::optional<std::string> deliver(Screen& screen, const Url& url, const std::string& verb,
                                   const std::string& type, const std::string& body,
                                   double patience = patience_with_server) {
  const double until = seconds_since_start() + patience;
  for (double pause = 1;; pause = std::min(pause * 2, longest_pause)) {
    const Answer answer = post(url, "/" + verb, type, body);
    if (answer.status >= 200 && answer.status < 300) return std::nullopt;
    std::string why = answer.reason;
    if (answer.status == 404) why = "the server knows nothing of this boot any more";
    if (answer.status >= 400 && answer.status < 500 && answer.status != 429) return why;
    if (seconds_since_start() + pause > until) return why;
    screen.say("the server at " + url.host + " does not take the " + verb + ": " + why + "; again in " +
               std::to_string(static_cast<int>(pause)) + " s");
    wait_seconds(pause);
  }
}

std::string kernel_log() {
  constexpr int read_all = 3;  // SYSLOG_ACTION_READ_ALL
  std::string text(256 * 1024, '\0');
  const int size = ::klogctl(read_all, text.data(), static_cast<int>(text.size()));
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

void show(Screen& screen, const nlohmann::json& facts) {
  const auto word = [](const nlohmann::json& of, const char* name) {
    return of.contains(name) && of[name].is_string() ? of[name].get<std::string>() : std::string("?");
  };
  const nlohmann::json& machine = facts["machine"];
  screen.say("machine " + word(machine, "manufacturer") + " " + word(machine, "product") + ", UUID " +
             word(machine, "uuid") + ", " + word(facts["firmware"], "kind"));
  for (const nlohmann::json& one : facts["interfaces"])
    screen.say("interface " + word(one, "name") + " " + word(one, "mac") + " " + word(one, "driver"));
  for (const nlohmann::json& disk : facts["disks"]) {
    screen.say("disk " + word(disk, "name") + " " +
               std::to_string(disk["size"].get<std::uint64_t>() / 1'000'000) + " MB " +
               word(disk, "transport"));
  }
}

}  // namespace

int work(Screen& screen) {
  Times times;
  times.agent = seconds_since_start();
  screen.say("Bootferry's agent, image " + image_says("", "version"));
  const CommandLine command_line = CommandLine::parse(read_octets("/proc/cmdline"));
  const std::optional<Url> url = Url::parse(command_line.report);

  Drivers drivers;
  load_drivers(drivers, soon);
  if (is_there("/sys/firmware/efi") && run_busybox({"modprobe", "-q", "efivarfs"}))
    ::mount("efivarfs", "/sys/firmware/efi/efivars", "efivarfs", MS_RDONLY, nullptr);

  Network network(command_line.boot_mac);
  wait_for_network(screen, drivers, network, url ? url->family() : AF_INET, times);
  load_drivers(drivers, settled);

  times.report = seconds_since_start();
  const nlohmann::json facts = gather_facts("", command_line, times, present_addresses());
  show(screen, facts);
  if (!url) {
    screen.say(command_line.report.empty()
                   ? "nobody asked for a report (no bootferry.report= on the command line)"
                   : "the report's address makes no sense: " + command_line.report);
    return 1;
  }
  // What firmware wrote may be no UTF-8.
  const std::string body = facts.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  auto refused = deliver(screen, *url, "facts", "application/json", body);
  if (!refused) {
    screen.say("facts reported to " + url->host);
    refused = deliver(screen, *url, "log", "text/plain", screen.log() + "\n" + kernel_log());
  }
  if (!refused) refused = deliver(screen, *url, "done", "text/plain", "");
  if (!refused) return 0;
  screen.say("failed: " + *refused);
  deliver(screen, *url, "failed", "text/plain", *refused, 5);
  return 1;
}

}  // namespace agent
