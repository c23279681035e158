// SPDX-License-Identifier: GPL-3.0-or-later
// image inspect: what a Windows image, a disc image or a unified kernel image is, before anybody takes
// it in. Asks no server.
#include "api/local_tree.h"
#include "commands.h"
#include "content/wim_facts_json.h"
#include "given_image.h"
#include "image_words.h"
#include "site.h"
#include "terminal.h"

namespace cli {
namespace {

struct Inspect {
  std::string file;
  std::optional<std::int64_t> image;
  std::string entry;
};

// All of what a disc image boots: a tree of Windows media brings a Windows image, which is read
// where it stands.
struct Media {
  content::DiscFacts disc;
  std::vector<TreeInspection> trees;  // of Windows media, as many as the disc has
  bool landlock = false;
};

TreeInspection inspect_tree(int file, const content::WindowsTree& tree, int image) {
  const format::DiscFile& wim = tree.boot_wim ? *tree.boot_wim : *tree.install;
  const auto part = content::part_of_disc(file, wim);
  if (!part) return {{}, part.error().what};
  auto looked = content::inspect_wim(*part, image);
  if (!looked) return {{}, wim.path + ": " + looked.error().what};
  return {std::move(looked->facts), {}};
}

content::ConfinedResult<Media> inspect_media(int file, const Inspect& typed) {
  const int image = static_cast<int>(typed.image.value_or(0));
  auto looked = content::inspect_disc(file, typed.entry);
  if (!looked) return tl::unexpected(looked.error());
  Media media{std::move(looked->facts), {}, looked->landlock};
  if (const auto* windows = std::get_if<content::WindowsMedia>(&media.disc.media)) {
    for (const content::WindowsTree& tree : windows->trees)
      media.trees.push_back(inspect_tree(file, tree, image));
  }
  return media;
}

void note_walls(bool landlock) {
  if (!landlock) report("note: this kernel has no Landlock: seccomp alone kept the image's reader in");
}

int inspect_disc(const Inspect& typed, int file, const Common& common) {
  const auto media = inspect_media(file, typed);
  if (!media) return failed(Failure{typed.file + ": " + media.error().what});
  note_walls(media->landlock);
  print_line(common.json ? print_disc_json(media->disc, media->trees)
                         : show_disc(typed.file, media->disc, media->trees));
  for (const TreeInspection& tree : media->trees) {
    if (!tree.facts) return failed(Failure{typed.file + ": " + tree.fault});
  }
  return exit_ok;
}

int inspect_wim(const Inspect& typed, int file, const Common& common) {
  const auto looked = content::inspect_wim(file, static_cast<int>(typed.image.value_or(0)));
  if (!looked) return failed(Failure{typed.file + ": " + looked.error().what});
  note_walls(looked->landlock);
  print_line(common.json ? content::print_wim_facts(looked->facts) : show_wim(typed.file, looked->facts));
  return exit_ok;
}

int inspect_uki(const Inspect& typed, int file, const Common& common) {
  const auto looked = content::inspect_uki(file);
  if (!looked) return failed(Failure{typed.file + ": " + looked.error().what});
  note_walls(looked->landlock);
  print_line(common.json ? content::print_uki_facts(looked->facts) : show_uki(typed.file, looked->facts));
  return exit_ok;
}

int inspect(const Inspect& typed, const Common& common) {
  const auto fd = api::open_local_file(typed.file);
  if (!fd) return failed(Failure{fd.error().what});
  switch (recognise(fd->get())) {
    case GivenImage::disc:
      return inspect_disc(typed, fd->get(), common);
    case GivenImage::uki:
      return inspect_uki(typed, fd->get(), common);
    case GivenImage::wim:
      break;
  }
  return inspect_wim(typed, fd->get(), common);
}

}  // namespace

void add_image_inspect(Command& images) {
  auto typed = std::make_shared<Inspect>();
  Command command = images.leaf("inspect",
                                "Say what a Windows image (WIM, ESD), a disc image (ISO) or a unified kernel "
                                "image (UKI) is and what it lacks",
                                [typed](const Common& common) { return inspect(*typed, common); });
  command.needs("FILE", typed->file, "The image file; no server is asked", a_file());
  command.option("--image", typed->image, "Which of the Windows images, from 1 on [the one that boots]");
  command.option("--entry", typed->entry, "Which entry of a disc's menu [the one that it boots itself]");
  command.refuse_if([typed]() -> std::string {
    return typed->image && (*typed->image < 1 || *typed->image > format::most_wim_images)
               ? "--image: a number from 1 on is needed"
               : "";
  });
}

}  // namespace cli
