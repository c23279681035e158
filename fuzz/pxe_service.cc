// SPDX-License-Identifier: GPL-3.0-or-later
// Any datagram on ports 67 and 4011 of a server that everything is deployed on. Properties:
// an answer decodes, keeps within what the client takes, belongs to the request and goes
// nowhere but to who asked; whatever happens has its counter.
#include "session/pxe_service.h"

#include <algorithm>
#include <array>

#include "base/result.h"
#include "wire/pxe.h"
#include "wire/wds.h"

namespace dhcp4 = wire::dhcp4;
namespace option = wire::dhcp4::option;

namespace {

using dhcp4::Message;
using session::Arrival;
using session::Outcome;
using session::PxeResult;

constexpr base::Ipv4 us{{10, 0, 0, 2}}, somebody{{10, 0, 0, 77}};
constexpr policy::Now now{1'700'000'000, 0};

policy::Snapshot site(policy::Settings settings, policy::Arch image_arch, bool programs) {
  policy::Image image;
  image.id = 1;
  image.name = "debian";
  image.arch = image_arch;
  policy::Deployment deployment;
  deployment.id = 1;
  deployment.what = policy::ToBoot{image.id};
  deployment.target = policy::ToAll{};
  policy::SiteModel model;
  model.settings = settings;
  model.images = {image};
  model.deployments = {deployment};
  const auto add = [&](policy::Arch arch, std::string path) {
    model.programs.push_back({0,
                              std::string(print(arch)),
                              arch,
                              {policy::Role::boot, policy::Role::prompt},
                              false,
                              std::move(path)});
  };
  if (programs) {
    for (const auto arch : {policy::Arch::ia32, policy::Arch::arm64, policy::Arch::riscv64}) {
      add(arch, "programs/1/boot.efi");
    }
    // As long as a name can be: it fits neither the header nor, as a URL, an option.
    add(policy::Arch::arm32, "programs/" + std::string(240, 'x'));
  }
  return policy::Snapshot::make(std::move(model), {}).value();
}

// Strangers wait for an approval, or tell their processor and choose from a menu.
policy::Snapshot waiting_site(bool approved) {
  policy::SiteModel model = site({}, policy::Arch::arm64, false).model();
  model.policy.add_unknown = true;
  model.policy.detect_processor = approved;
  model.policy.pending.message = std::string(300, 'w');
  model.programs = {{1, "detect", policy::Arch::bios, {policy::Role::detect}, false, "programs/wdsnbp.com"},
                    {2, "abort", policy::Arch::x64, {policy::Role::abort}, false, "programs/abort.efi"},
                    {3, "boot", policy::Arch::arm64, {policy::Role::boot}, false, "programs/boot.efi"}};
  if (!approved) {
    model.deployments.clear();
  } else {
    for (std::int64_t id = 2; id < 20; ++id) {
      model.deployments.push_back(model.deployments.front());
      model.deployments.back().id = id;
      model.deployments.back().name = std::string(static_cast<std::size_t>(id) * 10, 'n');
    }
  }
  return policy::Snapshot::make(std::move(model), {}).value();
}

const std::array<policy::Snapshot, 6>& sites() {
  static const std::array<policy::Snapshot, 6> all = {
      waiting_site(false),
      waiting_site(true),
      site({}, policy::Arch::x64, false),
      site({}, policy::Arch::arm64, true),
      site({.unknown_uefi = policy::UnknownUefi::shim,
            .bios_ipxe = policy::BiosIpxe::pxelinux,
            .http_port = 65535},
           policy::Arch::x64, true),
      site({.http = false}, policy::Arch::arm32, true),
  };
  return all;
}

bool is_unicast(base::Ipv4 address) {
  return address.octets[0] != 0 && address.octets[0] != 127 && address.octets[0] < 224;
}

// As it came, or not at all.
bool echoed(const Message& reply, const Message& request, std::uint8_t code) {
  const auto in = request.options.find(code);
  const auto out = reply.options.find(code);
  return in.has_value() == out.has_value() && (!in || std::ranges::equal(*in, *out));
}

void check_reply(const PxeResult& result, const Message& request, const Arrival& arrival,
                 std::span<const std::uint8_t> buffer) {
  const session::PxeReply& out = *result.reply;
  BOOTFERRY_CHECK(out.bytes.data() == buffer.data() && out.bytes.size() <= buffer.size());
  BOOTFERRY_CHECK(out.bytes.size() >= dhcp4::min_reply && out.bytes.size() <= request.max_reply());

  const bool offer = arrival.port == session::dhcp_server_port;
  const Outcome outcome = result.event.outcome;
  const bool told = outcome == Outcome::told_to_wait || outcome == Outcome::told_to_give_up;
  BOOTFERRY_CHECK(outcome == Outcome::offered ? offer : !offer && (told || outcome == Outcome::acknowledged));
  BOOTFERRY_CHECK(out.from == arrival.local);
  if (!request.giaddr.is_zero()) {
    BOOTFERRY_CHECK(out.to == (base::Ipv4Endpoint{request.giaddr, 67}) && is_unicast(request.giaddr));
    BOOTFERRY_CHECK(offer || request.giaddr == arrival.from.address);
  } else if (offer) {
    BOOTFERRY_CHECK(out.to == (base::Ipv4Endpoint{base::Ipv4::broadcast(), 68}) &&
                    out.interface == arrival.interface);
  } else {
    BOOTFERRY_CHECK(out.to == arrival.from && is_unicast(out.to.address));
  }

  const auto reply = dhcp4::decode(out.bytes);
  BOOTFERRY_CHECK(reply && reply->op == 2 && reply->xid == request.xid && reply->chaddr == request.chaddr);
  BOOTFERRY_CHECK(reply->htype == request.htype && reply->hlen == request.hlen &&
                  reply->giaddr == request.giaddr);
  BOOTFERRY_CHECK(reply->type() == (offer ? dhcp4::MessageType::offer : dhcp4::MessageType::ack));
  BOOTFERRY_CHECK(reply->yiaddr.is_zero() && reply->siaddr == arrival.local);  // a proxy leases nothing
  const auto server = reply->ip(option::server_id);
  BOOTFERRY_CHECK(server && !server->is_zero());
  const std::string_view answer_class = reply->text(option::vendor_class);
  BOOTFERRY_CHECK(answer_class == "PXEClient" || answer_class == "HTTPClient");
  for (const std::uint8_t code : {option::machine_id, option::client_id, option::relay_agent_info}) {
    BOOTFERRY_CHECK(echoed(*reply, request, code));
  }
  for (std::size_t i = 0; i + 1 < reply->options.size(); ++i) {
    BOOTFERRY_CHECK(reply->options.at(i).code != option::relay_agent_info);  // last (RFC 3046 §2.2)
  }
  if (told) {
    const auto block = wire::wds::decode(reply->options.find(option::wds).value());
    BOOTFERRY_CHECK(block && block->next_action && block->others.empty());
    BOOTFERRY_CHECK(result.event.facts->kind == policy::ClientKind::wds_program);
  }
  const bool menu = result.event.step == policy::StepKind::menu;
  if (menu) {
    const auto info = wire::pxe::decode_vendor_info(reply->options.find(option::vendor_info).value());
    BOOTFERRY_CHECK(info && info->menu.size() == info->boot_servers.size() + 1 && info->prompt);
  }
  BOOTFERRY_CHECK(told || menu || !result.event.file.empty());
  const std::string_view in_option = reply->text(option::boot_file_name);
  const bool names_file =
      in_option == result.event.file.view() || reply->file.view() == result.event.file.view();
  BOOTFERRY_CHECK(names_file || (offer && reply->file.empty() && in_option.empty()));
}

void check(const Message& request, const Arrival& arrival, const session::PxeServices& services,
           const policy::Snapshot& snapshot) {
  std::array<std::uint8_t, session::max_pxe_reply> buffer{};
  const PxeResult result = session::handle(request, arrival, services, snapshot, now, {}, buffer);
  const session::PxeEvent& event = result.event;
  BOOTFERRY_CHECK(!session::print(event.outcome).empty() && event.outcome != Outcome::malformed);
  BOOTFERRY_CHECK(!session::counter_name(session::counter_of(event)).empty());
  BOOTFERRY_CHECK(event.reason.has_value() == (event.outcome == Outcome::refused));
  const bool answered = event.outcome == Outcome::offered || event.outcome == Outcome::acknowledged ||
                        event.outcome == Outcome::told_to_wait || event.outcome == Outcome::told_to_give_up;
  BOOTFERRY_CHECK(answered == result.reply.has_value());
  if (result.learned) {
    BOOTFERRY_CHECK(is_unicast(result.learned->address) && result.learned->interface == arrival.interface);
    BOOTFERRY_CHECK(!result.learned->facts.mac.is_group());
  }
  if (!answered) return;
  check_reply(result, request, arrival, buffer);

  // The same without the word of the one who watches for loops: refused, nothing else.
  session::Advice advice;
  advice.objection = [](const policy::Facts&, const policy::Step&, bool, bool) {
    return std::optional(policy::Reason::boot_loop);
  };
  const PxeResult refused = session::handle(request, arrival, services, snapshot, now, advice, buffer);
  const bool by_itself = event.file.empty() || event.outcome == Outcome::told_to_give_up;
  BOOTFERRY_CHECK(by_itself || (refused.event.reason == policy::Reason::boot_loop && !refused.reply));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto request = dhcp4::decode({data, size});
  const Arrival on_67{67, 3, us, base::Ipv4::broadcast(), {{}, 68}};
  std::array<std::uint8_t, session::max_pxe_reply> buffer{};
  if (!request) {
    const PxeResult result =
        session::handle(base::ByteView(data, size), on_67, {}, sites()[0], now, {}, buffer);
    BOOTFERRY_CHECK(result.event.outcome == Outcome::malformed && result.event.malformed == request.error());
    BOOTFERRY_CHECK(!result.reply && !result.learned);
    return 0;
  }
  // From where a client or its relay would send it, and from elsewhere.
  const base::Ipv4 claimed = request->giaddr.is_zero() ? request->ciaddr : request->giaddr;
  const base::Ipv4Endpoint client{claimed.is_zero() ? somebody : claimed, 4011};
  for (const policy::Snapshot& snapshot : sites()) {
    check(*request, on_67, {}, snapshot);
    check(*request, on_67, {.boot_service = false}, snapshot);
    check(*request, {4011, 3, us, us, client}, {}, snapshot);
  }
  check(*request, {4011, 3, us, us, {somebody, 68}}, {.proxy = false}, sites()[0]);
  return 0;
}
