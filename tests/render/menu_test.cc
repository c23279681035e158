// SPDX-License-Identifier: GPL-3.0-or-later
// What machines read, word for word. A change here is a change of behaviour at a machine.
#include "render/menu.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include "policy/waiting.h"
#include "render/quote.h"

namespace render {
namespace {

using testing::HasSubstr;
using testing::Not;

const ServerAddress server{{{10, 0, 0, 2}}, 80};

policy::Image debian() {
  policy::Image image;
  image.name = "debian-12";
  image.kernel = "images/debian-12/1/linux";
  image.initrds = {"images/debian-12/1/initrd.gz"};
  image.command_line = "console=ttyS0 --- quiet";
  return image;
}

using policy::Prompting;

policy::Plan plan_of(policy::Outcome outcome) {
  policy::Plan plan;
  plan.outcome = outcome;
  return plan;
}
policy::Plan boot(const policy::Image& image, Prompting prompt = Prompting::none) {
  return plan_of(policy::Boot{{&image, nullptr, nullptr}, prompt, {}});
}
policy::Plan boot(const policy::Image& image, bool prompt) {
  return boot(image, prompt ? Prompting::opt_in : Prompting::none);
}
policy::Plan silent(policy::Reason reason) { return plan_of(policy::Silent{reason}); }

// As machines are held back while others load.
Wait queued(std::size_t loading, std::size_t place) {
  return {policy::explain(policy::Hold{loading, place}), policy::script_asks_every_seconds};
}

const base::Mac mac{{0x52, 0x54, 0, 0x12, 0x34, 0x56}};

TEST(Url, LeavesPort80OutAndEncodesPaths) {
  EXPECT_EQ(server.url("images/a b/100%"), "http://10.0.0.2/images/a%20b/100%25");
  EXPECT_EQ((ServerAddress{{{192, 168, 255, 1}}, 8080}.url("x")), "http://192.168.255.1:8080/x");
  EXPECT_EQ(server.url("\xc3\xa9"), "http://10.0.0.2/%C3%A9");
}

TEST(IpxeScript, Boots) {
  const policy::Image image = debian();
  EXPECT_EQ(ipxe_script(boot(image), {}, server), R"(#!ipxe
echo Bootferry: booting debian-12
imgfree
set wanted http://10.0.0.2/images/debian-12/1/linux
kernel http://10.0.0.2/images/debian-12/1/linux initrd=initrd0 console=ttyS0 --- quiet || goto failed
set wanted http://10.0.0.2/images/debian-12/1/initrd.gz
initrd --name initrd0 http://10.0.0.2/images/debian-12/1/initrd.gz || goto failed
set wanted the kernel
boot || goto failed
:failed
echo Bootferry: ${wanted} could not be loaded or started
exit 1
)");
}

const std::string report = "bootferry.report=http://10.0.0.2/boot/v1/0123456789abcdef";

// Before "---": what comes behind it ends up in the system that is installed.
TEST(EachLanguage, TellsWhereToReportFirst) {
  policy::Image image = debian();
  const std::string first = fmt::format("{} console=ttyS0 --- quiet", report);
  EXPECT_THAT(ipxe_script(boot(image), {}, server, {report}),
              HasSubstr(fmt::format("initrd=initrd0 {} ||", first)));
  EXPECT_THAT(pxelinux_config(boot(image), {}, {report}), HasSubstr(fmt::format("APPEND {}\n", first)));
  EXPECT_THAT(grub_config(boot(image), {}, {report}), HasSubstr(fmt::format("/linux {}\n", first)));
  image.command_line.clear();
  EXPECT_THAT(ipxe_script(boot(image), {}, server, {report}),
              HasSubstr(fmt::format("initrd=initrd0 {} ||", report)));
  EXPECT_THAT(pxelinux_config(boot(image), {}, {report}), HasSubstr(fmt::format("APPEND {}\n", report)));
  EXPECT_THAT(grub_config(boot(image), {}, {report}), HasSubstr(fmt::format("/linux {}\n", report)));
  const std::string at_ipv6 = "bootferry.report=http://[2001:db8::1]:8080/boot/v1/0123";
  EXPECT_THAT(grub_config(boot(image), {}, {at_ipv6}),
              testing::ContainsRegex("2001:db8::1.?:8080/boot/v1/0123"));
}

policy::Image unified() {
  policy::Image image = debian();
  image.kind = policy::ImageKind::uki;
  image.kernel = "images/debian-12/1/uki.efi";
  image.initrds = {"images/debian-12/1/initrd"};
  return image;
}

// UEFI firmware starts all of it, a BIOS what it holds.
TEST(IpxeScript, UnifiedImages) {
  const policy::Image image = unified();
  EXPECT_EQ(ipxe_script(boot(image), {}, server, {report}), fmt::format(R"(#!ipxe
echo Bootferry: booting debian-12
iseq ${{platform}} pcbios && goto network-bios ||
imgfree
set wanted http://10.0.0.2/images/debian-12/1/uki.efi
kernel http://10.0.0.2/images/debian-12/1/uki.efi {0} console=ttyS0 --- quiet || goto failed
set wanted the unified kernel image
boot || goto failed
:network-bios
imgfree
set wanted http://10.0.0.2/images/debian-12/1/linux
kernel http://10.0.0.2/images/debian-12/1/linux initrd=initrd0 {0} console=ttyS0 --- quiet || goto failed
set wanted http://10.0.0.2/images/debian-12/1/initrd
initrd --name initrd0 http://10.0.0.2/images/debian-12/1/initrd || goto failed
set wanted the kernel
boot || goto failed
:failed
echo Bootferry: ${{wanted}} could not be loaded or started
exit 1
)",
                                                                        report));
  EXPECT_THAT(pxelinux_config(boot(image), {}),
              HasSubstr("KERNEL ::/images/debian-12/1/linux\n  INITRD ::/images/debian-12/1/initrd\n"));
  EXPECT_THAT(grub_config(boot(image), {}),
              HasSubstr("  chainloader /images/debian-12/1/uki.efi 'console=ttyS0 --- quiet'\n}"));
  policy::Image silent_one = image;
  silent_one.command_line.clear();
  EXPECT_THAT(grub_config(boot(silent_one), {}), HasSubstr("  chainloader /images/debian-12/1/uki.efi\n}"));
}

TEST(IpxeScript, ImagesMayStandBehindAnotherPort) {
  const policy::Image image = debian();
  const ServerAddress on_8080{server.address, 8080};
  policy::Settings settings;
  EXPECT_THAT(ipxe_script(boot(image), settings, on_8080), HasSubstr("kernel http://10.0.0.2:8080/images/"));
  settings.images_port = 80;
  const std::string script = ipxe_script(boot(image), settings, on_8080);
  EXPECT_THAT(script, HasSubstr("kernel http://10.0.0.2/images/debian-12/1/linux "));
  EXPECT_THAT(script, HasSubstr("initrd0 http://10.0.0.2/images/debian-12/1/initrd.gz "));
  EXPECT_THAT(script, Not(HasSubstr(":8080")));
  EXPECT_THAT(ipxe_entry_script(on_8080), HasSubstr("chain http://10.0.0.2:8080/ipxe/"));
}

TEST(IpxeScript, PromptsAndFallsToTheLocalDisk) {
  policy::Image image = debian();
  image.initrds.clear();
  image.command_line.clear();
  EXPECT_EQ(ipxe_script(boot(image, true), {}, server), R"(#!ipxe
menu Bootferry
item --key b network debian-12
item --key l local Boot from the local disk
choose --default local --timeout 10000 choice || goto local
goto ${choice}
:local
echo Bootferry: on to the local disk
exit 1
:network
echo Bootferry: booting debian-12
imgfree
set wanted http://10.0.0.2/images/debian-12/1/linux
kernel http://10.0.0.2/images/debian-12/1/linux || goto failed
set wanted the kernel
boot || goto failed
:failed
echo Bootferry: ${wanted} could not be loaded or started
exit 1
)");
}

TEST(IpxeScript, SaysWhyNothingBoots) {
  const std::string script = ipxe_script(silent(policy::Reason::no_deployment), {}, server);
  EXPECT_EQ(
      script,
      "#!ipxe\necho Bootferry: no-deployment: nothing is deployed to this machine: `bootferry deploy IMAGE "
      "--to MAC` says what it boots\nexit 1\n");
}

TEST(IpxeScript, InitrdsOfOneBaseNameStayApart) {
  policy::Image image = debian();
  image.initrds = {"images/a/initrd", "images/b/initrd"};
  const std::string script = ipxe_script(boot(image), {}, server);
  EXPECT_THAT(script, HasSubstr("linux initrd=initrd0 initrd=initrd1 console=ttyS0"));
  EXPECT_THAT(script, HasSubstr("initrd --name initrd1 http://10.0.0.2/images/b/initrd ||"));
}

TEST(IpxeScript, WaitsAndAsksAgain) {
  EXPECT_EQ(ipxe_waiting_script(queued(50, 3), mac, server), R"(#!ipxe
echo Bootferry: 50 machines are loading; this one is number 3 in the queue
sleep 5 ||
chain --replace --autofree http://10.0.0.2/ipxe/52-54-00-12-34-56.ipxe ||
sleep 30 ||
chain --replace --autofree http://10.0.0.2/ipxe/52-54-00-12-34-56.ipxe || exit 1
)");
}

TEST(IpxeEntryScript, ChainsToTheMachinesOwn) {
  EXPECT_EQ(ipxe_entry_script({{{10, 0, 0, 2}}, 8080}),
            "#!ipxe\nchain http://10.0.0.2:8080/ipxe/${netX/mac:hexhyp}.ipxe || exit 1\n");
}

TEST(Pxelinux, Boots) {
  policy::Image image = debian();
  image.initrds.emplace_back("images/debian-12/1/extra");
  EXPECT_EQ(pxelinux_config(boot(image), {}), R"(SAY Bootferry: booting debian-12
DEFAULT network
PROMPT 0
LABEL network
  KERNEL ::/images/debian-12/1/linux
  INITRD ::/images/debian-12/1/initrd.gz,::/images/debian-12/1/extra
  APPEND console=ttyS0 --- quiet
)");
}

TEST(Pxelinux, PromptsAndFallsToTheLocalDisk) {
  const policy::Image image = debian();
  EXPECT_EQ(pxelinux_config(boot(image, true), {}), R"(SAY Bootferry: type "network" and Enter for debian-12.
SAY Enter alone, or 10 seconds of nothing: Boot from the local disk.
DEFAULT local
PROMPT 1
TIMEOUT 100
LABEL local
  LOCALBOOT 0
LABEL network
  KERNEL ::/images/debian-12/1/linux
  INITRD ::/images/debian-12/1/initrd.gz
  APPEND console=ttyS0 --- quiet
)");
}

TEST(Pxelinux, SaysWhyNothingBoots) {
  EXPECT_THAT(
      pxelinux_config(silent(policy::Reason::image_not_for_arch), {}),
      testing::MatchesRegex("SAY Bootferry: image-not-for-arch: .*\nDEFAULT local\nPROMPT 0\nLABEL local\n"
                            "  LOCALBOOT 0\n"));
}

// The part behind the function that every grub.cfg begins with.
std::string behind_function(const std::string& config) {
  const std::size_t end = config.find("\n}\n");
  return end == std::string::npos ? "no function: " + config : config.substr(end + 3);
}

TEST(Grub, Boots) {
  policy::Image image = debian();
  image.command_line = "root=/dev/sda1 opt=\"a b\" it's";
  EXPECT_EQ(behind_function(grub_config(boot(image), {})), R"(set timeout=0
set default=network
set fallback=local
menuentry debian-12 --id network {
  echo 'Bootferry: booting debian-12'
  linux /images/debian-12/1/linux root=/dev/sda1 'opt=a b' 'it'\''s'
  initrd /images/debian-12/1/initrd.gz
}
menuentry 'Boot from the local disk' --id local {
  boot_local
}
)");
}

TEST(Grub, PromptsAndFallsToTheLocalDisk) {
  const policy::Image image = debian();
  policy::Settings settings;
  settings.prompt_seconds = 25;
  EXPECT_THAT(grub_config(boot(image, true), settings), HasSubstr("set timeout=25\nset default=local\n"));
}

TEST(Grub, SaysWhyNothingBoots) {
  EXPECT_THAT(behind_function(grub_config(silent(policy::Reason::no_deployment), {})),
              testing::MatchesRegex("echo 'Bootferry: no-deployment: .*'\nboot_local\n"));
}

TEST(Grub, EntryAsksUnderTheMachinesMac) {
  EXPECT_THAT(grub_entry_config(), HasSubstr("  configfile /grub/machine/$net_default_mac.cfg\n"));
}

TEST(Grub, WaitsAndAsksAgainWithoutGoingDeeper) {
  EXPECT_EQ(grub_waiting_config(queued(1, 2), mac),
            R"(echo 'Bootferry: 1 machine is loading; this one is number 2 in the queue'
if [ -z "$bootferry_waits" ]; then
  bootferry_waits=1
  export bootferry_waits
  while true; do
    sleep 5
    configfile /grub/machine/52:54:00:12:34:56.cfg
  done
fi
)");
}

// --- several images -----------------------------------------------------------------------------

// `size` deployments of as many images, named for people; "it's" is hostile to every shell.
struct Several {
  explicit Several(std::size_t size, const std::string& prefix = "it's number") {
    for (std::size_t i = 1; i <= size; ++i) {
      policy::Image image;
      image.name = fmt::format("image{}", i);
      image.kernel = fmt::format("images/image{}/1/linux", i);
      images.push_back(image);
      policy::Deployment deployment;
      deployment.name = fmt::format("{} {}", prefix, i);
      deployments.push_back(deployment);
    }
  }
  [[nodiscard]] policy::Plan plan(Prompting prompt = Prompting::opt_in) const {
    policy::Menu menu;
    for (std::size_t i = 0; i < images.size(); ++i)
      menu.choices.at(i) = {&images[i], &deployments[i], nullptr};
    menu.size = images.size();
    menu.prompt = prompt;
    return plan_of(menu);
  }
  std::vector<policy::Image> images;
  std::vector<policy::Deployment> deployments;
};

TEST(IpxeScript, TwoAreAMenu) {
  EXPECT_EQ(ipxe_script(Several(2).plan(), {}, server), R"(#!ipxe
menu Bootferry
item --key 1 entry1 it's number 1
item --key 2 entry2 it's number 2
item --key l local Boot from the local disk
choose --default local --timeout 10000 choice || goto local
goto ${choice}
:local
echo Bootferry: on to the local disk
exit 1
:entry1
echo Bootferry: booting it's number 1
imgfree
set wanted http://10.0.0.2/images/image1/1/linux
kernel http://10.0.0.2/images/image1/1/linux || goto failed
set wanted the kernel
boot || goto failed
:entry2
echo Bootferry: booting it's number 2
imgfree
set wanted http://10.0.0.2/images/image2/1/linux
kernel http://10.0.0.2/images/image2/1/linux || goto failed
set wanted the kernel
boot || goto failed
:failed
echo Bootferry: ${wanted} could not be loaded or started
exit 1
)");
}

TEST(Pxelinux, TwoAreAMenu) {
  EXPECT_EQ(pxelinux_config(Several(2).plan(), {}), R"(SAY Bootferry: type a number and Enter.
SAY    1  it's number 1
SAY    2  it's number 2
SAY Enter alone, or 10 seconds of nothing: Boot from the local disk.
DEFAULT local
PROMPT 1
TIMEOUT 100
LABEL local
  LOCALBOOT 0
LABEL 1
  KERNEL ::/images/image1/1/linux
LABEL 2
  KERNEL ::/images/image2/1/linux
)");
}

TEST(Grub, TwoAreAMenu) {
  EXPECT_EQ(behind_function(grub_config(Several(2).plan(), {})), R"(set timeout=10
set default=local
set fallback=local
menuentry 'it'\''s number 1' --id entry1 {
  echo 'Bootferry: booting it'\''s number 1'
  linux /images/image1/1/linux
}
menuentry 'it'\''s number 2' --id entry2 {
  echo 'Bootferry: booting it'\''s number 2'
  linux /images/image2/1/linux
}
menuentry 'Boot from the local disk' --id local {
  boot_local
}
)");
}

