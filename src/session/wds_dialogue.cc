// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/wds_dialogue.h"

#include <algorithm>
#include <array>

namespace session {
namespace {

using wire::wds::Block;
using wire::wds::NextAction;

// Beside the other fields of an answer that waits: interval, count, action, request, end.
constexpr std::size_t longest_message = 230;

// A BIOS text screen shows it.
wire::wds::MessageText message(std::string_view text) {
  std::array<char, longest_message> ascii{};
  const std::size_t size = std::min(text.size(), ascii.size());
  std::transform(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size), ascii.begin(),
                 [](char c) { return c < ' ' || c > '~' ? '?' : c; });
  wire::wds::MessageText out;
  static_cast<void>(out.assign({ascii.data(), size}));  // it has room for more
  return out;
}

wire::wds::Prompt prompt_of(policy::Prompting prompt) {
  switch (prompt) {
    case policy::Prompting::opt_in:
      return wire::wds::Prompt::opt_in;
    case policy::Prompting::opt_out:
      return wire::wds::Prompt::opt_out;
    case policy::Prompting::none:
      break;
  }
  return wire::wds::Prompt::no_prompt;
}

}  // namespace

std::optional<Block> read_wds(const wire::dhcp4::Message& request) {
  const auto value = request.options.find(wire::dhcp4::option::wds);
  if (!value) return std::nullopt;
  const auto block = wire::wds::decode(*value);
  return block ? *block : Block{};
}

void add_wds(const Block& said, policy::Facts& facts) {
  facts.kind = policy::ClientKind::wds_program;
  if (facts.arch != policy::Arch::bios || !said.architecture) return;
  if (*said.architecture == wire::wds::Architecture::x86) facts.processor = policy::Arch::ia32;
  if (*said.architecture == wire::wds::Architecture::x64) facts.processor = policy::Arch::x64;
}

WdsHold hold_for_approval(const policy::AskApproval& ask, const policy::PendingTerms& terms) {
  return {ask.device != nullptr ? ask.device->request : 0, terms.message, terms.poll_seconds, terms.polls};
}

WdsHold hold_for_policy() { return {0, "Looking for policy.", 5, 60}; }

Block wds_hold(const WdsHold& hold) {
  Block block;
  block.next_action = NextAction::approval;
  block.poll_interval = std::max<std::uint16_t>(hold.poll_seconds, 1);
  block.poll_retry_count = std::max<std::uint16_t>(hold.polls, 1);
  if (hold.request != 0) block.request_id = hold.request;
  block.message = message(hold.message);
  return block;
}

Block wds_abort(std::string_view why) {
  Block block;
  block.next_action = NextAction::abort;
  block.message = message(why);
  return block;
}

Block wds_refer(base::Ipv4 server) {
  Block block;
  block.next_action = NextAction::referral;
  block.referral_server = server;
  return block;
}

std::optional<Block> wds_go(const Block& said, policy::Prompting prompt, WdsApproved form) {
  if (form == WdsApproved::file_only) return std::nullopt;
  Block block;
  block.next_action = NextAction::approval;
  block.action_done = 1;
  block.request_id = said.request_id;
  if (!said.prompt_done) block.client_prompt = prompt_of(prompt);
  return block;
}

}  // namespace session
