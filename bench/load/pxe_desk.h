// SPDX-License-Identifier: GPL-3.0-or-later
// PXE conversations from one socket, in a relay's place: DISCOVER to 67, OFFER, REQUEST to
// 4011, ACK. Answers come to port 67 of our address (giaddr), which is why one socket is
// enough for any number of machines.
#pragma once

#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "base/bytes.h"
#include "base/fd.h"
#include "poller.h"

namespace bench {

enum class Firmware : std::uint8_t { bios, uefi_x64, ipxe_bios };
inline constexpr std::size_t firmware_count = 3;

struct PxeTotals {
  std::uint64_t done = 0, without_file = 0;
  std::uint64_t lost = 0;     // questions that nobody answered in time; asked again
  std::uint64_t gave_up = 0;  // conversations that ended so
  std::uint64_t stray = 0;    // answers that fit no open question: late, or twice
};

class PxeOwner {
 public:
  virtual ~PxeOwner() = default;
  virtual void pxe_done(std::size_t slot, bool right, Nanos offer_took, Nanos took, Nanos now) = 0;
};

class PxeDesk final : public Actor {
 public:
  static constexpr std::size_t max_slots = 65536;

  PxeDesk(Poller& poller, PxeOwner& owner, PxeTotals& totals, const sockaddr_in& server,
          const sockaddr_in& relay, std::size_t slots, Nanos timeout, unsigned tries);

  // `machine` becomes its MAC and machine id. The slot must be free.
  void begin(std::size_t slot, Firmware firmware, std::uint32_t machine, Nanos now);
  void flush();  // sends what begin() and answers left to send

  void ready(std::uint32_t events, Nanos now) override;
  void expired(Timer& timer, Nanos now) override;

 private:
  static constexpr std::size_t batch = 64, room = 600;
  enum class Step : std::uint8_t { idle, discover, request };

  struct Slot {
    Step step = Step::idle;
    Firmware firmware = Firmware::bios;
    std::uint16_t generation = 0;
    std::uint32_t machine = 0;
    std::uint16_t boot_item = 0;  // the first of the OFFER's menu; 0: it had none
    unsigned tries = 0;
    Nanos began = 0, offered = 0;
  };
  struct Waiting {  // in the order of their deadlines, for all wait equally long
    Nanos until;
    std::uint32_t xid;
    Step step;
  };
  struct Template {
    base::Bytes bytes;
    std::size_t machine_id_at = 0;
    std::size_t boot_item_at = 0;  // of the type's two octets
  };
  // What is sent: DISCOVER, REQUEST, or a REQUEST that picks from the OFFER's menu, as BIOS
  // ROMs do with servers that send one (dnsmasq).
  enum class Form : std::uint8_t { discover, request, request_item };
  static constexpr std::size_t form_count = 3;

  static Template make(Firmware firmware, Form form, const sockaddr_in& relay);
  [[nodiscard]] static std::uint32_t xid_of(const Slot& slot, std::size_t index);
  void ask(std::size_t index, Nanos now);
  void take(base::ByteView datagram, Nanos now);
  void finish(std::size_t index, bool right, Nanos now);

  Poller& poller_;
  PxeOwner& owner_;
  PxeTotals& totals_;
  sockaddr_in dhcp_, boot_service_;
  Nanos timeout_;
  unsigned tries_;
  base::Fd fd_;
  Timer timer_;
  std::vector<Slot> slots_;
  std::deque<Waiting> waiting_;
  std::array<std::array<Template, form_count>, firmware_count> templates_;

  std::array<std::array<std::uint8_t, room>, batch> out_;
  std::array<iovec, batch> out_parts_{};
  std::array<mmsghdr, batch> out_messages_{};
  std::size_t out_count_ = 0;
};

}  // namespace bench
