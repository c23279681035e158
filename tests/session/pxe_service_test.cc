// SPDX-License-Identifier: GPL-3.0-or-later
// The boot service on 4011; what is overheard, dropped and refused on either port.
#include <set>

#include "pxe_service_fixture.h"

namespace session {
namespace {

using namespace testing;  // NOLINT: requests and network of the fixture
using policy::Reason;
using ::testing::ElementsAre;
using BootService = PxeService;

TEST_F(BootService, AcknowledgesEdk2AtItsSourcePort) {
  const Message m = boot_request(edk2(MessageType::request));
  const PxeResult result = ask(m, on_4011(4011));
  EXPECT_EQ(result.event.outcome, Outcome::acknowledged);
  EXPECT_EQ(result.reply->to, (base::Ipv4Endpoint{leased, 4011}));
  EXPECT_EQ(result.reply->from, us);
  const Message ack = decoded(result);
  EXPECT_EQ(ack.type(), MessageType::ack);
  EXPECT_EQ(ack.ciaddr, leased);
  EXPECT_TRUE(ack.yiaddr.is_zero());
  EXPECT_EQ(ack.siaddr, us);
  EXPECT_EQ(data(ack, opt::boot_file_name), with_nul("x64/snponly.efi"));
  EXPECT_EQ(ack.file.view(), "x64/snponly.efi");
  EXPECT_THAT(codes(ack), ElementsAre(53, 54, 97, 60, 67));
  ASSERT_TRUE(result.learned);
  EXPECT_EQ(result.learned->address, leased);
  EXPECT_EQ(result.learned->interface, eth0);
  EXPECT_EQ(result.learned->facts.mac, client_mac);
  EXPECT_EQ(result.learned->from, LearnedFrom::boot_service);
}

// As the ROM does after a menu: xid 0, bare class, broadcast flag, its item in option 43.
TEST_F(BootService, AcknowledgesTheIpxeRomsMenuItem) {
  Message m = request(MessageType::request);
  m.xid = 0;
  m.flags = wire::dhcp4::flag_broadcast;
  m.options.add_u16(opt::client_arch, 0);
  m.options.add_text(opt::vendor_class, "PXEClient");
  m.options.add_text(opt::user_class, "iPXE");
  put(m, opt::ipxe_encapsulated, ipxe_rom_features);
  put(m, opt::vendor_info, {71, 4, 0x80, 0, 0, 0, 255});
  const PxeResult result = ask(boot_request(m), on_4011(68));
  EXPECT_EQ(result.reply->to, (base::Ipv4Endpoint{leased, 68}));
  const Message ack = decoded(result);
  EXPECT_EQ(ack.xid, 0U);
  EXPECT_THAT(data(ack, opt::vendor_info), ElementsAre(71, 4, 0x80, 0, 0, 0, 255));
  EXPECT_EQ(ack.file.view(), "http://10.0.0.2/ipxe/52-54-00-12-34-56.ipxe");
}

TEST_F(BootService, AnswersInformToo) {
  EXPECT_EQ(ask(boot_request(bios_rom(MessageType::inform)), on_4011(68)).event.outcome,
            Outcome::acknowledged);
}

TEST_F(BootService, BootServiceAloneLearnsWhoIsServedAndWhoIsNot) {
  services.proxy = false;
  EXPECT_EQ(ask(edk2(), on_67()).event.outcome, Outcome::service_off);
  const PxeResult result = ask(boot_request(edk2(MessageType::request)), on_4011(), policy::Snapshot{});
  EXPECT_EQ(result.event.reason, Reason::no_deployment);
  EXPECT_TRUE(result.learned);
}

TEST_F(BootService, BootServiceCannotBeAimedAtOthers) {
  struct Row {
    const char* name;
    base::Ipv4 ciaddr, giaddr, server, source;
    std::uint16_t port;
    Outcome want;
  };
  const base::Ipv4 victim{{10, 0, 0, 99}}, second{{10, 0, 0, 3}}, none{};
  const Row rows[] = {
      {"as it should be", leased, none, us, leased, 68, Outcome::acknowledged},
      {"no ciaddr: the source is answered", none, none, us, leased, 68, Outcome::acknowledged},
      {"ciaddr of somebody else", victim, none, us, leased, 68, Outcome::address_mismatch},
      {"giaddr of somebody else", leased, victim, us, leased, 68, Outcome::address_mismatch},
      {"a relay that speaks for itself", leased, relay, us, relay, 67, Outcome::acknowledged},
      {"names another server", leased, none, dhcp_server, leased, 68, Outcome::other_server},
      {"names nobody", leased, none, none, leased, 68, Outcome::acknowledged},
      {"names our other address", leased, none, second, leased, 68, Outcome::other_server},
      {"from no address", none, none, us, none, 68, Outcome::bad_source},
      {"from a broadcast address", none, none, us, base::Ipv4::broadcast(), 68, Outcome::bad_source},
      {"from a group", none, none, us, {{224, 0, 0, 1}}, 68, Outcome::bad_source},
      {"from ourselves", none, none, us, {{127, 0, 0, 1}}, 68, Outcome::bad_source},
      {"from port 0", leased, none, us, leased, 0, Outcome::bad_source},
  };
  for (const Row& row : rows) {
    Message m = bios_rom(MessageType::request);
    m.ciaddr = row.ciaddr;
    m.giaddr = row.giaddr;
    m.options.add_ip(opt::server_id, row.server);
    const PxeResult result = ask(m, {4011, eth0, us, us, {row.source, row.port}});
    EXPECT_EQ(result.event.outcome, row.want) << row.name << ": " << print(result.event.outcome);
    EXPECT_EQ(result.reply.has_value(), row.want == Outcome::acknowledged) << row.name;
    if (result.reply) {
      const base::Ipv4Endpoint to =
          row.giaddr.is_zero() ? base::Ipv4Endpoint{row.source, row.port} : base::Ipv4Endpoint{relay, 67};
      EXPECT_EQ(result.reply->to, to) << row.name;
    } else {
      EXPECT_FALSE(result.learned) << row.name;
    }
  }
}

TEST_F(BootService, LearnsNoAddressThatIsNobodys) {
  for (const base::Ipv4 claimed :
       {base::Ipv4{}, base::Ipv4::broadcast(), base::Ipv4{{224, 0, 0, 1}}, base::Ipv4{{127, 0, 0, 1}}}) {
    Message m = bios_rom(MessageType::request);
    m.ciaddr = claimed;
    m.giaddr = relay;
    const PxeResult result = ask(m, {4011, eth0, us, us, {relay, 67}});
    EXPECT_EQ(result.event.outcome, Outcome::acknowledged) << claimed.print();
    EXPECT_FALSE(result.learned) << claimed.print();
  }
}

TEST_F(BootService, AnswersFromTheSecondAddressWhenThatWasAsked) {
  const base::Ipv4 second{{10, 0, 0, 3}};
  Message m = boot_request(bios_rom(MessageType::request));
  m.options.add_ip(opt::server_id, second);
  const PxeResult result = ask(m, {4011, eth0, second, second, {leased, 68}});
  EXPECT_EQ(result.reply->from, second);
  EXPECT_EQ(decoded(result).siaddr, second);
}

// --- what is overheard, dropped, refused -----------------------------------------------------------

Message lease_request(Message m, base::Ipv4 server = dhcp_server) {
  m.options.add_ip(opt::requested_address, leased);
  m.options.add_ip(opt::server_id, server);
  return m;
}

TEST_F(BootService, OverhearsWhichAddressAMachineTakes) {
  const PxeResult result = ask(lease_request(ipxe_rom(MessageType::request)), on_67());
  EXPECT_EQ(result.event.outcome, Outcome::overheard);
  EXPECT_FALSE(result.reply);
  ASSERT_TRUE(result.learned);
  EXPECT_EQ(result.learned->address, leased);
  EXPECT_EQ(result.learned->facts.mac, client_mac);
  EXPECT_EQ(result.learned->facts.kind, policy::ClientKind::ipxe);
  EXPECT_EQ(result.learned->from, LearnedFrom::overheard_request);
}

TEST_F(BootService, OverhearsOperatingSystemsTakingOverAnAddress) {
  Message m = lease_request(request(MessageType::request));
  m.options.add_text(opt::vendor_class, "MSFT 5.0");
  const PxeResult result = ask(m, on_67());
  EXPECT_EQ(result.event.outcome, Outcome::overheard);
  ASSERT_TRUE(result.learned);
  EXPECT_FALSE(result.learned->facts.firmware_known);
  EXPECT_EQ(result.learned->facts.mac, client_mac);
}

TEST_F(BootService, Drops) {
  Message reply = edk2();
  reply.op = 2;
  Message bootp;
  std::copy(client_mac.octets.begin(), client_mac.octets.end(), bootp.chaddr.begin());
  Message bad_id = request(MessageType::discover);
  bad_id.options.add_text(opt::vendor_class, "PXEClient");
  put(bad_id, opt::machine_id, std::vector<std::uint8_t>(41));
  Message linux_client = request(MessageType::discover);
  linux_client.options.add_text(opt::vendor_class, "dhcpcd-9");
  Message aimed = edk2();
  aimed.giaddr = base::Ipv4::broadcast();
  Arrival no_address = on_67();
  no_address.local = {};
  Message many = edk2();
  put(many, opt::relay_agent_info, std::vector<std::uint8_t>(1250, 1));
  Message huge = edk2();
  huge.options = {};
  huge.options.add_u8(opt::message_type, 1);
  huge.options.add_text(opt::vendor_class, "PXEClient:Arch:00007");
  put(huge, opt::relay_agent_info, std::vector<std::uint8_t>(400, 1));
  struct Row {
    const char* name;
    Message input;
    Arrival arrival;
    Outcome want;
  };
  const Row rows[] = {
      {"a server's answer", reply, on_67(), Outcome::reply_not_request},
      {"BOOTP", bootp, on_67(), Outcome::no_message_type},
      {"OFFER with op 1", request(MessageType::offer), on_67(), Outcome::other_message_type},
      {"NAK with op 1", request(MessageType::nak), on_4011(), Outcome::other_message_type},
      {"DECLINE", request(MessageType::decline), on_67(), Outcome::other_message_type},
      {"RELEASE", request(MessageType::release), on_67(), Outcome::other_message_type},
      {"INFORM on 67", bios_rom(MessageType::inform), on_67(), Outcome::wrong_port},
      {"DISCOVER on 4011", edk2(), on_4011(), Outcome::wrong_port},
      {"a plain DHCP client", linux_client, on_67(), Outcome::not_network_boot},
      {"machine id of 41 octets", bad_id, on_67(), Outcome::malformed_machine_id},
      {"no hardware address", request(MessageType::discover, base::Mac{}), on_67(),
       Outcome::bad_hardware_address},
      {"no hardware address, overheard", lease_request(request(MessageType::request, base::Mac{})), on_67(),
       Outcome::bad_hardware_address},
      {"REQUEST that names no server", bios_rom(MessageType::request), on_67(), Outcome::names_no_server},
      {"REQUEST that names us", lease_request(bios_rom(MessageType::request), us), on_67(),
       Outcome::names_us},
      {"relay with a broadcast address", aimed, on_67(), Outcome::bad_source},
      {"interface without an address", edk2(), no_address, Outcome::no_own_address},
      {"answer longer than any client takes", many, on_67(), Outcome::reply_too_large},
      {"answer longer than this client takes", huge, on_67(), Outcome::reply_too_large},
  };
  for (const Row& row : rows) {
    const PxeResult result = ask(row.input, row.arrival);
    EXPECT_EQ(result.event.outcome, row.want) << row.name << ": " << print(result.event.outcome);
    EXPECT_FALSE(result.reply) << row.name;
    EXPECT_FALSE(result.learned) << row.name;
  }
}

TEST_F(BootService, RefusalsAreSilentAndNamed) {
  policy::Settings no_http;
  no_http.http = false;
  policy::Settings shim;
  shim.unknown_uefi = policy::UnknownUefi::shim;
  struct Row {
    Message input;
    policy::Snapshot snapshot;
    Reason want;
  };
  const Row rows[] = {
      {edk2(), {}, Reason::no_deployment},
      {edk2(), site(no_http), Reason::http_needed},
      {edk2_http(), site(shim), Reason::shim_has_no_http},
      {edk2(MessageType::discover, 11, "PXEClient"), site({}, {}, policy::Arch::arm64),
       Reason::no_program_for_arch},
      {edk2(MessageType::discover, 6, "PXEClient"), site(), Reason::image_not_for_arch},
  };
  for (const Row& row : rows) {
    const PxeResult result = ask(row.input, on_67(), row.snapshot);
    EXPECT_EQ(result.event.outcome, Outcome::refused);
    EXPECT_EQ(result.event.reason, row.want);
    EXPECT_FALSE(result.reply);
    EXPECT_EQ(counter_name(counter_of(result.event)), print(row.want));
  }
}

TEST_F(BootService, AnObjectionRefuses) {
  advice.objection = [](const policy::Facts& facts, const policy::Step& step, bool,
                        bool) -> std::optional<Reason> {
    EXPECT_EQ(facts.mac, client_mac);
    EXPECT_EQ(step.path, "x64/snponly.efi");
    return Reason::boot_loop;
  };
  const PxeResult result = ask(edk2(), on_67());
  EXPECT_EQ(result.event.reason, Reason::boot_loop);
  EXPECT_FALSE(result.reply);
}

TEST_F(BootService, TooLongProgramNamesGoInto67OrAreRefused) {
  const std::string long_name(200, 'a');
  Message m = bios_rom();
  const Message offer = decoded(ask(m, on_67(), site({}, {program(policy::Arch::bios, long_name)})));
  EXPECT_TRUE(offer.file.empty());
  EXPECT_EQ(data(offer, opt::boot_file_name), with_nul(long_name));
  EXPECT_EQ(ask(m, on_67(), site({}, {program(policy::Arch::bios, std::string(255, 'a'))})).event.outcome,
            Outcome::reply_too_large);
}

TEST_F(BootService, MalformedDatagramsKeepTheirName) {
  const std::array<std::uint8_t, 100> noise{};
  const PxeResult result = handle(noise, on_67(), services, snapshot_, now, advice, buffer);
  EXPECT_EQ(result.event.outcome, Outcome::malformed);
  EXPECT_EQ(result.event.malformed, wire::dhcp4::Refusal::too_short);
  EXPECT_EQ(counter_name(counter_of(result.event)), "too-short");
}

TEST(Counters, EachHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < pxe_counter_count; ++i) names.insert(counter_name(i));
  EXPECT_EQ(names.size(), pxe_counter_count);
  EXPECT_FALSE(names.contains("unknown"));
}

}  // namespace
}  // namespace session
