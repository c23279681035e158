// SPDX-License-Identifier: GPL-3.0-or-later
// Texts with placeholders: kernel command lines and answer files (docs/answer-files.md has the list).
//
//   {name}  {var:disk}  {var:disk|/dev/sda}  {answer:preseed.cfg}  {answer:}
//
// "{{" is a brace. A brace behind '$' is the shell's, and one that begins no placeholder stands for
// itself, so that most files need no change.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "policy/deployment.h"

namespace render {

enum class Value : std::uint8_t {
  server,      // our address, "192.0.2.1"
  http,        // "http://192.0.2.1:8080"
  name,        // the device's
  mac,         // "52:54:00:12:34:56"
  mac_dashed,  // "52-54-00-12-34-56"
  uuid,
  image,  // their names
  deployment,
  token,   // the boot's own word
  report,  // where it stands: "http://192.0.2.1/boot/v1/4f1c…"
  answer,  // that of an answer file below it; without a name the folder's
  variable,
};

struct Placeholder {
  Value value = Value::server;
  std::string argument;                  // of `answer` and `variable`
  std::optional<std::string> otherwise;  // in place of a value that is not there
  bool operator==(const Placeholder&) const = default;
};

// What placeholders stand for on one boot of one machine. Empty: there is none.
struct BootWords {
  std::string report_word = {};  // in front of the command line: «bootferry.report=http://…»
  std::string server = {}, http = {};
  std::string name = {}, mac = {}, mac_dashed = {}, uuid = {};
  std::string token = {}, report = {};
  const policy::Variables* variables = nullptr;  // the machine's own
};
// And for one thing that it may boot.
struct Choosing {
  std::string image, deployment, answers;               // `answers`: URL of the folder, with its last slash
  const policy::Variables* of_task_sequence = nullptr;  // where the machine has none of that name
};
// The folder of an image's answer files below the boot's own URL: "…/answer/12/".
std::string answers_url(std::string_view report, std::int64_t image);

enum class Escape : std::uint8_t { none, xml };

class Template {
 public:
  // What an administrator hands over: the error has the line and the column, both from 1 on, and
  // octets count.
  static base::Result<Template> parse(std::string_view text);
  // What is recorded already, or was found in somebody's tree: what is no placeholder stands as it is.
  static Template read(std::string_view text);

  [[nodiscard]] std::string render(const BootWords& boot, const Choosing& choice,
                                   Escape escape = Escape::none) const;
  // Placeholders that have neither a value nor a default there, as they are written.
  [[nodiscard]] std::vector<std::string> without_value(const BootWords& boot, const Choosing& choice) const;
  [[nodiscard]] std::vector<Placeholder> placeholders() const;

 private:
  using Piece = std::variant<std::string, Placeholder>;
  void add_text(std::string_view text);
  std::vector<Piece> pieces_;
};

// How values are written in a file of that name.
Escape escape_for(std::string_view file_name);
// Whether a variable is a secret by its name: "admin_password", "API-Key", "wifiKey"; not "keymap".
bool is_secret_name(std::string_view variable);

}  // namespace render
