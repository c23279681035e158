// SPDX-License-Identifier: GPL-3.0-or-later
// What becomes of datagrams on 67 and 4011, by name.
#include <array>

#include "base/result.h"
#include "session/pxe_service.h"

namespace session {
namespace {

using wire::dhcp4::Refusal;

constexpr std::array<std::string_view, outcome_count> outcome_names = {
    "offered",         "acknowledged", "told-to-wait",         "told-to-give-up",      "overheard",
    "malformed",       "refused",      "reply-not-request",    "no-message-type",      "other-message-type",
    "wrong-port",      "service-off",  "bad-hardware-address", "malformed-machine-id", "not-network-boot",
    "names-no-server", "names-us",     "other-server",         "address-mismatch",     "bad-source",
    "no-own-address",  "probed",       "reply-too-large",
};
static_assert(static_cast<std::size_t>(Outcome::reply_too_large) + 1 == outcome_count);

std::string_view counter_name(Refusal refusal) {
  switch (refusal) {
    case Refusal::too_short:
      return "too-short";
    case Refusal::too_long:
      return "too-long";
    case Refusal::bad_op:
      return "bad-op";
    case Refusal::bad_cookie:
      return "bad-cookie";
    case Refusal::option_past_end:
      return "option-past-end";
    case Refusal::bad_overload:
      return "bad-overload";
    case Refusal::too_many_options:
      return "too-many-options";
  }
  return "malformed";
}

}  // namespace

std::string_view print(Outcome outcome) { return outcome_names[static_cast<std::size_t>(outcome)]; }

std::size_t counter_of(const PxeEvent& event) {
  if (event.outcome == Outcome::malformed && event.malformed) {
    return outcome_count + static_cast<std::size_t>(*event.malformed);
  }
  if (event.outcome == Outcome::refused && event.reason) {
    return outcome_count + wire::dhcp4::refusal_count + static_cast<std::size_t>(*event.reason);
  }
  return static_cast<std::size_t>(event.outcome);
}

std::string_view counter_name(std::size_t index) {
  if (index < outcome_count) return outcome_names[index];
  index -= outcome_count;
  if (index < wire::dhcp4::refusal_count) return counter_name(static_cast<Refusal>(index));
  index -= wire::dhcp4::refusal_count;
  BOOTFERRY_CHECK(index < policy::reason_count);
  return policy::print(static_cast<policy::Reason>(index));
}

}  // namespace session
