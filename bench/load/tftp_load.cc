// SPDX-License-Identifier: GPL-3.0-or-later
// `tftp`: N clients at once, each a number of transfers or as many as fit into a time.
#include <fmt/core.h>

#include <memory>

#include "flags.h"
#include "loads.h"
#include "report.h"
#include "tftp_client.h"

namespace bench {

TftpHabits tftp_habits(Flags& flags) {
  TftpHabits habits;
  habits.blksize = static_cast<std::uint16_t>(flags.number("--blksize", 512, 8, 65464));
  habits.windowsize = static_cast<std::uint16_t>(flags.number("--windowsize", 1, 1, 32767));
  habits.tsize = flags.flag("--tsize");
  habits.timeout = static_cast<std::uint8_t>(flags.number("--timeout", 0, 0, 255));
  habits.retry = flags.number("--retry-ms", 1000, 1, 60000) * millisecond;
  habits.tries = static_cast<unsigned>(flags.number("--tries", 8, 0, 100));
  habits.think = flags.number("--think-ms", 0, 0, 60000) * millisecond;
  habits.edk2 = flags.flag("--edk2");
  habits.probe = flags.flag("--probe");
  return habits;
}

Json tftp_report(const TftpTotals& totals) {
  return Json()
      .add("bytes", totals.bytes)
      .add("blocks", totals.blocks)
      .add("transfers", totals.done)
      .add("failed", totals.failed)
      .add("wrong_bytes", totals.wrong_bytes)
      .add("bad_oack", totals.bad_oack)
      .add("server_errors", totals.server_errors)
      .add("gave_up", totals.gave_up)
      .add("rrq_resent", totals.rrq_resent)
      .add("acks_resent", totals.acks_resent)
      .add("duplicates", totals.duplicates)
      .add("unexpected", totals.unexpected)
      .add("lost_by_us", totals.lost_by_us);
}

namespace {

class TftpLoad final : public TftpOwner {
 public:
  explicit TftpLoad(Flags& flags) : habits_(tftp_habits(flags)) {
    const sockaddr_in server = parse_address(
        flags.required("--server"), static_cast<std::uint16_t>(flags.number("--port", 69, 1, 65535)));
    const auto clients = static_cast<std::size_t>(flags.number("--clients", 1, 1, 100000));
    files_ = map_files(flags.list("--files"));
    steady_ = from_seconds(flags.real("--seconds", 0));
    warm_ = from_seconds(flags.real("--warm", 0));
    count_ = static_cast<std::uint64_t>(flags.number("--count", 1, 1, 1'000'000'000));
    limit_ = from_seconds(flags.real("--limit-seconds", 120));
    weather_.loss = flags.real("--loss", 0);
    weather_.reorder = flags.real("--reorder", 0);
    weather_.duplicate = flags.real("--duplicate", 0);
    weather_.seed = static_cast<std::uint64_t>(flags.number("--seed", 1, 0, INT64_MAX));
    show_times_ = flags.flag("--times");
    const std::vector<std::string> addresses = flags.list("--addresses");
    flags.finish();
    if (steady_ > 0 && warm_ >= steady_) usage_error("--warm must be shorter than --seconds");
    for (std::size_t i = 0; i < clients; ++i) {
      std::optional<sockaddr_in> local;
      if (!addresses.empty()) local = parse_address(addresses[i % addresses.size()], 0);
      clients_.push_back(std::make_unique<TftpClient>(poller_, *this, totals_, habits_, server, local));
      clients_.back()->index = i;
    }
    begun_.resize(clients);
  }

  int run() {
    start_ = read_clock();
    const Nanos end = start_ + (steady_ > 0 ? steady_ : limit_);
    for (auto& client : clients_) next(*client, start_);
    if (warm_ > 0) run_until(start_ + warm_);
    const std::uint64_t bytes_before = totals_.bytes, transfers_before = totals_.done;
    const Nanos counted_from = warm_ > 0 ? read_clock() : start_;
    run_until(end);
    const Nanos stop = running_ == 0 ? last_ : read_clock();
    const std::uint64_t cut = running_;
    for (auto& client : clients_) {
      if (client->busy()) client->abort();
    }
    const double seconds = to_seconds(std::max<Nanos>(1, stop - counted_from));
    Json json = tftp_report(totals_);
    json.add("seconds", seconds)
        .add("mb_per_s", static_cast<double>(totals_.bytes - bytes_before) / 1e6 / seconds)
        .add("transfers_per_s", static_cast<double>(totals_.done - transfers_before) / seconds)
        .add("cut", steady_ > 0 ? cut : std::uint64_t{0})
        .add("unfinished", steady_ > 0 ? std::uint64_t{0} : cut)
        .add("seed", weather_.seed)
        .add("request_lost", request_lost_)
        .add("first_ack_lost", first_ack_lost_)
        .add("transfer_seconds", summary(times_))
        .add("transfer_seconds_apart", summary(apart_));
    if (show_times_) json.add("times", times_).add("times_apart", apart_);
    fmt::print("{}\n", json.text());
    return totals_.wrong_bytes > 0 ? exit_wrong_bytes : 0;
  }

 private:
  void tftp_done(TftpClient& client, const TftpResult& result, Nanos now) override {
    --running_;
    last_ = now;
    request_lost_ += result.request_lost;
    first_ack_lost_ += result.first_ack_lost;
    // Where our own injector took the request or the first acknowledgement, the client's own
    // timer is measured, or a server that has not seen a round trip yet: told apart.
    const bool apart = result.request_lost || result.first_ack_lost;
    if (result.right) (apart ? apart_ : times_).push_back(to_seconds(result.took));
    // A steady run goes on over a failure, but not without end: a refusing server would spin us.
    if (steady_ > 0 && totals_.failed > 10000) return;
    next(client, now);
  }

  void next(TftpClient& client, Nanos now) {
    std::uint64_t& begun = begun_[client.index];
    if (steady_ == 0 && begun == count_) return;
    const std::uint64_t transfer = begun++ * clients_.size() + client.index;
    ++running_;
    client.start(files_[transfer % files_.size()], weather_, transfer, now);
  }

  void run_until(Nanos end) {
    for (Nanos now = read_clock(); now < end && running_ > 0;) now = poller_.turn(end);
  }

  Poller poller_;
  TftpTotals totals_;
  TftpHabits habits_;
  Weather weather_;
  std::vector<ServedFile> files_;
  std::vector<std::unique_ptr<TftpClient>> clients_;
  std::vector<std::uint64_t> begun_;  // per client
  std::vector<double> times_, apart_;
  std::uint64_t count_ = 1, running_ = 0, request_lost_ = 0, first_ack_lost_ = 0;
  Nanos steady_ = 0, warm_ = 0, limit_ = 0, start_ = 0, last_ = 0;
  bool show_times_ = false;
};

}  // namespace

int tftp_load(Flags& flags) { return TftpLoad(flags).run(); }

}  // namespace bench
