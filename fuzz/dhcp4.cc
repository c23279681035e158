// SPDX-License-Identifier: GPL-3.0-or-later
// Any datagram on ports 67 and 4011. Properties: the decoder refuses or yields a message;
// a message that fits the largest datagram goes back to octets which decode to it again.
#include "wire/dhcp4.h"

#include <array>

#include "base/result.h"

namespace dhcp4 = wire::dhcp4;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = dhcp4::decode({data, size});
  if (!message) {
    BOOTFERRY_CHECK(dhcp4::print(message.error()) != "?");
    return 0;
  }
  BOOTFERRY_CHECK(!dhcp4::print(*message).empty());

  // The readers of single options hold whatever the options hold.
  base::Uuid uuid;
  static_cast<void>(message->type());
  static_cast<void>(message->mac());
  static_cast<void>(message->machine_id(uuid));
  for (unsigned code = 0; code < 256; ++code) {
    const auto c = static_cast<std::uint8_t>(code);
    static_cast<void>(message->ip(c));
    static_cast<void>(message->u16(c));
    BOOTFERRY_CHECK(message->text(c).size() <= dhcp4::max_datagram);
  }
  const std::size_t limit = message->max_reply();
  BOOTFERRY_CHECK(limit >= dhcp4::default_max_reply && limit <= dhcp4::largest_reply);

  std::array<std::uint8_t, dhcp4::max_datagram + 1> buffer{};
  const auto written = dhcp4::encode(*message, buffer);
  // Only options that came by overload may need more room than the datagram had.
  BOOTFERRY_CHECK(written || size + dhcp4::sname_size + dhcp4::file_size > dhcp4::max_datagram);
  if (!written) return 0;
  BOOTFERRY_CHECK(*written >= dhcp4::min_reply && *written <= dhcp4::max_datagram);

  const auto again = dhcp4::decode(base::ByteView(buffer).first(*written));
  BOOTFERRY_CHECK(again && *again == *message);
  BOOTFERRY_CHECK(!dhcp4::encode(*message, std::span(buffer).first(*written - 1)));
  return 0;
}
