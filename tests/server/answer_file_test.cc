// SPDX-License-Identifier: GPL-3.0-or-later
// Answer files and the variables file: who gets them, how often, and what stands in them.
#include "server/answer_file.h"

#include "runs_fixture.h"
#include "server/boot_surface.h"
#include "server/file_service.h"

namespace server {
namespace {

using namespace boot_test;  // NOLINT: a machine and its site
using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr const char* none = "404 no such file";
constexpr const char* once = "410 fetched already: it is there once for a boot";
constexpr const char* variables = "bcd/52-54-00-12-34-56.boot.var";

class AnswerFileTest : public RunsSite {
 protected:
  AnswerFileTest() {
    interfaces.update({interface(eth0, "eth0", us)});
    set_variables({{"disk", "/dev/vda"}, {"owner", "R&D"}});
    deploy(
        add("preseed.cfg", "d-i partman-auto/disk string {var:disk}\nd-i netcfg/hostname string {name}\n"));
  }
  ~AnswerFileTest() override { registrar.reset(); }  // its work names the logs

  std::int64_t add(const std::string& file, const std::string& text) {
    site::NewImage fresh;
    fresh.name = "installer";
    fresh.kernel = "linux";
    fresh.command_line = "auto url={answer:" + file + "} ip={server}";
    fresh.files.push_back({"linux", scratch.open("from/linux", fake_kernel())});
    fresh.answers.push_back({file, scratch.open("from/" + file, text)});
    const auto added = admin->add_image(std::move(fresh), {});
    EXPECT_TRUE(added) << added.error().what;
    return installer = added ? added->id : 0;
  }
  void deploy(std::int64_t which, bool again = false) {
    policy::Deployment record = deployment_record();
    record.what = policy::ToBoot{which};
    record.again = again;
    put(record);
  }
  void set_variables(policy::Variables values) {
    policy::Device known = *admin->site()->policy.device(device);
    policy::DeviceExtras more = known.extras();
    more.variables = std::move(values);
    known.more = std::make_shared<const policy::DeviceExtras>(std::move(more));
    put(known);
  }

  // The machine's script; the URL that its command line names becomes `url`.
  std::string boot() {
    std::string text = script();
    const auto at = text.find("url=");
    url = at == std::string::npos ? "" : text.substr(at + 4, text.find(' ', at) - at - 4);
    const std::string host = "http://198.51.100.2";
    if (url.starts_with(host)) url.erase(0, host.size());
    return text;
  }
  std::string ask(const std::string& target, std::string_view method = "GET", base::Ip from = here) {
    const net::HttpReply reply =
        surface.answer(net::HttpRequest{method, target, "", "", {from, 40000}, us}, now);
    if (const auto* said = std::get_if<net::HttpBody>(&reply)) return said->bytes;
    const auto& error = std::get<net::HttpError>(reply);
    return fmt::format("{} {}", error.status, error.text);
  }
  void done(const std::string& target, const std::string& method = "GET", bool complete = true) {
    surface.on_done({{here, 40000}, us, eth0, method, target, 200, 100, complete}, now);
  }
  // Over TFTP, or over HTTP's other half.
  std::string fetch(std::string_view name, base::Ipv4 from = here) {
    const auto found = files->find(name, {from, us, eth0}, now);
    if (const auto* text = std::get_if<TextBehindName>(&found)) return text->text;
    if (const auto* refused = std::get_if<NameRefused>(&found)) return "refused: " + refused->why;
    return std::holds_alternative<FileBehindName>(found) ? "a file" : "nothing";
  }

