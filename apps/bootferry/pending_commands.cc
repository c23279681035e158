// SPDX-License-Identifier: GPL-3.0-or-later
// Unknown machines that wait for an administrator.
#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "base/url.h"
#include "commands.h"
#include "records.h"
#include "terminal.h"

namespace cli {
namespace {

Got<std::vector<Json>> waiting(Site& site) {
  const auto answer = site.get("/v1/pending");
  if (!answer) return tl::unexpected(answer.error());
  return answer->value("items", std::vector<Json>());
}

std::string table_of(const std::vector<Json>& items) {
  if (items.empty()) return "no machine waits for an approval";
  Table table({"REQUEST", "MACS", "ARCH", "FIRMWARE", "NETWORK", "FIRST SEEN", "LAST SEEN", "UUID"});
  for (const Json& item : items) {
    std::vector<std::string> row;
    for (const char* field :
         {"request", "macs", "arch", "firmware", "network", "first_seen", "last_seen", "uuid"}) {
      row.push_back(cell(item, field));
    }
    table.add(std::move(row));
  }
  return table.print();
}

// Until it is interrupted. A server that restarts meanwhile is waited for.
int watch(const Common& common) {
  Redrawn screen;
  bool seen = false;
  while (true) {
    Got<std::vector<Json>> items = tl::unexpected(Failure{});
    if (auto site = Site::reach(common))
      items = waiting(*site);
    else
      items = tl::unexpected(site.error());
    if (!items && !seen) return failed(items.error());
    seen = true;
    screen.show(!items ? items.error().what : common.json ? api::print_json(Json(*items)) : table_of(*items));
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

struct Decide {
  std::string request, name;
  std::vector<std::string> collections;
};

Got<int> decide(const char* verb, const char* said, const Decide& typed, const Common& common, Site& site) {
  Json body = Json::object();
  if (!typed.name.empty()) body["name"] = typed.name;
  if (!typed.collections.empty()) body["collections"] = typed.collections;
  const std::string path = fmt::format("/v1/pending/{}/{}", base::escape_url_part(typed.request), verb);
  const auto device = site.send("POST", path, body);
  if (!device) return tl::unexpected(device.error());
  print_line(common.json ? api::print_json(*device)
                         : fmt::format("{} request {}: {}", said, typed.request, cell(*device, "name")));
  return exit_ok;
}

}  // namespace

void add_pending_commands(Command& root) {
  Command pending = root.group("pending", "Unknown machines that wait for an approval");
  pending.leaf("list", "List them", [](const Common& common) {
    return with_site(common, [&](Site& site) -> Got<int> {
      const auto items = waiting(site);
      if (!items) return tl::unexpected(items.error());
      print_line(common.json ? api::print_json(Json(*items)) : table_of(*items));
      return exit_ok;
    });
  });
  pending.leaf("watch", "Show them as they come and go, until Ctrl-C", watch).running_server_only();

  auto approved = std::make_shared<Decide>();
  Command approve = pending.leaf("approve", "Let a machine in", [approved](const Common& common) {
    return with_site(common,
                     [&](Site& site) { return decide("approve", "approved", *approved, common, site); });
  });
  approve.needs("REQUEST", approved->request, "The number that the machine shows", names_of("pending"));
  approve.option("--name", approved->name, "What to call it");
  approve.option("--collection", approved->collections, "Puts it into this collection",
                 names_of("collections"));

  auto rejected = std::make_shared<Decide>();
  Command reject = pending.leaf("reject", "Send a machine away for good", [rejected](const Common& common) {
    return with_site(common,
                     [&](Site& site) { return decide("reject", "rejected", *rejected, common, site); });
  });
  reject.needs("REQUEST", rejected->request, "The number that the machine shows", names_of("pending"));
}

}  // namespace cli
