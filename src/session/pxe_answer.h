// SPDX-License-Identifier: GPL-3.0-or-later
// The answer to one request that is to have one: decided, put to whoever may object, built.
#pragma once

#include <optional>
#include <span>

#include "session/pxe_service.h"

namespace session {

struct Asked {
  const wire::dhcp4::Message& request;
  const Arrival& arrival;
  const PxeServices& services;
  const policy::Snapshot& snapshot;
  const Advice& advice;
};
// Encodes it and addresses it to whoever asked. `result.event` gets the outcome: reply_too_large
// where it passes what the client takes.
void send(const wire::dhcp4::Message& reply, const wire::dhcp4::Message& request, const Arrival& arrival,
          Outcome outcome, std::span<std::uint8_t> buffer, PxeResult& result);

// `result.event` has the facts and the message's type. `wds`: what a WDS boot program said, if one
// asks. Fills in the event's outcome, and the reply if there is one.
void answer(const Asked& asked, const std::optional<wire::wds::Block>& wds, const policy::Now& now,
            std::span<std::uint8_t> buffer, PxeResult& result);

}  // namespace session
