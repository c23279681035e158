// SPDX-License-Identifier: GPL-3.0-or-later
// Images and boot programs, whose files come open beside the request.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "format/wim.h"
#include "management/api.h"
#include "management/change.h"

namespace management {
namespace {

using store::Kind;

// Reading from a fifo or a device that somebody handed over could block for ever.
base::Status check_file(const base::Fd& file, const std::string& name) {
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) return base::fail_errno(name, errno);
  if (!S_ISREG(facts.st_mode)) return base::fail("{}: not a regular file", name);
  const int flags = ::fcntl(file.get(), F_GETFL);
  if (flags < 0 || (flags & O_PATH) != 0 || (flags & O_ACCMODE) == O_WRONLY) {
    return base::fail("{}: must be open for reading", name);
  }
  return {};
}

struct FilesBeside {
  std::vector<site::IncomingFile> files, answers;
};

// The files beside a request, by the names that its body gives them: "files" first, and behind them
// "answers", where there may be any.
FilesBeside files_of(const ApiRequest& request, Members& members, bool with_answers = false) {
  auto names = members.texts("files");
  const std::size_t count = names.size();
  if (with_answers) {
    const auto answers = members.texts("answers");
    names.insert(names.end(), answers.begin(), answers.end());
  }
  FilesBeside out;
  if (names.size() != request.call.files.size()) {
    members.complain("/files", fmt::format("{} are named, and {} came open beside the request, which only a "
                                           "Unix socket can carry",
                                           names.size(), request.call.files.size()));
    return out;
  }
  if (names.size() > max_api_files)
    members.complain("/files", fmt::format("there may be at most {}", max_api_files));
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool answer = i >= count;
    if (const auto fine = check_file(request.call.files[i], names[i]); !fine)
      members.complain(answer ? fmt::format("/answers/{}", i - count) : fmt::format("/files/{}", i),
                       fine.error().what);
    (answer ? out.answers : out.files).push_back({names[i], std::move(request.call.files[i])});
  }
  return out;
}

// The record that a job has made.
base::Result<api::Json, Problem> made(site::Administration& administration, Kind kind, std::int64_t id) {
  return administration.look(
      [&](site::SiteRecords& records) { return shown(records, api::Names(records.snapshot()), kind, id); });
}

ApiResult started(const base::Result<std::int64_t, Problem>& job) {
  if (!job) return tl::unexpected(job.error());
  return json_answer({{"job", *job}}, 202);
}

ApiResult add_image(ApiContext& context, ApiJobs& jobs, const ApiRequest& request) {
  const auto object = request.object();
  if (!object) return tl::unexpected(object.error());
  Members members(*object);
  const auto image = std::make_shared<site::NewImage>();  // jobs are copied, open files are not
  image->name = members.text("name");
  const std::string kind_word = members.text("kind", "linux");
  const auto kind = policy::parse_image_kind(kind_word);
  image->disc = kind_word == "iso";
  if (!kind && !image->disc)
    members.complain("/kind", "must be \"linux\", \"tree\", \"wim\", \"uki\" or \"iso\"");
  image->kind = kind.value_or(policy::ImageKind::linux_kernel);
  if (image->disc) image->entry = members.text("entry");
  image->kernel = members.text("kernel");
  image->initrds = members.texts("initrds");
  if (members.has("command_line")) image->command_line = members.text("command_line");
  if (image->disc || image->kind == policy::ImageKind::wim)
    image->wim_index = members.number("index", 0, 1, format::most_wim_images);
  const auto state = policy::parse_image_state(members.text("state", "published"));
  if (!state || *state == policy::ImageState::withdrawn)
    members.complain("/state", "must be \"published\" or \"draft\"");
  image->state = state.value_or(policy::ImageState::published);
  auto beside = files_of(request, members, true);
  image->files = std::move(beside.files);
  image->answers = std::move(beside.answers);
  const bool allow_secrets = members.flag("allow_secrets");
  image->who = request.call.who;
  if (auto problem = members.problem()) return tl::unexpected(std::move(*problem));
  return started(jobs.start([&administration = context.administration, image,
                             allow_secrets](const auto& progress) -> base::Result<api::Json, Problem> {
    api::Json warnings = api::Json::array();
    if (!allow_secrets)
      image->warn = [&warnings](const std::string& warning) { warnings.push_back(warning); };
    const auto added = administration.add_image(std::move(*image), progress);
    if (!added) return tl::unexpected(Problem{ProblemType::invalid, added.error().what});
    auto record = made(administration, Kind::image, added->id);
    if (record && !warnings.empty()) (*record)["warnings"] = std::move(warnings);
    return record;
  }));
}

ApiResult add_program(ApiContext& context, ApiJobs& jobs, const ApiRequest& request) {
  const auto object = request.object();
  if (!object) return tl::unexpected(object.error());
  Members members(*object);
  const auto program = std::make_shared<site::NewProgram>();
  program->name = members.text("name");
  const auto arch = policy::parse_arch(members.text("arch"));
  if (!arch)
    members.complain("/arch",
                     "must be an architecture that boot programs are for: \"bios\", \"x64\", \"arm64\"");
  program->arch = arch.value_or(policy::Arch::other);
  if (members.has("roles")) {
    const auto roles = members.texts("roles");
    program->roles.clear();
    for (std::size_t i = 0; i < roles.size(); ++i) {
      const auto role = policy::parse_role(roles[i]);
      if (!role)
        members.complain(fmt::format("/roles/{}", i),
                         "must be \"boot\", \"prompt\", \"abort\" or \"detect\"");
      program->roles.push_back(role.value_or(policy::Role::boot));
    }
  }
  program->console = members.flag("console");
  auto files = files_of(request, members).files;
  if (files.size() == 1) {
    program->file = std::move(files.front());
  } else {
    members.complain("/files", "a boot program is one file");
  }
  program->who = request.call.who;
  if (auto problem = members.problem()) return tl::unexpected(std::move(*problem));
  return started(jobs.start(
      [&administration = context.administration, program](const auto&) -> base::Result<api::Json, Problem> {
        const auto added = administration.add_program(std::move(*program));
        if (!added) return tl::unexpected(Problem{ProblemType::invalid, added.error().what});
        return made(administration, Kind::program, added->id);
      }));
}

}  // namespace

void add_upload_routes(ApiRoutes& routes, ApiContext& context, ApiJobs& jobs) {
  const auto add = [&](const char* path, auto handler) {
    ApiRoute route{"POST", path, ApiRole::administrator, [&context, &jobs, handler](ApiRequest& request) {
                     return handler(context, jobs, request);
                   }};
    route.max_body = max_api_body;
    route.takes_files = true;
    routes.push_back(std::move(route));
  };
  add("/v1/images", add_image);
  add("/v1/programs", add_program);
}

}  // namespace management
