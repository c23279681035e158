// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/pxe_answer.h"

#include <algorithm>
#include <array>

#include "policy/recipe.h"
#include "policy/rom_menu.h"
#include "session/pxe_menu.h"
#include "session/pxe_reply.h"

namespace session {
namespace {

using wire::dhcp4::Message;
using wire::dhcp4::MessageType;

// RFC 2131 §4.1 for 67; 4011 answers where the request came from, source port included
// (EDK2 listens on 4011, ROMs and iPXE on 68).
void address_reply(const Message& request, const Arrival& arrival, PxeReply& reply) {
  reply.from = arrival.local;
  if (!request.giaddr.is_zero()) {
    reply.to = {request.giaddr, dhcp_server_port};
  } else if (arrival.port == boot_service_port) {
    reply.to = arrival.from;
  } else {
    reply.to = {base::Ipv4::broadcast(), dhcp_client_port};
    reply.interface = arrival.interface;  // a broadcast has no route
  }
}

// One request that is to be answered, and what goes into the answer.
class Answering {
 public:
  Answering(const Asked& asked, std::span<std::uint8_t> buffer)
      : request_(asked.request),
        arrival_(asked.arrival),
        services_(asked.services),
        snapshot_(asked.snapshot),
        advice_(asked.advice),
        buffer_(buffer) {}

  // `wds`: what a WDS boot program said, if one asks.
  void answer(const std::optional<wire::wds::Block>& wds, const policy::Now& now, PxeResult& result) {
    PxeEvent& event = result.event;
    const policy::Facts& facts = *event.facts;
    policy::Answer decided = policy::answer(facts, snapshot_, now);
    if (const auto* ask = std::get_if<policy::AskApproval>(&decided.plan.outcome)) {
      event.waits = !advice_.may_wait || advice_.may_wait(facts, *ask, wds.has_value());
      event.request = ask->device != nullptr ? ask->device->request : 0;
      if (!event.waits) {
        decided.plan.outcome = policy::Abort{policy::Reason::approval_late};
        decided.step = policy::next_step(facts, decided.plan, snapshot_);
      }
    }
    event.menu = decided.plan.menu() != nullptr;
    event.to_disk = decided.plan.reason().has_value();
    const policy::Boot* const boot = decided.plan.boot();
    if (boot != nullptr) {
      event.image = boot->choice.image;
      event.prompt = boot->prompt != policy::Prompting::none;
    }
    const bool loads = boot != nullptr || event.menu;
    if (wds && loads && advice_.looks_up && advice_.looks_up(facts, decided.plan)) {
      event.step = policy::StepKind::wait;
      return send(facts, {}, {}, wds_hold(hold_for_policy()), result);
    }
    if (const auto* reason = std::get_if<policy::Reason>(&decided.step)) return refuse(*reason, event);
    const auto& step = std::get<policy::Step>(decided.step);
    event.step = step.kind;
    event.referred_to = step.server;
    const bool names_file = step.kind == policy::StepKind::loader || step.kind == policy::StepKind::script ||
                            step.kind == policy::StepKind::refer;
    if (advice_.objection && names_file) {
      const bool discover = event.type == MessageType::discover;
      if (const auto reason = advice_.objection(facts, step, discover, loads)) return refuse(*reason, event);
    }
    if (step.kind == policy::StepKind::menu) return send_menu(decided.plan, result);
    send(facts, step, {}, wds ? wds_block(*wds, decided.plan, step) : std::nullopt, result);
  }

 private:
  static void refuse(policy::Reason reason, PxeEvent& event) {
    event.outcome = Outcome::refused;
    event.reason = reason;
  }

  [[nodiscard]] std::optional<wire::wds::Block> wds_block(const wire::wds::Block& said,
                                                          const policy::Plan& plan,
                                                          const policy::Step& step) const {
    switch (step.kind) {
      case policy::StepKind::wait:
        return wds_hold(
            hold_for_approval(std::get<policy::AskApproval>(plan.outcome), snapshot_.model().policy.pending));
      case policy::StepKind::abort:
        return wds_abort(policy::explain(plan.reason().value_or(policy::Reason::nothing_to_do)));
      case policy::StepKind::refer:
        return wds_refer(step.server->address);
      case policy::StepKind::loader:
      case policy::StepKind::script:
      case policy::StepKind::menu:
        break;
    }
    const policy::Boot* const boot = plan.boot();
    return wds_go(said, boot != nullptr ? boot->prompt : policy::Prompting::none, services_.wds_approved);
  }