TEST(AllOfThem, SixteenFitAndTheLocalDiskComesLast) {
  static_assert(policy::Menu::capacity == 16);
  const Several several(16);
  const std::string script = ipxe_script(several.plan(), {}, server);
  std::set<std::string> keys;
  std::size_t items = 0, at_local = 0;
  std::istringstream lines(script);
  for (std::string text; std::getline(lines, text);) {
    if (!text.starts_with("item --key ")) continue;
    ++items;
    keys.insert(text.substr(11, 1));
    if (text.find(" local ") != std::string::npos) at_local = items;
  }
  EXPECT_EQ(items, 17U);
  EXPECT_EQ(keys.size(), 17U) << "each has a key of its own";
  EXPECT_EQ(at_local, 17U);
  const std::string pxelinux = pxelinux_config(several.plan(), {});
  EXPECT_THAT(pxelinux, HasSubstr("SAY   16  it's number 16\n"));
  EXPECT_THAT(pxelinux, HasSubstr("LABEL 16\n  KERNEL ::/images/image16/1/linux\n"));
  const std::string grub = grub_config(several.plan(), {});
  EXPECT_THAT(grub, HasSubstr("--id entry16 {\n"));
  EXPECT_THAT(grub,
              testing::EndsWith("menuentry 'Boot from the local disk' --id local {\n  boot_local\n}\n"));
}

