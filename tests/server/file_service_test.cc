// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/file_service.h"

#include <gmock/gmock.h>

#include "boot_network.h"

namespace server {
namespace {

using namespace boot_test;  // NOLINT: two machines and their site
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* snponly = "x64/snponly.efi";

std::string in_words(const TftpAnswer& answer) {
  if (const auto* file = std::get_if<TftpFileOnDisk>(&answer)) return "file " + file->path;
  if (const auto* text = std::get_if<TftpRendered>(&answer))
    return text->bytes.substr(0, text->bytes.find('\n'));
  if (const auto* refused = std::get_if<TftpRefused>(&answer)) return "refused: " + refused->text;
  return std::holds_alternative<TftpMissing>(answer) ? "missing" : "unserved";
}

std::string in_words(const net::HttpReply& reply) {
  if (const auto* file = std::get_if<net::HttpFile>(&reply))
    return fmt::format("file {} {} {}", file->path, file->content_type, file->etag);
  if (const auto* body = std::get_if<net::HttpBody>(&reply))
    return fmt::format("{}: {}", body->content_type, body->bytes.substr(0, body->bytes.find('\n')));
  const auto& error = std::get<net::HttpError>(reply);
  return fmt::format("{} {}", error.status, error.text);
}

class FileServiceTest : public testing::Test {
 protected:
  explicit FileServiceTest(bool files_only = false)
      : boot_files([this] { return site_; }, machines, files_only) {
    interfaces.update({interface(eth0, "eth0", us)});
  }

  TftpAnswer ask_tftp(std::string_view name, unsigned interface = eth0) {
    return files.answer(TftpRequestFacts{{here, 2070}, us, interface, name}, now);
  }
  net::HttpReply ask_http(std::string_view target, base::Ipv4 local = us, std::string_view method = "GET") {
    return files.answer(net::HttpRequest{method, target, "", "", {here, 40000}, local});
  }
  void tell_tftp(TftpEventKind kind, std::string_view name, TftpReason reason = TftpReason::none) {
    TftpEvent event;
    event.kind = kind;
    event.reason = reason;
    event.request = {{here, 2070}, us, eth0, name};
    files.on_event(event, now);
  }
  void tell_http(const std::string& target, const std::string& method = "GET", unsigned status = 200,
                 bool complete = true) {
    files.on_done({{here, 40000}, us, eth0, method, target, status, 1000, complete});
  }
  // The machine asks by DHCP and is answered.
  void ask_dhcp() {
    machines.with([&](auto&, auto& attempts) { attempts.on_asked(machine(first), now); });
  }
  std::optional<policy::Reason> objection(policy::ClientKind kind = policy::ClientKind::uefi_pxe) {
    policy::Facts facts = machine(first);
    facts.kind = kind;
    return machines.with([&](auto&, auto& attempts) {
      return attempts.objection(facts, {policy::StepKind::loader, snponly}, now);
    });
  }

