// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/boot_papers.h"

#include <algorithm>
#include <cstring>

namespace session {
namespace {

// The hash is as good as random already.
std::uint64_t front_of(const policy::TokenHash& hash) {
  std::uint64_t front = 0;
  std::memcpy(&front, hash.data(), sizeof front);
  return front;
}

}  // namespace

const PaperEntry* BootPapers::entry(std::int64_t image) const {
  const auto found = std::ranges::find(entries, image, &PaperEntry::image);
  return found == entries.end() ? nullptr : &*found;
}

void Papers::issue(BootPapers papers, base::Time now) {
  if (const BootPapers* const before = of(papers.mac, now)) by_token_.erase(front_of(before->hash));
  by_token_.touch(front_of(papers.hash), now) = papers.mac;
  by_mac_.touch(key_of(papers.mac), now) = std::move(papers);
}

const BootPapers* Papers::of(const base::Mac& mac, base::Time now) { return by_mac_.find(key_of(mac), now); }

const BootPapers* Papers::behind(const policy::TokenHash& token, base::Time now) {
  const base::Mac* const mac = by_token_.find(front_of(token), now);
  const BootPapers* const papers = mac == nullptr ? nullptr : of(*mac, now);
  return papers != nullptr && papers->hash == token ? papers : nullptr;
}

bool Papers::may_take(const BootPapers& papers, std::string_view what, base::Time now) {
  const auto taken = std::ranges::find(papers.taken, what, &std::pair<std::string, base::Time>::first);
  return taken == papers.taken.end() || now - taken->second < again;
}

void Papers::took(const base::Mac& mac, std::string_view what, base::Time now) {
  BootPapers* const papers = by_mac_.find(key_of(mac), now);
  if (papers == nullptr || papers->taken.size() >= most_taken) return;
  const auto taken = std::ranges::find(papers->taken, what, &std::pair<std::string, base::Time>::first);
  if (taken == papers->taken.end()) papers->taken.emplace_back(what, now);
}

}  // namespace session
