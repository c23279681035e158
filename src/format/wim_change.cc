// SPDX-License-Identifier: GPL-3.0-or-later
// The writing half of WimReader.
#include "format/wim_change.h"

#include <wimlib.h>

#include <vector>

#include "format/wim_reader.h"

namespace format {
namespace {

// The library takes strings that it could write to, and copies them.
char* text_of(const std::string& text) { return const_cast<char*>(text.c_str()); }

wimlib_update_command command_of(const WimChange& change) {
  wimlib_update_command command{};
  switch (change.kind) {
    case WimChange::Kind::remove:
      command.op = WIMLIB_UPDATE_OP_DELETE;
      command.delete_.wim_path = text_of(change.path);
      command.delete_.delete_flags = WIMLIB_DELETE_FLAG_FORCE | WIMLIB_DELETE_FLAG_RECURSIVE;
      break;
    case WimChange::Kind::rename:
      command.op = WIMLIB_UPDATE_OP_RENAME;
      command.rename.wim_source_path = text_of(change.path);
      command.rename.wim_target_path = text_of(change.other);
      break;
    case WimChange::Kind::add:
      command.op = WIMLIB_UPDATE_OP_ADD;
      command.add.fs_source_path = text_of(change.other);
      command.add.wim_target_path = text_of(change.path);
      break;
  }
  return command;
}

int note_kind(const wimlib_dir_entry* entry, void* context) {
  constexpr std::uint32_t strange = WIMLIB_FILE_ATTRIBUTE_REPARSE_POINT | WIMLIB_FILE_ATTRIBUTE_ENCRYPTED;
  auto& kind = *static_cast<WimEntryKind*>(context);
  kind = (entry->attributes & strange) != 0                           ? WimEntryKind::other
         : (entry->attributes & WIMLIB_FILE_ATTRIBUTE_DIRECTORY) != 0 ? WimEntryKind::folder
                                                                      : WimEntryKind::file;
  return 0;
}

}  // namespace

WimResult<WimEntryKind> WimReader::kind_of(int image, const std::string& path) {
  auto kind = WimEntryKind::none;
  const int code = wimlib_iterate_dir_tree(wim_, image, path.c_str(), 0, note_kind, &kind);
  if (code == WIMLIB_ERR_PATH_DOES_NOT_EXIST || code == WIMLIB_ERR_NOTDIR) return WimEntryKind::none;
  if (code != 0) return wim_fault(code);
  return kind;
}

WimResult<void> WimReader::change(int image, std::span<const WimChange> changes) {
  std::vector<wimlib_update_command> commands;
  commands.reserve(changes.size());
  for (const WimChange& change : changes) commands.push_back(command_of(change));
  const int code = wimlib_update_image(wim_, image, commands.data(), commands.size(), 0);
  if (code != 0) return wim_fault(code);
  return {};
}

WimResult<void> WimReader::write_changed(int to) {
  // One thread: this process may not start another.
  const int code = wimlib_write_to_fd(wim_, to, WIMLIB_ALL_IMAGES, 0, 1);
  if (code != 0) return wim_fault(code);
  return {};
}

}  // namespace format
