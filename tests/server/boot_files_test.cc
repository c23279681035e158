// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/boot_files.h"

#include <gmock/gmock.h>

#include <functional>

#include "boot_network.h"

namespace server {
namespace {

using namespace boot_test;  // NOLINT: two machines and their site
using std::chrono::seconds;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const base::Time start{std::chrono::hours(24)};
const base::Uuid uuid_of_first{
    {0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}};
constexpr const char* by_uuid = "bios/pxelinux.cfg/00112233-4455-6677-8899-aabbccddeeff";
constexpr const char* by_other_uuid = "bios/pxelinux.cfg/00112233-4455-6677-8899-aabbccddee00";

std::string outcome(const BehindName& found) {
  if (const auto* file = std::get_if<FileBehindName>(&found)) return "file " + file->file.path;
  if (const auto* text = std::get_if<TextBehindName>(&found)) return text->about;
  if (const auto* refused = std::get_if<NameRefused>(&found)) return "refused: " + refused->why;
  return "nothing";
}

class BootFilesTest : public testing::Test {
 protected:
  BehindName find(std::string_view name, base::Time now = start, base::Ipv4 from = here) {
    BootFiles files([this] { return site_; }, machines, files_only);
    return files.find(name, {from, us, eth0}, now);
  }
  std::string text(std::string_view name) {
    const BehindName found = find(name);
    const auto* rendered = std::get_if<TextBehindName>(&found);
    EXPECT_NE(rendered, nullptr) << name << ": " << outcome(found);
    return rendered == nullptr ? "" : rendered->text;
  }
  void bind_first() {
    policy::Facts facts = machine(first);
    facts.uuid = uuid_of_first;
    seen_at(machines, facts, here, start);
  }
  void has_been_sent(const base::Mac& mac, std::string_view loader, base::Time now) {
    machines.with([&](auto&, auto& attempts) {
      static_cast<void>(attempts.on_loader_sent(mac, loader, session::Transport::tftp, now));
    });
  }

