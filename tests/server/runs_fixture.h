// SPDX-License-Identifier: GPL-3.0-or-later
// A site in a directory of its own with one machine and one required deployment, its Registrar
// and its Runs, on a clock that tests turn.
#pragma once

#include <gmock/gmock.h>

#include "../content/scratch.h"
#include "boot_network.h"
#include "server/boot_files.h"
#include "site/registrar.h"
#include "site/runs.h"

namespace boot_test {

class RunsSite : public testing::Test {
 protected:
  explicit RunsSite(site::RunsTerms the_terms = {}) : terms(the_terms) {
    open();
    image = put_image("debian");
    device = put(boot_test::device(0, first));
    policy::Deployment required = boot_test::deployment(image, policy::ToDevice{device});
    required.id = 0;
    required.name = "lab";
    required.again = false;
    deployment = put(required);
  }
  ~RunsSite() override { close(); }

  void open() {
    auto opened = site::Administration::open(scratch.path("state"), {});
    ASSERT_TRUE(opened) << opened.error().what;
    admin = std::move(*opened);
    runs = std::make_unique<site::Runs>([this] { return admin->site(); }, terms, [this] { return unix_now; });
    registrar = std::make_unique<site::Registrar>(*admin);
    const auto ready =
        runs->open(*admin, [this](site::Registrar::Work work) { return registrar->post(std::move(work)); });
    ASSERT_TRUE(ready) << ready.error().what;
    files = std::make_unique<server::BootFiles>([this] { return admin->site(); }, machines, false, nullptr,
                                                runs.get());
  }
  void close() {
    files.reset();
    registrar.reset();  // what was posted is done first
    runs.reset();
    admin.reset();
  }
  void restart() {
    close();
    open();
  }

  std::int64_t put(store::Record record) {
    const auto applied = admin->apply({"admin", "", {store::Put{std::move(record), {}}}});
    EXPECT_TRUE(applied) << applied.error().what;
    return applied ? applied->ids.front() : 0;
  }
  std::int64_t put_image(const std::string& name) {
    store::ImageRecord record;
    record.image.name = name;
    record.directory = "images/" + name + "/1";
    record.image.kernel = record.directory + "/linux";
    scratch.write("state/" + record.image.kernel, "a kernel");
    return put(record);
  }
  policy::Deployment deployment_record() {
    return admin->look([&](site::SiteRecords& records) { return records.model().deployments.front(); });
  }

  // The machine's script, as it gets it; its token becomes `token`, "" without one.
  std::string script(bool only_looks = false) {
    seen_at(machines, machine(first), here, now);
    const auto found = files->find("ipxe/52-54-00-12-34-56.ipxe", {here, us, eth0, only_looks}, now);
    const auto* text = std::get_if<server::TextBehindName>(&found);
    if (text == nullptr) return "no text";
    const std::string word = "bootferry.report=http://198.51.100.2/boot/v1/";
    const auto at = text->text.find(word);
    token = at == std::string::npos ? "" : text->text.substr(at + word.size(), 32);
    return text->text;
  }
  bool boots() { return script().find("kernel http") != std::string::npos; }
  void fetch_image() { EXPECT_TRUE(files->completes_image("images/debian/1/linux", machine(first), now)); }
  policy::TokenHash hash() const { return site::hash_of(token); }
  void wait() { registrar->wait_until_idle(); }
  std::vector<site::RunItem> list(const store::RunQuery& query = {}) {
    wait();
    auto items = runs->list(*admin, query);
    EXPECT_TRUE(items) << items.error().what;
    return items.value_or(std::vector<site::RunItem>{});
  }
  // "lab started 1", of the only run.
  std::string life() {
    const auto items = list();
    if (items.size() != 1) return std::to_string(items.size()) + " runs";
    return fmt::format("{} {}{} {}", items[0].deployment, policy::print(items[0].run.state),
                       items[0].run.held ? " held" : "", items[0].run.failures);
  }
  std::vector<policy::RunMark> marks() {
    wait();
    return admin->site()->policy.device(device)->extras().runs;
  }
  std::vector<std::string> verbs() {
    wait();
    std::vector<std::string> out;
    const auto events =
        admin->look([](site::SiteRecords& records) { return records.store().events(0, 1000).value(); });
    for (const auto& event : events) out.push_back(event.who + " " + event.verb);
    return out;
  }
  std::uint64_t counter(std::string_view name) {
    for (const auto& [each, value] : runs->counters()) {
      if (each == name) return value;
    }
    return 999;
  }

  LogLines log;
  Scratch scratch;
  site::RunsTerms terms;
  std::int64_t unix_now = 1'800'000'000;
  base::Time now = base::Clock::now();
  std::unique_ptr<site::Administration> admin;
  server::Machines machines{true};
  std::unique_ptr<site::Runs> runs;
  std::unique_ptr<site::Registrar> registrar;
  std::unique_ptr<server::BootFiles> files;
  std::int64_t image = 0, device = 0, deployment = 0;
  std::string token;
};

}  // namespace boot_test
