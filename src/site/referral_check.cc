// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/referral_check.h"

#include <algorithm>
#include <set>

#include "net/interfaces.h"
#include "policy/check_referral.h"

namespace site {
namespace {

std::int64_t referral_of(const store::Record& record) {
  if (const auto* device = std::get_if<policy::Device>(&record)) return device->extras().referral;
  if (const auto* collection = std::get_if<policy::Collection>(&record)) return collection->referral;
  if (const auto* network = std::get_if<policy::Network>(&record)) return network->referral;
  return 0;
}

bool concerns_referrals(const store::Step& step) {
  const auto* put = std::get_if<store::Put>(&step);
  if (put == nullptr) return false;
  return std::holds_alternative<policy::Referral>(put->record) ||
         std::holds_alternative<policy::BootServer>(put->record) || referral_of(put->record) != 0;
}

bool leads_to(const policy::Referral& referral, std::int64_t server) {
  return std::ranges::find(referral.shares, server, &policy::Referral::Share::server) !=
         referral.shares.end();
}

}  // namespace

bool concerns_referrals(const store::Batch& batch) {
  return std::ranges::any_of(batch.steps, [](const store::Step& step) { return concerns_referrals(step); });
}

base::Status check_referrals(const policy::Snapshot& after, const store::Batch& batch,
                             const std::vector<std::int64_t>& ids, const std::vector<base::Ipv4>& own) {
  // By the records as they are now: a step of the batch may name them by a placeholder.
  std::set<std::int64_t> touched;
  for (std::size_t i = 0; i < batch.steps.size(); ++i) {
    const auto* put = std::get_if<store::Put>(&batch.steps[i]);
    if (put == nullptr || !concerns_referrals(batch.steps[i])) continue;
    switch (store::kind_of(put->record)) {
      case store::Kind::referral:
        touched.insert(ids[i]);
        break;
      case store::Kind::server:
        for (const policy::Referral& referral : after.model().referrals) {
          if (leads_to(referral, ids[i])) touched.insert(referral.id);
        }
        break;
      case store::Kind::device:
        if (const policy::Device* device = after.device(ids[i])) touched.insert(device->extras().referral);
        break;
      case store::Kind::collection:
        for (const policy::Collection& collection : after.model().collections) {
          if (collection.id == ids[i]) touched.insert(collection.referral);
        }
        break;
      case store::Kind::network:
        for (const policy::Network& network : after.model().networks) {
          if (network.id == ids[i]) touched.insert(network.referral);
        }
        break;
      default:
        break;
    }
  }
  for (const std::int64_t id : touched) {
    const policy::Referral* const referral = after.referral(id);
    if (referral == nullptr) continue;
    if (auto good = policy::check_referral(*referral, after, own); !good) return good;
  }
  return {};
}

std::vector<base::Ipv4> own_addresses() {
  std::vector<base::Ipv4> own;
  const auto interfaces = net::list_interfaces();
  if (!interfaces) return own;  // then only the rest is checked
  for (const net::Interface& interface : *interfaces) {
    for (const base::IpNet& net : interface.addresses) {
      if (net.address.is_v4()) own.push_back(net.address.as_v4());
    }
  }
  return own;
}

}  // namespace site