  ServedInterfaces interfaces{{}};
  site::RunLogs logs{scratch.path("state/runs"),
                     [this](site::Registrar::Work work) { return registrar->post(std::move(work)); }};
  BootSurface surface{*runs, machines, interfaces, logs, [this] { return admin->site(); }};
  std::int64_t installer = 0;
  std::string url;
};

constexpr const char* preseed =
    "d-i partman-auto/disk string /dev/vda\nd-i netcfg/hostname string 52-54-00-12-34-56\n";

TEST_F(AnswerFileTest, TheCommandLineNamesItAndItIsMadeForTheMachine) {
  EXPECT_THAT(boot(), HasSubstr("ip=198.51.100.2"));
  EXPECT_EQ(url, fmt::format("/boot/v1/{}/answer/{}/preseed.cfg", token, installer));
  EXPECT_EQ(ask(url), preseed);
}

TEST_F(AnswerFileTest, OtherLoadersNameItToo) {
  seen_at(machines, machine(first), here, now);
  for (const char* name : {"bios/pxelinux.cfg/01-52-54-00-12-34-56", "grub/machine/52:54:00:12:34:56.cfg"})
    EXPECT_THAT(fetch(name), testing::ContainsRegex("url=http://198.51.100.2/boot/v1/[0-9a-f]{32}/answer/"))
        << name;
}

TEST_F(AnswerFileTest, OneCompleteTransferAndAMinute) {
  boot();
  EXPECT_EQ(ask(url, "HEAD"), preseed);
  done(url, "HEAD");
  EXPECT_EQ(ask(url), preseed);
  done(url, "GET", false);
  now += seconds(600);
  EXPECT_EQ(ask(url), preseed) << "looks and what broke off are not counted";
  done(url);
  now += seconds(59);
  EXPECT_EQ(ask(url), preseed);
  done(url);
  now += seconds(1);
  EXPECT_EQ(ask(url), once);
  std::string other = url;
  other.replace(other.rfind("/preseed"), 8, "//PreSeed");
  EXPECT_EQ(ask(other), once) << "by whatever spelling";
  boot();
  EXPECT_EQ(ask(url), preseed) << "the next boot has its own";
}

TEST_F(AnswerFileTest, ItIsItsMachinesAlone) {
  boot();
  EXPECT_EQ(ask(url, "GET", elsewhere), none);
  seen_at(machines, machine(second), elsewhere, now);
  EXPECT_EQ(ask(url, "GET", elsewhere), none);
  EXPECT_THAT(log.take(), Contains(HasSubstr("198.51.100.78 comes with the token of another machine")));
  seen_at(machines, machine(first), elsewhere, now);
  EXPECT_EQ(ask(url, "GET", elsewhere), preseed) << "its installer has another lease";
  const std::string before = url;
  boot();
  EXPECT_EQ(ask(before), none) << "of an earlier boot";
}

TEST_F(AnswerFileTest, WhatIsNotThereGivesNoHint) {
  boot();
  const std::string own = "/boot/v1/" + token + "/answer/";
  for (const std::string& what :
       {std::string("preseed.cfg"), fmt::format("{}/other.cfg", installer), fmt::format("{}/", installer),
        fmt::format("{}", installer), fmt::format("0{}/preseed.cfg", installer), std::string("/preseed.cfg"),
        fmt::format("{}/preseed.cfg", installer + 1), std::string("99999999999999999999/preseed.cfg"),
        fmt::format("{}/../linux", installer), fmt::format("-{}/preseed.cfg", installer)})
    EXPECT_EQ(ask(own + what), none) << what;
  EXPECT_EQ(ask(url, "POST"), none);
  EXPECT_EQ(ask("/boot/v1/00000000000000000000000000000000" + url.substr(41)), none);
}

TEST_F(AnswerFileTest, NeverAmongThePublishedNames) {
  boot();
  for (const std::string& name :
       {url, url.substr(1), std::string("images/installer/1/.bootferry/answers/preseed.cfg"),
        std::string("images/installer/current/.bootferry/answers/preseed.cfg"),
        std::string("images/installer/1/preseed.cfg"), std::string("preseed.cfg")})
    EXPECT_EQ(fetch(name), "nothing") << name;
  EXPECT_EQ(fetch("images/installer/1/linux"), "a file");
}

TEST_F(AnswerFileTest, WithoutAValueThereIsNoHalfAnswer) {
  boot();
  set_variables({});
  EXPECT_EQ(ask(url), "409 preseed.cfg of installer: {var:disk} has no value for 52-54-00-12-34-56");
  EXPECT_THAT(log.take(),
              Contains(HasSubstr("warning answer: preseed.cfg of installer: {var:disk} has no value")));
}

TEST_F(AnswerFileTest, XmlIsWrittenAsXml) {
  add("unattend.xml", "<Organization>{var:owner}</Organization>");
  boot();
  EXPECT_EQ(ask(url), "<Organization>R&amp;D</Organization>");
}

TEST_F(AnswerFileTest, ABootKeepsTheVersionThatItBeganWith) {
  boot();
  add("preseed.cfg", "newer");
  EXPECT_EQ(ask(url), preseed);
  boot();
  EXPECT_EQ(ask(url), "newer");
}

TEST_F(AnswerFileTest, ThoseThatReportNothingHaveThemToo) {
  deploy(installer, true);
  EXPECT_THAT(boot(), Not(HasSubstr("bootferry.report")));
  EXPECT_EQ(ask(url), preseed);
  const std::string own = url.substr(0, url.find("/answer"));
  EXPECT_EQ(ask(own + "/done", "POST"), none);
}

TEST_F(AnswerFileTest, WhoOnlyLooksIsGivenNone) {
  EXPECT_THAT(script(true), HasSubstr("auto url= ip=198.51.100.2"));
}

TEST_F(AnswerFileTest, ARunThatBeganBeforeTheServerHasItStill) {
  boot();
  wait();
  Machines fresh{true};
  BootSurface after{*runs, fresh, interfaces, logs, [this] { return admin->site(); }};
  const auto reply = after.answer(net::HttpRequest{"GET", url, "", "", {here, 40000}, us}, now);
  ASSERT_TRUE(std::holds_alternative<net::HttpBody>(reply));
  EXPECT_EQ(std::get<net::HttpBody>(reply).bytes, preseed);
  unix_now += 5 * 3600;
  Machines later{true};
  BootSurface much_later{*runs, later, interfaces, logs, [this] { return admin->site(); }};
  EXPECT_TRUE(std::holds_alternative<net::HttpError>(
      much_later.answer(net::HttpRequest{"GET", url, "", "", {here, 40000}, us}, now)));
}

TEST_F(AnswerFileTest, TheVariablesFileSaysWhereToReport) {
  EXPECT_EQ(fetch(variables), "nothing") << "no boot has begun";
  boot();
  EXPECT_EQ(fetch(variables), fmt::format("# bootferry variables 1\n"
                                          "ManagementPoint=http://198.51.100.2\n"
                                          "Report=http://198.51.100.2/boot/v1/{0}\n"
                                          "Token={0}\n"
                                          "Device=52-54-00-12-34-56\n"
                                          "Mac=52:54:00:12:34:56\n"
                                          "Image=installer\n"
                                          "Deployment=lab\n"
                                          "Answers=http://198.51.100.2/boot/v1/{0}/answer/{1}/\n",
                                          token, installer));
  EXPECT_EQ(fetch("\\BCD\\52-54-00-12-34-56.boot.VAR"), fetch(variables));
  EXPECT_EQ(fetch("bcd/52-54-00-12-34-57.boot.var"),
            "refused: the name belongs to another machine than "
            "52:54:00:12:34:56, which has this address");
  EXPECT_EQ(fetch(variables, elsewhere), "refused: made for another machine");
}

TEST_F(AnswerFileTest, TheVariablesFileIsThereOnceByWhateverProtocol) {
  FileService service{*files, machines, interfaces};
  const auto finished = [&](TftpEventKind kind) {
    TftpEvent event;
    event.kind = kind;
    event.request = {{here, 2070}, us, eth0, "\\bcd\\52-54-00-12-34-56.boot.var"};
    service.on_event(event, now);
  };
  boot();
  finished(TftpEventKind::started);
  finished(TftpEventKind::size_probe);
  finished(TftpEventKind::failed);
  now += seconds(300);
  EXPECT_THAT(fetch(variables), StartsWith("# bootferry"));
  finished(TftpEventKind::finished);
  now += seconds(59);
  EXPECT_THAT(fetch(variables), StartsWith("# bootferry"));
  now += seconds(1);
  EXPECT_EQ(fetch(variables), "refused: fetched already: it is there once for a boot");
  boot();
  EXPECT_THAT(fetch(variables), StartsWith("# bootferry"));
}

}  // namespace
}  // namespace server
