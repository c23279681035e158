// SPDX-License-Identifier: GPL-3.0-or-later
// The command line as a tree: groups, commands, what each takes. Commands are declared in a
// file per family and run with what was typed already in their variables. The argument parser
// itself is included in arguments.cc and completion.cc only: it takes seconds to compile.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace cli {

// What every command takes.
struct Common {
  std::string config;                 // empty: the default file, if it is there
  std::optional<std::string> socket;  // a running server
  std::optional<std::string> state;   // a stopped one's state directory
  bool json = false;
};

// What may stand behind an option: for completion, and `words` are checked.
struct Values {
  enum class Kind { text, file, folder, words, names };
  Kind kind = Kind::text;
  std::vector<std::string> words;
  std::string names;  // of which records: "devices"
};
Values one_of(std::vector<std::string> words);
Values names_of(std::string kind);
Values a_file();
Values a_folder();

using Run = std::function<int(const Common&)>;  // the exit code
class Tree;

// A node of the tree; a copy is the same node. Variables that options write into must live as
// long as the tree: a command's Run usually owns them.
class Command {
 public:
  Command(Tree& tree, CLI::App& app) : tree_(&tree), app_(&app) {}

  Command group(const char* name, const char* what);
  Command leaf(const char* name, const char* what, Run run);

  // By position.
  Command& needs(const char* name, std::string& into, const char* what, Values values = {});
  Command& needs(const char* name, std::vector<std::string>& into, const char* what, Values values = {});
  Command& may(const char* name, std::string& into, const char* what, Values values = {});
  // By name. What is a vector may be given again and again, the others once.
  Command& option(const char* name, std::string& into, const char* what, Values values = {});
  Command& option(const char* name, std::optional<std::string>& into, const char* what, Values values = {});
  Command& option(const char* name, std::vector<std::string>& into, const char* what, Values values = {});
  Command& option(const char* name, std::optional<std::int64_t>& into, const char* what);
  Command& flag(const char* name, bool& into, const char* what);
  Command& footer(const char* text);
  // What no single option can say about itself: a sentence where the whole makes no sense.
  Command& refuse_if(std::function<std::string()> fault);
  // --socket and --state together mean something here: elsewhere only one of them can be asked.
  Command& takes_both_places();
  Command& running_server_only();
  Command& stopped_server_only();

 private:
  Command& note(CLI::Option* option, Values values);
  Tree* tree_;
  CLI::App* app_;
};

class Tree {
 public:
  Tree();
  ~Tree();
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  Command root();
  // The command to run; or the exit code when nothing is left to do: help was shown (0), or a
  // usage error was reported (2).
  std::variant<std::function<int()>, int> parse(int argc, const char* const* argv);

  // What may stand in place of the last of `words` (which follow the program's name and may be
  // the beginning of one): a line each, «candidate<TAB>what it is». «:file» and «:folder» leave
  // it to the shell. `names` gives the names of records of a kind, "devices", that begin so.
  struct Complete {
    std::vector<std::string> lines;
  };
  using NamesOf = std::function<std::vector<std::string>(const Common&, const std::string& kind,
                                                         const std::string& begins)>;
  Complete complete(const std::vector<std::string>& words, const NamesOf& names) const;

 private:
  friend class Command;
  struct Leaf {
    Run run;
    std::vector<std::function<std::string()>> faults = {};
    bool both_places = false;
  };
  std::unique_ptr<CLI::App> app_;
  Common common_;
  std::vector<std::pair<const CLI::Option*, Values>> values_;
  std::vector<std::pair<const CLI::App*, std::shared_ptr<Leaf>>> leaves_;
  Leaf* chosen_ = nullptr;
};

}  // namespace cli
