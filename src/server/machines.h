// SPDX-License-Identifier: GPL-3.0-or-later
// What is known of the machines just now, shared by the packet loop and the HTTP threads.
// The lock is held for a table look-up at a time, once a request and never per block; the
// neighbour table is asked outside it.
#pragma once

#include <mutex>
#include <utility>

#include "session/admission.h"
#include "session/attempts.h"
#include "session/bindings.h"
#include "session/boot_papers.h"
#include "session/recent_map.h"

namespace server {

class Machines {
 public:
  explicit Machines(bool beside_dhcp, session::AdmissionBounds bounds = {})
      : attempts_(beside_dhcp), admission_(std::move(bounds)) {}

  // `use(bindings, attempts)` under the lock; keep it short.
  template <class Use>
  auto with(Use&& use) {
    const std::lock_guard lock(mutex_);
    return std::forward<Use>(use)(bindings_, attempts_);
  }

  // `use(admission)`, likewise.
  template <class Use>
  auto with_admission(Use&& use) {
    const std::lock_guard lock(mutex_);
    return std::forward<Use>(use)(admission_);
  }

  // `use(papers)`, under a lock of its own.
  template <class Use>
  auto with_papers(Use&& use) {
    const std::lock_guard lock(papers_mutex_);
    return std::forward<Use>(use)(papers_);
  }

  // Who asks for a name, from what is known and from the kernel's neighbour table; the
  // attempt and the line learn that the machine is alive. Bindings come from DHCP and are
  // IPv4's: over IPv6 a machine is known by its name or as a neighbour.
  session::Resolved who_asks(const base::Ip& address, unsigned interface, const session::NameIdentity& name,
                             base::Time now);
  // Who fetches what is the same for everybody. It only tells whose attempt goes on, so what
  // the neighbour table said a moment ago is good enough, and a thousand small files cost no
  // thousand questions to the kernel.
  session::Resolved who_fetches(const base::Ip& address, unsigned interface, base::Time now);

 private:
  session::Resolved resolve(const base::Ip& address, unsigned interface, const session::NameIdentity& name,
                            std::optional<base::Mac> neighbour, base::Time now);

  static constexpr std::size_t neighbours_kept = 8192;
  static constexpr base::Duration neighbours_kept_for = std::chrono::seconds(5);

  std::mutex mutex_;
  session::Bindings bindings_;
  session::Attempts attempts_;
  session::Admission admission_;
  session::RecentMap<std::optional<base::Mac>, session::IpKey> neighbours_{neighbours_kept,
                                                                           neighbours_kept_for};
  std::mutex papers_mutex_;
  session::Papers papers_;
};

}  // namespace server
