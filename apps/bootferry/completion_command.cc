// SPDX-License-Identifier: GPL-3.0-or-later
// `completion` prints what a shell needs to ask `complete`, which knows the tree of commands and
// asks the server for names. The shells' side holds no command of its own, so it never ages.
#include <fmt/format.h>

#include "commands.h"
#include "records.h"
#include "terminal.h"

namespace cli {
namespace {

// Each shell passes the words behind «bootferry», the last one as far as it is typed.
constexpr const char* bash = R"(# bash completion of bootferry: source <(bootferry completion bash)
_bootferry() {
  local line word begun IFS=$' \t'
  local -a words
  # COMP_WORDS would split MAC addresses at their colons.
  read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
  [[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=("")
  begun=${words[${#words[@]}-1]}
  COMPREPLY=()
  while IFS= read -r line; do
    word=${line%%$'\t'*}
    case $word in
      :file) compopt -o filenames 2>/dev/null; while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$begun") ;;
      :folder) compopt -o filenames 2>/dev/null; while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$begun") ;;
      *) printf -v word %q "$word"; COMPREPLY+=("${word#"${begun%"${begun##*[:=]}"}"}") ;;
    esac
  done < <("${words[0]}" complete "${words[@]:1}" 2>/dev/null)
}
complete -F _bootferry bootferry)";

constexpr const char* zsh = R"(#compdef bootferry
# zsh completion of bootferry: source <(bootferry completion zsh)
_bootferry() {
  local line word
  local -a found
  while IFS= read -r line; do
    word=${line%%$'\t'*}
    case $word in
      :file) _files ;;
      :folder) _files -/ ;;
      *) word=${word//:/\\:}; [[ $line == *$'\t'* ]] && word+=:${line#*$'\t'}; found+=("$word") ;;
    esac
  done < <("${words[1]}" complete "${(@)words[2,CURRENT]}" 2>/dev/null)
  (( ${#found} )) && _describe bootferry found
}
compdef _bootferry bootferry)";

constexpr const char* fish = R"(# fish completion of bootferry: bootferry completion fish | source
function __bootferry_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in ($words[1] complete $words[2..-1] 2>/dev/null)
    switch $line
      case :file
        __fish_complete_path (commandline -ct)
      case :folder
        __fish_complete_directories (commandline -ct)
      case '*'
        echo $line
    end
  end
end
complete -c bootferry -f -a '(__bootferry_complete)')";

// A shell waits for it: no more than people read.
constexpr std::size_t most_names = 200;

std::vector<std::string> names_from(Site& site, const std::string& kind, const std::string& begins) {
  std::vector<std::string> out;
  api::Pairs query{{"limit", fmt::format("{}", most_names)}};
  if (!begins.empty()) query.emplace_back("q", begins);
  const auto listed = site.each(fmt::format("/v1/{}", kind), query, [&](const Json& item) {
    out.push_back(cell(item, "name"));
    return out.size() < most_names;
  });
  if (!listed) out.clear();
  return out;
}

std::vector<std::string> targets(Site& site, const std::string& begins) {
  std::vector<std::string> out{"all", "unknown"};
  const std::string mark = "collection:";
  const std::string begun = begins.starts_with(mark) ? begins.substr(mark.size()) : "";
  for (const std::string& name : names_from(site, "collections", begun)) out.push_back(mark + name);
  for (const std::string& name : names_from(site, "devices", begins)) out.push_back(name);
  return out;
}

std::vector<std::string> names_of_kind(const Common& common, const std::string& kind,
                                       const std::string& begins) {
  auto site = Site::reach(common);
  if (!site) return {};
  if (kind == "targets") return targets(*site, begins);
  if (kind == "undeploy") {
    auto out = names_from(*site, "deployments", begins);
    for (std::string& name : targets(*site, begins)) out.push_back(std::move(name));
    return out;
  }
  if (kind != "pending") return names_from(*site, kind, begins);
  std::vector<std::string> out;
  const auto waiting = site->get("/v1/pending");
  if (!waiting) return out;
  for (const Json& item : waiting->value("items", Json::array())) out.push_back(cell(item, "request"));
  return out;
}

}  // namespace

void add_completion_command(Command& root) {
  auto shell = std::make_shared<std::string>();
  Command command = root.leaf("completion", "Print what makes a shell complete bootferry's commands",
                              [shell](const Common&) {
                                print_line(*shell == "bash" ? bash : *shell == "zsh" ? zsh : fish);
                                return exit_ok;
                              });
  command.needs("SHELL", *shell, "bash, zsh or fish", one_of({"bash", "zsh", "fish"}));
  command.footer("  source <(bootferry completion bash)");
}

int run_complete(const Tree& tree, const std::vector<std::string>& words) {
  for (const std::string& line : tree.complete(words, names_of_kind).lines) {
    const std::size_t tab = std::min(line.find('\t'), line.size());
    print_line(printable(line.substr(0, tab)) + line.substr(tab));
  }
  return exit_ok;
}

}  // namespace cli
