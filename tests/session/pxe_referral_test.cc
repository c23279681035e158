// SPDX-License-Identifier: GPL-3.0-or-later
// Machines that are sent to another server: what OFFER and ACK say, firmware by firmware.
#include "pxe_service_fixture.h"

namespace session {
namespace {

using namespace testing;  // NOLINT: requests and network of the fixture
using ::testing::ElementsAre;

const base::Ipv4 other{{10, 0, 0, 3}};

class PxeReferral : public PxeService {
 protected:
  PxeReferral() {
    policy::SiteModel model;
    model.servers = {
        {1, "other", other, {{policy::Arch::bios, "boot/wdsnbp.com"}, {policy::Arch::x64, x64}}}};
    model.referrals = {{1, "away", {{1, 1}}}};
    policy::Network network;
    network.id = 1;
    network.name = "lan";
    network.subnet = {us, 24};
    network.referral = 1;
    model.networks = {network};
    snapshot_ = policy::Snapshot::make(std::move(model), {}).value();
  }
  std::string x64 = "x64/snponly.efi";
};

TEST_F(PxeReferral, ARomTakesAllOfItFromTheOffer) {
  const PxeResult result = ask(bios_rom(), on_67());
  ASSERT_EQ(result.event.outcome, Outcome::offered);
  EXPECT_EQ(result.event.referred_to->name, "other");
  const Message offer = decoded(result);
  EXPECT_EQ(offer.siaddr, other);
  EXPECT_EQ(offer.file.view(), "boot/wdsnbp.com");
  EXPECT_EQ(offer.ip(opt::server_id), us) << "who answers is us";
  EXPECT_EQ(result.reply->from, us);
}

TEST_F(PxeReferral, Edk2AsksUsOnceMoreAndIsSentOnThen) {
  const Message offer = decoded(ask(edk2(), on_67()));
  EXPECT_EQ(offer.siaddr, us) << "the other server need not have a port 4011, nor know the machine there";
  const Message ack = decoded(ask(boot_request(edk2(MessageType::request)), on_4011()));
  EXPECT_EQ(ack.siaddr, other);
  EXPECT_EQ(data(ack, opt::boot_file_name), with_nul(x64));
  services.boot_service = false;
  const Message alone = decoded(ask(edk2(), on_67()));
  EXPECT_EQ(alone.siaddr, other) << "told to ask nobody";
  EXPECT_THAT(data(alone, opt::vendor_info), ElementsAre(6, 1, 8, 255));
}

TEST_F(PxeReferral, ASecondOrderReferralIsAnsweredOn4011) {
  const Message ack = decoded(ask(boot_request(bios_rom(MessageType::request)), on_4011(68)));
  EXPECT_EQ(ack.type(), MessageType::ack);
  EXPECT_EQ(ack.siaddr, other);
  EXPECT_EQ(ack.file.view(), "boot/wdsnbp.com");
}

TEST_F(PxeReferral, AnIpxeGetsAScriptOfOurs) {
  const PxeResult result = ask(ipxe_efi(), on_67());
  EXPECT_EQ(result.event.step, policy::StepKind::script);
  EXPECT_EQ(result.event.referred_to->name, "other");
  EXPECT_TRUE(result.event.file.view().starts_with("http://10.0.0.2/ipxe/"));
  EXPECT_EQ(decoded(result).siaddr, us);
}

TEST_F(PxeReferral, HttpBootStays) {
  const PxeResult result = ask(edk2_http(), on_67());
  EXPECT_EQ(result.event.outcome, Outcome::refused);
  EXPECT_EQ(result.event.reason, policy::Reason::no_boot_server);
}

}  // namespace
}  // namespace session
