// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/api_server.h"

#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "base/log.h"
#include "management/access.h"
#include "net/http_server.h"
#include "net/tls_identity.h"
#include "net/unix_listener.h"

namespace server {
namespace {

constexpr std::string_view component = "api";
constexpr unsigned threads = 4;
constexpr unsigned max_connections = 64;
constexpr unsigned max_connections_per_address = 16;  // of TLS
// Of all connections that are being read: one tree of the largest kind and a few small ones.
constexpr std::size_t max_files_held = management::max_api_files + 256;

net::HttpReply reply_of(management::ApiAnswer answer) {
  net::HttpMessage message;
  message.status = answer.status;
  message.content_type = std::move(answer.content_type);
  message.bytes = std::move(answer.body);
  message.fields = std::move(answer.fields);
  message.file = std::move(answer.file);
  return message;
}

// All but who asks, and what is beside it.
management::ApiCall call_of(const net::HttpRequest& request) {
  management::ApiCall call;
  call.method = request.method;
  call.path = request.target_as_sent;
  call.query = request.query;
  call.content_type = request.content_type;
  call.if_match = request.if_match;
  call.if_none_match = request.if_none_match;
  call.body = request.body;
  return call;
}

}  // namespace

struct ApiServer::Impl {
  std::string path;  // of the socket; empty: there is none any more
  base::Fd listener;
  std::vector<base::Fd> tls_listeners;
  std::optional<net::TlsIdentity> identity;
  std::string tokens_path;
  management::ApiAccess access;
  std::mutex mutex;
  std::shared_ptr<const management::ApiTokens> tokens;  // guarded by mutex
  management::Api* api = nullptr;
  std::unique_ptr<net::HttpServer> local, tls;

  // Who asks; or what they are told instead.
  base::Result<management::Caller, management::Problem> caller_of(const net::HttpRequest& request) {
    if (request.user != nullptr) {
      auto caller = access.of(*request.user);
      if (caller) return std::move(*caller);
      return refuse(management::ProblemType::forbidden,
                    "user {} of this machine has no role here: [api] in the configuration gives roles",
                    request.user->user);
    }
    std::shared_ptr<const management::ApiTokens> present;
    {
      const std::lock_guard lock(mutex);
      present = tokens;
    }
    auto caller = present->of(request.authorization);
    if (caller) return std::move(*caller);
    return refuse(management::ProblemType::unauthorized, "a token is needed: «Authorization: Bearer TOKEN»");
  }

  std::optional<net::HttpReply> before_body(const net::HttpRequest& request) {
    auto caller = caller_of(request);
    if (!caller) return reply_of(management::to_answer(caller.error()));
    management::ApiCall call = call_of(request);
    call.who = std::move(caller->who);
    call.role = caller->role;
    auto refused = api->refuse_early(call, request.body_size);
    if (!refused) return std::nullopt;
    return reply_of(std::move(*refused));
  }

  net::HttpReply answer(const net::HttpRequest& request) {
    auto caller = caller_of(request);
    if (!caller) return reply_of(management::to_answer(caller.error()));
    management::ApiCall call = call_of(request);
    call.who = caller->who;
    call.role = caller->role;
    call.files = std::move(*request.files);
    management::ApiAnswer answer = api->answer(std::move(call));
    if (request.method != "GET" && request.method != "HEAD") {
      base::log(base::LogLevel::info, component, "{}: {} {}: {}", caller->who, request.method,
                request.target_as_sent.substr(0, 200), answer.status);
    }
    return reply_of(std::move(answer));
  }

  base::Result<std::unique_ptr<net::HttpServer>> serve(net::HttpServer::Options options) {
    options.threads = threads;
    options.max_connections = max_connections;
    options.max_body = management::max_api_text;
    options.before_body = [this](const net::HttpRequest& request) { return before_body(request); };
    return net::HttpServer::start(options,
                                  [this](const net::HttpRequest& request) { return answer(request); }, {});
  }
};

ApiServer::ApiServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ApiServer::~ApiServer() { stop(); }

base::Result<std::unique_ptr<ApiServer>> ApiServer::listen(const Config& config,
                                                           const std::optional<Account>& owner) {
  auto impl = std::make_unique<Impl>();
  const gid_t group = owner ? owner->group : ::getegid();
  auto access = management::ApiAccess::make(config.api_people, owner ? owner->user : ::geteuid(), group);
  if (!access) return tl::unexpected(access.error());
  impl->access = std::move(*access);

  if (config.api_tls_port != 0) {
    auto identity = net::load_tls_identity(config.tls_certificate, config.tls_key);
    if (!identity) return tl::unexpected(identity.error());
    impl->identity = std::move(*identity);
    impl->tokens_path = config.api_tokens;
    auto tokens = management::ApiTokens::read(config.api_tokens);
    if (!tokens) return tl::unexpected(tokens.error());
    impl->tokens = std::make_shared<const management::ApiTokens>(std::move(*tokens));
    for (const base::IpFamily family : {base::IpFamily::v4, base::IpFamily::v6}) {
      if (family == base::IpFamily::v6 && !net::speaks(family)) continue;
      auto listener =
          net::HttpServer::open_listener({base::Ip::any(family), config.api_tls_port}, "api.tls_port");
      if (!listener) return tl::unexpected(listener.error());
      impl->tls_listeners.push_back(std::move(*listener));
    }
  }

  // Others than the group are told who may, and the people behind the names are looked at anyway.
  net::UnixPlace place{config.socket, config.api_people.empty() ? mode_t{0660} : mode_t{0666}};
  if (owner) place.owner = {owner->user, owner->group};
  auto listener = net::open_unix_listener(place, "management socket", "server.socket");
  if (!listener) return tl::unexpected(listener.error());
  impl->listener = std::move(*listener);
  impl->path = place.path;
  return std::unique_ptr<ApiServer>(new ApiServer(std::move(impl)));
}

base::Status ApiServer::start(management::Api& api) {
  impl_->api = &api;
  net::HttpServer::Options local;
  local.listen_fds = {impl_->listener.release()};
  local.max_connections_per_address = max_connections;  // they have none
  local.max_files = max_files_held;
  auto started = impl_->serve(std::move(local));
  if (!started) return tl::unexpected(started.error());
  impl_->local = std::move(*started);
  if (!impl_->identity) return {};
  net::HttpServer::Options tls;
  for (base::Fd& listener : impl_->tls_listeners) tls.listen_fds.push_back(listener.release());
  tls.max_connections_per_address = max_connections_per_address;
  tls.tls = std::move(impl_->identity);
  started = impl_->serve(std::move(tls));
  if (!started) return tl::unexpected(started.error());
  impl_->tls = std::move(*started);
  return {};
}

void ApiServer::stop() {
  impl_->local.reset();
  impl_->tls.reset();
  if (!impl_->path.empty()) ::unlink(impl_->path.c_str());
  impl_->path.clear();
}

base::Status ApiServer::reload_tokens() {
  if (impl_->tokens_path.empty()) return {};
  auto fresh = management::ApiTokens::read(impl_->tokens_path);
  if (!fresh) return tl::unexpected(fresh.error());
  const std::lock_guard lock(impl_->mutex);
  impl_->tokens = std::make_shared<const management::ApiTokens>(std::move(*fresh));
  return {};
}

}  // namespace server
