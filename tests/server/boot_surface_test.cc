// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/boot_surface.h"

#include "api/machine_facts.h"

#include "runs_fixture.h"

namespace server {
namespace {

using namespace boot_test;  // NOLINT: a machine and its site
using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class BootSurfaceTest : public RunsSite {
 protected:
  BootSurfaceTest() {
    interfaces.update({interface(eth0, "eth0", us)});
    script();
    fetch_image();
    log.take();
  }
  ~BootSurfaceTest() override { registrar.reset(); }  // its work names the logs

  std::string ask(std::string_view method, std::string_view what, std::string_view body = "",
                  base::Ip from = here, base::Ip local = us) {
    const std::string target = "/boot/v1/" + std::string(what);
    net::HttpRequest request{method, target, "", "", {from, 40000}, local};
    request.body = body;
    const net::HttpReply reply = surface.answer(request, now);
    if (const auto* said = std::get_if<net::HttpBody>(&reply)) {
      return said->bytes.substr(0, said->bytes.find('\n'));
    }
    const auto& error = std::get<net::HttpError>(reply);
    return fmt::format("{} {}", error.status, error.text);
  }
  std::string own(std::string_view method, std::string_view verb, std::string_view body = "") {
    return ask(method, token + "/" + std::string(verb), body);
  }
  std::size_t allowed(std::string_view method, const std::string& what) {
    const std::string target = "/boot/v1/" + what;
    return surface.body_allowed(net::HttpRequest{method, target, "", "", {here, 40000}, us});
  }

  ServedInterfaces interfaces{{}};
  site::RunLogs logs{scratch.path("state/runs"),
                     [this](site::Registrar::Work work) { return registrar->post(std::move(work)); }};
  BootSurface surface{*runs, machines, interfaces, logs, [this] { return admin->site(); }};
};

constexpr const char* none = "404 no such file";

TEST_F(BootSurfaceTest, AMachineSaysThatItIsDone) {
  EXPECT_EQ(own("POST", "done"), "done");
  EXPECT_EQ(life(), "lab done 0");
  EXPECT_EQ(own("POST", "done"), "done") << "its first answer may have been lost";
  EXPECT_EQ(own("POST", "log", "the last lines"), "taken");
}

TEST_F(BootSurfaceTest, OrThatItFailedAndWhy) {
  EXPECT_EQ(own("POST", "failed", "no\ndisk \x1b[31m\xff here\n"), "failed");
  EXPECT_EQ(life(), "lab failed 1");
  EXPECT_EQ(list()[0].run.message, "no disk [31m here");
  EXPECT_EQ(own("POST", "done"), "done") << "after all";
  EXPECT_EQ(life(), "lab done 1");
}

TEST_F(BootSurfaceTest, WithoutAReasonItHasOne) {
  own("POST", "failed");
  EXPECT_EQ(list()[0].run.message, "the machine says that it failed");
}

TEST_F(BootSurfaceTest, HowFarItIs) {
  const struct {
    const char* body;
    std::optional<unsigned> percent;
    const char* text;
  } rows[] = {
      {"42 copying files", 42, "copying files"},
      {"100%", 100, ""},
      {"7%\tstart\n", 7, "start"},
      {"partitioning", std::nullopt, "partitioning"},
      {"101 x", std::nullopt, "101 x"},
      {"42nd", std::nullopt, "42nd"},
      {"", std::nullopt, ""},
      {"-1", std::nullopt, "-1"},
      {"99999999999999999999", std::nullopt, "99999999999999999999"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(own("POST", "progress", row.body), "heard");
    EXPECT_EQ(list()[0].percent, row.percent) << row.body;
    EXPECT_EQ(list()[0].progress, row.text) << row.body;
    now += seconds(1);
  }
  own("POST", "progress", std::string(4000, 'x'));
  EXPECT_EQ(list()[0].progress.size(), 200U);
  own("POST", "done");
  EXPECT_THAT(list()[0].progress, IsEmpty());
}

TEST_F(BootSurfaceTest, WhatItBoots) {
  EXPECT_EQ(own("GET", "plan"),
            R"({"device":"52-54-00-12-34-56","deployment":"lab","image":"debian","state":"started"})");
}

TEST_F(BootSurfaceTest, WhatIsNotThereGivesNoHint) {
  const std::string wrong(32, '0');
  std::string upper = token;
  std::ranges::transform(upper, upper.begin(), [](char c) { return static_cast<char>(std::toupper(c)); });
  const struct {
    const char* method;
    std::string what;
  } rows[] = {
      {"POST", wrong + "/done"},
      {"GET", wrong + "/plan"},
      {"POST", token + "/reinstall"},
      {"GET", token + "/done"},
      {"POST", token + "/plan"},
      {"DELETE", token + "/done"},
      {"POST", token},
      {"POST", token + "/"},
      {"POST", token + "/done/"},
      {"POST", token + "//done"},
      {"POST", token.substr(1) + "/done"},
      {"POST", "0" + token + "/done"},
      {"POST", ""},
      {"POST", "/done"},
      {"POST", upper + "x/done"},
      {"HEAD", token + "/plan"},
      {"PUT", token + "/log"},
  };
  for (const auto& row : rows) EXPECT_EQ(ask(row.method, row.what), none) << row.method << " " << row.what;
  EXPECT_EQ(life(), "lab started 0");
  EXPECT_THAT(log.take(), Not(Contains(HasSubstr(token))));
}

TEST_F(BootSurfaceTest, ATokenIsItsMachinesAlone) {
  EXPECT_EQ(ask("POST", token + "/done", "", elsewhere), none);
  EXPECT_THAT(log.take(),
              Contains("warning run: 198.51.100.78 comes with the token of another machine, which had "
                       "198.51.100.77: not heard"));
  seen_at(machines, machine(second), elsewhere, now);
  EXPECT_EQ(ask("POST", token + "/done", "", elsewhere), none);
  // Its installer got another lease than its firmware.
  seen_at(machines, machine(first), elsewhere, now);
  EXPECT_EQ(ask("POST", token + "/done", "", elsewhere), "done");
}

TEST_F(BootSurfaceTest, TheNextBootsTokenIsAnother) {
  const std::string before = token;
  script();
  EXPECT_EQ(ask("POST", before + "/done"), none);
  EXPECT_EQ(own("POST", "done"), "done");
}

TEST_F(BootSurfaceTest, OnServedInterfacesOnly) {
  EXPECT_EQ(ask("POST", token + "/done", "", here, base::Ipv4{{203, 0, 113, 1}}),
            "404 not served on this interface");
  EXPECT_EQ(life(), "lab started 0");
}

TEST_F(BootSurfaceTest, BodiesAreReadFromWhoMaySendThem) {
  EXPECT_EQ(allowed("POST", token + "/log"), 1U << 20);
  EXPECT_EQ(allowed("POST", token + "/failed"), 4096U);
  EXPECT_EQ(allowed("GET", token + "/plan"), 0U);
  EXPECT_EQ(allowed("POST", token + "/other"), 0U);
  EXPECT_EQ(allowed("POST", std::string(32, '0') + "/log"), 0U);
  const net::HttpRequest elsewhere_altogether{"POST", "/images/debian/1/linux", "", "", {here, 40000}, us};
  EXPECT_EQ(surface.body_allowed(elsewhere_altogether), 0U);
}

TEST_F(BootSurfaceTest, WhoGuessesGetsTired) {
  const std::string wrong(32, '0');
  int heard = 0;
  for (int i = 0; i < 1000; ++i) heard += ask("POST", wrong + "/done") == none ? 1 : 0;
  EXPECT_EQ(heard, 100);
  EXPECT_EQ(own("POST", "done"), "429 too many requests: wait a moment");
  EXPECT_EQ(ask("POST", wrong + "/done", "", elsewhere), none) << "others are not touched";
  now += seconds(1);
  EXPECT_EQ(own("POST", "done"), "done");
}

TEST_F(BootSurfaceTest, EachRequestIsCountedOnce) {
  const std::string wrong(32, '0');
  own("POST", "done");
  own("GET", "plan");
  ask("POST", wrong + "/done");
  own("POST", "reinstall");
  ask("POST", token + "/done", "", elsewhere);
  ask("POST", token + "/done", "", here, base::Ipv4{{203, 0, 113, 1}});
  for (int i = 0; i < 200; ++i) own("POST", "progress");
  using testing::Pair;
  EXPECT_THAT(
      surface.counters(),
      testing::ElementsAre(Pair("boot-surface.heard", 20U), Pair("boot-surface.unknown", 2U),
                           Pair("boot-surface.other-machine", 1U), Pair("boot-surface.too-fast", 182U),
                           Pair("boot-surface.busy", 0U), Pair("boot-surface.other-interface", 1U),
                           Pair("boot-surface.taken-already", 0U)));
}

TEST_F(BootSurfaceTest, NobodyTalksTooMuch) {
  int heard = 0;
  for (int i = 0; i < 50; ++i) heard += own("POST", "progress", "1") == "heard" ? 1 : 0;
  EXPECT_EQ(heard, 20);
}

TEST_F(BootSurfaceTest, LogsAreKeptUpToAMegabyte) {
  EXPECT_EQ(own("POST", "log", "first\n"), "taken");
  EXPECT_EQ(own("POST", "log", "second\n"), "taken");
  wait();
  const std::string name = scratch.path(fmt::format("state/runs/{}-{}-{}.log", device, deployment, unix_now));
  EXPECT_EQ(read_text(name), "first\nsecond\n");
  own("POST", "log", std::string(site::RunLogs::max_octets, 'x'));
  own("POST", "log", "more");
  wait();
  EXPECT_EQ(read_text(name).size(), site::RunLogs::max_octets);
}

TEST_F(BootSurfaceTest, WhatAMachineSaysThatItIsIsKeptOnceATry) {
  EXPECT_EQ(own("POST", "facts", R"({ "version": 1, "disks": [] })"), "taken");
  EXPECT_EQ(own("POST", "facts", R"({"version": 1, "disks": ["sda"]})"), "taken");
  wait();
  const std::string name =
      scratch.path(fmt::format("state/runs/{}-{}-{}.facts.json", device, deployment, unix_now));
  EXPECT_EQ(read_text(name), R"({"disks":["sda"],"version":1})");
  const auto kept = site::last_facts(scratch.path("state/runs"), device);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->deployment, deployment);
  EXPECT_EQ(kept->json, R"({"disks":["sda"],"version":1})");
  EXPECT_FALSE(site::last_facts(scratch.path("state/runs"), device + 1));
  EXPECT_EQ(life(), "lab started 0") << "facts end nothing";
}

TEST_F(BootSurfaceTest, WhatIsNoJsonObjectIsNotKept) {
  EXPECT_THAT(own("POST", "facts", "{\"a\":"), testing::StartsWith("400 "));
  EXPECT_THAT(own("POST", "facts", "[1]"), testing::StartsWith("400 "));
  EXPECT_THAT(own("POST", "facts", "{\"a\":\"\xff\"}"), testing::StartsWith("400 "));
  EXPECT_THAT(own("POST", "facts", "{\"a\":" + std::string(1000, '[')), testing::StartsWith("400 "));
  EXPECT_EQ(allowed("POST", token + "/facts"), api::max_machine_facts);
  wait();
  EXPECT_FALSE(site::last_facts(scratch.path("state/runs"), device));
}

TEST_F(BootSurfaceTest, TheNewestFactsOfADeviceCount) {
  for (const char* name : {"7-1-100", "7-2-300", "7-3-200", "70-1-900", "7-1", "7-1-400-1", "x"})
    scratch.write(fmt::format("state/runs/{}.facts.json", name), name);
  const auto kept = site::last_facts(scratch.path("state/runs"), 7);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->json, "7-2-300");
}

TEST_F(BootSurfaceTest, TheOldestLogsMakeRoom) {
  for (std::size_t i = 0; i < site::RunLogs::max_files + 5; ++i) {
    scratch.write(fmt::format("state/runs/{}-1-1.log", 1000 + i), "x");
  }
  own("POST", "log", "the newest");
  wait();
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(scratch.path("state/runs"))) {
    ++count;
  }
  EXPECT_EQ(count, site::RunLogs::max_files);
  EXPECT_EQ(read_text(scratch.path(fmt::format("state/runs/{}-{}-{}.log", device, deployment, unix_now))),
            "the newest");
}

TEST_F(BootSurfaceTest, LogsThatWaitForTheDiskAreBounded) {
  std::mutex disk;
  std::unique_lock stuck(disk);
  registrar->post([&](site::Administration&) { const std::lock_guard lock(disk); });
  const std::string megabyte(site::RunLogs::max_octets, 'x');
  std::string last;
  for (int i = 0; i < 20; ++i) {
    last = own("POST", "log", megabyte);
    now += seconds(1);
  }
  EXPECT_EQ(last, "503 too many logs at once: try again");
  stuck.unlock();
  wait();
  EXPECT_EQ(own("POST", "log", "x"), "taken");
}

}  // namespace
}  // namespace server
