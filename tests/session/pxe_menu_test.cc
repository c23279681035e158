// SPDX-License-Identifier: GPL-3.0-or-later
// The menu of a bare ROM on the wire: the OFFER that shows it, and the request that chooses.
#include "session/pxe_menu.h"

#include "pxe_service_fixture.h"
#include "wire/pxe.h"

namespace session {
namespace {

using namespace testing;  // NOLINT: requests and network of the fixture
using ::testing::ElementsAre;

Message arm64(MessageType type = MessageType::discover) {
  return edk2(type, 11, "PXEClient:Arch:00011:UNDI:003000");
}

// Two that ask, with a program each, on an architecture without a loader of ours.
policy::Snapshot choices(policy::Prompting prompt = policy::Prompting::opt_in) {
  const policy::Snapshot plain = site({.prompt_seconds = 7}, {}, policy::Arch::arm64);
  policy::SiteModel model = plain.model();
  model.policy.prompt_known = prompt;
  policy::Deployment one = model.deployments.front();
  one.purpose = policy::Purpose::available;
  model.deployments.clear();
  for (const char* name : {"memory test", "install"}) {
    ++one.id;
    one.order = static_cast<std::int32_t>(one.id);
    one.name = name;
    one.program = std::string(name).substr(0, 6);
    model.deployments.push_back(one);
    model.programs.push_back(
        {one.id, one.program, policy::Arch::arm64, {}, false, "programs/" + one.program});
  }
  return policy::Snapshot::make(std::move(model), {*plain.device(1)}).value();
}

TEST_F(PxeService, ABareRomShowsTheMenuAndBootsWhatIsChosen) {
  const policy::Snapshot snapshot = choices();
  const PxeResult offered = ask(arm64(), on_67(), snapshot);
  EXPECT_EQ(offered.event.outcome, Outcome::offered);
  EXPECT_EQ(offered.event.step, policy::StepKind::menu);
  const Message offer = decoded(offered);
  EXPECT_TRUE(offer.file.empty());
  EXPECT_THAT(codes(offer), ElementsAre(53, 54, 97, 60, 43)) << "no file: that is what the choice is for";
  const auto info = wire::pxe::decode_vendor_info(data(offer, opt::vendor_info)).value();
  EXPECT_EQ(info.discovery_control, 7);
  EXPECT_EQ(info.prompt, (wire::pxe::MenuPrompt{7, "F8: Bootferry's menu"}));
  EXPECT_THAT(info.menu,
              ElementsAre(wire::pxe::MenuEntry{0, "Local disk"}, wire::pxe::MenuEntry{32770, "memory test"},
                          wire::pxe::MenuEntry{32771, "install"}));
  EXPECT_THAT(info.boot_servers,
              ElementsAre(wire::pxe::BootServers{32770, {us}}, wire::pxe::BootServers{32771, {us}}));
  // On 4011 without a choice: EDK2 asks so where the OFFER was another server's.
  EXPECT_EQ(
      data(decoded(ask(boot_request(arm64(MessageType::request)), on_4011(), snapshot)), opt::vendor_info),
      data(offer, opt::vendor_info));

  Message choice = boot_request(arm64(MessageType::request));
  put(choice, opt::vendor_info, {71, 4, 0x80, 3, 0, 0, 255});
  const PxeResult chosen = ask(choice, on_4011(), snapshot);
  const Message ack = decoded(chosen);
  EXPECT_EQ(chosen.event.file.view(), "programs/instal");
  EXPECT_EQ(data(ack, opt::boot_file_name), with_nul("programs/instal"));
  EXPECT_THAT(data(ack, opt::vendor_info), ElementsAre(71, 4, 0x80, 3, 0, 0, 255))
      << "an answer for that item";
  EXPECT_EQ(chosen.learned->facts.chosen_item, 0x8003) << "its loader's files are decided by it";

  Message gone = boot_request(arm64(MessageType::request));
  put(gone, opt::vendor_info, {71, 4, 0x80, 9, 0, 0, 255});
  EXPECT_EQ(ask(gone, on_4011(), snapshot).event.reason, policy::Reason::no_deployment);
}

TEST_F(PxeService, WhereSilenceBootsTheDiskIsLast) {
  const auto info = wire::pxe::decode_vendor_info(
      data(decoded(ask(arm64(), on_67(), choices(policy::Prompting::opt_out))), opt::vendor_info));
  EXPECT_EQ(info.value().menu.front().type, 32770);
  EXPECT_EQ(info.value().menu.back(), (wire::pxe::MenuEntry{0, "Local disk"}));
}

TEST_F(PxeService, NoMenuWhereNobodyWouldHearTheChoice) {
  services.boot_service = false;
  EXPECT_EQ(ask(arm64(), on_67(), choices()).event.reason, policy::Reason::no_program_for_arch);
}

policy::RomMenu menu_of(std::size_t entries, std::string_view title) {
  policy::RomMenu menu;
  menu.size = entries;
  for (std::size_t i = 0; i < entries; ++i) {
    menu.entries.at(i) = {static_cast<std::uint16_t>(0x8000 + i), {}, title};
  }
  return menu;
}

TEST(PxeMenu, FitsOneOptionHoweverMuchThereIs) {
  const std::string name(300, 'n');
  const struct {
    std::size_t entries;
    std::size_t shown;
    std::size_t letters;
  } rows[] = {{1, 1, 40}, {2, 2, 40}, {5, 5, 32}, {11, 11, 8}, {16, 11, 8}};
  for (const auto& row : rows) {
    const auto bytes = pxe_menu(menu_of(row.entries, name), us, 10);
    ASSERT_TRUE(bytes);
    EXPECT_LE(bytes->size(), 255U);
    const auto info = wire::pxe::decode_vendor_info(*bytes).value();
    EXPECT_EQ(info.boot_servers.size(), row.shown) << row.entries;
    EXPECT_EQ(info.menu.size(), row.shown + 1) << row.entries;
    EXPECT_EQ(info.menu.back().description.size(), row.letters) << row.entries;
    EXPECT_EQ(info.menu.front().type, 0);
  }
  EXPECT_FALSE(pxe_menu({}, us, 10));
  const auto odd = wire::pxe::decode_vendor_info(*pxe_menu(menu_of(1, "K\xc3\xbc\n"), us, 3600)).value();
  EXPECT_EQ(odd.menu.back().description, "K???");
  EXPECT_EQ(odd.prompt->timeout, 254) << "255 would wait for ever";
}

}  // namespace
}  // namespace session
