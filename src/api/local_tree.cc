// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/local_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>

namespace api {
namespace {

constexpr std::size_t deepest = 32;

// Like openat(), but no part of the way may leave `root`: no "..", no absolute link, no
// magic link of /proc.
base::Fd open_beneath(int root, const std::string& name, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  long fd = -1;
  do {  // EAGAIN: a rename elsewhere made the kernel unsure
    fd = ::syscall(SYS_openat2, root, name.c_str(), &how, sizeof(how));
  } while (fd < 0 && (errno == EAGAIN || errno == EINTR));
  return base::Fd(static_cast<int>(fd));
}

std::string link_target(int root, const std::string& name) {
  std::array<char, 4096> target;
  const ssize_t size = ::readlinkat(root, name.c_str(), target.data(), target.size());
  return size < 0 ? "?" : std::string(target.data(), static_cast<std::size_t>(size));
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

base::Result<std::vector<std::string>> entries(base::Fd folder, const std::string& shown) {
  const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(folder.get()));
  if (!directory) return base::fail_errno(shown, errno);
  folder.release();
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  if (errno != 0) return base::fail_errno(shown, errno);
  std::sort(names.begin(), names.end());
  return names;
}

// Whatever stands behind a descriptor must be a file.
base::Status check_regular(int fd, const std::string& shown) {
  struct stat facts {};
  if (::fstat(fd, &facts) != 0) return base::fail_errno(shown, errno);
  if (S_ISREG(facts.st_mode)) return {};
  if (S_ISDIR(facts.st_mode)) return base::fail("{}: is a folder: --tree takes a whole folder", shown);
  return base::fail("{}: is not a regular file: give a file", shown);
}

}  // namespace

class TreeWalk {
 public:
  explicit TreeWalk(LocalTree& tree) : tree_(tree) {}

  base::Status folder(const std::string& name) {
    base::Fd fd = open_beneath(root(), name, O_RDONLY | O_DIRECTORY);
    struct stat facts {};
    if (!fd.open() || ::fstat(fd.get(), &facts) != 0) return base::fail_errno(shown(name), errno);
    const auto here = std::pair(facts.st_dev, facts.st_ino);
    if (std::find(above_.begin(), above_.end(), here) != above_.end()) {
      return base::fail("{}: a link in a circle: it leads to a folder that it stands in; remove it",
                        shown(name));
    }
    if (above_.size() >= deepest) return base::fail("{}: more than {} folders deep", shown(name), deepest);
    const auto names = entries(std::move(fd), shown(name));
    if (!names) return tl::unexpected(names.error());
    above_.push_back(here);
    for (const std::string& entry : *names) {
      if (auto walked = visit(name == "." ? entry : fmt::format("{}/{}", name, entry)); !walked)
        return walked;
    }
    above_.pop_back();
    return {};
  }

 private:
  base::Status visit(const std::string& name) {
    const base::Fd fd = open_beneath(root(), name, O_PATH);
    struct stat facts {};
    if (!fd.open()) return explain_unreachable(name, errno);
    if (::fstat(fd.get(), &facts) != 0) return base::fail_errno(shown(name), errno);
    if (S_ISDIR(facts.st_mode)) return folder(name);
    if (!S_ISREG(facts.st_mode)) {
      return base::fail("{}: neither a file nor a folder: only these can be published; remove it",
                        shown(name));
    }
    if (tree_.names_.size() >= max_image_files) {
      return base::fail("{}: holds more than {} files: is this the right folder?", tree_.path_,
                        max_image_files);
    }
    tree_.names_.push_back(name);
    return {};
  }

  base::Status explain_unreachable(const std::string& name, int error) const {
    struct stat facts {};
    const bool link =
        ::fstatat(root(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(facts.st_mode);
    if (!link) return base::fail_errno(shown(name), error);
    const std::string target = link_target(root(), name);
    switch (error) {
      case EXDEV:
        return base::fail("{}: a link that leads out of the tree, to {}: replace it by a copy, or remove it",
                          shown(name), target);
      case ENOENT:
        return base::fail("{}: a link that leads nowhere, to {}: remove it", shown(name), target);
      case ELOOP:
        return base::fail("{}: a link in a circle, to {}: remove it", shown(name), target);
      default:
        return base::fail_errno(fmt::format("{} (a link to {})", shown(name), target), error);
    }
  }

  [[nodiscard]] int root() const { return tree_.root_.get(); }
  [[nodiscard]] std::string shown(const std::string& name) const {
    return name == "." ? tree_.path_ : fmt::format("{}/{}", tree_.path_, name);
  }

  LocalTree& tree_;
  std::vector<std::pair<dev_t, ino_t>> above_;  // the folders that we are in
};

base::Result<LocalTree> LocalTree::open(const std::string& path) {
  base::Fd root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root.open()) {
    if (errno == ENOTDIR) return base::fail("{}: not a folder: --kernel takes a single file", path);
    return base::fail_errno(path, errno);
  }
  LocalTree tree(path, std::move(root));
  if (auto walked = TreeWalk(tree).folder("."); !walked) return tl::unexpected(walked.error());
  if (tree.names_.empty()) return base::fail("{}: holds no files", path);
  return tree;
}

base::Result<base::Fd> LocalTree::open_file(const std::string& name) const {
  const std::string shown = fmt::format("{}/{}", path_, name);
  base::Fd fd = open_beneath(root_.get(), name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd.open()) return base::fail_errno(shown, errno);
  if (auto regular = check_regular(fd.get(), shown); !regular) return tl::unexpected(regular.error());
  return fd;
}

base::Result<base::Fd> open_local_file(const std::string& path) {
  base::Fd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd.open()) return base::fail_errno(path, errno);
  if (auto regular = check_regular(fd.get(), path); !regular) return tl::unexpected(regular.error());
  return fd;
}

}  // namespace api
