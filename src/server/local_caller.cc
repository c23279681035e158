// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/local_caller.h"

#include <unistd.h>

#include <array>
#include <cerrno>

namespace server {
namespace {

// A body that is a file, as a socket would carry it.
base::Status pour(int file, const api::Sink& sink) {
  std::array<char, 65536> piece;
  while (true) {
    const ssize_t got = ::read(file, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::fail_errno("read the answer", errno);
    if (got == 0) return {};
    if (auto taken = sink({piece.data(), static_cast<std::size_t>(got)}); !taken) return taken;
  }
}

}  // namespace

base::Result<std::unique_ptr<LocalCaller>> LocalCaller::open(const Config& config) {
  auto administration = site::Administration::open(config.state, config.settings());
  if (!administration) return tl::unexpected(administration.error());
  return std::make_unique<LocalCaller>(std::move(*administration), config.state + "/runs");
}

LocalCaller::LocalCaller(std::unique_ptr<site::Administration> administration, std::string run_files)
    : administration_(std::move(administration)),
      api_(management::ApiContext{.administration = *administration_, .run_files = std::move(run_files)}) {}

base::Result<api::Answer> LocalCaller::ask(api::Request request, const api::Sink& sink) {
  const std::string target = api::target(request);
  const std::size_t mark = target.find('?');
  const std::string_view query =
      mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
  management::ApiCall call{
      .method = request.method, .path = request.path, .query = query, .body = request.body};
  for (const auto& [name, value] : request.headers) {
    if (name == "Content-Type") call.content_type = value;
    if (name == "If-Match") call.if_match = value;
    if (name == "If-None-Match") call.if_none_match = value;
  }
  call.files = std::move(request.files);
  management::ApiAnswer given = api_.answer(std::move(call));
  api::Answer answer{static_cast<int>(given.status), std::move(given.fields), std::move(given.body)};
  const api::Sink keep = [&](std::string_view piece) {
    answer.body.append(piece);
    return base::Status();
  };
  const bool good = answer.status >= 200 && answer.status < 300;
  const api::Sink& into = sink && good ? sink : keep;
  if (given.file.open()) {
    if (auto poured = pour(given.file.get(), into); !poured) return tl::unexpected(poured.error());
  } else if (sink && good) {
    const std::string body = std::exchange(answer.body, {});
    if (auto poured = sink(body); !poured) return tl::unexpected(poured.error());
  }
  return answer;
}

}  // namespace server