  std::shared_ptr<const site::Site> site_ = a_site();
  Machines machines{true};
  bool files_only = false;
};

struct Row {
  const char* what;
  const char* name;
  const char* want;
};

TEST_F(BootFilesTest, WithoutABindingTheNameTellsOrTheSiteDefaultHolds) {
  const Row rows[] = {
      {"a loader", "x64/snponly.efi", "file /files/x64/snponly.efi"},
      {"as a Windows loader spells it", "\\X64\\SNPONLY.EFI", "file /files/x64/snponly.efi"},
      {"an image's file", "/images/debian/1/linux", "file /files/images/debian/1/linux"},
      {"not there", "x64/revocations.efi", "nothing"},
      {"empty", "", "nothing"},
      {"out of the tree", "../etc/passwd", "refused: not a name that can be published"},
      {"iPXE without a name", "boot.ipxe", "entry script"},
      {"GRUB's first file", "grub/grub.cfg", "entry grub.cfg"},
      {"of the installer's build", "debian-installer/amd64/grub/grub.cfg", "entry grub.cfg"},
      {"iPXE", "ipxe/52-54-00-12-34-56.ipxe", "script of 52:54:00:12:34:56: boots debian"},
      {"iPXE of another", "ipxe/52-54-00-12-34-57.ipxe", "script of 52:54:00:12:34:57: boots ubuntu"},
      {"iPXE of a stranger", "ipxe/52-54-00-ff-ff-ff.ipxe", "script of 52:54:00:ff:ff:ff: no-deployment"},
      {"pxelinux", "bios/pxelinux.cfg/01-52-54-00-12-34-56",
       "pxelinux.cfg of 52:54:00:12:34:56: boots debian"},
      {"pxelinux by UUID: it asks by MAC next", by_uuid, "nothing"},
      {"pxelinux by address", "bios/pxelinux.cfg/c633644d", "nothing"},
      {"pxelinux at last", "bios/pxelinux.cfg/default", "pxelinux.cfg of an unknown machine: no-deployment"},
      {"GRUB by MAC", "grub/machine/52:54:00:12:34:57.cfg", "grub.cfg of 52:54:00:12:34:57: boots ubuntu"},
      {"GRUB 2.06 by itself", "grub/grub.cfg-01-52-54-00-12-34-57",
       "grub.cfg of 52:54:00:12:34:57: boots ubuntu"},
  };
  for (const Row& row : rows) EXPECT_EQ(outcome(find(row.name)), row.want) << row.what;
}

TEST_F(BootFilesTest, WhoIsNotKnownGetsWhatIsDeployedToAll) {
  site_ = a_site(true);
  const Row rows[] = {
      {"nobody", "bios/pxelinux.cfg/default", "pxelinux.cfg of an unknown machine: boots rescue if asked to"},
      {"a stranger by name", "ipxe/52-54-00-ff-ff-ff.ipxe",
       "script of 52:54:00:ff:ff:ff: boots rescue if asked to"},
      {"by UUID", by_uuid, "nothing"},
      {"a machine by name", "ipxe/52-54-00-12-34-56.ipxe", "script of 52:54:00:12:34:56: boots debian"},
  };
  for (const Row& row : rows) EXPECT_EQ(outcome(find(row.name)), row.want) << row.what;
}

TEST_F(BootFilesTest, ABoundMachineGetsItsOwnAndNobodyElsesFiles) {
  bind_first();
  const char* no =
      "refused: the name belongs to another machine than 52:54:00:12:34:56, which has this address";
  const Row rows[] = {
      {"iPXE", "ipxe/52-54-00-12-34-56.ipxe", "script of 52:54:00:12:34:56: boots debian"},
      {"pxelinux by UUID", by_uuid, "pxelinux.cfg of 52:54:00:12:34:56: boots debian"},
      {"pxelinux by MAC", "bios/pxelinux.cfg/01-52-54-00-12-34-56",
       "pxelinux.cfg of 52:54:00:12:34:56: boots debian"},
      {"a name without identity", "bios/pxelinux.cfg/default",
       "pxelinux.cfg of 52:54:00:12:34:56: boots debian"},
      {"another machine's script", "ipxe/52-54-00-12-34-57.ipxe", no},
      {"another machine's pxelinux.cfg", "bios/pxelinux.cfg/01-52-54-00-12-34-57", no},
      {"another machine's UUID", by_other_uuid, no},
      {"another machine's grub.cfg", "grub/machine/52:54:00:12:34:57.cfg", no},
      {"a stranger's grub.cfg", "grub/grub.cfg-01-52-54-00-ff-ff-ff", no},
      {"files are everybody's", "images/ubuntu/1/linux", "file /files/images/ubuntu/1/linux"},
      {"entry script", "boot.ipxe", "entry script"},
  };
  for (const Row& row : rows) EXPECT_EQ(outcome(find(row.name)), row.want) << row.what;
  EXPECT_EQ(outcome(find("ipxe/52-54-00-12-34-57.ipxe", start, elsewhere)),
            "script of 52:54:00:12:34:57: boots ubuntu")
      << "from its own address it may";
}

TEST_F(BootFilesTest, WhoTakesOverAnAddressNeverGetsTheFirstMachinesFile) {
  site_ = a_site(true);
  bind_first();
  EXPECT_THAT(text("bios/pxelinux.cfg/default"), HasSubstr("images/debian/1/linux"));
  seen_at(machines, machine(second), here, start + seconds(1));
  EXPECT_THAT(text("bios/pxelinux.cfg/default"), HasSubstr("images/ubuntu/1/linux"));
  EXPECT_THAT(outcome(find("ipxe/52-54-00-12-34-56.ipxe")), StartsWith("refused: "));
  EXPECT_THAT(outcome(find(by_uuid)), Not(HasSubstr("debian"))) << "the UUID went with the first machine";
  // It moves on, and nobody is known at this address.
  seen_at(machines, machine(second), elsewhere, start + seconds(2));
  EXPECT_EQ(outcome(find("bios/pxelinux.cfg/default")),
            "pxelinux.cfg of an unknown machine: boots rescue if asked to");
}

TEST_F(BootFilesTest, AnOldBindingIsForgotten) {
  bind_first();
  EXPECT_EQ(outcome(find("bios/pxelinux.cfg/default", start + std::chrono::minutes(59))),
            "pxelinux.cfg of 52:54:00:12:34:56: boots debian");
  EXPECT_EQ(outcome(find("bios/pxelinux.cfg/default", start + std::chrono::minutes(61))),
            "pxelinux.cfg of an unknown machine: no-deployment");
}

TEST_F(BootFilesTest, TheFirmwareOfABoundMachineCounts) {
  seen_at(machines, machine(first, policy::Arch::arm64), here, start);
  EXPECT_EQ(outcome(find("ipxe/52-54-00-12-34-56.ipxe")), "script of 52:54:00:12:34:56: image-not-for-arch");
  EXPECT_EQ(outcome(find("ipxe/52-54-00-12-34-56.ipxe", start, elsewhere)),
            "script of 52:54:00:12:34:56: boots debian")
      << "nothing is known against it";
}

TEST_F(BootFilesTest, TextsNameTheAddressThatWasAsked) {
  policy::Settings settings;
  settings.http_port = 8080;
  site_ = a_site(false, settings);
  EXPECT_THAT(text("ipxe/52-54-00-12-34-56.ipxe"),
              AllOf(StartsWith("#!ipxe\n"), HasSubstr("http://198.51.100.2:8080/images/debian/1/linux")));
  EXPECT_THAT(text("boot.ipxe"), HasSubstr("http://198.51.100.2:8080/ipxe/"));
  EXPECT_THAT(text("bios/pxelinux.cfg/01-52-54-00-12-34-56"), HasSubstr("::/images/debian/1/linux"));
  EXPECT_THAT(text("grub/machine/52-54-00-12-34-56.cfg"), HasSubstr("/images/debian/1/linux"));
  EXPECT_THAT(text("grub/grub.cfg"), HasSubstr("/grub/machine/"));
}

TEST_F(BootFilesTest, AChangedSiteHoldsFromTheNextRequestOn) {
  EXPECT_EQ(outcome(find("ipxe/52-54-00-ff-ff-ff.ipxe")), "script of 52:54:00:ff:ff:ff: no-deployment");
  site_ = a_site(true);
  EXPECT_EQ(outcome(find("ipxe/52-54-00-ff-ff-ff.ipxe")),
            "script of 52:54:00:ff:ff:ff: boots rescue if asked to");
}

// --- another server names an iPXE, to everybody, again and again ------------------------------------

TEST_F(BootFilesTest, WhoHasItsIpxeAndAsksForItAgainGetsTheEntryScript) {
  const char* script = "entry script for 52:54:00:12:34:56, which is an iPXE already";
  const struct {
    const char* name;
    bool files_only;
    const char* sent;
    base::Mac to;
    const char* asked;
    base::Duration later;
    const char* want;
  } rows[] = {
      {"at once", true, "x64/snponly.efi", first, "x64/snponly.efi", seconds(2), script},
      {"however it spells it", true, "x64/snponly.efi", first, "/X64//snponly.efi", seconds(2), script},
      {"BIOS", true, "bios/undionly.kpxe", first, "bios/undionly.kpxe", seconds(2), script},
      {"switched on again", true, "x64/snponly.efi", first, "x64/snponly.efi", seconds(30),
       "file /files/x64/snponly.efi"},
      {"another machine has it", true, "x64/snponly.efi", second, "x64/snponly.efi", seconds(2),
       "file /files/x64/snponly.efi"},
      {"it has another loader", true, "x64/shimx64.efi", first, "x64/snponly.efi", seconds(2),
       "file /files/x64/snponly.efi"},
      {"shim runs no scripts", true, "x64/shimx64.efi", first, "x64/shimx64.efi", seconds(2),
       "file /files/x64/shimx64.efi"},
      {"where we answer DHCP we break the circle there", false, "x64/snponly.efi", first, "x64/snponly.efi",
       seconds(2), "file /files/x64/snponly.efi"},
  };
  for (const auto& row : rows) {
    files_only = row.files_only;
    machines.with([](auto&, auto& attempts) { attempts.forget(); });
    bind_first();
    EXPECT_THAT(outcome(find(row.sent)), StartsWith("file ")) << row.name;
    has_been_sent(row.to, row.sent, start);
    EXPECT_EQ(outcome(find(row.asked, start + row.later)), row.want) << row.name;
  }
}

TEST_F(BootFilesTest, WhoIsNotKnownGetsTheIpxeEachTime) {
  files_only = true;
  has_been_sent(first, "x64/snponly.efi", start);
  EXPECT_EQ(outcome(find("x64/snponly.efi")), "file /files/x64/snponly.efi");
}

// --- networks, and machines that wait for an administrator -----------------------------------------

std::shared_ptr<const site::Site> changed(const std::shared_ptr<const site::Site>& site,
                                          const std::function<void(policy::SiteModel&)>& change) {
  policy::SiteModel model = site->policy.model();
  change(model);
  return std::make_shared<const site::Site>(
      site::Site{site->policy.with(std::move(model)).value(), site->published});
}

TEST_F(BootFilesTest, WhoIsKnownByNameAloneHasANetworkAllTheSame) {
  site_ = changed(a_site(true), [](policy::SiteModel& model) {
    policy::Network lab;
    lab.id = 1;
    lab.name = "lab";
    lab.subnet = {here, 32};
    lab.answer = policy::AnswerTo::none;
    model.networks = {lab};
    model.deployments.back().condition = policy::Rule::parse("subnet 198.51.100.78/32").value();
  });
  EXPECT_EQ(outcome(find("ipxe/52-54-00-12-34-56.ipxe")), "script of 52:54:00:12:34:56: answers-nobody");
  EXPECT_EQ(outcome(find("ipxe/52-54-00-12-34-56.ipxe", start, elsewhere)),
            "script of 52:54:00:12:34:56: boots debian");
  EXPECT_EQ(outcome(find("bios/pxelinux.cfg/default", start, elsewhere)),
            "pxelinux.cfg of an unknown machine: boots rescue if asked to");
  EXPECT_EQ(outcome(find("bios/pxelinux.cfg/default", start, base::Ipv4{{198, 51, 100, 79}})),
            "pxelinux.cfg of an unknown machine: no-deployment");
}

TEST_F(BootFilesTest, ItsKernelIsTheLastFileInItsNetworkToo) {
  site_ = changed(a_site(), [](policy::SiteModel& model) {
    model.deployments.front().condition = policy::Rule::parse("subnet 198.51.100.0/24").value();
  });
  BootFiles files([this] { return site_; }, machines, false);
  const auto who = machines.who_fetches(here, eth0, start);
  EXPECT_TRUE(std::holds_alternative<session::Unknown>(who));
  seen_at(machines, machine(first), here, start);
  const auto known = machines.who_fetches(here, eth0, start);
  EXPECT_TRUE(files.completes_image("images/debian/1/linux", std::get<session::Known>(known).facts, start));
}

class WaitingFilesTest : public BootFilesTest {
 protected:
  WaitingFilesTest() {
    site_ = changed(a_site(), [](policy::SiteModel& model) {
      model.policy.add_unknown = true;
      model.policy.pending = {5, 2, "Please wait."};
    });
  }
  std::string ask(std::string_view name, base::Time now = start) {
    BootFiles files([this] { return site_; }, machines, false, &pending);
    return outcome(files.find(name, {here, us, eth0}, now));
  }
  int posted = 0;
  site::PendingMachines pending{[this](const site::Registrar::Work&) {
    ++posted;
    return true;  // never done: the registrar is slow
  }};
};

TEST_F(WaitingFilesTest, AMachineWaitsInItsScriptAndIsRecordedOnce) {
  const char* const names[] = {"ipxe/52-54-00-ff-ff-ff.ipxe", "grub/machine/52:54:00:ff:ff:ff.cfg"};
  for (const char* name : names) {
    EXPECT_EQ(ask(name), "52:54:00:ff:ff:ff held back: Please wait.") << name;
  }
  EXPECT_EQ(posted, 1);
  EXPECT_EQ(ask("bios/pxelinux.cfg/01-52-54-00-ff-ff-ff"), "pxelinux.cfg of 52:54:00:ff:ff:ff: approval-late")
      << "the third question of a boot that may ask twice";
  EXPECT_EQ(ask("ipxe/52-54-00-ff-ff-ff.ipxe"), "script of 52:54:00:ff:ff:ff: approval-late");
  EXPECT_EQ(ask("ipxe/52-54-00-ff-ff-ff.ipxe", start + seconds(121)),
            "52:54:00:ff:ff:ff held back: Please wait.")
      << "switched on again";
}

// pxelinux and GRUB under a name that tells nobody, of an address that nobody is known at.
TEST_F(WaitingFilesTest, NobodyWaitsForAnApprovalThatNobodyCanGive) {
  const char* const names[] = {"bios/pxelinux.cfg/default", "bios/pxelinux.cfg/01-00-00-00-00-00-00",
                               "grub/machine/00:00:00:00:00:00.cfg", "ipxe/00-00-00-00-00-00.ipxe"};
  for (const char* name : names) {
    const std::string got = text(name);
    EXPECT_THAT(got, HasSubstr("an administrator has to approve this machine, and it did not say which one"))
        << name;
    EXPECT_THAT(got, AnyOf(HasSubstr("LOCALBOOT"), HasSubstr("boot_local"), HasSubstr("exit 1"))) << name;
    EXPECT_THAT(got, Not(HasSubstr("00-00-00"))) << name;
    ask(name);
  }
  EXPECT_EQ(posted, 0);
}

TEST_F(WaitingFilesTest, ApprovedItBootsAtItsNextQuestionAndRejectedItGoesToItsDisk) {
  policy::Device device = boot_test::device(3, stranger);
  device.state = policy::DeviceState::pending;
  device.request = 7;
  const auto with = [&](policy::DeviceState state) {
    device.state = state;
    if (state != policy::DeviceState::pending) device.request = 0;
    return std::make_shared<const site::Site>(
        site::Site{site_->policy.with_devices({device}, {}), site_->published});
  };
  const auto before = changed(site_, [](policy::SiteModel& model) {
    model.deployments.push_back(deployment(3, policy::ToDevice{3}));
  });
  site_ = before;
  site_ = with(policy::DeviceState::pending);
  const char* const names[] = {"ipxe/52-54-00-ff-ff-ff.ipxe", "bios/pxelinux.cfg/01-52-54-00-ff-ff-ff"};
  for (const char* name : names) {
    EXPECT_EQ(ask(name), "52:54:00:ff:ff:ff held back: Please wait. Request 7.");
  }
  EXPECT_EQ(posted, 0) << "it has its record";
  site_ = with(policy::DeviceState::approved);
  for (const char* name : names) EXPECT_THAT(ask(name), HasSubstr("boots rescue"));
  site_ = with(policy::DeviceState::rejected);
  for (const char* name : names) EXPECT_THAT(ask(name), HasSubstr(": rejected"));
}

}  // namespace
}  // namespace server
