// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/file_service.h"

#include <fmt/core.h>

#include "base/log.h"

namespace server {
namespace {

double seconds(base::Duration d) { return std::chrono::duration<double>(d).count(); }

// «1448 octets a block, window 4»
std::string terms_text(const session::TftpTerms& terms) {
  return terms.windowsize == 1 ? fmt::format("block {}", terms.blksize)
                               : fmt::format("block {}, window {}", terms.blksize, terms.windowsize);
}

constexpr std::string_view image_prefix = "images/";

}  // namespace

void tell(const session::AttemptEvent& event) {
  base::log(base::LogLevel::warning, "boot", "{}", session::explain(event));
}

TftpAnswer FileService::answer(const TftpRequestFacts& request, base::Time now) {
  if (!interfaces_.serves(request.interface)) return TftpUnserved{};
  const BehindName found =
      files_.find(request.filename, {request.from.address, request.local, request.interface}, now);
  if (const auto* file = std::get_if<FileBehindName>(&found)) return TftpFileOnDisk{file->file.path};
  if (const auto* text = std::get_if<TextBehindName>(&found)) {
    base::log(base::LogLevel::info, "boot", "{}", text->about);
    return TftpRendered{text->text};
  }
  if (const auto* refused = std::get_if<NameRefused>(&found)) return TftpRefused{refused->why};
  return TftpMissing{};
}

void FileService::on_event(const TftpEvent& event, base::Time now) {
  using base::LogLevel;
  const auto& from = event.request.from;
  const std::string_view name = event.request.filename;
  switch (event.kind) {
    case TftpEventKind::started:
      base::log(LogLevel::debug, "tftp", "{} asks for {} ({} octets, {})", from.print(), name, event.size,
                terms_text(event.terms));
      under_way(true, from.address, event.request.interface, name, now);
      return;
    case TftpEventKind::finished:
      base::log(LogLevel::info, "tftp", "{} has {}: {} octets in {:.2f} s, {}, {} blocks sent again{}",
                from.print(), name, event.size, seconds(event.took), terms_text(event.terms),
                event.resent_blocks, event.confirmed ? "" : ", last ACK missing");
      under_way(false, from.address, event.request.interface, name, now);
      delivered(from.address, event.request.interface, name, session::Transport::tftp, now);
      return;
    case TftpEventKind::size_probe:
      base::log(LogLevel::debug, "tftp", "{} asked how large {} is", from.print(), name);
      under_way(false, from.address, event.request.interface, name, now);
      return;
    case TftpEventKind::failed:
      base::log(LogLevel::warning, "tftp", "{} did not get {}: {} after {} of {} octets{}{}", from.print(),
                name, print(event.reason), event.acknowledged, event.size, event.detail.empty() ? "" : ": ",
                event.detail);
      under_way(false, from.address, event.request.interface, name, now);
      return;
    case TftpEventKind::refused:
      // Loaders ask for many names that need not exist: normal, and not worth a line by day.
      base::log(event.reason == TftpReason::not_found ? LogLevel::debug : LogLevel::info, "tftp",
                "{} refused {}: {}{}{}", from.print(), name, print(event.reason),
                event.detail.empty() ? "" : ": ", event.detail);
      return;
  }
}

net::HttpReply FileService::answer(const net::HttpRequest& request) {
  const unsigned interface = interfaces_.index_of(request.local);
  if (!interfaces_.serves(interface)) return net::HttpError{404, "not served on this address\n"};
  const base::Time now = base::Clock::now();
  const BehindName found = files_.find(request.target, {request.from.address, request.local, interface}, now);
  if (const auto* file = std::get_if<FileBehindName>(&found)) {
    under_way(true, request.from.address, interface, request.target, now);
    return net::HttpFile{file->file.path, file->file.content_type, file->file.etag};
  }
  if (const auto* text = std::get_if<TextBehindName>(&found)) {
    if (request.method == "GET") base::log(base::LogLevel::info, "boot", "{}", text->about);
    return net::HttpBody{text->content_type, text->text};
  }
  if (const auto* refused = std::get_if<NameRefused>(&found)) return net::HttpError{403, refused->why + "\n"};
  return net::HttpError{404, "no such file\n"};
}

void FileService::on_done(const net::HttpDone& done) {
  const bool whole = done.complete && done.method == "GET" && done.status == 200;
  const bool failed = !done.complete && done.status < 400;
  base::log(whole    ? base::LogLevel::info
            : failed ? base::LogLevel::warning
                     : base::LogLevel::debug,
            "http", "{} {} {}: {}, {} octets{}", done.from.print(), done.method, done.target, done.status,
            done.sent, failed ? ", broken off" : "");
  // The HTTP side does not say over which interface: the route back to the client does.
  const unsigned interface = interfaces_.index_of(done.local);
  const base::Time now = base::Clock::now();
  under_way(false, done.from.address, interface, done.target, now);
  if (whole) delivered(done.from.address, interface, done.target, session::Transport::http, now);
}

void FileService::under_way(bool begun, base::Ipv4 to, unsigned interface, std::string_view name,
                            base::Time now) {
  const auto normalised = content::normalise(name);
  if (!normalised || !normalised->starts_with(image_prefix)) return;
  const session::Resolved who = machines_.who_asks(to, interface, {}, now);
  const auto* known = std::get_if<session::Known>(&who);
  if (known == nullptr) return;
  const base::Mac& mac = known->facts.mac;
  machines_.with_admission([&](auto& admission) {
    begun ? admission.on_transfer_begun(mac, now) : admission.on_transfer_ended(mac, now);
  });
}

void FileService::delivered(base::Ipv4 to, unsigned interface, std::string_view name,
                            session::Transport transport, base::Time now) {
  const auto normalised = content::normalise(name);
  if (!normalised) return;
  const session::Resolved who = machines_.who_asks(to, interface, {}, now);
  const auto* known = std::get_if<session::Known>(&who);
  if (known == nullptr) return;
  const base::Mac& mac = known->facts.mac;
  const auto event = machines_.with([&](auto&, auto& attempts) -> std::optional<session::AttemptEvent> {
    if (content::is_loader(*normalised)) return attempts.on_loader_sent(mac, *normalised, transport, now);
    if (normalised->starts_with(image_prefix)) attempts.on_image_file_sent(mac, now);
    return std::nullopt;
  });
  if (event) tell(*event);
  if (normalised->starts_with(image_prefix) && files_.completes_image(*normalised, known->facts)) {
    machines_.with_admission([&](auto& admission) { admission.on_image_sent(mac); });
  }
}

}  // namespace server