// Silence boots the first one, a key goes to the disk.
TEST(AllOfThem, OptOut) {
  const Several several(2);
  const policy::Image image = debian();
  EXPECT_THAT(ipxe_script(several.plan(Prompting::opt_out), {}, server),
              HasSubstr("choose --default entry1 --timeout 10000 choice || goto local\n"));
  EXPECT_THAT(ipxe_script(boot(image, Prompting::opt_out), {}, server),
              HasSubstr("choose --default network "));
  EXPECT_THAT(
      pxelinux_config(several.plan(Prompting::opt_out), {}),
      HasSubstr("SAY \"local\" and Enter: Boot from the local disk. 10 seconds of nothing: it's number 1.\n"
                "DEFAULT 1\nPROMPT 1\nTIMEOUT 100\n"));
  EXPECT_THAT(pxelinux_config(boot(image, Prompting::opt_out), {}), HasSubstr("DEFAULT network\nPROMPT 1\n"));
  EXPECT_THAT(grub_config(several.plan(Prompting::opt_out), {}),
              HasSubstr("set timeout=10\nset default=entry1\n"));
  EXPECT_THAT(grub_config(boot(image, Prompting::opt_out), {}), HasSubstr("set default=network\n"));
}

TEST(AllOfThem, ATaskSequenceIsCalledByItsName) {
  const policy::Image image = debian();
  const policy::TaskSequence sequence{1, "Install Debian", 1, {}};
  policy::Deployment deployment;
  deployment.name = "for the lab";
  const policy::Plan plan = plan_of(policy::Boot{{&image, &deployment, &sequence}, Prompting::none, {}});
  EXPECT_THAT(ipxe_script(plan, {}, server), HasSubstr("echo Bootferry: booting Install Debian\n"));
  EXPECT_THAT(pxelinux_config(plan, {}), HasSubstr("SAY Bootferry: booting Install Debian\n"));
  EXPECT_THAT(grub_config(plan, {}), HasSubstr("echo 'Bootferry: booting Install Debian'\n"));
}

