// SPDX-License-Identifier: GPL-3.0-or-later
// The server's side of the control socket. ControlSession is the protocol without a socket:
// a message and its files in, replies out; it serves a connection, a stopped server's command
// line, and the fuzzer alike.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/client.h"
#include "api/messages.h"
#include "base/fd.h"
#include "base/result.h"
#include "server/administration.h"
#include "server/privileges.h"

namespace server {

// What requests need, shared by all connections; outlives them.
struct ControlContext {
  Administration& administration;
  std::function<api::Status()> status;                      // any thread; empty on a stopped server
  std::string who = "the command line";                     // for the log
  std::atomic<std::size_t>* files_held = nullptr;           // by all connections together
  std::function<std::vector<api::QueueItem>()> queue = {};  // as status
};

class ControlSession {
 public:
  using Send = std::function<void(const api::Reply&)>;

  explicit ControlSession(ControlContext context) : context_(std::move(context)) {}
  ~ControlSession() { forget_image(); }
  ControlSession(const ControlSession&) = delete;
  ControlSession& operator=(const ControlSession&) = delete;

  // Any bytes. Sends progress and items, then exactly one Done or Failed.
  void handle(std::string_view message, std::vector<base::Fd> files, const Send& send);
  void handle(const api::Request& request, std::vector<base::Fd> files, const Send& send);

 private:
  base::Status answer(const api::Request& request, std::vector<base::Fd> files, const Send& send);
  base::Status begin_image(const api::BeginImage& request);
  base::Status add_file(const api::AddFile& request, std::vector<base::Fd> files);
  base::Status commit_image(const Send& send);
  base::Status list_images(const Send& send);
  base::Status list_deployments(const Send& send);
  base::Status deploy(const api::Deploy& request, const Send& send);
  base::Status add_program(const api::AddProgram& request, std::vector<base::Fd> files);
  void forget_image();

  ControlContext context_;
  std::optional<NewImage> image_;  // between BeginImage and CommitImage
};

// A stopped server: the same requests, done in this process.
class LocalCaller final : public api::Caller {
 public:
  explicit LocalCaller(std::unique_ptr<Administration> administration);
  using api::Caller::call;
  base::Status call(const api::Request& request, base::Fd file, const api::OnReply& on_reply) override;

 private:
  std::unique_ptr<Administration> administration_;
  ControlSession session_;
};

// The socket and its threads. Open it as root, start it after the privileges are gone.
class ControlServer {
 public:
  // Makes the socket's folder if it is missing, and replaces the socket of a server that
  // died; refuses while another one answers there. Mode 0660, given to `owner`.
  static base::Result<std::unique_ptr<ControlServer>> listen(const std::string& path,
                                                             const std::optional<Account>& owner);
  ~ControlServer();  // stops

  // What these name must live until stop() has returned.
  base::Status start(Administration& administration, std::function<api::Status()> status,
                     std::function<std::vector<api::QueueItem>()> queue = {});
  // Closes all connections; waits for a copy that is under way. Removes the socket.
  void stop();

 private:
  struct Impl;
  explicit ControlServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace server
