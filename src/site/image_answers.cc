// SPDX-License-Identifier: GPL-3.0-or-later
#include "site/image_answers.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "content/answer_files.h"
#include "render/template.h"

namespace site {
namespace {

class Checking {
 public:
  explicit Checking(const NewImage& image) : image_(image) {}

  base::Status look_at(const std::string& where, std::string_view text) {
    const auto parsed = render::Template::parse(text);
    if (!parsed) return base::fail("{}, {}", where, parsed.error().what);
    for (const render::Placeholder& placeholder : parsed->placeholders()) {
      if (placeholder.value == render::Value::answer && !has_answer(placeholder.argument))
        return base::fail("{}: {{answer:{}}}: the image has no answer file of this name", where,
                          placeholder.argument);
      if (placeholder.value == render::Value::variable && render::is_secret_name(placeholder.argument))
        warn(where, placeholder.argument);
    }
    return {};
  }
  [[nodiscard]] std::vector<std::string> warnings() const { return warnings_; }

 private:
  // Without a name it is the folder.
  [[nodiscard]] bool has_answer(const std::string& name) const {
    return name.empty() || std::ranges::any_of(image_.answers, [&](const IncomingFile& file) {
             return base::same_but_for_case(file.name, name);
           });
  }
  void warn(const std::string& where, const std::string& variable) {
    std::string text = fmt::format(
        "{} asks for the variable \"{}\": whoever can claim the machine's address can read what it says, so "
        "no secret should stand there",
        where, variable);
    if (std::ranges::find(warnings_, text) == warnings_.end()) warnings_.push_back(std::move(text));
  }

  const NewImage& image_;
  std::vector<std::string> warnings_;
};

}  // namespace

base::Result<std::vector<std::string>> check_answers(const NewImage& image) {
  if (image.answers.size() > content::most_answers)
    return base::fail("{} answer files: there may be {}", image.answers.size(), content::most_answers);
  Checking checking(image);
  for (std::size_t i = 0; i < image.answers.size(); ++i) {
    const IncomingFile& file = image.answers[i];
    if (auto named = content::check_answer_name(file.name); !named) return tl::unexpected(named.error());
    const auto same = [&](const IncomingFile& other) {
      return base::same_but_for_case(other.name, file.name);
    };
    if (std::any_of(image.answers.begin(), image.answers.begin() + static_cast<std::ptrdiff_t>(i), same))
      return base::fail("answer file {}: is given twice", file.name);
    const auto text = content::read_answer(content::SourceFile{file.name, file.fd.get()});
    if (!text) return base::fail("answer file {}", text.error().what);
    if (auto fine = checking.look_at(file.name, *text); !fine) return tl::unexpected(fine.error());
  }
  if (image.command_line) {
    if (auto fine = checking.look_at("the command line", *image.command_line); !fine)
      return tl::unexpected(fine.error());
  }
  for (const IncomingFile& file : image.files) {
    if (content::normalise(file.name).value_or("").starts_with(content::own_folder))
      return base::fail("{}: an image cannot bring files of this folder, where answer files stand",
                        file.name);
  }
  return checking.warnings();
}

std::vector<content::SourceFile> answer_sources(const NewImage& image) {
  std::vector<content::SourceFile> out;
  for (const IncomingFile& file : image.answers)
    out.push_back({std::string(content::answers_folder) + file.name, file.fd.get()});
  return out;
}

}  // namespace site
