// SPDX-License-Identifier: GPL-3.0-or-later
// A WDS boot program on port 4011: what it is told, by what it says and what is decided.
#include "session/wds_dialogue.h"

#include <functional>

#include "pxe_service_fixture.h"

namespace session {
namespace {

using namespace testing;  // NOLINT: requests and network of the fixture
using ::testing::HasSubstr;

// Option 250 of genuine programs (docs/formats/wds-options.md).
const std::vector<std::uint8_t> x64_prompted = {0x0c, 1, 1, 0x0d, 2, 8, 0, 0x01, 2,    0,   7,
                                                0x0e, 1, 1, 0x05, 4, 0, 0, 0,    0x11, 0xff};
const std::vector<std::uint8_t> x86 = {0x0d, 2, 8, 0, 0x0e, 1, 1, 0x01, 2, 0, 6, 0x05, 4, 0, 0, 0, 6, 0xff};
const std::vector<std::uint8_t> x86_of_vista = {0x01, 2, 0, 6, 0xff};

Message wds_request(const std::vector<std::uint8_t>& block, Message m = bios_rom(MessageType::request)) {
  put(m, opt::wds, block);
  return boot_request(m);
}

// What the fixture's machine is: its record and its deployment, changed by a row.
struct Site {
  policy::SiteModel model;
  policy::Device device;
  Site() {
    const policy::Snapshot plain = site();
    model = plain.model();
    device = *plain.device(1);
  }
  [[nodiscard]] policy::Snapshot make() const { return policy::Snapshot::make(model, {device}).value(); }
};
void pending(Site& s) {
  s.device.state = policy::DeviceState::pending;
  s.device.request = 17;
  s.model.policy.pending = {30, 20, "Please call 4711."};
}
void rejected(Site& s) { s.device.state = policy::DeviceState::rejected; }
void referred(Site& s) {
  s.model.servers = {{5, "west", {{10, 9, 0, 5}}, {{policy::Arch::bios, "west/wdsnbp.com"}}}};
  s.model.referrals = {{6, "west", {{5, 1}}}};
  auto extras = s.device.extras();
  extras.referral = 6;
  s.device.more = std::make_shared<const policy::DeviceExtras>(extras);
}
void asks(Site& s) { s.model.deployments.front().asks = true; }
void strange(Site& s) {
  s.device.macs = {base::Mac{{2, 0, 0, 0, 0, 1}}};
  s.device.uuid.reset();
  s.model.policy.add_unknown = true;
}

struct Wds : PxeService {
  // "told-to-wait pxelinux: <option 250>"
  std::string talk(const Message& m, const policy::Snapshot& snapshot) {
    const PxeResult result = ask(m, on_4011(68), snapshot);
    if (!result.reply) return std::string(counter_name(counter_of(result.event)));
    const Message ack = decoded(result);
    EXPECT_EQ(ack.type(), MessageType::ack);
    EXPECT_EQ(ack.ip(opt::server_id), us);
    EXPECT_EQ(ack.text(opt::vendor_class), "PXEClient");
    EXPECT_EQ(ack.file.view(), result.event.file.view());
    EXPECT_FALSE(ack.options.contains(opt::boot_file_name));
    std::string text(print(result.event.outcome));
    if (!ack.file.empty()) text += " " + std::string(ack.file.view());
    if (ack.siaddr != us) text += " at " + ack.siaddr.print();
    const auto option = ack.options.find(opt::wds);
    if (!option) return text;
    const auto block = wire::wds::decode(*option);
    EXPECT_TRUE(block);
    return text + "\n" + (block ? wire::wds::print(*block) : "");
  }
};

TEST_F(Wds, IsToldWhatIsDecided) {
  const struct {
    const char* name;
    std::function<void(Site&)> change;
    std::vector<std::uint8_t> says;
    const char* file_only;
    const char* with_option;  // nullptr: the same
  } rows[] = {
      {"pending", pending, x86_of_vista,
       "told-to-wait\n"
       "250.2 next action: 1 approval\n"
       "250.3 poll interval: 30 s\n"
       "250.4 poll retry count: 20\n"
       "250.5 request id: 17\n"
       "250.6 message: \"Please call 4711.\"\n",
       nullptr},
      {"a stranger that is not recorded yet", strange, x86,
       "told-to-wait\n"
       "250.2 next action: 1 approval\n"
       "250.3 poll interval: 10 s\n"
       "250.4 poll retry count: 2160\n"
       "250.6 message: \"This machine waits for an administrator's approval.\"\n",
       nullptr},
      {"approved", [](Site&) {}, x64_prompted, "acknowledged bios/pxelinux.0",
       "acknowledged bios/pxelinux.0\n"
       "250.2 next action: 1 approval\n"
       "250.5 request id: 17\n"
       "250.14 action done: 1\n"},
      {"approved, and has not asked yet",
       asks,
       {0x01, 2, 0, 7, 0xff},
       "acknowledged bios/pxelinux.0",
       "acknowledged bios/pxelinux.0\n"
       "250.2 next action: 1 approval\n"
       "250.11 client prompt: 1 opt-in\n"
       "250.14 action done: 1\n"},
      {"required",
       [](Site&) {},
       {0xff},
       "acknowledged bios/pxelinux.0",
       "acknowledged bios/pxelinux.0\n"
       "250.2 next action: 1 approval\n"
       "250.11 client prompt: 2 no prompt\n"
       "250.14 action done: 1\n"},
      {"rejected", rejected, x64_prompted,
       "told-to-give-up\n"
       "250.2 next action: 5 abort\n"
       "250.6 message: \"an administrator rejected this machine: `bootferry pending approve` takes that "
       "back\"\n",
       nullptr},
      {"rejected, with a program for that",
       [](Site& s) {
         rejected(s);
         s.model.programs = {
             {1, "a", policy::Arch::bios, {policy::Role::abort}, false, "programs/abortpxe.com"}};
       },
       x64_prompted,
       "told-to-give-up programs/abortpxe.com\n"
       "250.2 next action: 5 abort\n"
       "250.6 message: \"an administrator rejected this machine: `bootferry pending approve` takes that "
       "back\"\n",
       nullptr},
      {"referred", referred, x64_prompted,
       "acknowledged west/wdsnbp.com at 10.9.0.5\n"
       "250.2 next action: 3 referral\n"
       "250.9 referral server: 10.9.0.5\n",
       nullptr},
      {"nothing to do", [](Site& s) { s.model.deployments.clear(); }, x64_prompted,
       "told-to-give-up\n"
       "250.2 next action: 5 abort\n"
       "250.6 message: \"nothing is deployed to this machine now, so it goes on to its disk\"\n",
       nullptr},
      {"an x86 machine and an x64 image", [](Site&) {}, x86,
       "told-to-give-up\n"
       "250.2 next action: 5 abort\n"
       "250.6 message: \"the deployed image is built for another architecture than this machine's firmware: "
       "deploy one that matches\"\n",
       nullptr},
      {"nobody is answered", [](Site& s) { s.model.policy.answer = policy::AnswerTo::none; }, x86,
       "answers-nobody", nullptr},
      {"an option that cannot be read: it asks, and says nothing",
       pending,
       {0x01, 9, 0},
       "told-to-wait\n"
       "250.2 next action: 1 approval\n"
       "250.3 poll interval: 30 s\n"
       "250.4 poll retry count: 20\n"
       "250.5 request id: 17\n"
       "250.6 message: \"Please call 4711.\"\n",
       nullptr},
  };
  for (const auto& row : rows) {
    Site s;
    row.change(s);
    services.wds_approved = WdsApproved::file_only;
    EXPECT_EQ(talk(wds_request(row.says), s.make()), row.file_only) << row.name;
    services.wds_approved = WdsApproved::with_option;
    EXPECT_EQ(talk(wds_request(row.says), s.make()),
              row.with_option != nullptr ? row.with_option : row.file_only)
        << row.name;
  }
}

// The ROM is sent the detecting program; what that reports is decided by, and remembered.
TEST_F(Wds, TellsTheProcessor) {
  Site s;
  s.model.policy.detect_processor = true;
  s.model.programs = {
      {1, "detect", policy::Arch::bios, {policy::Role::detect}, false, "programs/wdsnbp.com"}};
  policy::Image narrow = s.model.images.front();
  narrow.id = 2;
  narrow.name = "narrow";
  narrow.arch = policy::Arch::ia32;
  s.model.images.push_back(narrow);
  policy::Deployment second = s.model.deployments.front();
  second.id = 2;
  second.name = "narrow to pc";
  second.what = policy::ToBoot{2};
  second.order = 1;
  s.model.deployments.push_back(second);
  const policy::Snapshot snapshot = s.make();

  EXPECT_EQ(ask(bios_rom(), on_67(), snapshot).event.file.view(), "programs/wdsnbp.com");
  const Message rom_asks = boot_request(bios_rom(MessageType::request));
  EXPECT_EQ(ask(rom_asks, on_4011(68), snapshot).event.file.view(), "programs/wdsnbp.com");

  const struct {
    std::vector<std::uint8_t> says;
    std::optional<policy::Arch> processor;
    const char* image;
  } rows[] = {
      {x64_prompted, policy::Arch::x64, "debian"},
      {x86, policy::Arch::ia32, "narrow"},
      {{0x01, 2, 0, 9, 0xff}, std::nullopt, "debian"},  // a number without meaning: as if it had not looked
      {{0xff}, std::nullopt, "debian"},
  };
  for (const auto& row : rows) {
    const PxeResult result = ask(wds_request(row.says), on_4011(68), snapshot);
    ASSERT_NE(result.event.image, nullptr);
    EXPECT_EQ(result.event.image->name, row.image);
    EXPECT_EQ(result.event.file.view(), "bios/pxelinux.0") << "never the detecting program again";
    ASSERT_TRUE(result.learned);
    EXPECT_EQ(result.learned->facts.processor, row.processor);
    EXPECT_EQ(result.learned->facts.kind, policy::ClientKind::wds_program);
  }
  // An iPXE that one of these started: what was found is recalled.
  advice.recall = [](policy::Facts& facts) { facts.processor = policy::Arch::ia32; };
  EXPECT_EQ(ask(ipxe_rom(), on_67(), snapshot).event.image->name, "narrow");
}

TEST_F(Wds, OnlyOn4011AndOnlyOfROMs) {
  Message on_discover = bios_rom();
  put(on_discover, opt::wds, x86);
  EXPECT_EQ(ask(on_discover, on_67()).event.facts->kind, policy::ClientKind::bios_rom);
  Message uefi = wds_request(x64_prompted, edk2(MessageType::request));
  const PxeResult result = ask(uefi, on_4011());
  EXPECT_EQ(result.event.facts->kind, policy::ClientKind::wds_program) << "wdsmgfw.efi";
  EXPECT_FALSE(result.event.facts->processor) << "option 93 tells";
  EXPECT_EQ(result.event.file.view(), "x64/snponly.efi");
  Message by_ipxe = ipxe_rom(MessageType::request);
  EXPECT_EQ(ask(wds_request(x86, by_ipxe), on_4011(68)).event.facts->kind, policy::ClientKind::ipxe);
}

// Pending, polling, and either approved or late.
TEST_F(Wds, WaitsForAsLongAsItMay) {
  Site s;
  pending(s);
  const policy::Snapshot snapshot = s.make();
  std::vector<bool> polled;
  int left = 2;
  advice.may_wait = [&](const policy::Facts& facts, const policy::AskApproval& ask, bool polls) {
    EXPECT_EQ(facts.mac, client_mac);
    EXPECT_EQ(ask.device->request, 17U);
    polled.push_back(polls);
    return !polls || left-- > 0;
  };
  const PxeResult rom = ask(bios_rom(), on_67(), snapshot);
  EXPECT_TRUE(rom.event.waits);
  EXPECT_EQ(rom.event.request, 17U);
  EXPECT_EQ(rom.event.file.view(), "bios/pxelinux.0") << "no detecting program: pxelinux waits";
  for (int i = 0; i < 2; ++i) EXPECT_THAT(talk(wds_request(x86), snapshot), HasSubstr("next action: 1"));
  EXPECT_THAT(talk(wds_request(x86), snapshot), HasSubstr("next action: 5 abort"));
  EXPECT_THAT(talk(wds_request(x86), snapshot), HasSubstr("its request stays listed"));
  EXPECT_EQ(polled, (std::vector<bool>{false, true, true, true, true}));
  EXPECT_EQ(talk(wds_request(x64_prompted), snapshot_), "acknowledged bios/pxelinux.0")
      << "approved meanwhile";
}

// Nobody's slot, nobody's loop.
TEST_F(Wds, WhoWaitsOrGivesUpIsNotObjectedTo) {
  bool loads_image = true;
  advice.objection = [&](const policy::Facts&, const policy::Step&, bool, bool loads) {
    loads_image = loads;
    return std::optional<policy::Reason>();
  };
  Site s;
  pending(s);
  ask(bios_rom(), on_67(), s.make());
  EXPECT_FALSE(loads_image) << "pxelinux, to wait in";
  ask(bios_rom(), on_67());
  EXPECT_TRUE(loads_image);
  advice.objection = [](const policy::Facts&, const policy::Step&, bool, bool) {
    ADD_FAILURE() << "asked";
    return std::optional<policy::Reason>();
  };
  EXPECT_THAT(talk(wds_request(x86), s.make()), HasSubstr("told-to-wait"));
}

TEST_F(Wds, AKnownMachineIsHeldWhileItsPolicyIsLookedFor) {
  bool looking = true;
  advice.looks_up = [&](const policy::Facts&, const policy::Plan&) { return looking; };
  EXPECT_EQ(talk(wds_request(x64_prompted), snapshot_),
            "told-to-wait\n"
            "250.2 next action: 1 approval\n"
            "250.3 poll interval: 5 s\n"
            "250.4 poll retry count: 60\n"
            "250.6 message: \"Looking for policy.\"\n");
  EXPECT_EQ(ask(bios_rom(), on_67()).event.outcome, Outcome::offered) << "a ROM cannot wait for it";
  Site s;
  rejected(s);
  EXPECT_THAT(talk(wds_request(x64_prompted), s.make()), HasSubstr("told-to-give-up"));
  looking = false;
  EXPECT_EQ(talk(wds_request(x64_prompted), snapshot_), "acknowledged bios/pxelinux.0");
}

TEST(WdsBlocks, MessagesFitAndAreAscii) {
  const std::string long_text(1000, 'x');
  for (const std::string& text : {std::string("Grüße\n"), long_text}) {
    const auto block = wds_hold({4'000'000'000U, text, 65535, 65535});
    std::array<std::uint8_t, wire::wds::max_option> octets{};
    const auto size = wire::wds::encode(block, octets);
    ASSERT_TRUE(size);
    EXPECT_EQ(*wire::wds::decode(base::ByteView(octets).first(*size)), block);
  }
  EXPECT_EQ(wds_hold({0, "Grüße\n", 0, 0}).message->view(), "Gr????e?") << "each octet that is not ASCII";
  EXPECT_EQ(wds_hold({0, "", 0, 0}).poll_interval, 1) << "not at once and for ever";
  EXPECT_FALSE(wds_hold({0, "", 0, 0}).request_id);
  EXPECT_EQ(wds_abort(long_text).message->view().size(), 230U);
}

}  // namespace
}  // namespace session
