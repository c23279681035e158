// SPDX-License-Identifier: GPL-3.0-or-later
// Foreign text inside scripts. Each script language has its own way to be broken out of.
#pragma once

#include <string>
#include <string_view>

namespace render {

// One line: control characters become spaces, so that no value adds a line to a script.
std::string one_line(std::string_view text);

// For screens: one line of printable ASCII, '?' for the rest, no longer than a screen line.
std::string screen_text(std::string_view text);

// iPXE's script language knows no quoting at all. What it would act on is left out: the `$`
// of "${" (settings are expanded over and over, so no spelling of it survives), and words
// that are exactly "||", "&&", ";" or begin a comment ("#…").
std::string ipxe_words(std::string_view text);

// The first of these that a text holds; empty where iPXE passes all of it on unchanged. A
// kernel command line with one is refused when its image is added.
std::string_view what_ipxe_acts_on(std::string_view text);

// One GRUB word in single quotes, inside which nothing is special; bare when it is harmless.
std::string grub_word(std::string_view text);

// A kernel command line as GRUB words. GRUB's linux command escapes quotes that reach it and
// puts words with spaces into double quotes itself, which the kernel accepts around a whole
// parameter: so `a="b c"` becomes the one word 'a=b c'.
std::string grub_command_line(std::string_view command_line);

}  // namespace render
