// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/pxe_reply.h"

#include <algorithm>
#include <array>

#include "base/url.h"
#include "wire/pxe.h"
#include "wire/wds.h"

namespace session {
namespace {

namespace option = wire::dhcp4::option;
using wire::dhcp4::Message;
using wire::dhcp4::MessageType;

// Discovery control 3 (neither broadcast nor multicast), a prompt of no seconds, and the
// one menu entry that the ROM looks for: type 0, seventeen letters.
constexpr std::uint8_t pi_menu[] = {wire::pxe::tag::discovery_control,
                                    1,
                                    wire::pxe::control::no_broadcast | wire::pxe::control::no_multicast,
                                    wire::pxe::tag::menu_prompt,
                                    4,
                                    0,
                                    'P',
                                    'X',
                                    'E',  //
                                    wire::pxe::tag::boot_menu,
                                    20,
                                    0,
                                    0,
                                    17,  //
                                    'R',
                                    'a',
                                    's',
                                    'p',
                                    'b',
                                    'e',
                                    'r',
                                    'r',
                                    'y',
                                    ' ',
                                    'P',
                                    'i',
                                    ' ',
                                    'B',
                                    'o',
                                    'o',
                                    't',
                                    255};

base::ByteView vendor_info(policy::VendorInfo which) {
  switch (which) {
    case policy::VendorInfo::none:
      return {};
    case policy::VendorInfo::just_boot:
      return wire::pxe::just_boot_info;
    case policy::VendorInfo::pi_menu:
      return pi_menu;
  }
  return {};
}

bool add_vendor_info(Message& reply, const Message& request, const ReplyTerms& terms,
                     const policy::Recipe& recipe) {
  if (!terms.menu.empty()) return reply.options.add(option::vendor_info, terms.menu);
  if (terms.type == MessageType::offer) {
    const auto which = terms.boot_service ? recipe.offer_vendor_info : recipe.offer_vendor_info_alone;
    const base::ByteView info = vendor_info(which);
    return info.empty() || reply.options.add(option::vendor_info, info);
  }
  // The client asked for one item of some menu, and takes only an answer for that item.
  const auto asked = request.options.find(option::vendor_info);
  const auto item = asked ? wire::pxe::find_boot_item(*asked) : std::nullopt;
  if (!item) return true;
  const auto high = [](std::uint16_t v) { return static_cast<std::uint8_t>(v >> 8); };
  const auto low = [](std::uint16_t v) { return static_cast<std::uint8_t>(v); };
  const std::uint8_t info[] = {
      wire::pxe::tag::boot_item, 4,  high(item->type), low(item->type), high(item->layer),
      low(item->layer),          255};
  return reply.options.add(option::vendor_info, info);
}

bool add_file(Message& reply, const policy::Recipe& recipe, const BootFile& file) {
  const bool in_header = recipe.file_in_header && reply.file.assign(file.view());
  // A name too long for the header goes into 67 whatever the recipe: the only place left.
  if (in_header && !recipe.file_in_option_67) return true;
  std::array<std::uint8_t, BootFile::capacity() + 1> with_nul{};
  std::ranges::copy(file.view(), with_nul.begin());
  return reply.options.add(option::boot_file_name, base::ByteView(with_nul).first(file.view().size() + 1));
}

bool echo(Message& reply, const Message& request, std::uint8_t code) {
  const auto value = request.options.find(code);
  return !value || reply.options.add(code, *value);
}

// Without the heap, which Mac::print_dashed() needs.
template <class Out>
Out write_dashed(const base::Mac& mac, Out out) {
  constexpr std::string_view hex = "0123456789abcdef";
  for (std::size_t i = 0; i < mac.octets.size(); ++i) {
    if (i > 0) *out++ = '-';
    *out++ = hex[mac.octets[i] >> 4];
    *out++ = hex[mac.octets[i] & 15];
  }
  return out;
}

// «\\bcd\\52-54-00-12-34-56.bcd», and others of that kind.
template <std::size_t size>
std::array<char, size> path_of(const base::Mac& mac, std::string_view ending) {
  std::array<char, size> path{};
  auto out = std::ranges::copy(std::string_view("\\bcd\\"), path.begin()).out;
  out = write_dashed(mac, out);
  std::ranges::copy(ending, out);
  return path;
}

// RFC 5107: the relay wants its own address there, so that renewals pass through it.
base::Ipv4 server_id(const Message& request, base::Ipv4 server) {
  const auto relay_info = request.options.find(option::relay_agent_info);
  if (!relay_info) return server;
  const auto given = wire::pxe::find_relay_address(*relay_info, wire::pxe::relay_tag::server_id_override);
  return given && !given->is_zero() ? *given : server;  // EDK2 drops an OFFER whose 54 is zero
}

}  // namespace

std::optional<BootFile> boot_file(const policy::Facts& facts, const policy::Step& step,
                                  const policy::Recipe& recipe, base::Ipv4 server, std::uint16_t http_port) {
  std::array<char, BootFile::capacity() + 1> text{};
  std::size_t size = 0;
  const auto put = [&](char c) {
    if (size < text.size()) text[size++] = c;
  };
  if (step.kind == policy::StepKind::script) {
    std::array<char, sizeof "ipxe/00-00-00-00-00-00.ipxe" - 1> path{};
    auto out = std::ranges::copy(std::string_view("ipxe/"), path.begin()).out;
    out = write_dashed(facts.mac, out);
    std::ranges::copy(std::string_view(".ipxe"), out);
    base::write_http_url(server, http_port, {path.data(), path.size()}, put);
  } else if (recipe.file_is_url) {
    base::write_http_url(server, http_port, step.path, put);
  } else {
    std::ranges::for_each(step.path, put);
  }
  BootFile file;
  // One octet less than an option holds: the NUL needs it.
  if (size >= BootFile::capacity() || !file.assign({text.data(), size})) return std::nullopt;
  return file;
}

base::ByteView bcd_path(const base::Mac& mac, std::span<std::uint8_t> buffer) {
  const auto path = path_of<sizeof "\\bcd\\00-00-00-00-00-00.bcd" - 1>(mac, ".bcd");
  const auto size = wire::wds::encode_bcd_path({path.data(), path.size()}, buffer);
  BOOTFERRY_CHECK(size.has_value());
  return base::ByteView(buffer).first(*size);
}

base::ByteView variables_path(const base::Mac& mac, std::span<std::uint8_t> buffer) {
  const auto path = path_of<sizeof "\\bcd\\00-00-00-00-00-00.boot.var" - 1>(mac, ".boot.var");
  const auto size = wire::wds::encode_variables({path.data(), path.size()}, buffer);
  BOOTFERRY_CHECK(size.has_value());
  return base::ByteView(buffer).first(*size);
}

std::optional<Message> build_reply(const Message& request, const ReplyTerms& terms,
                                   const policy::Recipe& recipe, const BootFile& file) {
  const bool offer = terms.type == MessageType::offer;
  Message reply;
  reply.op = 2;
  reply.htype = request.htype;
  reply.hlen = request.hlen;
  reply.hops = request.hops;
  reply.xid = request.xid;
  // With yiaddr 0 neither we nor a relay can unicast an OFFER (RFC 2131 §4.1), so it is
  // marked for broadcast whatever the client asked.
  reply.flags =
      offer ? static_cast<std::uint16_t>(request.flags | wire::dhcp4::flag_broadcast) : request.flags;
  if (!offer) reply.ciaddr = request.ciaddr;
  reply.siaddr = terms.boots_from;
  reply.giaddr = request.giaddr;
  reply.chaddr = request.chaddr;

  // The order is that of a WDS server's ACK. 97 goes back as it came, or not at all; 61
  // likewise (RFC 6842); 82 last and unchanged (RFC 3046 §2.2).
  bool fits = reply.options.add_u8(option::message_type, static_cast<std::uint8_t>(terms.type)) &&
              reply.options.add_ip(option::server_id, server_id(request, terms.server)) &&
              echo(reply, request, option::machine_id) &&
              reply.options.add_text(option::vendor_class, recipe.answer_class) &&
              add_vendor_info(reply, request, terms, recipe);
  if (!file.empty() && (!offer || recipe.offer_names_file)) fits = fits && add_file(reply, recipe, file);
  if (!terms.variables.empty()) fits = fits && reply.options.add(option::sccm_variables, terms.variables);
  if (!terms.bcd.empty()) fits = fits && reply.options.add(option::wds_bcd_path, terms.bcd);
  if (!terms.wds.empty()) fits = fits && reply.options.add(option::wds, terms.wds);
  fits = fits && echo(reply, request, option::client_id) && echo(reply, request, option::relay_agent_info);
  if (!fits) return std::nullopt;
  return reply;
}

}  // namespace session
