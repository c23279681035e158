// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/file_service.h"

#include <fmt/core.h>

#include "base/log.h"

namespace server {
namespace {

using base::LogLevel;

double seconds(base::Duration d) { return std::chrono::duration<double>(d).count(); }

// «1448 octets a block, window 4»
std::string terms_text(const session::TftpTerms& terms) {
  return terms.windowsize == 1 ? fmt::format("block {}", terms.blksize)
                               : fmt::format("block {}, window {}", terms.blksize, terms.windowsize);
}

LogLevel level_of(const TftpEvent& event) {
  switch (event.kind) {
    case TftpEventKind::started:
    case TftpEventKind::size_probe:
      return LogLevel::debug;
    case TftpEventKind::finished:
      return LogLevel::info;
    case TftpEventKind::failed:
      return LogLevel::warning;
    case TftpEventKind::refused:
      // Loaders ask for many names that need not exist: normal, and not worth a line by day.
      return event.reason == TftpReason::not_found ? LogLevel::debug : LogLevel::info;
  }
  return LogLevel::info;
}

std::string in_words(const TftpEvent& event) {
  const std::string from = event.request.from.print();
  const std::string_view name = event.request.filename;
  const std::string_view colon = event.detail.empty() ? "" : ": ";
  switch (event.kind) {
    case TftpEventKind::started:
      return fmt::format("{} asks for {} ({} octets, {})", from, name, event.size, terms_text(event.terms));
    case TftpEventKind::finished:
      return fmt::format("{} has {}: {} octets in {:.2f} s, {}, {} blocks sent again{}", from, name,
                         event.size, seconds(event.took), terms_text(event.terms), event.resent_blocks,
                         event.confirmed ? "" : ", last ACK missing");
    case TftpEventKind::size_probe:
      return fmt::format("{} asked how large {} is", from, name);
    case TftpEventKind::failed:
      return fmt::format("{} did not get {}: {} after {} of {} octets{}{}", from, name, print(event.reason),
                         event.acknowledged, event.size, colon, event.detail);
    case TftpEventKind::refused:
      return fmt::format("{} refused {}: {}{}{}", from, name, print(event.reason), colon, event.detail);
  }
  return {};
}

constexpr std::string_view image_prefix = "images/";

}  // namespace

void tell(const session::AttemptEvent& event) {
  base::log(base::LogLevel::warning, "boot", "{}", session::explain(event));
}

TftpAnswer FileService::answer(const TftpRequestFacts& request, base::Time now) {
  if (!interfaces_on_loop_.now().serves(request.interface, request.local.family())) return TftpUnserved{};
  const BehindName found =
      files_.find(request.filename, {request.from.address, request.local, request.interface}, now);
  if (const auto* file = std::get_if<FileBehindName>(&found)) return TftpFileOnDisk{file->file.path};
  if (const auto* text = std::get_if<TextBehindName>(&found)) {
    if (base::log_enabled(LogLevel::info) && log_rate_on_loop_.may_log("boot", now))
      base::log(LogLevel::info, "boot", "{}", text->about);
    return TftpRendered{text->text};
  }
  if (const auto* refused = std::get_if<NameRefused>(&found)) return TftpRefused{refused->why};
  return TftpMissing{};
}

void FileService::on_event(const TftpEvent& event, base::Time now) {
  const LogLevel level = level_of(event);
  if (base::log_enabled(level) && log_rate_on_loop_.may_log("tftp", now))
    base::log(level, "tftp", "{}", in_words(event));
  const auto& [from, local, interface, name] = event.request;
  if (event.kind != TftpEventKind::refused)
    under_way(event.kind == TftpEventKind::started, from.address, interface, name, now);
  if (event.kind == TftpEventKind::finished) {
    delivered(from.address, interface, name, session::Transport::tftp, now);
  }
}

net::HttpReply FileService::answer(const net::HttpRequest& request) {
  const unsigned interface = arrival(request.interface, request.local);
  if (interface == 0) return net::HttpError{404, "not served on this interface"};
  const bool head = request.method == "HEAD";
  if (!head && request.method != "GET") return net::HttpError{405, "only GET and HEAD are served here"};
  const base::Time now = base::Clock::now();
  const BehindName found =
      files_.find(request.target, {request.from.address, request.local, interface, head}, now);
  if (const auto* file = std::get_if<FileBehindName>(&found)) {
    under_way(true, request.from.address, interface, request.target, now);
    return net::HttpFile{file->file.path, file->file.content_type, file->file.etag};
  }
  if (const auto* text = std::get_if<TextBehindName>(&found)) {
    if (request.method == "GET" && may_log_http(LogLevel::info))
      base::log(LogLevel::info, "boot", "{}", text->about);
    return net::HttpBody{text->content_type, text->text};
  }
  if (const auto* refused = std::get_if<NameRefused>(&found)) return net::HttpError{403, refused->why};
  return net::HttpError{404, "no such file"};
}

void FileService::on_done(const net::HttpDone& done) {
  const bool whole = done.complete && done.method == "GET" && done.status == 200;
  const bool failed = !done.complete && done.status < 400;
  const LogLevel level = whole ? LogLevel::info : failed ? LogLevel::warning : LogLevel::debug;
  if (may_log_http(level)) {
    base::log(level, "http", "{} {} {}: {}, {} octets{}", done.from.print(), done.method, done.target,
              done.status, done.sent, failed ? ", broken off" : "");
  }
  const unsigned interface = arrival(done.interface, done.local);
  const base::Time now = base::Clock::now();
  under_way(false, done.from.address, interface, done.target, now);
  if (whole) delivered(done.from.address, interface, done.target, session::Transport::http, now);
}

void FileService::under_way(bool begun, const base::Ip& to, unsigned interface, std::string_view name,
                            base::Time now) {
  const auto normalised = content::normalise(name);
  if (!normalised || !normalised->starts_with(image_prefix)) return;
  const session::Resolved who = machines_.who_fetches(to, interface, now);
  const auto* known = std::get_if<session::Known>(&who);
  if (known == nullptr) return;
  const base::Mac& mac = known->facts.mac;
  machines_.with_admission([&](auto& admission) {
    begun ? admission.on_transfer_begun(mac, now) : admission.on_transfer_ended(mac, now);
  });
}

unsigned FileService::arrival(unsigned interface, const base::Ip& local) const {
  const auto served = interfaces_.now();
  if (interface == 0) return served->index_of(local);  // from this very host
  return served->serves(interface, local.family()) ? interface : 0;
}

bool FileService::may_log_http(base::LogLevel level) {
  if (!base::log_enabled(level)) return false;
  const std::lock_guard lock(http_log_mutex_);
  return http_log_rate_.may_log("http", base::Clock::now());
}

void FileService::delivered(const base::Ip& to, unsigned interface, std::string_view name,
                            session::Transport transport, base::Time now) {
  const auto normalised = content::normalise(name);
  if (!normalised) return;
  files_.delivered(*normalised, now);
  const session::Resolved who = machines_.who_fetches(to, interface, now);
  const auto* known = std::get_if<session::Known>(&who);
  if (known == nullptr) return;
  const base::Mac& mac = known->facts.mac;
  // What went out under the loader's name was a script: no second loader, and no further delay
  // of the time when the machine gets the real one again.
  if (files_.is_ipxe_already(mac, *normalised, now)) return;
  const auto event = machines_.with([&](auto&, auto& attempts) -> std::optional<session::AttemptEvent> {
    if (content::is_loader(*normalised)) return attempts.on_loader_sent(mac, *normalised, transport, now);
    if (normalised->starts_with(image_prefix)) attempts.on_image_file_sent(mac, now);
    return std::nullopt;
  });
  if (event) tell(*event);
  if (normalised->starts_with(image_prefix) && files_.completes_image(*normalised, known->facts, now)) {
    machines_.with_admission([&](auto& admission) { admission.on_image_sent(mac); });
  }
}

}  // namespace server
