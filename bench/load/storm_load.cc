// SPDX-License-Identifier: GPL-3.0-or-later
// `storm`: a hall of machines is switched on. Each asks for its boot program, fetches one
// file by TFTP and a larger one by TFTP or HTTP, in the ways of four kinds of firmware;
// every other machine is slow.
#include <fmt/core.h>

#include <array>
#include <memory>

#include "http_client.h"
#include "loads.h"
#include "pxe_desk.h"

namespace bench {
namespace {

struct Kind {
  const char* name;
  Firmware firmware;
  std::uint16_t blksize, windowsize;
  bool tsize, probe, edk2;
  Nanos retry;
  bool second_by_http;
};
constexpr std::array<Kind, 4> kinds{{
    {"bios-rom", Firmware::bios, 1456, 1, false, true, false, second, false},
    {"edk2", Firmware::uefi_x64, 1468, 4, false, true, true, 4 * second, true},
    {"ipxe", Firmware::ipxe_bios, 1432, 1, true, false, false, second, true},
    {"grub", Firmware::uefi_x64, 1024, 1, true, false, false, second, false},
}};

enum class Stage : std::uint8_t { off, asking, first, second, done, failed };

struct Machine {
  std::size_t kind = 0;
  bool slow = false;
  Stage stage = Stage::off;
  Nanos began = 0, took = 0;
  std::unique_ptr<TftpClient> tftp;
  std::unique_ptr<HttpClient> http;
};

class Storm final : public TftpOwner, public HttpOwner, public PxeOwner, public Actor {
 public:
  explicit Storm(Flags& flags)
      : count_(static_cast<std::size_t>(flags.number("--machines", 2000, 1, 20000))),
        server_(flags.required("--server")),
        first_(map_file(flags.required("--first"))),
        second_tftp_(map_file(flags.required("--second-tftp"))),
        second_http_(map_file(flags.required("--second-http"))),
        spread_(from_seconds(flags.real("--spread-seconds", 1))),
        limit_(from_seconds(flags.real("--limit-seconds", 180))),
        desk_(poller_, *this, pxe_, parse_address(server_, 67), parse_address(flags.required("--relay"), 67),
              count_, 2 * second, 4) {
    const Nanos think = flags.number("--block-ms", 5, 0, 1000) * millisecond;
    const double rate = flags.real("--slow-rate", 2e6);
    const std::vector<std::string> addresses = flags.list("--addresses");
    flags.finish();
    for (std::size_t k = 0; k < kinds.size(); ++k) {
      for (std::size_t slow = 0; slow < 2; ++slow) {
        TftpHabits& habits = habits_[k][slow];
        habits.blksize = kinds[k].blksize;
        habits.windowsize = kinds[k].windowsize;
        habits.tsize = kinds[k].tsize;
        habits.probe = kinds[k].probe;
        habits.edk2 = kinds[k].edk2;
        habits.retry = kinds[k].retry;
        habits.think = slow == 1 ? think : 0;
      }
    }
    http_habits_[1].bytes_per_second = rate;
    machines_.resize(count_);
    for (std::size_t i = 0; i < count_; ++i) build(i, addresses);
    power_.owner = this;
  }

  int run() {
    start_ = read_clock();
    poller_.set(power_, start_);
    const Nanos end = start_ + limit_;
    for (Nanos now = start_; now < end && finished_ < count_;) now = poller_.turn(end);
    for (Machine& machine : machines_) {
      if (machine.tftp->busy()) machine.tftp->abort();
      machine.http->abort();
    }
    report();
    return tftp_.wrong_bytes + http_.wrong_bytes > 0 ? exit_wrong_bytes : 0;
  }

 private:
  void build(std::size_t i, const std::vector<std::string>& addresses) {
    Machine& machine = machines_[i];
    machine.kind = i % kinds.size();
    machine.slow = i / kinds.size() % 2 == 1;
    std::optional<sockaddr_in> local;
    if (!addresses.empty()) local = parse_address(addresses[i % addresses.size()], 0);
    machine.tftp =
        std::make_unique<TftpClient>(poller_, *this, tftp_, habits_[machine.kind][machine.slow ? 1 : 0],
                                     parse_address(server_, 69), local);
    machine.http = std::make_unique<HttpClient>(poller_, *this, http_, http_habits_[machine.slow ? 1 : 0],
                                                parse_address(server_, 80), local);
    machine.tftp->index = machine.http->index = i;
  }