TEST(AllOfThem, AMachineThatIsSentOnIsToldWhy) {
  const policy::Plan plan = plan_of(policy::Abort{policy::Reason::nothing_to_do});
  EXPECT_THAT(ipxe_script(plan, {}, server),
              testing::MatchesRegex("#!ipxe\necho Bootferry: nothing-to-do: .*\nexit 1\n"));
  EXPECT_THAT(pxelinux_config(plan, {}),
              testing::MatchesRegex("SAY Bootferry: nothing-to-do: .*\nDEFAULT local\n(.|\n)*"));
  EXPECT_THAT(behind_function(grub_config(plan, {})),
              testing::MatchesRegex("echo 'Bootferry: nothing-to-do: .*'\nboot_local\n"));
}

// An administrator's message is shown as it is meant, and does nothing else.
TEST(AllOfThem, WhoWaitsForApprovalIsTold) {
  const Wait wait{"Call 0 42: it's ${net0/mac} || shell\nexit", 25};
  EXPECT_EQ(ipxe_waiting_script(wait, mac, server), R"(#!ipxe
echo Bootferry: Call 0 42: it's {net0/mac} shell exit
sleep 25 ||
chain --replace --autofree http://10.0.0.2/ipxe/52-54-00-12-34-56.ipxe ||
sleep 30 ||
chain --replace --autofree http://10.0.0.2/ipxe/52-54-00-12-34-56.ipxe || exit 1
)");
  EXPECT_EQ(pxelinux_waiting_config(wait, mac), R"(SAY Bootferry: Call 0 42: it's ${net0/mac} || shell exit
DEFAULT again
PROMPT 1
TIMEOUT 250
LABEL again
  CONFIG ::/bios/pxelinux.cfg/01-52-54-00-12-34-56
)");
  EXPECT_THAT(grub_waiting_config(wait, mac),
              testing::AllOf(HasSubstr("echo 'Bootferry: Call 0 42: it'\\''s ${net0/mac} || shell exit'\n"),
                             HasSubstr("    sleep 25\n")));
}

