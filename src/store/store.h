// SPDX-License-Identifier: GPL-3.0-or-later
// The site's records in SQLite: images, deployments, boot programs. One writer; readers of
// packets never come here, they hold the Snapshot that load() made.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "policy/model.h"

namespace store {

// An image as recorded: what decisions need, and where its files stand below the state
// directory («images/<name>/<version>»).
struct ImageRecord {
  policy::Image image;
  std::string directory;
  std::int64_t created = 0;  // Unix seconds
};

class Store {
 public:
  // Opens or creates; migrates older schemas (numbered, checksummed); refuses newer ones.
  static base::Result<std::unique_ptr<Store>> open(const std::string& path);
  ~Store();

  base::Result<std::vector<ImageRecord>> images();
  base::Result<std::vector<policy::Deployment>> deployments();
  base::Result<std::vector<policy::Program>> programs();

  // The same name again replaces: the old record and its deployments' image stay linked to
  // the new one. Returns the id.
  base::Result<std::int64_t> put_image(const ImageRecord& record);
  // Refused while a deployment uses it; the error names the deployments.
  base::Status remove_image(const std::string& name);
  // One deployment per target: a second one for the same target replaces the first.
  base::Result<std::int64_t> put_deployment(const policy::Deployment& deployment);
  base::Status remove_deployment(const policy::Target& target);
  base::Status put_program(const policy::Program& program);
  base::Status remove_program(policy::Arch arch);

  // The number of the next version of something kept in files, «images/debian»: 1, 2, … It is
  // never given twice, also after a removal: the same name never means other bytes.
  base::Result<std::int64_t> next_version(const std::string& place);
  // The last number given for a place; 0 for a place that this database never knew.
  base::Result<std::int64_t> last_version(const std::string& place);

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace store
