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
// Clients ask again by themselves (iPXE first, after 250 ms), but none sooner than this.
constexpr base::Duration own_timer = std::chrono::milliseconds(150);
// 64 KiB on the slowest link worth serving.
constexpr base::Duration longest_window = std::chrono::milliseconds(200);
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
  timed_ = Timed{.last = 0, .at = now, .count = 1, .repeated = false};
  return send_oack(now);
}

Action TftpSend::on_ack(std::uint16_t block, base::Time now) {
  const auto acked = over_ ? std::nullopt : unwrap(block);
  if (!acked) return Nothing{};
  const bool answers_oack = terms_.oack && !progressed_;
  if (answers_oack && *acked != 0) return Nothing{};

  const bool news = *acked > acked_ || answers_oack;
  if (news) progress_to(*acked, now);
  if (acked_ == block_count_) return end(Finished{});
  // The same ACK again finds the next window under way, so this one is news.
  if (acked_ == sent_) return send(acked_ + 1, window_end(), now);
  const bool asked_for = retries_ > 0 && round_trip_.on_time(now - last_send_);
  if (!news && echoes_ > 0 && !asked_for) return hear_echo(now);
  return resume_after_gap(news, now);
}

void TftpSend::progress_to(std::uint64_t acked, base::Time now) {
  if (echo_.all > 0) learn_from_echoes();
  take_sample(acked, now);
  acked_ = acked;
  progressed_ = true;
  progress_at_ = now;
  // Just when the answer to the newest repeat was due: then that was needed, and the timer right.
  const bool timer_was_right = retries_ > 0 && round_trip_.on_time(now - last_send_);
  if (retries_ == 0 || timer_was_right) round_trip_.in_time(std::max(retries_, 1U));
  echoes_ = acked_ == sent_ ? repeats_ : 0;
  if (echoes_ > 0 && timed_)
    echo_ = {.took = now - timed_->at, .newest = retries_, .all = repeats_, .heard = 0};
  if (timed_ && acked_ >= timed_->last) timed_.reset();
  repeats_ = 0;
  retries_ = 0;
  hasty_resends_ = 0;
  resend_at_ = base::Time::max();
  gap_reported_ = false;
}

void TftpSend::take_sample(std::uint64_t acked, base::Time now) {
  if (!timed_ || acked < timed_->first()) return;
  const base::Duration sample = now - timed_->at;
  if (timed_->repeated && acked == 0) {
    round_trip_.add_reflex(now - last_send_);
    round_trip_.lossy();
  } else if (timed_->repeated) {
    // Only the lone block can have made it tell of a gap.
    const bool lone = retries_ == 1 && acked < timed_->last;
    if (lone && now < last_send_ + own_timer) round_trip_.add_part(now - last_send_, 1, 1);
  } else if (acked == 0) {
    round_trip_.add_reflex(sample);
  } else if (acked < timed_->last) {
    // For a gap, so it came before the window was through.
    round_trip_.add_part(sample, acked - acked_, timed_->last - acked_);
  } else {
    round_trip_.add(sample, timed_->last - acked_);
  }
}

// The same ACK again, after the timer had sent blocks again. The client is busy with what we
// sent, not silent.
Action TftpSend::hear_echo(base::Time now) {
  --echoes_;
  // Later, it may be about what was sent since.
  const bool echo = now < last_send_ + (terms_.windowsize == 1 ? own_timer : round_trip_.soonest());
  if (echo) ++echo_.heard;
  if (echo || terms_.windowsize > 1) set_timer(now);
  return Nothing{};
}

// Each repeat was answered beside the first sending, so none was needed: had that or its ACK
// been lost, one answer would be missing. Clients answer the newest block alone or all.
void TftpSend::learn_from_echoes() {
  if (echo_.heard > echo_.newest) answers_all_ = true;
  if (echo_.heard > 0 && echo_.heard == (answers_all_ ? echo_.all : echo_.newest)) {
    round_trip_.add_late(echo_.took);
  }
  echo_ = {};
}

