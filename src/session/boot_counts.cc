// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/boot_counts.h"

#include <algorithm>

namespace session {

bool BootCounts::on_boot(const base::Mac& mac, base::Time now) {
  if (terms_.boots == 0) return false;
  std::vector<base::Time>& boots = boots_.touch(key_of(mac), now);
  std::erase_if(boots, [&](base::Time when) { return now - when >= terms_.within; });
  boots.push_back(now);
  if (boots.size() > terms_.boots)
    boots.erase(boots.begin(), boots.end() - static_cast<std::ptrdiff_t>(terms_.boots));
  if (boots.size() < terms_.boots) return false;
  const bool known = too_often(mac, now);
  if (!known && too_often_.size() >= most_told) {
    std::erase_if(too_often_, [&](const auto& entry) { return entry.second <= now; });
    if (too_often_.size() >= most_told) return false;
  }
  too_often_[mac] = now + terms_.within;
  return !known;
}

bool BootCounts::too_often(const base::Mac& mac, base::Time now) const {
  const auto found = too_often_.find(mac);
  return found != too_often_.end() && now < found->second;
}

std::vector<base::Mac> BootCounts::list(base::Time now) const {
  std::vector<base::Mac> out;
  for (const auto& [mac, until] : too_often_) {
    if (now < until) out.push_back(mac);
  }
  return out;
}

void BootCounts::forget(const base::Mac& mac) {
  boots_.erase(key_of(mac));
  too_often_.erase(mac);
}

}  // namespace session
