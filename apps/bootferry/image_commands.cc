// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "api/local_tree.h"
#include "commands.h"
#include "terminal.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

std::string show_images(const std::vector<api::Reply>& items) {
  Table table({"NAME", "KIND", "FOR", "ADDED", "COMMAND LINE"});
  for (const api::Reply& reply : items) {
    const auto* item = std::get_if<api::ImageItem>(&reply);
    if (item == nullptr) continue;
    table.add({item->image.name, std::string(policy::print(item->image.kind)),
               std::string(policy::print(item->image.arch)), print_time(item->created),
               item->image.command_line});
  }
  return items.empty() ? "no images: `bootferry image add` publishes one" : table.print();
}

std::string show_image(const api::ImageItem& item) {
  Table table({"name", item.image.name});
  table.add({"kind", std::string(policy::print(item.image.kind))});
  table.add({"for", std::string(policy::print(item.image.arch))});
  table.add({"added", print_time(item.created)});
  table.add({"kernel", item.image.kernel});
  for (const std::string& initrd : item.image.initrds) table.add({"initrd", initrd});
  table.add({"command line", item.image.command_line});
  return table.print();
}

// Sends one image, file by file; an error before the commit publishes nothing.
class Upload {
 public:
  Upload(api::Caller& site, const Common& common) : site_(site), common_(common) {}

  base::Status file(const std::string& name, base::Fd fd) {
    return site_.call(api::AddFile{name}, std::move(fd), [](const api::Reply&) {});
  }

  base::Result<api::ImageItem> commit(const std::string& image) {
    std::optional<api::ImageItem> added;
    ProgressBar bar("copying " + image, !common_.json);
    auto status = site_.call(api::CommitImage{}, base::Fd(), [&](const api::Reply& reply) {
      if (const auto* progress = std::get_if<api::Progress>(&reply))
        bar.show(progress->done, progress->total);
      if (const auto* item = std::get_if<api::ImageItem>(&reply)) added = *item;
    });
    bar.clear();
    if (!status) return tl::unexpected(status.error());
    if (!added) return base::fail("the server did not say what it added");
    return *added;
  }

 private:
  api::Caller& site_;
  const Common& common_;
};

struct NamedFile {
  std::string name;
  base::Fd fd;
};

// Files given one by one are published under their own names; of two alike, the later one
// gets a number in front.
base::Result<std::vector<NamedFile>> open_files(const ImageAdd& command) {
  std::vector<std::string> paths{command.kernel};
  paths.insert(paths.end(), command.initrds.begin(), command.initrds.end());
  std::vector<NamedFile> files;
  for (const std::string& path : paths) {
    auto fd = api::open_local_file(path);
    if (!fd) return tl::unexpected(fd.error());
    std::string name = fs::path(path).filename().string();
    const auto taken = [&](const NamedFile& other) { return other.name == name; };
    if (std::any_of(files.begin(), files.end(), taken)) name = fmt::format("{}-{}", files.size(), name);
    files.push_back({std::move(name), std::move(*fd)});
  }
  return files;
}

// «./a//b» and «/a/b», as people type them, are the tree's a/b.
std::string inside_tree(const std::string& name) {
  return fs::path(name).relative_path().lexically_normal().string();
}

base::Status send_files(const ImageAdd& command, api::Caller& site, Upload& upload) {
  auto files = open_files(command);
  if (!files) return tl::unexpected(files.error());
  api::BeginImage begin{
      command.name, policy::ImageKind::linux_kernel, files->front().name, {}, command.command_line};
  for (std::size_t i = 1; i < files->size(); ++i) begin.initrds.push_back((*files)[i].name);
  if (auto begun = site.call(begin); !begun) return begun;
  for (NamedFile& file : *files) {
    if (auto sent = upload.file(file.name, std::move(file.fd)); !sent) return sent;
  }
  return {};
}

base::Status send_tree(const ImageAdd& command, api::Caller& site, Upload& upload) {
  const auto tree = api::LocalTree::open(command.tree);
  if (!tree) return tl::unexpected(tree.error());
  api::BeginImage begin{command.name, policy::ImageKind::tree, "", {}, command.command_line};
  if (!command.kernel.empty()) begin.kernel = inside_tree(command.kernel);
  for (const std::string& initrd : command.initrds) begin.initrds.push_back(inside_tree(initrd));
  if (auto begun = site.call(begin); !begun) return begun;
  for (const std::string& name : tree->names()) {
    auto fd = tree->open_file(name);
    if (!fd) return tl::unexpected(fd.error());
    if (auto sent = upload.file(name, std::move(*fd)); !sent) return sent;
  }
  return {};
}

}  // namespace

int run(const ImageAdd& command, const Common& common) {
  const auto site = reach_site(common, true);
  if (!site) return failed(site.error());
  Upload upload(**site, common);
  const auto sent =
      command.tree.empty() ? send_files(command, **site, upload) : send_tree(command, **site, upload);
  if (!sent) return failed(sent.error());
  const auto added = upload.commit(command.name);
  if (!added) return failed(added.error());
  if (common.json) {
    print_line(api::print_item(*added));
    return exit_ok;
  }
  print_line(fmt::format("added {}: kernel {}{}{}", added->image.name, added->image.kernel,
                         added->image.initrds.empty() ? "" : ", initrd ",
                         fmt::join(added->image.initrds, " ")));
  print_line(fmt::format("no machine gets it yet: bootferry deploy {} --to MAC", added->image.name));
  return exit_ok;
}

int run(const ImageList&, const Common& common) { return print_list(common, api::ListImages{}, show_images); }

int run(const ImageShow& command, const Common& common) {
  const auto site = reach_site(common);
  if (!site) return failed(site.error());
  const auto items = (*site)->list(api::ListImages{});
  if (!items) return failed(items.error());
  for (const api::Reply& reply : *items) {
    const auto* item = std::get_if<api::ImageItem>(&reply);
    if (item == nullptr || item->image.name != command.name) continue;
    print_line(common.json ? api::print_item(*item) : show_image(*item));
    return exit_ok;
  }
  return failed(
      {fmt::format("image {}: there is none: `bootferry image list` shows what there is", command.name)});
}

int run(const ImageRemove& command, const Common& common) {
  const auto site = reach_site(common);
  if (!site) return failed(site.error());
  if (auto removed = (*site)->call(api::RemoveImage{command.name}); !removed) return failed(removed.error());
  return done(common, fmt::format("removed image {}", command.name));
}

}  // namespace cli
