// SPDX-License-Identifier: GPL-3.0-or-later
#include "commands.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>

#include "server/administration.h"
#include "server/control.h"
#include "terminal.h"

namespace cli {
namespace {

constexpr const char* default_config = "/etc/bootferry/bootferry.toml";

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

}  // namespace

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

base::Result<std::unique_ptr<api::Caller>> reach_site(const Common& common, bool adding) {
  const auto config = load_config(common);
  if (!config) return tl::unexpected(config.error());
  if (!common.state) {
    auto client = api::Client::connect(config->socket);
    if (!client) return tl::unexpected(client.error());
    return std::move(*client);
  }
  std::error_code ignored;
  if (!adding && !std::filesystem::is_directory(config->state, ignored)) {
    return base::fail("state directory {}: is not there: correct --state, or add an image first",
                      config->state);
  }
  allow_many_open_files();
  auto administration = server::Administration::open(config->state, config->settings());
  if (!administration) return tl::unexpected(administration.error());
  return std::make_unique<server::LocalCaller>(std::move(*administration));
}

int failed(const base::Error& error) {
  report(error.what);
  return exit_failed;
}

int done(const Common& common, std::string_view sentence) {
  print_line(common.json ? "{}" : sentence);
  return exit_ok;
}

int print_list(const Common& common, const api::Request& request, Show show) {
  const auto site = reach_site(common);
  if (!site) return failed(site.error());
  const auto items = (*site)->list(request);
  if (!items) return failed(items.error());
  print_line(common.json ? api::print_items(*items) : show(*items));
  return exit_ok;
}

}  // namespace cli
