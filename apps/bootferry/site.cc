// SPDX-License-Identifier: GPL-3.0-or-later
#include "site.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "base/url.h"
#include "server/local_caller.h"
#include "terminal.h"

namespace cli {
namespace {

constexpr const char* default_config = "/etc/bootferry/bootferry.toml";
constexpr const char* page_size = "1000";

// The server may stand in another folder than the one who typed the path.
std::string absolute(const std::string& path) {
  std::error_code error;
  const auto result = std::filesystem::absolute(path, error);
  return error ? path : result.lexically_normal().string();
}

// A tree is handed over as one open file each, and a shell's usual limit is 1024.
void allow_many_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// A problem document (RFC 9457) in people's words.
Failure failure_of(const Json& problem, int status) {
  Failure out;
  out.status = status;
  const std::string type = text(problem, "type");
  out.type = type.substr(type.rfind(':') + 1);
  out.what = text(problem, "detail");
  if (out.what.empty()) out.what = text(problem, "title");
  std::string field = text(problem, "field");
  if (field.starts_with("/")) out.what = fmt::format("{}: {}", field.substr(1), out.what);
  out.lines = lines_of(problem);
  return out;
}

Failure failure_of(const api::Answer& answer) {
  const auto problem = api::read_json(answer.body);
  if (problem && problem->is_object()) {
    Failure failure = failure_of(*problem, answer.status);
    if (!failure.what.empty()) return failure;
  }
  return {fmt::format("the server answered with status {} and no reason", answer.status), {}, answer.status};
}

Got<Json> read(const Got<api::Answer>& answer) {
  if (!answer) return tl::unexpected(answer.error());
  if (answer->body.empty()) return Json();
  // Not api::read_json: what a server says may be larger than what one may be told.
  Json value = Json::parse(answer->body, nullptr, false);
  if (value.is_discarded()) return tl::unexpected(Failure{"the server's answer is not JSON"});
  return value;
}

}  // namespace

std::vector<std::string> lines_of(const Json& told) {
  std::vector<std::string> out;
  for (const Json& line : told.value("lines", Json::array()))
    out.push_back(fmt::format("line {}: {}", line.value("line", 0), text(line, "detail")));
  if (const auto more = told.value("more", 0); more > 0) out.push_back(fmt::format("and {} more", more));
  return out;
}

std::string config_file(const Common& common) {
  if (!common.config.empty()) return common.config;
  return ::access(default_config, F_OK) == 0 ? default_config : "";
}

base::Result<server::Config> load_config(const Common& common) {
  server::Config config;
  if (const std::string file = config_file(common); !file.empty()) {
    auto read = server::read_config(file);
    if (!read) return read;
    config = std::move(*read);
  }
  if (common.state) config.state = absolute(*common.state);
  if (common.socket) config.socket = absolute(*common.socket);
  return config;
}

Got<Site> Site::reach(const Common& common, bool adding) {
  const auto config = load_config(common);
  if (!config) return tl::unexpected(Failure{config.error().what});
  allow_many_open_files();
  if (!common.state) {
    auto client = std::make_unique<api::Client>(config->socket);
    if (auto there = client->reachable(); !there) return tl::unexpected(Failure{there.error().what});
    return Site(std::move(client));
  }
  std::error_code ignored;
  if (!adding && !std::filesystem::is_directory(config->state, ignored)) {
    return tl::unexpected(Failure{fmt::format(
        "state directory {}: is not there: correct --state, or add an image first", config->state)});
  }
  auto local = server::LocalCaller::open(*config);
  if (!local) return tl::unexpected(Failure{local.error().what});
  return Site(std::move(*local));
}

Got<api::Answer> Site::ask(api::Request request, const api::Sink& sink) {
  auto answer = caller_->ask(std::move(request), sink);
  if (!answer) return tl::unexpected(Failure{answer.error().what});
  if (answer->status < 200 || answer->status > 299) return tl::unexpected(failure_of(*answer));
  return std::move(*answer);
}

Got<Json> Site::get(const std::string& path, const api::Pairs& query) {
  api::Request request;
  request.path = path;
  request.query = query;
  return read(ask(std::move(request)));
}

Got<Json> Site::send(const char* method, const std::string& path, const Json& body, const api::Pairs& query) {
  api::Request request;
  request.method = method;
  request.path = path;
  request.query = query;
  const bool patch = request.method == "PATCH";
  request.headers = {{"Content-Type", patch ? "application/merge-patch+json" : "application/json"}};
  request.body = api::print_json(body);
  return read(ask(std::move(request)));
}

Got<Json> Site::send_text(const char* method, const std::string& path, std::string text,
                          const api::Pairs& query, const char* type) {
  api::Request request;
  request.method = method;
  request.path = path;
  request.query = query;
  request.headers = {{"Content-Type", type}};
  request.body = std::move(text);
  return read(ask(std::move(request)));
}

Got<Json> Site::remove(const std::string& path) {
  api::Request request;
  request.method = "DELETE";
  request.path = path;
  return read(ask(std::move(request)));
}

Got<void> Site::each(const std::string& path, api::Pairs query,
                     const std::function<bool(const Json&)>& each) {
  const bool limited =
      std::any_of(query.begin(), query.end(), [](const auto& pair) { return pair.first == "limit"; });
  if (!limited) query.emplace_back("limit", page_size);
  const std::size_t own = query.size();
  while (true) {
    const auto page = get(path, query);
    if (!page) return tl::unexpected(page.error());
    const auto items = page->find("items");
    if (items == page->end() || !items->is_array())
      return tl::unexpected(Failure{"the server's answer holds no list"});
    for (const Json& item : *items) {
      if (!each(item)) return {};
    }
    const auto next = page->find("next");
    if (next == page->end() || next->is_null()) return {};
    query.resize(own);
    query.emplace_back("after", next->is_string() ? next->get<std::string>() : next->dump());
  }
}

Got<Json> Site::finish(const Json& started,
                       const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  const auto number = started.find("job");
  if (number == started.end()) return tl::unexpected(Failure{"the server named no job"});
  const std::string path = "/v1/jobs/" + number->dump();
  auto pause = std::chrono::milliseconds(5);
  while (true) {
    auto job = get(path);
    if (!job) return tl::unexpected(job.error());
    const std::string state = text(*job, "state");
    if (state == "done") return job->value("result", Json::object());
    if (state == "failed") return tl::unexpected(failure_of(job->value("problem", Json::object()), 0));
    progress(job->value("done", std::uint64_t{0}), job->value("total", std::uint64_t{0}));
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds(200));
  }
}

std::string path_of(std::string_view kind, std::string_view name) {
  return fmt::format("/v1/{}/{}", kind, base::escape_url_part(name));
}

int failed(const Failure& failure) {
  report(failure.what);
  for (const std::string& line : failure.lines) report(line);
  return exit_failed;
}

int failed(std::string what) { return failed(Failure{std::move(what)}); }

int done(const Common& common, std::string_view sentence) {
  print_line(common.json ? "{}" : sentence);
  return exit_ok;
}

int with_site(const Common& common, const std::function<Got<int>(Site&)>& work, bool adding) {
  auto site = Site::reach(common, adding);
  if (!site) return failed(site.error());
  const auto result = work(*site);
  return result ? *result : failed(result.error());
}

}  // namespace cli
