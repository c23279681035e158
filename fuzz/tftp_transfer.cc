// SPDX-License-Identifier: GPL-3.0-or-later
// Any read request and whatever its client does next. The input: the octets of the request
// behind their number, the size of the file, our limits, then events of four octets (what,
// how much later, a block number). Properties: only what was asked is granted; only blocks
// of the file and of the window are sent; a client that nobody has heard from gets single
// packets, few of them; a silent one is given up.
#include <array>

#include "session/tftp_negotiate.h"
#include "session/tftp_send.h"

namespace tftp = wire::tftp;

namespace {

using session::Action;
using session::TftpGrant;
using session::TftpLimits;

struct Stage {
  tftp::Request request;
  TftpLimits limits;
  std::uint64_t size = 0;
};

std::optional<Stage> read_stage(base::Reader& input) {
  Stage stage;
  const auto packet = tftp::decode(input.take(input.u8()));
  const auto* request = packet ? std::get_if<tftp::Request>(&*packet) : nullptr;
  if (request == nullptr) return std::nullopt;
  stage.request = *request;
  stage.size = input.u32();
  constexpr std::array<unsigned, 4> mtus = {1500, 68, 576, 9000};
  const std::uint8_t choice = input.u8();
  stage.limits.path_mtu = mtus[choice & 3];
  stage.limits.allow_fragments = (choice & 4) != 0;
  stage.limits.max_windowsize = static_cast<std::uint16_t>(1 + (choice >> 3) * 8);
  return stage;
}

void check_grant(const Stage& stage, const TftpGrant& grant) {
  const auto asked = [&](const char* name) -> std::uint64_t {
    const auto text = stage.request.options.find(name);
    BOOTFERRY_CHECK(text.has_value());
    return tftp::parse_number(*text).value();
  };
  if (grant.blksize) {
    BOOTFERRY_CHECK(*grant.blksize >= 8 && *grant.blksize <= asked("blksize"));
    BOOTFERRY_CHECK(stage.limits.allow_fragments || *grant.blksize + 32U <= stage.limits.path_mtu);
  }
  if (grant.timeout) BOOTFERRY_CHECK(*grant.timeout == asked("timeout"));
  if (grant.tsize) BOOTFERRY_CHECK(*grant.tsize == stage.size && asked("tsize") + 1 != 0);
  if (grant.windowsize) {
    BOOTFERRY_CHECK(*grant.windowsize >= 1 && *grant.windowsize <= asked("windowsize"));
    BOOTFERRY_CHECK(*grant.windowsize <= stage.limits.max_windowsize);
    const std::uint32_t in_flight = *grant.windowsize * std::uint32_t{grant.blksize.value_or(512)};
    BOOTFERRY_CHECK(*grant.windowsize == 1 || in_flight <= stage.limits.max_in_flight);
  }
  if (grant.empty()) return;  // then there is no OACK
  std::array<std::uint8_t, TftpGrant::max_oack> buffer{};
  const std::size_t size = grant.encode_oack(buffer);
  const auto packet = tftp::decode(base::ByteView(buffer).first(size));
  BOOTFERRY_CHECK(packet && std::holds_alternative<tftp::Oack>(*packet));
}

class Transfer {
 public:
  Transfer(std::uint64_t size, session::TftpTerms terms) : send_(size, terms) { take(send_.start(now_)); }

