// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/tftp_send.h"

#include <algorithm>

#include "base/result.h"

namespace session {
namespace {

// Before the first acknowledgement the sender's address is unproven: whoever it names gets
// one small packet three times and no more.
constexpr unsigned unproven_retries = 2;
// Afterwards both must have passed. Firmware pauses for seconds while it unpacks or draws.
constexpr unsigned proven_retries = 5;
constexpr base::Duration patience = std::chrono::seconds(20);

}  // namespace

TftpSend::TftpSend(std::uint64_t file_size, TftpTerms terms)
    // A file that fills its last block needs an empty one behind it (RFC 1350 §6).
    : file_size_(file_size), terms_(terms), block_count_(file_size / terms.blksize + 1) {
  BOOTFERRY_CHECK(terms.blksize > 0);
  BOOTFERRY_CHECK(terms.windowsize > 0 && terms.windowsize < 0x8000);
  BOOTFERRY_CHECK(terms.oack || terms.windowsize == 1);
}

Action TftpSend::start(base::Time now) {
  progress_at_ = now;
  if (!terms_.oack) return send(1, 1, now);
  timed_ = Timed{0, 0, now};
  return send_oack(now);
}

Action TftpSend::on_ack(std::uint16_t block, base::Time now) {
  const auto acked = over_ ? std::nullopt : unwrap(block);
  if (!acked) return Nothing{};
  const bool answers_oack = terms_.oack && !progressed_;
  if (answers_oack && *acked != 0) return Nothing{};

  take_sample(*acked, now);
  const bool news = *acked > acked_ || answers_oack;
  if (news) progress_to(*acked, now);
  if (acked_ == block_count_) return end(Finished{});
  // The same ACK again finds the next window under way, so this one is news.
  if (acked_ == sent_) return send(acked_ + 1, window_end(), now);
  if (!news && echoes_) return Nothing{};
  return resume_after_gap(now);
}

void TftpSend::progress_to(std::uint64_t acked, base::Time now) {
  acked_ = acked;
  progressed_ = true;
  progress_at_ = now;
  if (retries_ == 0) round_trip_.in_time();
  echoes_ = retries_ > 0 && acked_ == sent_;
  retries_ = 0;
  hasty_resends_ = 0;
  resend_at_ = base::Time::max();
  gap_reported_ = false;
}

void TftpSend::take_sample(std::uint64_t acked, base::Time now) {
  if (!timed_ || acked < timed_->first) return;
  const base::Duration sample = now - timed_->at;
  if (acked == 0) {
    round_trip_.add_reflex(sample);
  } else if (acked < timed_->last) {
    // For a gap, so it came before the window was through. Had it gone on at this pace:
    const auto whole = static_cast<double>(timed_->last - timed_->first + 1);
    const auto part = static_cast<double>(acked - timed_->first + 1);
    const auto at_most = std::chrono::duration_cast<base::Duration>(sample * (whole / part));
    round_trip_.add_part(sample, at_most);
    return;
  } else {
    round_trip_.add(sample);
  }
  timed_.reset();
}

// The ACK lies inside the window. By RFC 7440 §4 it asks for acked_+1 and what follows.
// EDK2 sends one for each block it did not expect, so there may be a windowful of them, for
// one lost block or for one that came twice; answering each starts a storm that feeds
// itself. Hence: resend for the first, then not before its answers have settled, and only
// if none of them was progress.
//
// An ACK that causes no resend still counts: EDK2 has restarted its window there and
// acknowledges next at acked_+windowsize, so we go on to that block. Stopping at the old
// end would leave both sides waiting.
Action TftpSend::resume_after_gap(base::Time now) {
  // Lock-step never resends for an ACK: Sorcerer's Apprentice (RFC 1123 §4.2.3.1).
  if (terms_.windowsize == 1) return Nothing{};
  gap_reported_ = true;
  // Too soon to be an answer to the newest sending, it does not say that this was lost.
  const bool stale = now < last_send_ + round_trip_.shortest();
  if (!stale && now >= resend_allowed_at_) return resend_window(now);
  if (!stale) resend_at_ = resend_allowed_at_;
  if (window_end() > sent_) return send(sent_ + 1, window_end(), now);
  return Nothing{};
}

Action TftpSend::resend_window(base::Time now) {
  // Doubled while nothing gets through: the estimate may be of a faster path than this.
  resend_allowed_at_ = now + round_trip_.settled() * (1 << std::min(hasty_resends_, 10U));
  ++hasty_resends_;
  resend_at_ = base::Time::max();
  return send(acked_ + 1, window_end(), now);
}

Action TftpSend::on_error(base::Time) {
  if (over_) return Nothing{};
  return end(GaveUp{TransferEnd::client_error});
}

std::optional<Action> TftpSend::on_repeated_request(base::Time now) {
  if (over_ || progressed_) return std::nullopt;
  retries_ = 0;  // whoever asks again is not silent; one answer a question stays
  timed_.reset();
  if (terms_.oack) return send_oack(now);
  return send(1, 1, now);
}

Action TftpSend::on_timeout(base::Time now) {
  if (over_ || now < wake_at()) return Nothing{};
  timed_.reset();
  if (now >= resend_at_) return resend_window(now);
  if (given_up(now)) return end(GaveUp{TransferEnd::timed_out});
  ++retries_;
  echoes_ = false;  // silence since: another one of these would be an answer to this
  round_trip_.back_off();
  if (terms_.oack && !progressed_) return send_oack(now);
  // The client said where its gap is, and resending for that was not enough.
  const bool lost = gap_reported_ || retries_ % 2 == 0;
  // Else ask with the newest block alone. Whatever was lost, most clients answer it at once:
  // the block they waited for, a repeated one, or one behind a gap. Had only the ACK been
  // lost, the whole window would arrive twice. And one that is gone must not cost a window
  // per retry.
  if (!lost || retries_ > 4) return send(sent_, sent_, now);
  return resend_window(now);
}

std::uint16_t TftpSend::block_size(std::uint64_t number) const {
  BOOTFERRY_CHECK(number >= 1 && number <= block_count_);
  if (number < block_count_) return terms_.blksize;
  return static_cast<std::uint16_t>(file_size_ % terms_.blksize);
}

// Blocks [first, last] go out now; those up to sent_ once more.
Action TftpSend::send(std::uint64_t first, std::uint64_t last, base::Time now) {
  const bool resend = first <= sent_;
  if (resend) resent_ += std::min(last, sent_) - first + 1;
  if (last > sent_) {
    timed_ = Timed{sent_ + 1, last, now};
    sent_ = last;
  }
  last_send_ = now;
  set_timer(now);
  return SendBlocks{first, static_cast<std::uint32_t>(last - first + 1), resend};
}

Action TftpSend::send_oack(base::Time now) {
  last_send_ = now;
  set_timer(now);
  return SendOack{};
}

Action TftpSend::end(Action how) {
  over_ = true;
  timer_at_ = resend_at_ = base::Time::max();
  return how;
}

// The block number that `block` stands for: the one nearest to acked_ with these low bits.
// nullopt: never sent, or acknowledged long ago.
std::optional<std::uint64_t> TftpSend::unwrap(std::uint16_t block) const {
  const auto ahead = static_cast<std::uint16_t>(block - static_cast<std::uint16_t>(acked_));
  if (ahead > sent_ - acked_) return std::nullopt;
  return acked_ + ahead;
}

std::uint64_t TftpSend::window_end() const { return std::min(acked_ + terms_.windowsize, block_count_); }

bool TftpSend::given_up(base::Time now) const {
  if (!progressed_) return retries_ >= unproven_retries;
  return retries_ >= proven_retries && now - progress_at_ >= patience;
}

// A granted timeout is the client's word for how long to wait (RFC 2349), so it is neither
// adapted nor backed off.
void TftpSend::set_timer(base::Time now) { timer_at_ = now + terms_.timeout.value_or(round_trip_.timer()); }

}  // namespace session