  // Machines come on one after the other within the spread.
  void expired(Timer&, Nanos now) override {
    const double share = spread_ == 0 ? 1 : static_cast<double>(now - start_) / static_cast<double>(spread_);
    const auto due = std::min(count_, static_cast<std::size_t>(share * static_cast<double>(count_)) + 1);
    for (; switched_on_ < due; ++switched_on_) {
      Machine& machine = machines_[switched_on_];
      machine.stage = Stage::asking;
      machine.began = now;
      desk_.begin(switched_on_, kinds[machine.kind].firmware, static_cast<std::uint32_t>(switched_on_), now);
    }
    desk_.flush();
    if (switched_on_ < count_) poller_.set(power_, now + millisecond);
  }
  void ready(std::uint32_t, Nanos) override {}

  void pxe_done(std::size_t slot, bool right, Nanos, Nanos, Nanos now) override {
    if (!right) return end(slot, false, now);
    machines_[slot].stage = Stage::first;
    machines_[slot].tftp->start(first_, {}, slot, now);
  }

  void tftp_done(TftpClient& client, const TftpResult& result, Nanos now) override {
    Machine& machine = machines_[client.index];
    if (!result.right || machine.stage == Stage::second) return end(client.index, result.right, now);
    machine.stage = Stage::second;
    if (kinds[machine.kind].second_by_http)
      machine.http->start(second_http_, now);
    else
      machine.tftp->start(second_tftp_, {}, client.index, now);
  }

  void http_done(HttpClient& client, bool right, Nanos, Nanos now) override { end(client.index, right, now); }

  void end(std::size_t index, bool right, Nanos now) {
    Machine& machine = machines_[index];
    machine.stage = right ? Stage::done : Stage::failed;
    machine.took = now - machine.began;
    ++finished_;
    last_ = now;
  }

  void report() const {
    std::uint64_t done = 0;
    Json classes;
    for (std::size_t k = 0; k < kinds.size(); ++k) {
      for (const bool slow : {false, true}) {
        std::vector<double> times;
        for (const Machine& machine : machines_) {
          if (machine.kind == k && machine.slow == slow && machine.stage == Stage::done)
            times.push_back(to_seconds(machine.took));
        }
        done += times.size();
        classes.add(fmt::format("{}{}", kinds[k].name, slow ? "-slow" : ""), summary(times));
      }
    }
    Json json;
    json.add("machines", static_cast<std::uint64_t>(count_))
        .add("done", done)
        .add("unfinished", static_cast<std::uint64_t>(count_) - done)
        .add("seconds", to_seconds(last_ - start_))
        .add("bytes", tftp_.bytes + http_.bytes)
        .add("wrong_bytes", tftp_.wrong_bytes + http_.wrong_bytes)
        .add("time_outs", pxe_.lost + tftp_.rrq_resent + tftp_.acks_resent)
        .add("pxe_lost", pxe_.lost)
        .add("pxe_gave_up", pxe_.gave_up)
        .add("http_failed", http_.failed)
        .add("tftp", tftp_report(tftp_))
        .add("classes", classes);
    fmt::print("{}\n", json.text());
  }

  std::size_t count_;
  std::string server_;
  ServedFile first_, second_tftp_, second_http_;
  Nanos spread_, limit_;
  Poller poller_;
  PxeTotals pxe_;
  TftpTotals tftp_;
  HttpTotals http_;
  PxeDesk desk_;
  std::array<std::array<TftpHabits, 2>, kinds.size()> habits_;
  std::array<HttpHabits, 2> http_habits_;
  std::vector<Machine> machines_;
  Timer power_;
  std::size_t switched_on_ = 0, finished_ = 0;
  Nanos start_ = 0, last_ = 0;
};

}  // namespace

int storm_load(Flags& flags) { return std::make_unique<Storm>(flags)->run(); }

}  // namespace bench