TEST(AllOfThem, APromptOfNoSecondsStillEnds) {
  const policy::Image image = debian();
  policy::Settings settings;
  settings.prompt_seconds = 0;
  EXPECT_THAT(ipxe_script(boot(image, true), settings, server), HasSubstr("--timeout 1000 "));
  EXPECT_THAT(pxelinux_config(boot(image, true), settings), HasSubstr("TIMEOUT 10\n"));
  EXPECT_THAT(grub_config(boot(image, true), settings), HasSubstr("timeout=1\n"));
}

// Each value tries to get a command of its own into the script.
TEST(AllOfThem, ForeignTextStaysInItsPlace) {
  struct Row {
    const char* attack;
    const char* value;
    const char* must_not_be_in_ipxe;
  };
  const Row rows[] = {
      {"a line of its own", "quiet\nexit 0\n", "\nexit 0"},
      {"carriage return", "quiet\rexit 0", "\rexit"},
      {"a setting expanded", "a=${net0/mac}", "${net0"},
      {"a setting that appears by removal", "a=$${${x}", "${x"},
      {"a second command", "quiet || shell", "|| shell"},
      {"a second command by and", "quiet && shell", "&& shell"},
      {"a second command by semicolon", "quiet ; shell", "; shell"},
      {"a comment that hides the rest", "quiet #x", "#x"},
      {"NUL", "quiet\x01shell", "\x01"},
  };
  for (const Row& row : rows) {
    policy::Image image = debian();
    image.command_line = row.value;
    image.name = row.value;
    Several several(2, row.value);
    several.images[0] = image;
    for (const policy::Plan& plan :
         {boot(image), boot(image, Prompting::opt_in), boot(image, Prompting::opt_out), several.plan(),
          several.plan(Prompting::opt_out)}) {
      EXPECT_THAT(ipxe_script(plan, {}, server), Not(HasSubstr(row.must_not_be_in_ipxe))) << row.attack;
      for (const std::string& config : {pxelinux_config(plan, {}), grub_config(plan, {})}) {
        EXPECT_THAT(config, Not(HasSubstr("\nexit 0"))) << row.attack;
        EXPECT_EQ(config.find_first_of("\r\x01"), std::string::npos) << row.attack;
      }
    }
  }
}

