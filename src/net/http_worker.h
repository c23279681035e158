// SPDX-License-Identifier: GPL-3.0-or-later
// One thread of the HTTP server: takes connections from the common listener and gives each its
// turns.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>

#include "base/result.h"
#include "net/http_connection.h"
#include "net/http_door.h"
#include "net/loop.h"

namespace net {

class TlsContext;

class HttpWorker {
 public:
  // All of these outlive it. `tls` null: plain.
  static base::Result<std::unique_ptr<HttpWorker>> start(std::span<const base::Fd> listeners,
                                                         HttpShared& shared, HttpDoor& door,
                                                         const TlsContext* tls);
  ~HttpWorker();  // ends the thread; what is under way is told as broken off
  HttpWorker(const HttpWorker&) = delete;
  HttpWorker& operator=(const HttpWorker&) = delete;

 private:
  struct Client {
    int fd;
    base::Ip from;
    HttpConnection connection;
    TimerId timer = 0;  // its next turn, where no readiness will bring it
  };

  HttpWorker(std::span<const base::Fd> listeners, HttpShared& shared, HttpDoor& door, const TlsContext* tls)
      : listeners_(listeners), shared_(shared), door_(door), tls_(tls) {}
  base::Status listen();
  void accept_some(int listener);
  void rest();
  void admit(base::Fd socket, const HttpPeer& peer);
  void turn(Client& client);
  void work(Client& client);
  void call_again(Client& client, base::Time when);
  void close(Client& client);
  void look_for_late_ones();

  const std::span<const base::Fd> listeners_;
  HttpShared& shared_;
  HttpDoor& door_;
  const TlsContext* const tls_;
  std::unique_ptr<Loop> loop_;
  std::unordered_map<int, std::unique_ptr<Client>> clients_;  // by descriptor
  bool looking_ = false;                                      // for late ones
  std::thread thread_;
};

}  // namespace net
