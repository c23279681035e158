// SPDX-License-Identifier: GPL-3.0-or-later
// What a store keeps, as values: policy's records with what only storage and people need.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "policy/snapshot.h"

namespace store {

// An image as recorded: what decisions need, the names that its files are published under
// («images/<name>/<version>/…»), and which files these are.
struct ImageRecord {
  policy::Image image;
  std::string directory;
  std::int64_t created = 0;  // Unix seconds
  // SHA-256 of the manifest in the content library; empty: the files stand in `directory`, where an
  // older Bootferry put them.
  std::string manifest = {};
  bool operator==(const ImageRecord&) const = default;
};

using Record =
    std::variant<policy::Device, policy::Collection, ImageRecord, policy::TaskSequence, policy::Program,
                 policy::Deployment, policy::Network, policy::BootServer, policy::Referral>;

enum class Kind : std::uint8_t {
  device,
  collection,
  image,
  task_sequence,
  program,
  deployment,
  network,
  server,
  referral,
  settings,  // the site's policy and lists; there is one
};
std::string_view print(Kind kind);  // "device", "task-sequence"
std::optional<Kind> parse_kind(std::string_view text);
Kind kind_of(const Record& record);
std::int64_t id_of(const Record& record);
void set_id(Record& record, std::int64_t id);
std::string_view name_of(const Record& record);

// The site's own settings that live in the store.
struct SiteSettings {
  policy::SitePolicy policy;
  std::vector<policy::MacPrefix> ignored_macs;
  std::vector<policy::MacPrefix> wandering_macs;
  std::vector<base::Uuid> banned_uuids;
  bool operator==(const SiteSettings&) const = default;
};

// One step of a batch. A revision that is given must be the record's present one.
struct Put {
  // id 0: new; below 0: new, and later steps refer to it by that (store/placeholders.h), also those
  // that put it again: two records that refer to each other.
  Record record;
  std::optional<std::int64_t> if_revision;
};
struct Remove {
  Kind kind = Kind::device;
  std::int64_t id = 0;
  std::optional<std::int64_t> if_revision;
};
struct SetSettings {
  SiteSettings settings;
  std::optional<std::int64_t> if_revision;
};
using Step = std::variant<Put, Remove, SetSettings>;

struct Batch {
  std::string who;   // "admin", "helpdesk anna", "the command line": for the event
  std::string verb;  // "approved", "imported"; empty: created, changed or removed
  std::vector<Step> steps;
  // How many steps are written, told now and then while a long batch is; from the writing thread.
  std::function<void(std::size_t done)> progress = {};
};

// What a batch has become: of each step, in order, the record's id; and one revision for all.
struct Applied {
  std::vector<std::int64_t> ids;
  std::int64_t revision = 0;
};

// Why a batch was not applied. Nothing has changed then.
struct Refused {
  enum class Why : std::uint8_t {
    not_found,
    invalid,        // store/shape.h
    name_taken,     // a name, an address, a UUID, a directory that another record has
    in_use,         // `what` says by whom
    missing_part,   // it refers to a record that is not there
    contradiction,  // the whole would make no sense: a circle of collections
    stale,          // somebody else changed it meanwhile
    not_written,    // disk full, database locked, damaged: the world's fault
  };
  Why why = Why::not_written;
  std::size_t step = 0;  // which one
  std::string what;      // one sentence with what to do
  bool operator==(const Refused&) const = default;
};

// One change of one record, for ever.
struct Event {
  std::int64_t id = 0;        // ascending
  std::int64_t at = 0;        // Unix seconds
  std::int64_t revision = 0;  // of the batch
  std::string who, verb;
  Kind kind = Kind::device;
  std::int64_t subject = 0;
  std::string name;  // as it was called then
  bool operator==(const Event&) const = default;
};

// All of a site.
struct Everything {
  SiteSettings settings;
  std::vector<policy::Device> devices;
  std::vector<ImageRecord> images;
  std::vector<policy::TaskSequence> task_sequences;
  std::vector<policy::Program> programs;
  std::vector<policy::Deployment> deployments;
  std::vector<policy::Collection> collections;
  std::vector<policy::Network> networks;
  std::vector<policy::BootServer> servers;
  std::vector<policy::Referral> referrals;
  std::int64_t revision = 0;
  bool operator==(const Everything&) const = default;
};

}  // namespace store
