// SPDX-License-Identifier: GPL-3.0-or-later
// A TFTP transfer without a network: session::TftpSend, a link that loses, repeats, delays
// and reorders from a seed, and the habits of real clients. Time is a number.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "session/tftp_send.h"

namespace sim {

using std::chrono::microseconds;
using std::chrono::milliseconds;

struct Link {
  std::string name;
  double loss = 0, copies = 0, late = 0;  // probabilities per datagram, each way
  base::Duration delay = microseconds(100);
  base::Duration jitter = microseconds(20);
  base::Duration lateness = microseconds(400);  // of a datagram that is overtaken
  double bytes_per_second = 0;                  // of the data direction; 0: no limit
  double queue = 0;                             // bytes in front of that line; 0: no limit
};

// What a client does when it gets a block that it did not expect.
enum class Habit {
  strict,  // RFC 7440 to the letter: one ACK per gap, none for old blocks but the newest
  edk2,    // Mtftp4Rrq.c: ACK for each one, and the window is counted afresh from there
  mute,    // nothing; it says how far it is when its own timer fires
  ipxe,    // tftp.c: ACK for each one, lock-step only, its own timer doubles from 250 ms
};

struct Client {
  Habit habit = Habit::strict;
  base::Duration timer = std::chrono::seconds(1);
  unsigned tries = 10;
  base::Duration per_block{};                               // time it needs to store one, before the ACK
  std::uint64_t slow_from = 0;                              // block from which on it needs that
  std::uint64_t hiccup_every = 0;                           // each so many blocks it needs
  base::Duration hiccup{};                                  // this instead
  std::optional<std::uint64_t> vanishes_at = std::nullopt;  // stops for good after this block
};

struct Report {
  bool complete = false;         // the client holds each block, in order, sizes right
  bool wrong = false;            // a block out of place was taken for the right one
  bool server_content = false;   // Finished, or all sent when the client was gone
  std::uint64_t sent = 0;        // DATA that left the server
  std::uint64_t duplicates = 0;  // of these, blocks that the client had taken already
  std::uint64_t oacks = 0, time_outs = 0, client_time_outs = 0;
  std::uint64_t resent = 0;   // as the server counts
  bool opening_lost = false;  // an OACK or ACK 0: nothing was measured yet, so that costs the first second
  base::Duration took{};
};

class Transfer {
 public:
  Transfer(std::uint64_t size, session::TftpTerms terms, Link link, Client client, std::uint64_t seed)
      : send_(size, terms), size_(size), link_(std::move(link)), client_(client), random_(seed) {}

  Report run() {
    const base::Time start{std::chrono::hours(1)};
    now_ = start;
    serve(send_.start(now_));
    arm_client();
    while (!server_over_) {
      const base::Time next = events_.empty() ? base::Time::max() : events_.top().when;
      now_ = std::min({next, send_.wake_at(), client_wake_});
      if (now_ == base::Time::max() || report_.sent > 40 * send_.block_count() + 4000) break;
      if (now_ == next) {
        const Event event = events_.top();
        events_.pop();
        event.to_client ? client_gets(event) : server_gets(event);
      } else if (now_ == send_.wake_at()) {
        ++report_.time_outs;
        serve(send_.on_timeout(now_));
      } else {
        client_times_out();
      }
    }
    report_.took = finished_at_ - start;
    report_.resent = send_.resent_blocks();
    return report_;
  }

 private:
  struct Event {
    base::Time when{};
    std::uint64_t order = 0;
    bool to_client = false, oack = false, copy = false, unreachable = false, stored = false;
    std::uint64_t block = 0;
    bool operator>(const Event& other) const {
      return when != other.when ? when > other.when : order > other.order;
    }
  };

  bool chance(double p) { return p > 0 && std::uniform_real_distribution<>(0, 1)(random_) < p; }

  void put(Event event, std::size_t bytes) {
    base::Time leaves = now_;
    if (event.to_client && link_.bytes_per_second > 0) {
      const auto on_the_line = [this](double octets) {
        return std::chrono::duration_cast<base::Duration>(
            std::chrono::duration<double>(octets / link_.bytes_per_second));
      };
      const base::Time free = std::max(line_free_, now_);
      if (link_.queue > 0 && free - now_ > on_the_line(link_.queue)) return;
      leaves = line_free_ = free + on_the_line(static_cast<double>(bytes));
    }
    if (chance(link_.loss)) {
      report_.opening_lost = report_.opening_lost || event.oack || (!event.to_client && event.block == 0);
      return;
    }
    const int copies = chance(link_.copies) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      event.copy = i > 0;
      event.order = ++order_;
      // Jitter never reorders by itself: datagrams queue. Only a late one is overtaken.
      base::Time& in_order = event.to_client ? last_to_client_ : last_to_server_;
      event.when =
          std::max(in_order, leaves + link_.delay +
                                 link_.jitter * std::uniform_int_distribution<>(0, 100)(random_) / 100);
      if (chance(link_.late)) {
        event.when += link_.lateness;
      } else {
        in_order = event.when;
      }
      events_.push(event);
    }
  }

