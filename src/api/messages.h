// SPDX-License-Identifier: GPL-3.0-or-later
// What the command line and the server say to each other: one request, then any number of
// replies of which the last is Done or Failed. Values here, one JSON object a message on the
// socket; files travel beside the message as open descriptors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "policy/model.h"

namespace api {

// Bounds of a message, of the files that come with one, and of those an image may have.
inline constexpr std::size_t max_message = 60 << 10;  // below the kernel's default send buffer
inline constexpr std::size_t max_image_files = 4096;

// Who a deployment is for.
struct AllMachines {
  bool operator==(const AllMachines&) const = default;
};
using Target = std::variant<AllMachines, base::Mac>;
std::string print(const Target& target);  // "all" or the MAC

// An image comes in pieces: BeginImage, AddFile for each file, CommitImage. A connection
// that ends before its commit leaves nothing behind.
struct BeginImage {
  std::string name;
  policy::ImageKind kind = policy::ImageKind::linux_kernel;
  std::string kernel;  // as named by AddFile; empty: to be found in the tree
  std::vector<std::string> initrds;
  std::optional<std::string> command_line;
  bool operator==(const BeginImage&) const = default;
};
struct AddFile {  // with one descriptor
  std::string name;
  bool operator==(const AddFile&) const = default;
};
struct CommitImage {
  bool operator==(const CommitImage&) const = default;
};
struct ListImages {
  bool operator==(const ListImages&) const = default;
};
struct RemoveImage {
  std::string name;
  bool operator==(const RemoveImage&) const = default;
};
struct Deploy {
  std::string image;
  Target target;
  bool prompt = false;
  bool operator==(const Deploy&) const = default;
};
struct Undeploy {
  Target target;
  bool operator==(const Undeploy&) const = default;
};
struct ListDeployments {
  bool operator==(const ListDeployments&) const = default;
};
struct AddProgram {  // with one descriptor
  policy::Arch arch = policy::Arch::other;
  std::string name;
  bool operator==(const AddProgram&) const = default;
};
struct ListPrograms {
  bool operator==(const ListPrograms&) const = default;
};
struct RemoveProgram {
  policy::Arch arch = policy::Arch::other;
  bool operator==(const RemoveProgram&) const = default;
};
struct GetStatus {
  bool operator==(const GetStatus&) const = default;
};
struct GetProblems {
  bool operator==(const GetProblems&) const = default;
};
struct ListQueue {
  bool operator==(const ListQueue&) const = default;
};
using Request =
    std::variant<BeginImage, AddFile, CommitImage, ListImages, RemoveImage, Deploy, Undeploy, ListDeployments,
                 AddProgram, ListPrograms, RemoveProgram, GetStatus, GetProblems, ListQueue>;

struct Done {
  bool operator==(const Done&) const = default;
};
struct Failed {
  std::string error;
  bool operator==(const Failed&) const = default;
};
struct Progress {
  std::uint64_t done = 0;  // octets
  std::uint64_t total = 0;
  bool operator==(const Progress&) const = default;
};
struct ImageItem {
  policy::Image image;
  std::int64_t created = 0;  // Unix seconds; 0 in the answer to CommitImage
  bool operator==(const ImageItem&) const = default;
};
struct DeploymentItem {
  std::string image;  // by name
  Target target;
  bool prompt = false;
  bool operator==(const DeploymentItem&) const = default;
};
struct ProgramItem {
  policy::Arch arch = policy::Arch::other;
  std::string path;  // in the published tree
  bool operator==(const ProgramItem&) const = default;
};
// Who loads and who waits for that.
struct Queue {
  std::uint64_t at_once = 0;  // 0: no limit
  std::uint64_t loading = 0;
  std::uint64_t waiting = 0;
  std::uint64_t longest_wait = 0;  // seconds
  bool operator==(const Queue&) const = default;
};
struct Status {
  std::string version;
  std::int64_t pid = 0;
  std::int64_t started = 0;  // Unix seconds
  std::vector<std::string> interfaces;
  std::vector<std::string> services;                            // «UDP 67 proxyDHCP»
  std::vector<std::pair<std::string, std::uint64_t>> counters;  // by name
  Queue queue = {};
  std::vector<std::string> notes = {};  // a sentence each: what is wrong now, how other boot servers are
  bool operator==(const Status&) const = default;
};
struct QueueItem {
  base::Mac machine;
  std::string kind;         // «uefi-pxe»
  bool loading = false;     // else it waits
  std::string waits_by;     // «offer», «script», «transfer»
  std::uint64_t since = 0;  // seconds
  std::string held_by;      // whose bound: «server», «10.1.0.0/16»; «» for nobody's
  bool operator==(const QueueItem&) const = default;
};
struct Problem {
  std::string text;
  bool operator==(const Problem&) const = default;
};
using Reply =
    std::variant<Done, Failed, Progress, ImageItem, DeploymentItem, ProgramItem, Status, Problem, QueueItem>;

// One line of JSON. Text that is not UTF-8 is made so: printing never fails.
std::string print(const Request& request);
std::string print(const Reply& reply);
// Any bytes in: a value, or one sentence on what is wrong with them.
base::Result<Request> parse_request(std::string_view json);
base::Result<Reply> parse_reply(std::string_view json);

// For people's programs: the items alone, without the protocol's wrapping. Done, Failed and
// Progress are left out.
std::string print_items(const std::vector<Reply>& items);  // a JSON array
std::string print_item(const Reply& item);                 // one object

// "all" or a MAC in any of its spellings.
std::optional<Target> parse_target(std::string_view text);

}  // namespace api
