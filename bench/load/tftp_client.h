// SPDX-License-Identifier: GPL-3.0-or-later
// One TFTP client: a transfer at a time, each from a socket and port of its own as real
// firmware does, every byte compared with the file.
//
// Habits. Lock-step clients acknowledge each block again that they have already (RFC 1350).
// Windowed ones answer the first unexpected block with what they hold (RFC 7440 section 4)
// and then keep quiet for a while. With `edk2`, each unexpected block is answered and the
// window is counted from there (EDK2's Mtftp4Rrq.c).
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "files.h"
#include "poller.h"
#include "weather.h"

namespace bench {

struct TftpHabits {
  std::uint16_t blksize = 512;  // 512: the option is left out
  std::uint16_t windowsize = 1;
  bool tsize = false;
  std::uint8_t timeout = 0;  // the option's value; 0: left out
  Nanos retry = second;      // the client's own retransmission timer
  unsigned tries = 8;
  Nanos think = 0;  // time a block takes before the next is looked at
  bool edk2 = false;
  bool probe = false;  // asks for the size first and aborts, as EDK2 and BIOS ROMs do
};

// Counted over all clients of a run.
struct TftpTotals {
  std::uint64_t bytes = 0, blocks = 0;
  std::uint64_t duplicates = 0;  // blocks the server sent to a client that had them
  std::uint64_t unexpected = 0;  // blocks ahead of a gap
  std::uint64_t rrq_resent = 0, acks_resent = 0;
  std::uint64_t done = 0, failed = 0, wrong_bytes = 0, bad_oack = 0, server_errors = 0, gave_up = 0;
  std::uint64_t lost_by_us = 0;  // dropped by the injector, both directions
};

struct TftpResult {
  bool right = false;
  Nanos took = 0;
  bool request_lost = false;    // the injector dropped a request,
  bool first_ack_lost = false;  // or the first acknowledgement: the client's own timer is measured then
};

class TftpClient;
class TftpOwner {
 public:
  virtual ~TftpOwner() = default;
  virtual void tftp_done(TftpClient& client, const TftpResult& result, Nanos now) = 0;
};

class TftpClient final : public Actor {
 public:
  // `local`: the source address, or nullopt for the kernel's choice.
  TftpClient(Poller& poller, TftpOwner& owner, TftpTotals& totals, const TftpHabits& habits,
             const sockaddr_in& server, std::optional<sockaddr_in> local);

  // `transfer` numbers the transfers of a run: the injector's streams hang on it.
  void start(const ServedFile& file, const Weather& weather, std::uint64_t transfer, Nanos now);
  // Ends the transfer with an ERROR, so that the server does not send into the void.
  void abort();
  [[nodiscard]] bool busy() const { return state_ != State::idle; }
  std::size_t index = 0;  // the owner's

  void ready(std::uint32_t events, Nanos now) override;
  void expired(Timer& timer, Nanos now) override;

 private:
  enum class State : std::uint8_t { idle, probing, asking, receiving };

  void open_socket();
  void close_socket();
  void send_request(Nanos now);
  void send_ack(Nanos now);
  void send_error(std::uint16_t code);
  bool transmit(base::ByteView datagram);  // false: the injector lost it
  bool receive_one(Nanos now);             // false: nothing there
  void receive_batch(Nanos now);
  void arrived(base::ByteView datagram, Nanos now);
  void handle(base::ByteView datagram, Nanos now);
  void on_data(std::uint16_t block, base::ByteView payload, Nanos now);
  void on_unexpected(int distance, Nanos now);
  void on_oack(std::string_view options, Nanos now);
  bool take_oack(std::string_view options);
  void block_taken(Nanos now);
  void begin_receiving();
  void read(Nanos now);
  void fail(std::uint64_t& counter, Nanos now);
  void finish(bool right, Nanos now);

  Poller& poller_;
  TftpOwner& owner_;
  TftpTotals& totals_;
  const TftpHabits& habits_;
  sockaddr_in server_;
  std::optional<sockaddr_in> local_;
  Timer retry_, think_, hold_;

  base::Fd fd_;
  sockaddr_in tid_{};   // where the answer came from
  unsigned epoch_ = 0;  // counts sockets: a batch that was read from an older one is dropped
  State state_ = State::idle;
  bool thinking_ = false;
  const ServedFile* file_ = nullptr;
  Weather weather_;
  Dice out_{0}, in_{0};
  std::vector<std::uint8_t> held_;  // a datagram that the next one overtakes

  std::uint16_t blksize_ = 512, windowsize_ = 1;
  std::uint64_t expected_ = 1;  // unwrapped number of the next block
  std::uint32_t since_ack_ = 0;
  bool last_taken_ = false;
  bool first_ack_sent_ = false;
  Nanos answer_again_at_ = 0;  // windowed: when an unexpected block is answered next
  unsigned tries_ = 0;
  Nanos began_ = 0;
  TftpResult result_;
};

}  // namespace bench