  void serve(const session::Action& action) {
    if (const auto* blocks = std::get_if<session::SendBlocks>(&action)) {
      for (std::uint64_t i = 0; i < blocks->count; ++i) {
        ++report_.sent;
        put({.to_client = true, .block = blocks->first + i}, send_.terms().blksize + 46U);
      }
    } else if (std::holds_alternative<session::SendOack>(action)) {
      ++report_.oacks;
      put({.to_client = true, .oack = true}, 80);
    } else if (!std::holds_alternative<session::Nothing>(action)) {
      server_over_ = true;
      report_.server_content = std::holds_alternative<session::Finished>(action);
    }
  }

  void server_gets(const Event& event) {
    if (event.unreachable) {  // ICMP: the client has closed its port
      server_over_ = true;
      report_.server_content = send_.all_sent();
    } else {
      serve(send_.on_ack(static_cast<std::uint16_t>(event.block), now_));
    }
  }

  void acknowledge(std::uint64_t block) {
    last_ack_ = block;
    put({.block = block}, 46);
  }

  void client_gets(Event event) {
    if (client_.vanishes_at && taken_ >= *client_.vanishes_at) return;
    if (report_.complete) {
      put({.unreachable = true}, 46);
      return;
    }
    if (!event.oack && !event.stored) {  // a queue in front of slow storage
      ++stored_;
      base::Duration needs = taken_ + 1 >= client_.slow_from ? client_.per_block : base::Duration::zero();
      if (client_.hiccup_every > 0 && stored_ % client_.hiccup_every == 0) needs = client_.hiccup;
      if (needs > base::Duration::zero() || busy_until_ > now_) {
        busy_until_ = std::max(now_, busy_until_) + needs;
        event.when = busy_until_;
        event.order = ++order_;
        event.stored = true;
        events_.push(event);
        return;
      }
    }
    if (event.oack) {
      if (taken_ == 0) acknowledge(0);
      arm_client();
    } else if (static_cast<std::uint16_t>(event.block) == static_cast<std::uint16_t>(taken_ + 1)) {
      take(event);
    } else {
      unexpected(event);
    }
  }

  void take(const Event& event) {
    report_.wrong = report_.wrong || event.block != taken_ + 1;
    ++taken_;
    bytes_ += send_.block_size(event.block);
    client_tries_ = 0;
    arm_client();
    gap_told_ = false;
    const bool last = send_.block_size(event.block) < send_.terms().blksize;
    if (last) {
      report_.complete = bytes_ == size_ && !report_.wrong;
      finished_at_ = now_;
      client_wake_ = base::Time::max();
    }
    if (last || taken_ >= next_ack_) {
      next_ack_ = taken_ + send_.terms().windowsize;
      acknowledge(taken_);
    }
  }

  void unexpected(const Event& event) {
    if (event.block <= taken_ && !event.copy) ++report_.duplicates;
    const bool newest_again = event.block == taken_;
    const bool answer =
        client_.habit == Habit::edk2 || client_.habit == Habit::ipxe ||
        (client_.habit == Habit::strict && (newest_again || (event.block > taken_ && !gap_told_)));
    if (!answer) return;
    gap_told_ = event.block > taken_;
    next_ack_ = taken_ + send_.terms().windowsize;
    acknowledge(taken_);
  }

  void client_times_out() {
    if (busy_until_ > now_) {  // it looks at nothing, its clock included
      client_wake_ = busy_until_ + client_.timer;
      return;
    }
    ++report_.client_time_outs;
    if (++client_tries_ > client_.tries) {
      client_wake_ = base::Time::max();
      return;
    }
    arm_client();
    if (!last_ack_) {
      serve(send_.on_repeated_request(now_).value_or(session::Nothing{}));
    } else if (client_.habit == Habit::edk2) {
      acknowledge(*last_ack_);  // its last packet again, as it was
    } else {
      next_ack_ = taken_ + send_.terms().windowsize;
      gap_told_ = false;
      acknowledge(taken_);
    }
  }

  void arm_client() {
    const bool gone = client_.vanishes_at && taken_ >= *client_.vanishes_at;
    const base::Duration timer =
        client_.habit == Habit::ipxe ? client_.timer * (1 << client_tries_) : client_.timer;
    client_wake_ = gone ? base::Time::max() : now_ + timer;
  }

  session::TftpSend send_;
  std::uint64_t size_;
  Link link_;
  Client client_;
  std::mt19937_64 random_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  base::Time now_{}, line_free_{}, last_to_client_{}, last_to_server_{}, finished_at_{}, busy_until_{};
  base::Time client_wake_ = base::Time::max();
  std::uint64_t order_ = 0, taken_ = 0, bytes_ = 0, stored_ = 0;
  std::uint64_t next_ack_ = send_.terms().windowsize;
  std::optional<std::uint64_t> last_ack_;
  unsigned client_tries_ = 0;
  bool gap_told_ = false, server_over_ = false;
  Report report_;
};

}  // namespace sim
