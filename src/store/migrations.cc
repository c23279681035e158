// SPDX-License-Identifier: GPL-3.0-or-later
// The steps of the schema, oldest first. docs/formats/database.md tells what the columns mean.
#include <array>

#include "store/schema.h"

namespace store {
namespace {

// Targets are (kind, value), so that a collection becomes one more kind. Image names differ
// in more than case because the names that clients ask for do not know case.
constexpr std::string_view first_schema = R"(
CREATE TABLE images (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  name         TEXT NOT NULL COLLATE NOCASE UNIQUE,
  kind         TEXT NOT NULL CHECK (kind IN ('linux', 'tree')),
  arch         TEXT NOT NULL,
  kernel       TEXT NOT NULL,
  command_line TEXT NOT NULL,
  directory    TEXT NOT NULL UNIQUE,
  created      INTEGER NOT NULL
) STRICT;

CREATE TABLE image_initrds (
  image    INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  path     TEXT NOT NULL,
  PRIMARY KEY (image, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE deployments (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  image        INTEGER NOT NULL REFERENCES images (id) ON DELETE RESTRICT,
  target_kind  TEXT NOT NULL CHECK (target_kind IN ('all', 'mac')),
  target_value TEXT NOT NULL,
  prompt       INTEGER NOT NULL CHECK (prompt IN (0, 1)),
  UNIQUE (target_kind, target_value),
  CHECK (target_kind <> 'all' OR (prompt = 1 AND target_value = ''))
) STRICT;
CREATE INDEX deployments_by_image ON deployments (image);

CREATE TABLE programs (
  arch TEXT PRIMARY KEY NOT NULL,
  path TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE versions (
  place TEXT PRIMARY KEY NOT NULL,
  last  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)";

// Part A knew deployments to one machine or to all. A machine that something was deployed to
// becomes a device, named by its address; what booted without a question goes on to do so each
// time. Every record carries the revision of its last change, for people who change it together.
constexpr std::string_view model_schema = R"(
CREATE TABLE site (
  only     INTEGER PRIMARY KEY CHECK (only = 1),
  revision INTEGER NOT NULL,
  settings INTEGER NOT NULL
) STRICT;
INSERT INTO site VALUES (1, 1, 1);

CREATE TABLE settings (
  key   TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE mac_lists (
  list   TEXT NOT NULL CHECK (list IN ('ignored', 'wandering')),
  prefix TEXT NOT NULL,
  PRIMARY KEY (list, prefix)
) STRICT, WITHOUT ROWID;

CREATE TABLE banned_uuids (
  uuid TEXT PRIMARY KEY NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE images ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;

CREATE TABLE referrals (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  name     TEXT NOT NULL COLLATE NOCASE UNIQUE,
  revision INTEGER NOT NULL
) STRICT;

CREATE TABLE servers (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  name     TEXT NOT NULL COLLATE NOCASE UNIQUE,
  address  TEXT NOT NULL,
  revision INTEGER NOT NULL
) STRICT;

CREATE TABLE server_files (
  server INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
  arch   TEXT NOT NULL,
  path   TEXT NOT NULL,
  PRIMARY KEY (server, arch)
) STRICT, WITHOUT ROWID;

CREATE TABLE referral_shares (
  referral INTEGER NOT NULL REFERENCES referrals (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  server   INTEGER NOT NULL REFERENCES servers (id) DEFERRABLE INITIALLY DEFERRED,
  weight   INTEGER NOT NULL CHECK (weight BETWEEN 0 AND 65535),
  PRIMARY KEY (referral, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX referral_shares_by_server ON referral_shares (server);

CREATE TABLE collections (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  name     TEXT NOT NULL COLLATE NOCASE UNIQUE,
  rule     TEXT,
  referral INTEGER REFERENCES referrals (id) DEFERRABLE INITIALLY DEFERRED,
  revision INTEGER NOT NULL
) STRICT;

CREATE TABLE collection_parts (
  collection INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
  kind       TEXT NOT NULL CHECK (kind IN ('include', 'exclude')),
  position   INTEGER NOT NULL,
  part       INTEGER NOT NULL REFERENCES collections (id) DEFERRABLE INITIALLY DEFERRED,
  PRIMARY KEY (collection, kind, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX collection_parts_by_part ON collection_parts (part);

CREATE TABLE devices (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  name     TEXT NOT NULL COLLATE NOCASE UNIQUE,
  macs     TEXT NOT NULL,
  uuid     TEXT UNIQUE,
  state    TEXT NOT NULL CHECK (state IN ('approved', 'pending', 'rejected')),
  request  INTEGER NOT NULL,
  program  TEXT NOT NULL,
  image    INTEGER REFERENCES images (id) DEFERRABLE INITIALLY DEFERRED,
  referral INTEGER REFERENCES referrals (id) DEFERRABLE INITIALLY DEFERRED,
  revision INTEGER NOT NULL
) STRICT;
CREATE INDEX devices_by_image ON devices (image) WHERE image IS NOT NULL;
CREATE INDEX devices_by_referral ON devices (referral) WHERE referral IS NOT NULL;
CREATE INDEX devices_by_program ON devices (program) WHERE program <> '';
CREATE UNIQUE INDEX devices_by_request ON devices (request) WHERE request <> 0;

CREATE TABLE device_macs (
  mac    TEXT PRIMARY KEY NOT NULL,
  device INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX device_macs_by_device ON device_macs (device);

CREATE TABLE device_collections (
  device     INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
  collection INTEGER NOT NULL REFERENCES collections (id) DEFERRABLE INITIALLY DEFERRED,
  PRIMARY KEY (device, collection)
) STRICT, WITHOUT ROWID;
CREATE INDEX device_collections_by_collection ON device_collections (collection);

CREATE TABLE device_variables (
  device INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
  name   TEXT NOT NULL,
  value  TEXT NOT NULL,
  PRIMARY KEY (device, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE task_sequences (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  name     TEXT NOT NULL COLLATE NOCASE UNIQUE,
  image    INTEGER NOT NULL REFERENCES images (id) DEFERRABLE INITIALLY DEFERRED,
  revision INTEGER NOT NULL
) STRICT;
CREATE INDEX task_sequences_by_image ON task_sequences (image);

CREATE TABLE task_sequence_variables (
  task_sequence INTEGER NOT NULL REFERENCES task_sequences (id) ON DELETE CASCADE,
  name          TEXT NOT NULL,
  value         TEXT NOT NULL,
  PRIMARY KEY (task_sequence, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE networks (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  name           TEXT NOT NULL COLLATE NOCASE UNIQUE,
  subnet         TEXT NOT NULL UNIQUE,
  answer         TEXT CHECK (answer IN ('all', 'known', 'none')),
  add_unknown    INTEGER CHECK (add_unknown IN (0, 1)),
  prompt_known   TEXT CHECK (prompt_known IN ('opt-in', 'none', 'opt-out')),
  prompt_unknown TEXT CHECK (prompt_unknown IN ('opt-in', 'none', 'opt-out')),
  delay_seconds  INTEGER,
  referral       INTEGER REFERENCES referrals (id) DEFERRABLE INITIALLY DEFERRED,
  revision       INTEGER NOT NULL
) STRICT;

CREATE TABLE network_windows (
  network     INTEGER NOT NULL REFERENCES networks (id) ON DELETE CASCADE,
  from_minute INTEGER NOT NULL,
  minutes     INTEGER NOT NULL,
  PRIMARY KEY (network, from_minute)
) STRICT, WITHOUT ROWID;

ALTER TABLE deployments RENAME TO deployments_1;
CREATE TABLE deployments (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  name          TEXT NOT NULL COLLATE NOCASE UNIQUE,
  image         INTEGER REFERENCES images (id) DEFERRABLE INITIALLY DEFERRED,
  task_sequence INTEGER REFERENCES task_sequences (id) DEFERRABLE INITIALLY DEFERRED,
  target        TEXT NOT NULL CHECK (target IN ('collection', 'device', 'unknown', 'all')),
  collection    INTEGER REFERENCES collections (id) DEFERRABLE INITIALLY DEFERRED,
  device        INTEGER REFERENCES devices (id) DEFERRABLE INITIALLY DEFERRED,
  condition     TEXT,
  purpose       TEXT NOT NULL CHECK (purpose IN ('available', 'required')),
  enabled       INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  position      INTEGER NOT NULL,
  created       INTEGER NOT NULL,
  begins        INTEGER,
  ends          INTEGER,
  again         INTEGER NOT NULL CHECK (again IN (0, 1)),
  asks          INTEGER NOT NULL CHECK (asks IN (0, 1)),
  program       TEXT NOT NULL,
  revision      INTEGER NOT NULL,
  CHECK ((image IS NULL) <> (task_sequence IS NULL)),
  CHECK ((collection IS NOT NULL) = (target = 'collection')),
  CHECK ((device IS NOT NULL) = (target = 'device'))
) STRICT;
CREATE INDEX deployments_to_image ON deployments (image);
CREATE INDEX deployments_to_task_sequence ON deployments (task_sequence);
CREATE INDEX deployments_to_collection ON deployments (collection);
CREATE INDEX deployments_to_device ON deployments (device);

CREATE TABLE device_runs (
  device     INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
  deployment INTEGER NOT NULL REFERENCES deployments (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  end        TEXT NOT NULL CHECK (end IN ('done', 'held')),
  PRIMARY KEY (device, deployment)
) STRICT, WITHOUT ROWID;
CREATE INDEX device_runs_by_deployment ON device_runs (deployment);

INSERT INTO devices (name, macs, state, request, program, revision)
  SELECT replace(target_value, ':', '-'), target_value, 'approved', 0, '', 1
  FROM deployments_1 WHERE target_kind = 'mac' ORDER BY id;
INSERT INTO device_macs (mac, device) SELECT macs, id FROM devices;
INSERT INTO deployments (id, name, image, target, device, purpose, enabled, position, created, again, asks,
                         program, revision)
  SELECT old.id,
         images.name || ' to ' || CASE target_kind WHEN 'all' THEN 'all' ELSE replace(target_value, ':', '-') END,
         old.image,
         CASE target_kind WHEN 'all' THEN 'all' ELSE 'device' END,
         devices.id,
         CASE prompt WHEN 1 THEN 'available' ELSE 'required' END,
         1,
         CASE target_kind WHEN 'all' THEN 100 ELSE 0 END,
         images.created,
         1 - prompt, prompt, '', 1
  FROM deployments_1 AS old
  JOIN images ON images.id = old.image
  LEFT JOIN devices ON target_kind = 'mac' AND devices.macs = target_value
  ORDER BY old.id;
DROP TABLE deployments_1;

ALTER TABLE programs RENAME TO programs_1;
CREATE TABLE programs (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  name     TEXT NOT NULL COLLATE NOCASE UNIQUE,
  arch     TEXT NOT NULL,
  console  INTEGER NOT NULL CHECK (console IN (0, 1)),
  path     TEXT NOT NULL,
  revision INTEGER NOT NULL
) STRICT;
CREATE TABLE program_roles (
  program INTEGER NOT NULL REFERENCES programs (id) ON DELETE CASCADE,
  role    TEXT NOT NULL CHECK (role IN ('boot', 'prompt', 'abort', 'detect')),
  PRIMARY KEY (program, role)
) STRICT, WITHOUT ROWID;
INSERT INTO programs (name, arch, console, path, revision) SELECT arch, arch, 0, path, 1 FROM programs_1;
INSERT INTO program_roles SELECT id, 'boot' FROM programs UNION ALL SELECT id, 'prompt' FROM programs;
DROP TABLE programs_1;

CREATE TABLE events (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  at       INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  who      TEXT NOT NULL,
  verb     TEXT NOT NULL,
  kind     TEXT NOT NULL,
  subject  INTEGER NOT NULL,
  name     TEXT NOT NULL
) STRICT;
)";

// What became of deployments on machines, and what stops them all. No records: packets bring it
// about, and people only look at it.
constexpr std::string_view runs_schema = R"(
ALTER TABLE deployments ADD COLUMN once INTEGER NOT NULL DEFAULT 0 CHECK (once IN (0, 1));

CREATE TABLE runs (
  device     INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
  deployment INTEGER NOT NULL REFERENCES deployments (id) ON DELETE CASCADE,
  state      TEXT NOT NULL CHECK (state IN ('offered', 'started', 'done', 'failed', 'silent')),
  held       INTEGER NOT NULL CHECK (held IN (0, 1)),
  offered    INTEGER NOT NULL,
  started    INTEGER NOT NULL,
  ended      INTEGER NOT NULL,
  failures   INTEGER NOT NULL,
  message    TEXT NOT NULL,
  token      TEXT,
  address    TEXT NOT NULL,
  PRIMARY KEY (device, deployment)
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_by_deployment ON runs (deployment);
CREATE INDEX runs_by_state ON runs (state, device, deployment);

CREATE TABLE install_breaker (
  only            INTEGER PRIMARY KEY CHECK (only = 1),
  failures_in_row INTEGER NOT NULL,
  stopped_at      INTEGER NOT NULL
) STRICT;
INSERT INTO install_breaker VALUES (1, 0, 0);
)";

// What is not published is not chosen. Until now everything was.
constexpr std::string_view image_states_schema = R"(
ALTER TABLE images ADD COLUMN state TEXT NOT NULL DEFAULT 'published'
  CHECK (state IN ('draft', 'published', 'withdrawn'));
)";

// Windows images. A column's own check goes with the column.
constexpr std::string_view windows_images_schema = R"(
ALTER TABLE images RENAME COLUMN kind TO kind_4;
ALTER TABLE images ADD COLUMN kind TEXT NOT NULL DEFAULT 'linux' CHECK (kind IN ('linux', 'tree', 'wim'));
UPDATE images SET kind = kind_4;
ALTER TABLE images DROP COLUMN kind_4;
)";

// The packages of the content library. What has none yet stands in a directory of its own, as all
// did until now.
constexpr std::string_view packages_schema = R"(
ALTER TABLE images ADD COLUMN manifest TEXT NOT NULL DEFAULT '';
ALTER TABLE programs ADD COLUMN manifest TEXT NOT NULL DEFAULT '';
)";

// Unified kernel images.
constexpr std::string_view unified_images_schema = R"(
ALTER TABLE images RENAME COLUMN kind TO kind_6;
ALTER TABLE images ADD COLUMN kind TEXT NOT NULL DEFAULT 'linux' CHECK (kind IN ('linux', 'tree', 'wim', 'uki'));
UPDATE images SET kind = kind_6;
ALTER TABLE images DROP COLUMN kind_6;
)";

constexpr std::array<Migration, 7> all_migrations = {{{1, "images, deployments, boot programs", first_schema},
                                                      {2, "the model of sites", model_schema},
                                                      {3, "runs", runs_schema},
                                                      {4, "states of images", image_states_schema},
                                                      {5, "Windows images", windows_images_schema},
                                                      {6, "packages", packages_schema},
                                                      {7, "unified kernel images", unified_images_schema}}};

}  // namespace

std::span<const Migration> migrations() { return all_migrations; }

}  // namespace store
