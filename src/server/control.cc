// SPDX-License-Identifier: GPL-3.0-or-later
#include "server/control.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/log.h"
#include "base/overloaded.h"

namespace server {
namespace {

constexpr std::string_view component = "control";
// Room for one tree of the largest kind and a few small images at the same time.
constexpr std::size_t max_files_held = api::max_image_files + 256;

base::Status status_of(const base::Error& error) { return tl::unexpected(error); }

// Requests that carry a file carry exactly one, and it must be what it claims: reading from
// a fifo or a device that somebody handed over could block for ever.
base::Result<base::Fd> the_file(std::vector<base::Fd> files, const std::string& name) {
  if (files.size() != 1) return base::fail("{}: exactly one open file must come with this request", name);
  struct stat facts {};
  if (::fstat(files[0].get(), &facts) != 0) return base::fail_errno(name, errno);
  if (!S_ISREG(facts.st_mode)) return base::fail("{}: not a regular file", name);
  const int flags = ::fcntl(files[0].get(), F_GETFL);
  if (flags < 0 || (flags & O_PATH) != 0 || (flags & O_ACCMODE) == O_WRONLY) {
    return base::fail("{}: must be open for reading", name);
  }
  return std::move(files[0]);
}

}  // namespace

void ControlSession::handle(std::string_view message, std::vector<base::Fd> files, const Send& send) {
  const auto request = api::parse_request(message);
  if (!request) {
    send(api::Failed{"request not understood: " + request.error().what});
    return;
  }
  handle(*request, std::move(files), send);
}

void ControlSession::handle(const api::Request& request, std::vector<base::Fd> files, const Send& send) {
  const auto status = answer(request, std::move(files), send);
  if (!status) {
    send(api::Failed{status.error().what});
  } else {
    send(api::Done{});
  }
}

base::Status ControlSession::answer(const api::Request& request, std::vector<base::Fd> files,
                                    const Send& send) {
  const bool carries_file =
      std::holds_alternative<api::AddFile>(request) || std::holds_alternative<api::AddProgram>(request);
  if (!carries_file && !files.empty()) return base::fail("this request takes no file");
  Administration& site = context_.administration;
  const auto log = [&](const std::string& what) {
    base::log(base::LogLevel::info, component, "{}: {}", context_.who, what);
  };
  return std::visit(base::Overloaded{
                        [&](const api::BeginImage& r) { return begin_image(r); },
                        [&](const api::AddFile& r) { return add_file(r, std::move(files)); },
                        [&](const api::CommitImage&) { return commit_image(send); },
                        [&](const api::ListImages&) { return list_images(send); },
                        [&](const api::RemoveImage& r) {
                          auto removed = site.remove_image(r.name);
                          if (removed) log("removed image " + r.name);
                          return removed;
                        },
                        [&](const api::Deploy& r) { return deploy(r, send); },
                        [&](const api::Undeploy& r) {
                          auto removed = site.undeploy(r.target);
                          if (removed) log("undeployed " + api::print(r.target));
                          return removed;
                        },
                        [&](const api::ListDeployments&) { return list_deployments(send); },
                        [&](const api::AddProgram& r) { return add_program(r, std::move(files)); },
                        [&](const api::ListPrograms&) -> base::Status {
                          const auto programs = site.programs();
                          if (!programs) return status_of(programs.error());
                          for (const policy::Program& program : *programs) {
                            send(api::ProgramItem{program.arch, program.path});
                          }
                          return {};
                        },
                        [&](const api::RemoveProgram& r) {
                          auto removed = site.remove_program(r.arch);
                          if (removed) log(fmt::format("removed the program for {}", policy::print(r.arch)));
                          return removed;
                        },
                        [&](const api::GetStatus&) -> base::Status {
                          if (!context_.status) return base::fail("no server runs: there is no status");
                          send(context_.status());
                          return {};
                        },
                        [&](const api::ListQueue&) -> base::Status {
                          if (!context_.queue) return base::fail("no server runs: there is no queue");
                          for (api::QueueItem& machine : context_.queue()) send(std::move(machine));
                          return {};
                        },
                        [&](const api::GetProblems&) -> base::Status {
                          for (const std::string& problem : site.problems()) send(api::Problem{problem});
                          return {};
                        },
                    },
                    request);
}

base::Status ControlSession::begin_image(const api::BeginImage& request) {
  forget_image();
  NewImage image;
  image.name = request.name;
  image.kind = request.kind;
  image.kernel = request.kernel;
  image.initrds = request.initrds;
  image.command_line = request.command_line;
  image_ = std::move(image);
  return {};
}

base::Status ControlSession::add_file(const api::AddFile& request, std::vector<base::Fd> files) {
  if (!image_) return base::fail("{}: a file without an image: begin the image first", request.name);
  auto file = the_file(std::move(files), request.name);
  if (!file) return status_of(file.error());
  if (image_->files.size() >= api::max_image_files) {
    return base::fail("{}: an image may have at most {} files", request.name, api::max_image_files);
  }
  if (context_.files_held != nullptr && ++*context_.files_held > max_files_held) {
    --*context_.files_held;
    return base::fail("{}: too many files are being handed over at this moment: try again", request.name);
  }
  image_->files.push_back({request.name, std::move(*file)});
  return {};
}

base::Status ControlSession::commit_image(const Send& send) {
  if (!image_) return base::fail("there is no image to commit: begin one first");
  NewImage image = std::move(*image_);
  const std::size_t held = image.files.size();
  image_.reset();
  const auto added =
      context_.administration.add_image(std::move(image), [&](std::uint64_t done, std::uint64_t total) {
        send(api::Progress{done, total});
      });
  if (context_.files_held != nullptr) *context_.files_held -= held;
  if (!added) return status_of(added.error());
  base::log(base::LogLevel::info, component, "{}: added image {}", context_.who, added->name);
  send(api::ImageItem{*added, 0});
  return {};
}

base::Status ControlSession::list_images(const Send& send) {
  const auto records = context_.administration.images();
  if (!records) return status_of(records.error());
  for (const store::ImageRecord& record : *records) send(api::ImageItem{record.image, record.created});
  return {};
}

base::Status ControlSession::list_deployments(const Send& send) {
  const auto deployments = context_.administration.deployments();
  if (!deployments) return status_of(deployments.error());
  for (const api::DeploymentItem& deployment : *deployments) send(deployment);
  return {};
}

base::Status ControlSession::deploy(const api::Deploy& request, const Send& send) {
  const auto deployed = context_.administration.deploy(request.image, request.target, request.prompt);
  if (!deployed) return status_of(deployed.error());
  base::log(base::LogLevel::info, component, "{}: deployed {} to {}{}", context_.who, request.image,
            api::print(deployed->target), deployed->prompt ? ", with a prompt" : "");
  send(*deployed);
  return {};
}

base::Status ControlSession::add_program(const api::AddProgram& request, std::vector<base::Fd> files) {
  auto file = the_file(std::move(files), request.name);
  if (!file) return status_of(file.error());
  auto added = context_.administration.add_program(request.arch, {request.name, std::move(*file)});
  if (added) {
    base::log(base::LogLevel::info, component, "{}: added program {} for {}", context_.who, request.name,
              policy::print(request.arch));
  }
  return added;
}

void ControlSession::forget_image() {
  if (image_ && context_.files_held != nullptr) *context_.files_held -= image_->files.size();
  image_.reset();
}

LocalCaller::LocalCaller(std::unique_ptr<Administration> administration)
    : administration_(std::move(administration)),
      session_(ControlContext{*administration_, {}, "the command line", nullptr}) {}

base::Status LocalCaller::call(const api::Request& request, base::Fd file, const api::OnReply& on_reply) {
  std::vector<base::Fd> files;
  if (file.open()) files.push_back(std::move(file));
  base::Status result;
  session_.handle(request, std::move(files), [&](const api::Reply& reply) {
    if (const auto* failed = std::get_if<api::Failed>(&reply)) {
      result = base::fail("{}", failed->error);
    } else if (!std::holds_alternative<api::Done>(reply)) {
      on_reply(reply);
    }
  });
  return result;
}

}  // namespace server