TEST(WhatIpxeActsOn, IsNamed) {
  EXPECT_EQ(what_ipxe_acts_on("console=ttyS0 a;b x||y root=/dev/sda1 a=b#c --- quiet"), "");
  EXPECT_EQ(what_ipxe_acts_on("ip=${net0/ip}"), "${");
  EXPECT_EQ(what_ipxe_acts_on("quiet || shell"), "||");
  EXPECT_EQ(what_ipxe_acts_on("quiet &&"), "&&");
  EXPECT_EQ(what_ipxe_acts_on("; shell"), ";");
  EXPECT_EQ(what_ipxe_acts_on("quiet #all the rest"), "#all");
}

TEST(Grub, WordsThatWouldActAreQuoted) {
  policy::Image image = debian();
  image.name = "'; reboot; echo '";
  image.command_line = "a=$root; reboot {x} $(y) \\";
  const std::string config = grub_config(boot(image), {});
  EXPECT_THAT(config, HasSubstr("menuentry ''\\''; reboot; echo '\\''' --id network {\n"));
  EXPECT_THAT(config, HasSubstr("linux /images/debian-12/1/linux 'a=$root;' reboot '{x}' '$(y)' '\\'\n"));
}

// GRUB's own checker, where it is installed, must accept whatever we write.
TEST(Grub, ScriptsParse) {
  if (std::system("command -v grub-script-check >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "no grub-script-check";
  policy::Image image = debian();
  image.name = "it's; a \"name\" { $x } \\";
  image.command_line = "a='x y' b=\"c d\" $(reboot) ${x} ; { } || \\";
  const std::string configs[] = {grub_entry_config(),
                                 grub_config(boot(image), {}),
                                 grub_config(boot(image, true), {}),
                                 grub_config(Several(16, image.name).plan(), {}),
                                 grub_config(silent(policy::Reason::boot_loop), {}),
                                 grub_waiting_config(queued(50, 3), {})};
  const std::string path = testing::TempDir() + "/bootferry-grub.cfg";
  for (const std::string& config : configs) {
    std::ofstream(path) << config;
    EXPECT_EQ(std::system(("grub-script-check " + path).c_str()), 0) << config;
  }
}

}  // namespace
}  // namespace render
