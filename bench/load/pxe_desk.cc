// SPDX-License-Identifier: GPL-3.0-or-later
#include "pxe_desk.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "flags.h"
#include "wire/dhcp4.h"

namespace bench {
namespace {

namespace dhcp = wire::dhcp4;

constexpr std::size_t in_batch = 64, in_room = 2048;
struct InBatch {
  std::array<std::uint8_t, in_batch * in_room> bytes;
  std::array<iovec, in_batch> parts{};
  std::array<mmsghdr, in_batch> messages{};
  InBatch() {
    for (std::size_t i = 0; i < in_batch; ++i) {
      parts[i] = {&bytes[i * in_room], in_room};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
  }
};

void put32(std::uint8_t* at, std::uint32_t value) {
  for (unsigned i = 0; i < 4; ++i) at[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

// The value of an option, by a plain walk: decoding everything would cost the generator.
base::ByteView option(base::ByteView datagram, std::uint8_t code) {
  for (std::size_t at = dhcp::options_at; at + 1 < datagram.size() && datagram[at] != 255;) {
    if (datagram[at] == 0) {
      ++at;
      continue;
    }
    const std::size_t size = datagram[at + 1];
    if (at + 2 + size > datagram.size()) break;
    if (datagram[at] == code) return datagram.subspan(at + 2, size);
    at += 2 + size;
  }
  return {};
}

std::uint16_t first_menu_item(base::ByteView vendor) {
  for (std::size_t at = 0; at + 1 < vendor.size() && vendor[at] != 255; at += 2U + vendor[at + 1]) {
    if (vendor[at] == 9 && at + 3 < vendor.size())
      return static_cast<std::uint16_t>((vendor[at + 2] << 8) | vendor[at + 3]);
  }
  return 0;
}

}  // namespace

PxeDesk::PxeDesk(Poller& poller, PxeOwner& owner, PxeTotals& totals, const sockaddr_in& server,
                 const sockaddr_in& relay, std::size_t slots, Nanos timeout, unsigned tries)
    : poller_(poller),
      owner_(owner),
      totals_(totals),
      dhcp_(server),
      boot_service_(server),
      timeout_(timeout),
      tries_(tries),
      fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
      slots_(slots) {
  dhcp_.sin_port = htons(67);
  boot_service_.sin_port = htons(4011);
  sockaddr_in local = relay;
  local.sin_port = htons(67);
  const int size = 32 << 20;  // what we lose must be the server's doing
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0)
    fatal_errno("bind port 67");
  for (std::size_t f = 0; f < firmware_count; ++f) {
    for (std::size_t form = 0; form < form_count; ++form)
      templates_[f][form] = make(static_cast<Firmware>(f), static_cast<Form>(form), relay);
  }
  for (std::size_t i = 0; i < batch; ++i) {
    out_messages_[i].msg_hdr.msg_iov = &out_parts_[i];
    out_messages_[i].msg_hdr.msg_iovlen = 1;
    out_messages_[i].msg_hdr.msg_namelen = sizeof(sockaddr_in);
  }
  timer_.owner = this;
  poller_.add(fd_.get(), *this, EPOLLIN);
}

// What OVMF and BIOS ROMs send, but for the order of their parameter lists.
PxeDesk::Template PxeDesk::make(Firmware firmware, Form form, const sockaddr_in& relay) {
  namespace o = dhcp::option;
  dhcp::Message m;
  m.hops = 1;
  m.secs = 4;
  m.flags = dhcp::flag_broadcast;
  m.giaddr = base::Ipv4::from_host_order(ntohl(relay.sin_addr.s_addr));
  if (form != Form::discover) m.ciaddr = m.giaddr;  // by then a machine has an address
  m.chaddr = {0x52, 0x54};
  const bool uefi = firmware == Firmware::uefi_x64;
  m.options.add_u8(o::message_type, form == Form::discover ? 1 : 3);
  m.options.add_u16(o::max_message_size, uefi ? 1472 : 1260);
  constexpr std::uint8_t wanted[] = {1,  2,  3,  4,   5,   6,   12,  13,  15,  17,  18, 22,
                                     23, 28, 40, 41,  42,  43,  50,  51,  54,  58,  59, 60,
                                     66, 67, 97, 128, 129, 130, 131, 132, 133, 134, 135};
  m.options.add(o::parameter_list, wanted);
  std::array<std::uint8_t, 17> machine_id{};
  std::fill(machine_id.begin() + 1, machine_id.end(), std::uint8_t{0xa5});
  m.options.add(o::machine_id, machine_id);
  constexpr std::uint8_t ndi_bios[] = {1, 2, 1}, ndi_uefi[] = {1, 3, 0};
  m.options.add(o::client_ndi, uefi ? base::ByteView(ndi_uefi) : base::ByteView(ndi_bios));
  m.options.add_u16(o::client_arch, uefi ? 7 : 0);
  m.options.add_text(o::vendor_class,
                     uefi ? "PXEClient:Arch:00007:UNDI:003000" : "PXEClient:Arch:00000:UNDI:002001");
  if (firmware == Firmware::ipxe_bios) {
    m.options.add_text(o::user_class, "iPXE");
    constexpr std::uint8_t features[] = {0x13, 1, 1, 0x15, 1, 1, 0x18, 1, 1, 0x21, 1, 1, 0x27, 1, 1};
    m.options.add(o::ipxe_encapsulated, features);
  }
  constexpr std::uint8_t item[] = {71, 4, 0xee, 0xee, 0, 0, 255};
  if (form == Form::request_item) m.options.add(o::vendor_info, item);
  Template made;
  made.bytes.resize(room);
  const auto size = dhcp::encode(m, made.bytes);
  if (!size) fatal("a template does not fit");
  made.bytes.resize(*size);
  const auto found = std::search_n(made.bytes.begin(), made.bytes.end(), 16, std::uint8_t{0xa5});
  made.machine_id_at = static_cast<std::size_t>(found - made.bytes.begin());
  const auto type = std::search_n(made.bytes.begin(), made.bytes.end(), 2, std::uint8_t{0xee});
  made.boot_item_at = static_cast<std::size_t>(type - made.bytes.begin());
  return made;
}

std::uint32_t PxeDesk::xid_of(const Slot& slot, std::size_t index) {
  return (std::uint32_t{slot.generation} << 16) | static_cast<std::uint32_t>(index);
}

void PxeDesk::begin(std::size_t slot, Firmware firmware, std::uint32_t machine, Nanos now) {
  Slot& s = slots_[slot];
  s = {Step::discover, firmware, static_cast<std::uint16_t>(s.generation + 1), machine, 0, 0, now, 0};
  ask(slot, now);
}

void PxeDesk::ask(std::size_t index, Nanos now) {
  const Slot& slot = slots_[index];
  const Form form = slot.step == Step::discover ? Form::discover
                    : slot.boot_item == 0       ? Form::request
                                                : Form::request_item;
  const Template& from = templates_[static_cast<std::size_t>(slot.firmware)][static_cast<std::size_t>(form)];
  auto& bytes = out_[out_count_];
  std::copy(from.bytes.begin(), from.bytes.end(), bytes.begin());
  put32(&bytes[4], xid_of(slot, index));
  put32(&bytes[dhcp::chaddr_at + 2], slot.machine);
  put32(&bytes[from.machine_id_at], slot.machine);
  if (form == Form::request_item) {
    bytes[from.boot_item_at] = static_cast<std::uint8_t>(slot.boot_item >> 8);
    bytes[from.boot_item_at + 1] = static_cast<std::uint8_t>(slot.boot_item);
  }
  out_parts_[out_count_] = {bytes.data(), from.bytes.size()};
  out_messages_[out_count_].msg_hdr.msg_name = slot.step == Step::request ? &boot_service_ : &dhcp_;
  if (++out_count_ == batch) flush();
  waiting_.push_back({now + timeout_, xid_of(slot, index), slot.step});
  if (timer_.deadline == never) poller_.set(timer_, now + timeout_);
}

void PxeDesk::flush() {
  // What the kernel does not take is lost, as on a real wire.
  for (std::size_t sent = 0; sent < out_count_;) {
    const int n = ::sendmmsg(fd_.get(), &out_messages_[sent], static_cast<unsigned>(out_count_ - sent), 0);
    sent += n > 0 ? static_cast<std::size_t>(n) : 1;
  }
  out_count_ = 0;
}

void PxeDesk::ready(std::uint32_t, Nanos now) {
  static InBatch in;
  const int count = ::recvmmsg(fd_.get(), in.messages.data(), in_batch, MSG_DONTWAIT, nullptr);
  for (std::size_t i = 0; static_cast<int>(i) < count; ++i)
    take({&in.bytes[i * in_room], in.messages[i].msg_len}, now);
  flush();
}

void PxeDesk::take(base::ByteView datagram, Nanos now) {
  if (datagram.size() < dhcp::options_at || datagram[0] != 2) return;
  const std::uint32_t xid = (std::uint32_t{datagram[4]} << 24) | (std::uint32_t{datagram[5]} << 16) |
                            (std::uint32_t{datagram[6]} << 8) | datagram[7];
  const std::size_t index = xid & 0xffff;
  const base::ByteView type = option(datagram, dhcp::option::message_type);
  if (index >= slots_.size() || xid_of(slots_[index], index) != xid || type.size() != 1) {
    ++totals_.stray;
    return;
  }
  Slot& slot = slots_[index];
  if (slot.step == Step::discover && type[0] == 2) {
    slot.offered = now;
    slot.step = Step::request;
    slot.tries = 0;
    slot.boot_item =
        slot.firmware == Firmware::bios ? first_menu_item(option(datagram, 43)) : std::uint16_t{0};
    ask(index, now);
  } else if (slot.step == Step::request && type[0] == 5) {
    const bool file = datagram[dhcp::file_at] != 0 || !option(datagram, dhcp::option::boot_file_name).empty();
    if (!file) ++totals_.without_file;
    finish(index, file, now);
  } else {
    ++totals_.stray;
  }
}

void PxeDesk::finish(std::size_t index, bool right, Nanos now) {
  Slot& slot = slots_[index];
  slot.step = Step::idle;
  if (right) ++totals_.done;
  owner_.pxe_done(index, right, slot.offered - slot.began, now - slot.began, now);
}

void PxeDesk::expired(Timer&, Nanos now) {
  while (!waiting_.empty() && waiting_.front().until <= now) {
    const Waiting due = waiting_.front();
    waiting_.pop_front();
    const std::size_t index = due.xid & 0xffff;
    Slot& slot = slots_[index];
    if (slot.step != due.step || xid_of(slot, index) != due.xid) continue;  // answered
    ++totals_.lost;
    if (++slot.tries > tries_) {
      ++totals_.gave_up;
      finish(index, false, now);
    } else {
      ask(index, now);
    }
  }
  if (!waiting_.empty()) poller_.set(timer_, waiting_.front().until);
  flush();
}

}  // namespace bench
