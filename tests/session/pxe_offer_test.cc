// SPDX-License-Identifier: GPL-3.0-or-later
// The proxy OFFER on 67, firmware by firmware, and through relays.
#include "pxe_service_fixture.h"

namespace session {
namespace {

using namespace testing;  // NOLINT: requests and network of the fixture
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ProxyOffer = PxeService;

TEST_F(ProxyOffer, OffersEdk2TheFileWithoutDiscoveryTags) {
  const PxeResult result = ask(edk2(), on_67());
  EXPECT_EQ(result.event.outcome, Outcome::offered);
  EXPECT_EQ(result.event.file.view(), "x64/snponly.efi");
  EXPECT_EQ(result.event.image->name, "debian");
  EXPECT_EQ(result.reply->to, (base::Ipv4Endpoint{base::Ipv4::broadcast(), 68}));
  EXPECT_EQ(result.reply->from, us);
  EXPECT_EQ(result.reply->interface, eth0);
  EXPECT_GE(result.reply->bytes.size(), 300U);

  const Message offer = decoded(result);
  EXPECT_EQ(offer.op, 2);
  EXPECT_EQ(offer.type(), MessageType::offer);
  EXPECT_EQ(offer.xid, 0x12345678U);
  EXPECT_EQ(offer.mac(), client_mac);
  EXPECT_TRUE(offer.yiaddr.is_zero());
  EXPECT_TRUE(offer.ciaddr.is_zero());
  EXPECT_EQ(offer.siaddr, us);
  EXPECT_EQ(offer.flags, wire::dhcp4::flag_broadcast);
  EXPECT_EQ(offer.file.view(), "x64/snponly.efi") << "for GRUBs that read the proxy OFFER";
  EXPECT_EQ(data(offer, opt::boot_file_name), with_nul("x64/snponly.efi"));
  EXPECT_EQ(offer.ip(opt::server_id), us);
  EXPECT_EQ(offer.text(opt::vendor_class), "PXEClient");
  EXPECT_EQ(data(offer, opt::machine_id), machine_id);
  EXPECT_THAT(codes(offer), ElementsAre(53, 54, 97, 60, 67));
}

TEST_F(ProxyOffer, TellsEdk2NotToAskABootServiceThatIsOff) {
  services.boot_service = false;
  EXPECT_THAT(data(decoded(ask(edk2(), on_67())), opt::vendor_info), ElementsAre(6, 1, 8, 255));
}

TEST_F(ProxyOffer, OffersHttpBootAUrl) {
  const PxeResult result = ask(edk2_http(), on_67());
  const Message offer = decoded(result);
  EXPECT_EQ(offer.text(opt::vendor_class), "HTTPClient");
  EXPECT_EQ(data(offer, opt::boot_file_name), with_nul("http://10.0.0.2/x64/snponly.efi"));
  EXPECT_TRUE(offer.file.empty());
  EXPECT_FALSE(offer.options.contains(opt::vendor_info));
  policy::Settings settings;
  settings.http_port = 8080;
  EXPECT_EQ(ask(edk2_http(), on_67(), site(settings)).event.file.view(),
            "http://10.0.0.2:8080/x64/snponly.efi");
}

TEST_F(ProxyOffer, OffersIpxeItsScript) {
  for (const Message& m : {ipxe_rom(), ipxe_efi()}) {
    const PxeResult result = ask(m, on_67());
    const Message offer = decoded(result);
    EXPECT_EQ(offer.file.view(), "http://10.0.0.2/ipxe/52-54-00-12-34-56.ipxe");
    EXPECT_EQ(result.event.step, policy::StepKind::script);
    EXPECT_EQ(offer.text(opt::vendor_class), "PXEClient") << "without option 60 iPXE ignores the OFFER";
    EXPECT_THAT(data(offer, opt::vendor_info), ElementsAre(6, 1, 8, 255));
    EXPECT_EQ(offer.secs, 0) << "iPXE's are state flags";
    EXPECT_EQ(data(offer, opt::client_id), data(m, opt::client_id)) << "RFC 6842";
  }
}

TEST_F(ProxyOffer, OffersABiosRomPxelinuxInTheHeader) {
  const Message offer = decoded(ask(bios_rom(), on_67()));
  EXPECT_EQ(offer.file.view(), "bios/pxelinux.0");
  EXPECT_EQ(offer.flags, wire::dhcp4::flag_broadcast) << "yiaddr is 0: there is no other way to reach it";
  EXPECT_THAT(codes(offer), ElementsAre(53, 54, 97, 60, 43));
}

TEST_F(ProxyOffer, NoMachineIdInNoneOut) {
  Message m = request(MessageType::discover);
  m.options.add_text(opt::vendor_class, "PXEClient:Arch:00000:UNDI:002001");
  EXPECT_FALSE(decoded(ask(m, on_67())).options.contains(opt::machine_id));
}

TEST_F(ProxyOffer, RaspberryPiAndUBootByGoldenPackets) {
  const base::Mac pi{{0xb8, 0x27, 0xeb, 1, 2, 3}};
  const auto u_boot = program(policy::Arch::arm64, "programs/arm64/u-boot.bin");
  const Message offer =
      decoded(ask(bios_rom(MessageType::discover, pi), on_67(), site({}, {u_boot}, policy::Arch::arm64, pi)));
  const std::vector<std::uint8_t> menu = data(offer, opt::vendor_info);
  EXPECT_THAT(std::string(menu.begin(), menu.end()), HasSubstr("Raspberry Pi Boot"));
  EXPECT_EQ(menu.size(), 3U + 6U + 22U + 1U);
  EXPECT_EQ(menu[9], 9);
  EXPECT_EQ(menu[10], 20);

  Message uboot = request(MessageType::discover);
  uboot.options.add_u16(opt::client_arch, 22);
  const Message plain = decoded(ask(uboot, on_67(), site({}, {u_boot}, policy::Arch::arm64)));
  EXPECT_EQ(plain.file.view(), "programs/arm64/u-boot.bin");
  EXPECT_EQ(plain.siaddr, us);
  EXPECT_THAT(codes(plain), ElementsAre(53, 54, 60));
}

// --- relays -----------------------------------------------------------------------------------

Message relayed(Message m) {
  m.giaddr = relay;
  m.hops = 1;
  put(m, opt::relay_agent_info, {1, 2, 0xaa, 0xbb, 2, 1, 0xcc});
  return m;
}

TEST_F(ProxyOffer, AnswersTheRelayAndEchoesItsOptionLast) {
  Arrival arrival{67, eth0, us, us, {{{10, 0, 0, 1}}, 67}};  // a relay sends from another of its addresses
  const PxeResult result = ask(relayed(edk2()), arrival);
  EXPECT_EQ(result.reply->to, (base::Ipv4Endpoint{relay, 67}));
  EXPECT_EQ(result.reply->from, us);
  EXPECT_EQ(result.reply->interface, 0U) << "routed";
  const Message offer = decoded(result);
  EXPECT_EQ(offer.giaddr, relay);
  EXPECT_EQ(offer.hops, 1);
  EXPECT_EQ(codes(offer).back(), 82);
  EXPECT_THAT(data(offer, opt::relay_agent_info), ElementsAre(1, 2, 0xaa, 0xbb, 2, 1, 0xcc));
  EXPECT_EQ(offer.ip(opt::server_id), us);
  EXPECT_EQ(result.event.facts->relay, relay);
}

TEST_F(ProxyOffer, RelayMayOverrideTheServerId) {
  Message m = edk2();
  m.giaddr = relay;
  put(m, opt::relay_agent_info, {11, 4, 10, 9, 0, 1});
  const Message offer = decoded(ask(m, on_67()));
  EXPECT_EQ(offer.ip(opt::server_id), relay) << "RFC 5107";
  EXPECT_EQ(offer.siaddr, us) << "the boot service stays here";
  Message zero = edk2();
  zero.giaddr = relay;
  put(zero, opt::relay_agent_info, {11, 4, 0, 0, 0, 0});
  EXPECT_EQ(decoded(ask(zero, on_67())).ip(opt::server_id), us);
}

}  // namespace
}  // namespace session
