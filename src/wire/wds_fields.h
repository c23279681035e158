// SPDX-License-Identifier: GPL-3.0-or-later
// The fields of option 250 by their codes, in ascending order: reading, writing and printing
// all walk this list, so that no field is forgotten in one of them.
#pragma once

#include "wire/wds.h"

namespace wire::wds {

// visit(code, field) for each; `block` may be const.
template <class AnyBlock, class Visit>
void each_field(AnyBlock& block, Visit visit) {
  visit(tag::architecture, block.architecture);
  visit(tag::next_action, block.next_action);
  visit(tag::poll_interval, block.poll_interval);
  visit(tag::poll_retry_count, block.poll_retry_count);
  visit(tag::request_id, block.request_id);
  visit(tag::message, block.message);
  visit(tag::version_query, block.version_query);
  visit(tag::server_version, block.server_version);
  visit(tag::referral_server, block.referral_server);
  visit(tag::client_prompt, block.client_prompt);
  visit(tag::prompt_done, block.prompt_done);
  visit(tag::nbp_version, block.nbp_version);
  visit(tag::action_done, block.action_done);
  visit(tag::allow_server_selection, block.allow_server_selection);
  visit(tag::server_features, block.server_features);
}

}  // namespace wire::wds