  void event(std::uint8_t what, std::uint8_t later, std::uint16_t block) {
    // Up to a minute, in steps that reach from one client's pace to another's.
    now_ += std::chrono::microseconds(std::uint64_t{later & 15U} * 4'000 << (later >> 4 & 7));
    if ((later & 0x80) != 0 && send_.wake_at() != base::Time::max()) now_ = std::max(now_, send_.wake_at());
    const std::uint64_t acked = send_.acknowledged();
    const bool progressed = send_.progressed();
    switch (what & 7) {
      case 0:
        on_timeout();
        break;
      case 1:
        take(send_.on_error(now_));
        break;
      case 2:
        if (const auto action = send_.on_repeated_request(now_)) {
          BOOTFERRY_CHECK(!over_ && !progressed);
          unproven_ = 0;
          take(*action);
        }
        break;
      case 3:  // a number as it comes
        on_ack(block);
        break;
      default:  // one near what is in flight
        on_ack(static_cast<std::uint16_t>(acked + block % 64U));
    }
    BOOTFERRY_CHECK(send_.acknowledged() >= acked && send_.acknowledged() <= send_.block_count());
    BOOTFERRY_CHECK(!progressed || send_.progressed());
  }

  // Nobody answers any more.
  void end() {
    for (int i = 0; !over_; ++i) {
      BOOTFERRY_CHECK(i < 100);
      now_ = std::max(now_, send_.wake_at());
      on_timeout();
    }
    take(send_.on_ack(static_cast<std::uint16_t>(send_.acknowledged()), now_));
    BOOTFERRY_CHECK(!send_.on_repeated_request(now_));
  }

 private:
  void on_timeout() {
    const bool due = now_ >= send_.wake_at();
    const Action action = send_.on_timeout(now_);
    BOOTFERRY_CHECK(due || std::holds_alternative<session::Nothing>(action));
    take(action);
  }

  void on_ack(std::uint16_t block) {
    const std::uint64_t acked = send_.acknowledged();
    const bool progressed = send_.progressed();
    const Action action = send_.on_ack(block, now_);
    const bool news = send_.acknowledged() > acked || send_.progressed() != progressed;
    // Sorcerer's Apprentice (RFC 1123 §4.2.3.1): in lock-step a repeated ACK asks for nothing.
    if (send_.terms().windowsize == 1 && !news)
      BOOTFERRY_CHECK(std::holds_alternative<session::Nothing>(action));
    if (const auto* blocks = std::get_if<session::SendBlocks>(&action); blocks != nullptr && blocks->resend) {
      // Nor does a burst of them cause a second resend at once.
      BOOTFERRY_CHECK(news || !resent_at_ || *resent_at_ != now_);
      resent_at_ = now_;
    }
    take(action);
  }

  void take(const Action& action) {
    BOOTFERRY_CHECK(!over_ || std::holds_alternative<session::Nothing>(action));
    if (const auto* blocks = std::get_if<session::SendBlocks>(&action)) {
      const std::uint64_t last = blocks->first + blocks->count - 1;
      BOOTFERRY_CHECK(blocks->count >= 1 && blocks->count <= send_.terms().windowsize);
      BOOTFERRY_CHECK(blocks->first > send_.acknowledged() && last <= send_.block_count());
      BOOTFERRY_CHECK(last <= send_.acknowledged() + send_.terms().windowsize);
      BOOTFERRY_CHECK(send_.block_size(last) <= send_.terms().blksize);
      BOOTFERRY_CHECK(last < send_.block_count() || send_.block_size(last) < send_.terms().blksize);
      if (!send_.progressed()) BOOTFERRY_CHECK(blocks->count == 1 && ++unproven_ <= 3);
    } else if (std::holds_alternative<session::SendOack>(action)) {
      BOOTFERRY_CHECK(send_.terms().oack && !send_.progressed() && ++unproven_ <= 3);
    } else if (std::holds_alternative<session::Finished>(action)) {
      BOOTFERRY_CHECK(send_.acknowledged() == send_.block_count());
      over_ = true;
    } else if (std::holds_alternative<session::GaveUp>(action)) {
      over_ = true;
    }
    BOOTFERRY_CHECK(over_ == (send_.wake_at() == base::Time::max()));
    BOOTFERRY_CHECK(over_ || send_.wake_at() <= now_ + std::chrono::seconds(300));
  }

  session::TftpSend send_;
  base::Time now_{std::chrono::hours(1)};
  bool over_ = false;
  unsigned unproven_ = 0;  // packets since the client was last heard from, while it is unproven
  std::optional<base::Time> resent_at_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  base::Reader input({data, size});
  const auto stage = read_stage(input);
  if (!stage) return 0;
  const auto grant = session::negotiate(stage->request, stage->size, stage->limits);
  BOOTFERRY_CHECK(grant.has_value() == !session::refuse(stage->request));
  if (!grant) {
    BOOTFERRY_CHECK(!session::error_for(grant.error()).message.empty());
    return 0;
  }
  check_grant(*stage, *grant);
  Transfer transfer(stage->size, grant->terms());
  while (!input.empty()) {
    const std::uint8_t what = input.u8(), later = input.u8();
    transfer.event(what, later, input.u16());
  }
  transfer.end();
  return 0;
}
