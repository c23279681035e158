// SPDX-License-Identifier: GPL-3.0-or-later
// `http`: N connections that GET the same file, for a time or a number of times each.
#include <fmt/core.h>

#include <memory>

#include "http_client.h"
#include "loads.h"

namespace bench {
namespace {

class HttpLoad final : public HttpOwner {
 public:
  explicit HttpLoad(Flags& flags) {
    habits_.tls = flags.flag("--tls");
    const auto port = static_cast<std::uint16_t>(flags.number("--port", habits_.tls ? 443 : 80, 1, 65535));
    const sockaddr_in server = parse_address(flags.required("--server"), port);
    const auto clients = static_cast<std::size_t>(flags.number("--clients", 1, 1, 100000));
    files_ = map_files(flags.list("--files"));
    steady_ = from_seconds(flags.real("--seconds", 0));
    warm_ = from_seconds(flags.real("--warm", 0));
    count_ = static_cast<std::uint64_t>(flags.number("--count", 1, 1, 1'000'000'000));
    limit_ = from_seconds(flags.real("--limit-seconds", 120));
    habits_.keep_alive = !flags.flag("--one-shot");
    const std::string check = flags.text("--check", "all");
    if (check != "all" && check != "first") usage_error("--check all|first");
    habits_.check_all = check == "all";
    const std::vector<std::string> addresses = flags.list("--addresses");
    flags.finish();
    for (std::size_t i = 0; i < clients; ++i) {
      std::optional<sockaddr_in> local;
      if (!addresses.empty()) local = parse_address(addresses[i % addresses.size()], 0);
      clients_.push_back(std::make_unique<HttpClient>(poller_, *this, totals_, habits_, server, local));
      clients_.back()->index = i;
      if (!habits_.check_all && i % 10 != 0) clients_.back()->compare_nothing();
    }
    begun_.resize(clients);
  }

  int run() {
    const Nanos start = read_clock();
    for (auto& client : clients_) next(*client, start);
    if (warm_ > 0) run_until(start + warm_);
    const std::uint64_t bytes_before = totals_.bytes, done_before = totals_.done;
    const Nanos counted_from = warm_ > 0 ? read_clock() : start;
    run_until(start + (steady_ > 0 ? steady_ : limit_));
    const Nanos stop = running_ == 0 ? last_ : read_clock();
    const std::uint64_t cut = running_;
    for (auto& client : clients_) client->abort();
    const double seconds = to_seconds(std::max<Nanos>(1, stop - counted_from));
    Json json;
    json.add("bytes", totals_.bytes)
        .add("checked_bytes", totals_.checked_bytes)
        .add("transfers", totals_.done)
        .add("failed", totals_.failed)
        .add("wrong_bytes", totals_.wrong_bytes)
        .add("bad_status", totals_.bad_status)
        .add("seconds", seconds)
        .add("mb_per_s", static_cast<double>(totals_.bytes - bytes_before) / 1e6 / seconds)
        .add("transfers_per_s", static_cast<double>(totals_.done - done_before) / seconds)
        .add("cut", steady_ > 0 ? cut : std::uint64_t{0})
        .add("unfinished", steady_ > 0 ? std::uint64_t{0} : cut)
        .add("transfer_seconds", summary(times_));
    fmt::print("{}\n", json.text());
    return totals_.wrong_bytes > 0 ? exit_wrong_bytes : 0;
  }

 private:
  void http_done(HttpClient& client, bool right, Nanos took, Nanos now) override {
    --running_;
    last_ = now;
    if (right) times_.push_back(to_seconds(took));
    if (totals_.failed > 1000) return;  // nobody there: do not spin
    next(client, now);
  }

  void next(HttpClient& client, Nanos now) {
    std::uint64_t& begun = begun_[client.index];
    if (steady_ == 0 && begun == count_) return;
    ++running_;
    client.start(files_[begun++ % files_.size()], now);
  }

  void run_until(Nanos end) {
    for (Nanos now = read_clock(); now < end && running_ > 0;) now = poller_.turn(end);
  }

  Poller poller_;
  HttpTotals totals_;
  HttpHabits habits_;
  std::vector<ServedFile> files_;
  std::vector<std::unique_ptr<HttpClient>> clients_;
  std::vector<std::uint64_t> begun_;
  std::vector<double> times_;
  std::uint64_t count_ = 1, running_ = 0;
  Nanos steady_ = 0, warm_ = 0, limit_ = 0, last_ = 0;
};

}  // namespace

int http_load(Flags& flags) { return HttpLoad(flags).run(); }

}  // namespace bench
