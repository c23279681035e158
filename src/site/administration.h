// SPDX-License-Identifier: GPL-3.0-or-later
// What an administrator can do to a site, as values: the running server does it for the
// management API, the command line does it itself on a stopped server's state directory.
// Every change is whole or not at all; what is published already is never harmed.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "content/library.h"
#include "content/published.h"
#include "net/udp.h"
#include "policy/model.h"
#include "site/kept_copy.h"
#include "site/open_records.h"
#include "site/records.h"
#include "site/scrub.h"
#include "store/store.h"

namespace site {

// One consistent view for packet threads: decisions and names belong together.
struct Site {
  policy::Snapshot policy;
  std::shared_ptr<const content::Published> published;
};

// A file handed over open: the server needs no right to the administrator's files.
struct IncomingFile {
  std::string name;  // relative: "linux", "debian-installer/amd64/initrd.gz"
  net::Fd fd;        // regular file, open for reading
};

struct NewImage {
  std::string name;
  policy::ImageKind kind = policy::ImageKind::linux_kernel;
  std::vector<IncomingFile> files;
  // `files` is a disc image: what is on it tells the kind. Where it offers several systems: `entry`
  // is one of its menu, or the folder of one of its Windows images.
  bool disc = false;
  std::string entry = {};
  // Of a Windows image: `files` is the WIM (or a disc), and a boot.sdi where it brings none.
  int wim_index = 0;  // which of the file's images, from 1 on; 0: the one that boots
  // Relative names in `files`. For a tree they may be empty: then found in it, or named error.
  std::string kernel;
  std::vector<std::string> initrds;
  std::optional<std::string> command_line;  // nullopt: the tree's own, else empty
  policy::ImageState state = policy::ImageState::published;
  std::string who = "the command line";    // for the event
  std::vector<IncomingFile> answers = {};  // templates: «preseed.cfg» (site/image_answers.h)
  // Is told, a sentence each, what is taken and perhaps not meant: a template that asks for a secret.
  std::function<void(const std::string&)> warn = {};
};

struct NewProgram {
  std::string name;  // empty: that of its architecture
  policy::Arch arch = policy::Arch::other;
  std::vector<policy::Role> roles = {policy::Role::boot, policy::Role::prompt};
  bool console = false;
  IncomingFile file;
  std::string who = "the command line";
};

struct DamagedFile {
  base::Sha256 hash{};
  std::vector<std::string> of;  // images and boot programs that have it; none: nobody needs it
};
struct VerifiedImages {
  std::uint64_t files = 0, octets = 0;
  std::vector<DamagedFile> damaged;
  bool stopped = false;
};

using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

class Administration {
 public:
  // Locks the state directory (one owner at a time; the error names the holder).
  static base::Result<std::unique_ptr<Administration>> open(const std::string& state_directory,
                                                            policy::Settings settings,
                                                            Opening how = Opening::to_change);
  // From now on a copy of the records is kept on disk, never older than some seconds.
  void keep_copies(KeptCopy::Pace pace = {});
  // From now on the content library is read once a week.
  void keep_reading(Scrub::Pace pace = {});
  ~Administration();

  base::Result<policy::Image> add_image(NewImage image, const Progress& progress);
  // The second of one name replaces the first.
  base::Result<policy::Program> add_program(NewProgram program);

  // Any change of records: in the store and before the packet threads, or neither.
  base::Result<store::Applied, store::Refused> apply(store::Batch batch);
  // `use(records)`, while nobody changes them: to look up what a change needs. Not for packets.
  template <class Use>
  auto look(Use&& use) {
    const std::unique_lock lock(change_lock());
    return std::forward<Use>(use)(records());
  }

  // As look(), and what `use` applies to the records is shown to packet threads when it returns.
  template <class Use>
  auto change(Use&& use) {
    const std::unique_lock lock(change_lock());
    const std::uint64_t before = records().changes();
    auto result = std::forward<Use>(use)(records());
    if (records().changes() != before) show_records();
    return result;
  }
  // An image or a program, and its files.
  base::Result<void, store::Refused> remove_with_files(store::Kind kind, std::int64_t id,
                                                       const std::string& who);
  // Reads the files of one image, or all that the library holds, and takes damaged ones out of
  // service: their images are not chosen until they are added again.
  base::Result<VerifiedImages> verify(const std::optional<std::string>& image, content::Library::Verify wish);
  // Frees what no record needs.
  base::Result<content::Library::Collected> collect(bool dry_run);
  [[nodiscard]] base::Result<content::Package> files(const store::ImageRecord& image) const;
  [[nodiscard]] base::Result<base::Fd> open_file(const base::Sha256& hash) const;
  // What an image takes on the disk, as it was when images changed last.
  [[nodiscard]] content::Usage usage(std::int64_t image) const;
  // The names of its answer files, as of then.
  [[nodiscard]] std::vector<std::string> answers(std::int64_t image) const;

  // nullopt: nobody reads it.
  [[nodiscard]] std::optional<ScrubReport> scrubbed() const;

  // A copy of the whole database, open for reading, that goes when it is closed.
  base::Result<base::Fd> back_up();

  // The present view; cheap, any thread, never null.
  [[nodiscard]] std::shared_ptr<const Site> site() const;
  // New settings after a reload of the configuration.
  base::Status set_settings(policy::Settings settings);
  // Boot servers that do not answer their probes; lives as long as this object.
  base::Status set_dead_servers(std::vector<std::int64_t> servers);
  // What is missing to serve: loader packages that are not installed, images whose files are gone.
  [[nodiscard]] std::vector<std::string> problems() const;
  // Whether changes can be kept; nothing while they can.
  [[nodiscard]] std::optional<Degraded> degraded() const;

 private:
  [[nodiscard]] std::unique_lock<std::mutex> change_lock();
  SiteRecords& records();
  void show_records();

  struct Impl;
  class FreeLater;
  explicit Administration(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace site