  LogLines log;
  base::Time now = base::Clock::now();  // HTTP's threads read the clock themselves
  std::shared_ptr<const site::Site> site_ = a_site();
  Machines machines{true};
  ServedInterfaces interfaces{{}};
  BootFiles boot_files;
  FileService files{boot_files, machines, interfaces};
};

class FilesOnlyTest : public FileServiceTest {
 protected:
  FilesOnlyTest() : FileServiceTest(true) {}
};

TEST_F(FileServiceTest, AnswersTftp) {
  seen_at(machines, machine(first), here, now);
  const struct {
    const char* what;
    const char* name;
    unsigned interface;
    const char* want;
  } rows[] = {
      {"loader", snponly, eth0, "file /files/x64/snponly.efi"},
      {"script", "ipxe/52-54-00-12-34-56.ipxe", eth0, "#!ipxe"},
      {"not there", "bootmgfw.efi", eth0, "missing"},
      {"another machine's", "bios/pxelinux.cfg/01-52-54-00-12-34-57", eth0,
       "refused: the name belongs to another machine than 52:54:00:12:34:56, which has this address"},
      {"out of the tree", "../../etc/shadow", eth0, "refused: not a name that can be published"},
      {"interface that is not served", snponly, eth1, "unserved"},
      {"neither is a name told there", "../../etc/shadow", eth1, "unserved"},
      {"interface that the kernel did not name", snponly, 0, "unserved"},
  };
  for (const auto& row : rows) EXPECT_EQ(in_words(ask_tftp(row.name, row.interface)), row.want) << row.what;
  EXPECT_THAT(log.take(), ElementsAre("info    boot: script of 52:54:00:12:34:56: boots debian"));
}

TEST_F(FileServiceTest, AnswersHttp) {
  seen_at(machines, machine(first), here, now);
  const base::Ipv4 unserved{{203, 0, 113, 1}}, none{};
  const struct {
    const char* what;
    const char* target;
    base::Ipv4 local;
    const char* want;
  } rows[] = {
      {"loader", "/x64/snponly.efi", us, "file /files/x64/snponly.efi application/octet-stream tag"},
      {"script", "/ipxe/52-54-00-12-34-56.ipxe", us, "text/plain; charset=utf-8: #!ipxe"},
      {"not there", "/favicon.ico", us, "404 no such file"},
      {"another machine's", "/ipxe/52-54-00-12-34-57.ipxe", us,
       "403 the name belongs to another machine than 52:54:00:12:34:56, which has this address"},
      {"out of the tree", "/../etc/shadow", us, "403 not a name that can be published"},
      {"address of an interface that is not served", "/x64/snponly.efi", unserved,
       "404 not served on this interface"},
      {"no address", "/x64/snponly.efi", none, "404 not served on this interface"},
  };
  for (const auto& row : rows) EXPECT_EQ(in_words(ask_http(row.target, row.local)), row.want) << row.what;
  EXPECT_THAT(log.take(), ElementsAre("info    boot: script of 52:54:00:12:34:56: boots debian"));
  ask_http("/ipxe/52-54-00-12-34-56.ipxe", us, "HEAD");
  EXPECT_THAT(log.take(), IsEmpty()) << "nothing is booted by asking how large a script is";
}

TEST_F(FileServiceTest, HttpGoesByTheInterfaceAndNotByTheAddress) {
  net::HttpRequest request{"GET", "/x64/snponly.efi", "", "", {here, 40000}, us};
  request.interface = eth0 + 100;  // Linux answers for eth0's address there as well
  EXPECT_EQ(in_words(files.answer(request)), "404 not served on this interface");
  request.interface = eth0;
  request.local = base::Ipv4{{203, 0, 113, 1}};
  EXPECT_THAT(in_words(files.answer(request)), HasSubstr("file /files/x64/snponly.efi"));
}

TEST_F(FileServiceTest, InterfacesThatGoAndComeAreSeenByBoth) {
  interfaces.update({});
  EXPECT_EQ(in_words(ask_tftp(snponly)), "unserved");
  EXPECT_EQ(in_words(ask_http("/x64/snponly.efi")), "404 not served on this interface");
  interfaces.update({interface(eth0, "eth0", us)});
  EXPECT_EQ(in_words(ask_tftp(snponly)), "file /files/x64/snponly.efi");
  EXPECT_THAT(in_words(ask_http("/x64/snponly.efi")), HasSubstr("file /files/x64/snponly.efi"));
}

TEST_F(FileServiceTest, TheSameLoaderTwiceInOneAttemptEndsIt) {
  seen_at(machines, machine(first), here, now);
  ask_dhcp();
  tell_tftp(TftpEventKind::finished, snponly);
  now += seconds(2);
  ask_dhcp();
  EXPECT_FALSE(objection());
  log.take();
  tell_tftp(TftpEventKind::finished, "\\X64\\snponly.efi");
  const auto lines = log.take();
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_THAT(lines[1], HasSubstr("warning boot: 52:54:00:12:34:56: took x64/snponly.efi by TFTP twice"));
  EXPECT_EQ(objection(), policy::Reason::boot_loop);
}

TEST_F(FileServiceTest, OverHttpToo) {
  seen_at(machines, machine(first), here, now);
  for (int i = 0; i < 2; ++i) {
    ask_dhcp();
    tell_http("/x64/snponly.efi");
  }
  EXPECT_THAT(log.take().back(), HasSubstr("took x64/snponly.efi by HTTP twice"));
  EXPECT_EQ(objection(policy::ClientKind::uefi_http), policy::Reason::boot_loop);
  EXPECT_FALSE(objection()) << "by TFTP it may try";
}

TEST_F(FileServiceTest, WhatIsNoSecondDelivery) {
  const auto loader_came = [&] { tell_tftp(TftpEventKind::finished, snponly); };
  const auto nothing = [] {};
  const struct {
    const char* name;
    bool known;
    std::function<void()> before, second;
  } rows[] = {
      {"asking for the size", true, nothing, [&] { tell_tftp(TftpEventKind::size_probe, snponly); }},
      {"a transfer that has begun", true, nothing, [&] { tell_tftp(TftpEventKind::started, snponly); }},
      {"broken off", true, nothing,
       [&] { tell_tftp(TftpEventKind::failed, snponly, TftpReason::timed_out); }},
      {"another way of booting", true, nothing, [&] { tell_http("/x64/snponly.efi"); }},
      {"another loader", true, nothing, [&] { tell_tftp(TftpEventKind::finished, "x64/shimx64.efi"); }},
      {"after the kernel came", true, [&] { tell_tftp(TftpEventKind::finished, "images/debian/1/linux"); },
       loader_came},
      {"after the kernel came over HTTP", true, [&] { tell_http("/images/debian/1/linux"); }, loader_came},
      {"nobody knows who it is", false, nothing, loader_came},
      {"HEAD", true, [&] { tell_http("/x64/snponly.efi"); }, [&] { tell_http("/x64/snponly.efi", "HEAD"); }},
      {"a part", true, [&] { tell_http("/x64/snponly.efi"); },
       [&] { tell_http("/x64/snponly.efi", "GET", 206); }},
      {"not modified", true, [&] { tell_http("/x64/snponly.efi"); },
       [&] { tell_http("/x64/snponly.efi", "GET", 304); }},
      {"broken off over HTTP", true, [&] { tell_http("/x64/snponly.efi"); },
       [&] { tell_http("/x64/snponly.efi", "GET", 200, false); }},
  };
  for (const auto& row : rows) {
    machines.with([](auto&, auto& attempts) { attempts.forget(); });
    seen_at(machines, machine(row.known ? first : second), row.known ? here : elsewhere, now);
    if (!row.known) seen_at(machines, machine(first), elsewhere, now);
    ask_dhcp();
    loader_came();
    row.before();
    ask_dhcp();
    row.second();
    for (const std::string& line : log.take()) EXPECT_EQ(line.find("twice"), std::string::npos) << row.name;
    EXPECT_FALSE(objection()) << row.name;
    EXPECT_FALSE(objection(policy::ClientKind::uefi_http)) << row.name;
  }
}

// What went out under the loader's name was a script. Were it taken for the loader, a machine
// that tries again and again would never get the loader itself.
TEST_F(FilesOnlyTest, TheScriptInTheLoadersPlaceIsNotTheLoader) {
  seen_at(machines, machine(first), here, now);
  EXPECT_EQ(in_words(ask_tftp(snponly)), "file /files/x64/snponly.efi");
  tell_tftp(TftpEventKind::finished, snponly);
  now += seconds(20);
  EXPECT_EQ(in_words(ask_tftp(snponly)), "#!ipxe");
  tell_tftp(TftpEventKind::finished, snponly);
  now += seconds(10);
  EXPECT_EQ(in_words(ask_tftp(snponly)), "file /files/x64/snponly.efi") << "switched on again";
}

TEST_F(FileServiceTest, TheLastFileOfAnImageMakesRoom) {
  const auto loads = [&] {
    return machines.with_admission([&](auto& admission) { return admission.summary(now).loading; });
  };
  const auto script_of_second_waits = [&] {
    const TftpAnswer answer =
        files.answer(TftpRequestFacts{{elsewhere, 2070}, us, eth0, "ipxe/52-54-00-12-34-57.ipxe"}, now);
    return std::get<TftpRendered>(answer).bytes.find("sleep") != std::string::npos;
  };
  machines.with_admission([](auto& admission) { admission.set_bounds({1, {}}); });
  for (const bool http : {false, true}) {
    seen_at(machines, machine(first), here, now);
    static_cast<void>(ask_tftp("ipxe/52-54-00-12-34-56.ipxe"));
    ASSERT_EQ(loads(), 1U);
    EXPECT_TRUE(script_of_second_waits());
    // A size probe, a broken transfer, another file: none of them is the image.
    tell_tftp(TftpEventKind::started, "images/debian/1/linux");
    tell_tftp(TftpEventKind::size_probe, "images/debian/1/linux");
    tell_tftp(TftpEventKind::failed, "images/debian/1/linux", TftpReason::timed_out);
    tell_tftp(TftpEventKind::finished, snponly);
    tell_http("/images/debian/1/linux", "GET", 200, false);
    EXPECT_EQ(loads(), 1U);
    if (http) {
      tell_http("/images/debian/1/linux");
    } else {
      tell_tftp(TftpEventKind::finished, "images/debian/1/linux");
    }
    EXPECT_EQ(loads(), 0U);
    EXPECT_FALSE(script_of_second_waits());
    machines.with_admission([](auto& admission) { admission.on_image_sent(second); });
  }
}

TEST_F(FileServiceTest, ATransferIsNoSilence) {
  machines.with_admission([](auto& admission) { admission.set_bounds({1, {}}); });
  seen_at(machines, machine(first), here, now);
  static_cast<void>(ask_tftp("ipxe/52-54-00-12-34-56.ipxe"));
  tell_tftp(TftpEventKind::started, "images/debian/1/linux");
  const auto loads_after = [&](base::Duration time) {
    return machines.with_admission([&](auto& admission) {
      admission.poll(now + time);
      return admission.summary(now + time).loading;
    });
  };
  EXPECT_EQ(loads_after(std::chrono::minutes(30)), 1U);
  tell_tftp(TftpEventKind::failed, "images/debian/1/linux", TftpReason::timed_out);
  EXPECT_EQ(loads_after(seconds(59)), 1U);
  EXPECT_EQ(loads_after(seconds(60)), 0U);
}

TEST_F(FileServiceTest, WordsAndLevels) {
  const auto event = [](TftpEventKind kind, TftpReason reason, std::string_view detail) {
    TftpEvent e;
    e.kind = kind;
    e.reason = reason;
    e.detail = detail;
    e.request = {{here, 2070}, us, eth0, "f"};
    e.size = 3000;
    e.acknowledged = 1024;
    e.resent_blocks = 2;
    e.took = std::chrono::milliseconds(1500);
    return e;
  };
  base::set_log_level(base::LogLevel::debug);
  TftpEvent finished = event(TftpEventKind::finished, TftpReason::none, "");
  finished.terms.blksize = 1448;
  finished.terms.windowsize = 4;
  finished.confirmed = false;
  const std::pair<TftpEvent, const char*> rows[] = {
      {event(TftpEventKind::started, TftpReason::none, ""),
       "debug   tftp: 198.51.100.77:2070 asks for f (3000 octets, block 512)"},
      {finished,
       "info    tftp: 198.51.100.77:2070 has f: 3000 octets in 1.50 s, block 1448, window 4, 2 blocks sent "
       "again, last ACK missing"},
      {event(TftpEventKind::size_probe, TftpReason::none, ""),
       "debug   tftp: 198.51.100.77:2070 asked how large f is"},
      {event(TftpEventKind::failed, TftpReason::client_error, "disk full"),
       "warning tftp: 198.51.100.77:2070 did not get f: client reported an error after 1024 of 3000 octets: "
       "disk full"},
      {event(TftpEventKind::refused, TftpReason::not_found, ""),
       "debug   tftp: 198.51.100.77:2070 refused f: no such file"},
      {event(TftpEventKind::refused, TftpReason::by_policy, "why"),
       "info    tftp: 198.51.100.77:2070 refused f: not to be had: why"},
  };
  for (const auto& [e, want] : rows) {
    files.on_event(e, now);
    EXPECT_THAT(log.take(), ElementsAre(want));
  }
  tell_http("/f", "GET", 200, true);
  tell_http("/f", "GET", 200, false);
  tell_http("/f", "GET", 404, false);
  EXPECT_THAT(log.take(),
              ElementsAre("info    http: 198.51.100.77:40000 GET /f: 200, 1000 octets",
                          "warning http: 198.51.100.77:40000 GET /f: 200, 1000 octets, broken off",
                          "debug   http: 198.51.100.77:40000 GET /f: 404, 1000 octets"));
}

// Anybody can make us refuse, thousands of times a second.
TEST_F(FileServiceTest, AFloodDoesNotFillTheLog) {
  for (int i = 0; i < 1000; ++i) tell_tftp(TftpEventKind::refused, "f", TftpReason::write);
  for (int i = 0; i < 1000; ++i) ask_tftp("boot.ipxe");
  EXPECT_THAT(log.take(), SizeIs(200));
  now += seconds(1);
  tell_tftp(TftpEventKind::refused, "f", TftpReason::write);
  EXPECT_THAT(log.take(),
              ElementsAre("warning tftp: 1800 lines left out: more than can be logged",
                          "info    tftp: 198.51.100.77:2070 refused f: write requests are not served"));
  // HTTP's threads read the clock themselves, and this machine may be slow.
  const base::Time start = base::Clock::now();
  for (int i = 0; i < 1000; ++i) {
    tell_http("/favicon.ico", "GET", 404);
    tell_http("/nothing");
  }
  const auto whole_seconds = std::chrono::floor<seconds>(base::Clock::now() - start).count();
  const std::size_t lines = log.take().size();
  EXPECT_GE(lines, 200U);
  EXPECT_LE(lines, static_cast<std::size_t>(whole_seconds + 1) * 201U);
}

}  // namespace
}  // namespace server