  void send_menu(const policy::Plan& plan, PxeResult& result) {
    // Its choice would come to 4011. An item that is asked for there and led to a menu again is
    // no longer offered, and its ROM takes an answer for that item only.
    if (!services_.boot_service) return refuse(policy::Reason::no_program_for_arch, result.event);
    if (result.event.facts->chosen_item) return refuse(policy::Reason::no_deployment, result.event);
    const policy::RomMenu menu = policy::rom_menu(*result.event.facts, plan, snapshot_);
    const auto bytes = pxe_menu(menu, arrival_.local, snapshot_.settings().prompt_seconds);
    if (!bytes) {
      result.event.outcome = Outcome::reply_too_large;
      return;
    }
    send(*result.event.facts, {policy::StepKind::menu}, *bytes, std::nullopt, result);
  }

  void send(const policy::Facts& facts, const policy::Step& step, base::ByteView menu,
            const std::optional<wire::wds::Block>& wds, PxeResult& result) {
    PxeEvent& event = result.event;
    event.outcome = Outcome::reply_too_large;
    const policy::Recipe& recipe = policy::recipe_for(facts.kind);
    const bool refers = step.kind == policy::StepKind::refer;  // a script of ours goes there by itself
    const base::Ipv4 boots_from = refers ? step.server->address : arrival_.local;
    // What port another server's HTTP has, nobody told us.
    const std::uint16_t http_port = refers ? 80 : snapshot_.settings().http_port;
    BootFile file;
    if (!step.path.empty() || step.kind == policy::StepKind::script) {
      const auto named = boot_file(facts, step, recipe, boots_from, http_port);
      if (!named) return;
      file = *named;
    }
    event.file = file;
    const bool offer = arrival_.port == dhcp_server_port;
    const bool asks_us_next = offer && services_.boot_service && recipe.asks_siaddr_on_4011;
    ReplyTerms terms{offer ? MessageType::offer : MessageType::ack, arrival_.local,
                     asks_us_next ? arrival_.local : boots_from, services_.boot_service, menu};
    // Windows' boot programs look for them in the answer that named the first of them.
    std::array<std::uint8_t, 64> option_252{}, option_243{};
    const bool loads = step.kind == policy::StepKind::loader || step.kind == policy::StepKind::script;
    if (loads && event.image != nullptr && event.image->kind == policy::ImageKind::wim) {
      terms.bcd = bcd_path(facts.mac, option_252);
      // It names our HTTP service.
      if (snapshot_.settings().http) terms.variables = variables_path(facts.mac, option_243);
    }
    std::array<std::uint8_t, wire::wds::max_option> option_250{};
    if (wds) {
      const auto size = wire::wds::encode(*wds, option_250);
      if (!size) return;
      terms.wds = base::ByteView(option_250).first(*size);
    }
    const Outcome outcome = offer                                   ? Outcome::offered
                            : event.step == policy::StepKind::wait  ? Outcome::told_to_wait
                            : event.step == policy::StepKind::abort ? Outcome::told_to_give_up
                                                                    : Outcome::acknowledged;
    const auto try_to_send = [&] {
      const auto reply = build_reply(request_, terms, recipe, file);
      if (reply) session::send(*reply, request_, arrival_, outcome, buffer_, result);
    };
    try_to_send();
    // A machine that learns less boots all the same.
    if (event.outcome != Outcome::reply_too_large || terms.variables.empty()) return;
    terms.variables = {};
    try_to_send();
  }

  const Message& request_;
  const Arrival& arrival_;
  const PxeServices& services_;
  const policy::Snapshot& snapshot_;
  const Advice& advice_;
  std::span<std::uint8_t> buffer_;
};

}  // namespace

void send(const Message& reply, const Message& request, const Arrival& arrival, Outcome outcome,
          std::span<std::uint8_t> buffer, PxeResult& result) {
  result.event.outcome = Outcome::reply_too_large;
  const auto size = wire::dhcp4::encode(reply, buffer.first(std::min(buffer.size(), request.max_reply())));
  if (!size) return;
  result.event.outcome = outcome;
  result.reply.emplace();
  result.reply->bytes = buffer.first(*size);
  address_reply(request, arrival, *result.reply);
}

void answer(const Asked& asked, const std::optional<wire::wds::Block>& wds, const policy::Now& now,
            std::span<std::uint8_t> buffer, PxeResult& result) {
  Answering(asked, buffer).answer(wds, now, result);
}

}  // namespace session
