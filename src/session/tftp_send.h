// SPDX-License-Identifier: GPL-3.0-or-later
// One TFTP read transfer, seen from the server: events and time in, what to send and when
// to wake out. Owns no socket, no file and reads no clock, so that loss, reordering and a
// 70,000-block transfer run in microseconds from a seed.
//
// RFC 1350 (lock-step), RFC 7440 (windows), RFC 1123 §4.2.3.1 (only the timer resends in
// answer to a repeated ACK). Block numbers are 16 bits on the wire and wrap 65535 -> 0,
// which is what EDK2, iPXE and GRUB do; inside they are counted in 64 bits.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <variant>

#include "base/time.h"
#include "session/round_trip.h"

namespace session {

struct TftpTerms {
  std::uint16_t blksize = 512;
  std::uint16_t windowsize = 1;  // more than 1 only with oack; below 32768 (16-bit numbers)
  bool oack = false;             // an OACK is sent and must be acknowledged with ACK 0
  std::optional<base::Duration> timeout = std::nullopt;  // as granted to the client; else adaptive
  bool operator==(const TftpTerms&) const = default;
};

// What to put on the wire now. Blocks are [first, first+count): the caller sends header and
// file bytes for each, block `size` octets long but the last.
struct SendBlocks {
  std::uint64_t first = 1;  // unwrapped block number, from 1
  std::uint32_t count = 0;
  bool resend = false;  // the first of them went out before
  bool operator==(const SendBlocks&) const = default;
};
struct SendOack {  // the OACK, from the same TID each time
  bool operator==(const SendOack&) const = default;
};
struct Finished {  // the last block was acknowledged
  bool operator==(const Finished&) const = default;
};
enum class TransferEnd : std::uint8_t { timed_out, client_error };
struct GaveUp {
  TransferEnd why;
  bool operator==(const GaveUp&) const = default;
};
struct Nothing {  // duplicate, stale, or out of the window: counted, not answered
  bool operator==(const Nothing&) const = default;
};
using Action = std::variant<Nothing, SendBlocks, SendOack, Finished, GaveUp>;

class TftpSend {
 public:
  TftpSend(std::uint64_t file_size, TftpTerms terms);

  // The first answer to the request: the OACK, or the first block.
  Action start(base::Time now);
  Action on_ack(std::uint16_t block, base::Time now);
  Action on_error(base::Time now);
  // The same request again (RRQ repeated): while nothing was acknowledged the answer is
  // repeated from the same TID; nullopt after progress: it is a new transfer.
  std::optional<Action> on_repeated_request(base::Time now);
  // What the last action told to send leaves only now, because somebody held it back: time
  // counts from here on.
  void left_late(base::Time now);
  // Call when wake_at() has come; earlier calls do nothing.
  Action on_timeout(base::Time now);
  // Time::max() once it is over.
  [[nodiscard]] base::Time wake_at() const { return std::min(timer_at_, resend_at_); }

  [[nodiscard]] std::uint64_t block_count() const { return block_count_; }  // with the short last one
  [[nodiscard]] std::uint64_t acknowledged() const { return acked_; }       // blocks
  [[nodiscard]] bool progressed() const { return progressed_; }             // anything, ACK 0 included
  // Each block was sent at least once: what is left to lose are acknowledgements. A client
  // that vanishes now has most likely got the file, and many do not wait for our resends.
  [[nodiscard]] bool all_sent() const { return sent_ == block_count_; }
  [[nodiscard]] const TftpTerms& terms() const { return terms_; }
  [[nodiscard]] std::uint64_t file_size() const { return file_size_; }
  // Octets of block `number` (1-based): blksize, less for the last, maybe 0.
  [[nodiscard]] std::uint16_t block_size(std::uint64_t number) const;
  [[nodiscard]] std::uint64_t resent_blocks() const { return resent_; }

 private:
  // Blocks that went out together for the first time (the last of them 0: the OACK).
  struct Timed {
    std::uint64_t last;
    base::Time at;
    std::uint32_t count;
    bool repeated;  // by the timer since, so that nobody knows which sending an ACK answers
    [[nodiscard]] std::uint64_t first() const { return last + 1 - count; }
  };
  // What there is to learn from answers to blocks that the timer sent again.
  struct Echo {
    base::Duration took{};              // the newest ACK, had it answered the first sending
    std::uint32_t newest = 0, all = 0;  // repeats: of the newest block, of all
    std::uint32_t heard = 0;
  };

  Action send(std::uint64_t first, std::uint64_t last, base::Time now);
  Action send_oack(base::Time now);
  Action end(Action how);
  void progress_to(std::uint64_t acked, base::Time now);
  void take_sample(std::uint64_t acked, base::Time now);
  Action hear_echo(base::Time now);
  void learn_from_echoes();
  Action resume_after_gap(bool news, base::Time now);
  Action resend_window(base::Time now);
  Action ask(base::Time now);
  [[nodiscard]] std::optional<std::uint64_t> unwrap(std::uint16_t block) const;
  [[nodiscard]] std::uint64_t window_end() const;
  [[nodiscard]] bool given_up(base::Time now) const;
  void set_timer(base::Time now);

  std::uint64_t file_size_;
  TftpTerms terms_;
  std::uint64_t block_count_;

  std::uint64_t acked_ = 0;  // the client holds blocks 1..acked_
  std::uint64_t sent_ = 0;   // blocks 1..sent_ were sent at least once
  std::uint64_t resent_ = 0;

  RoundTrip round_trip_;
  std::optional<Timed> timed_;
  base::Time last_send_{};  // anything
  base::Time progress_at_{};
  base::Time timer_at_ = base::Time::max();   // when silence means loss
  base::Time resend_at_ = base::Time::max();  // that an ACK asked for before it was allowed
  base::Time resent_at_{};                    // a window
  std::uint64_t resent_to_ = 0;               // the last block that had been sent before that
  Echo echo_;

  // Since progress:
  std::uint32_t retries_ = 0;        // of the timer
  std::uint32_t hasty_resends_ = 0;  // windows
  std::uint32_t repeats_ = 0;        // blocks sent again, but for those an ACK asked for
  // When the newest ACK comes after such repeats, these are answered too, with the same ACK,
  // which then asks for nothing: so many may come.
  std::uint32_t echoes_ = 0;
  bool gap_reported_ = false;  // an ACK came for a block inside the window, and no progress since
  bool answers_all_ = false;   // the client repeats that ACK for each block it did not expect
  bool asked_ = false;         // it was sent the newest block alone, after it had been quiet
  bool progressed_ = false;
  bool over_ = false;
};

// Of the 2 kB that one transfer may take in all.
static_assert(sizeof(TftpSend) <= 256);

}  // namespace session