// The ACK lies inside the window. By RFC 7440 §4 it asks for acked_+1 and what follows.
// EDK2 sends one for each block it did not expect, so there may be a windowful of them, for
// one lost block or for one that came twice; answering each starts a storm that feeds
// itself. Hence: resend for the first. For the next only when it must be the answer to what
// was resent: it went on since, and stopped at another gap. Not where the first sending had
// ended, though: there it stands if that had been whole, and what it saw next were our
// repeats. For such a one, as for one that did not go on, wait until the answers have
// settled, and none was progress.
//
// An ACK that causes no resend still counts: EDK2 has restarted its window there and
// acknowledges next at acked_+windowsize, so we go on to that block. Stopping at the old
// end would leave both sides waiting.
Action TftpSend::resume_after_gap(bool news, base::Time now) {
  // Lock-step never resends for an ACK: Sorcerer's Apprentice (RFC 1123 §4.2.3.1).
  if (terms_.windowsize == 1) return Nothing{};
  // Before what was resent for the first one can have been answered: so it sends more than one.
  const bool another =
      !news && gap_reported_ && now < resent_at_ + round_trip_.shortest() + round_trip_.spread();
  if (another) answers_all_ = true;
  gap_reported_ = true;
  const bool second_gap = news && acked_ != resent_to_;
  // Doubled while nothing gets through: the estimate may be of a faster path than this.
  const base::Time allowed =
      resent_at_ +
      (second_gap ? round_trip_.again() : round_trip_.settled() * (1 << std::min(hasty_resends_, 10U)));
  // Too soon to be an answer to the newest sending, it does not say that this was lost.
  const bool stale = now < last_send_ + round_trip_.shortest() * 3 / 4;
  if (!stale) {
    if (news) round_trip_.lossy();
    // The first sending is still coming in; what was resent takes as long, and comes behind it.
    const bool coming_in = !news && hasty_resends_ > 0 && now < resent_at_ + longest_window;
    if (asked_ || (now >= allowed && !coming_in)) {
      timed_.reset();
      return resend_window(now);
    }
    resend_at_ = std::max(allowed, now + round_trip_.quiet());
    if (coming_in) resend_at_ = std::max(resend_at_, now + (now - resent_at_) * 5 / 4);
  } else if (news) {
    resend_at_ = std::max(allowed, last_send_ + round_trip_.settled());
  }
  if (window_end() <= sent_) return Nothing{};
  if (resend_at_ != base::Time::max()) resend_at_ = std::max(resend_at_, now + round_trip_.settled());
  return send(sent_ + 1, window_end(), now);
}

Action TftpSend::resend_window(base::Time now) {
  if (hasty_resends_ > 0) repeats_ += static_cast<std::uint32_t>(sent_ - acked_);
  ++hasty_resends_;
  resent_at_ = now;
  resent_to_ = sent_;
  resend_at_ = base::Time::max();
  const Action action = send(acked_ + 1, window_end(), now);
  if (!terms_.timeout) timer_at_ += round_trip_.spread();  // behind what is still coming in
  return action;
}

Action TftpSend::ask(base::Time now) {
  ++repeats_;
  resend_at_ = base::Time::max();
  const Action action = send(sent_, sent_, now);
  asked_ = answers_all_;
  // Only this block is under way to a client that said where it stands.
  if (gap_reported_ && !terms_.timeout) timer_at_ = now + round_trip_.timer(1);
  return action;
}

Action TftpSend::on_error(base::Time) {
  if (over_) return Nothing{};
  return end(GaveUp{TransferEnd::client_error});
}

std::optional<Action> TftpSend::on_repeated_request(base::Time now) {
  if (over_ || progressed_) return std::nullopt;
  retries_ = 0;  // whoever asks again is not silent; one answer a question stays
  if (timed_) timed_->repeated = true;
  if (terms_.oack) return send_oack(now);
  return send(1, 1, now);
}

void TftpSend::left_late(base::Time now) {
  if (over_) return;
  last_send_ = now;
  if (timed_ && timed_->last == sent_) timed_->at = now;
  resend_at_ = base::Time::max();
  set_timer(now);
}

Action TftpSend::on_timeout(base::Time now) {
  if (over_ || now < wake_at()) return Nothing{};
  if (now >= resend_at_) {
    timed_.reset();
    if (answers_all_) return ask(now);
    return resend_window(now);
  }
  if (given_up(now)) return end(GaveUp{TransferEnd::timed_out});
  if (asked_) answers_all_ = false;  // reordering had made it look so
  ++retries_;
  if (retries_ > 1) echoes_ = 0;  // silence since: another one of these would be an answer to this
  round_trip_.back_off();
  if (timed_) timed_->repeated = true;
  if (terms_.oack && !progressed_) return send_oack(now);
  // The client said where its gap is, and resending for that was not enough. Or it answers no
  // lone block; but it may be busy for a second, and then each window would come to it twice.
  const bool lost = (gap_reported_ && !answers_all_ && retries_ <= 4) || retries_ == 2 || retries_ == 5;
  // Else ask with the newest block alone. Whatever was lost, most clients answer it at once:
  // the block they waited for, a repeated one, or one behind a gap. Had only the ACK been
  // lost, the whole window would arrive twice. And one that is gone must not cost a window
  // per retry.
  if (!lost) return ask(now);
  if (hasty_resends_ == 0) repeats_ += static_cast<std::uint32_t>(sent_ - acked_);
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
    const auto count = static_cast<std::uint32_t>(last - sent_);
    timed_ = Timed{.last = last, .at = now, .count = count, .repeated = false};
    sent_ = last;
  }
  last_send_ = now;
  asked_ = false;
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
void TftpSend::set_timer(base::Time now) {
  timer_at_ = now + terms_.timeout.value_or(round_trip_.timer(sent_ - acked_));
}

}  // namespace session
