// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/uki_job.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>

#include "base/utf8.h"
#include "content/answer_fields.h"
#include "content/uki.h"
#include "format/disc.h"

namespace content {
namespace {

using format::PeRange;

constexpr std::size_t longest_os_release = 64 * 1024;

tl::unexpected<ConfinedFailure> refuse(std::string what) {
  return tl::unexpected(ConfinedFailure{ConfinedEnd::refused, std::move(what)});
}

class UkiReader {
 public:
  explicit UkiReader(format::DiscSource source) : source_(std::move(source)) {}

  base::Result<UkiFacts> read() {
    const auto head = front_of({0, source_.size}, kernel_head_size);
    if (!head) return tl::unexpected(head.error());
    const auto sections = format::read_pe_sections(*head, source_.size);
    if (!sections) return tl::unexpected(sections.error());
    auto parts = format::find_uki_parts(*sections);
    if (!parts) return tl::unexpected(parts.error());
    UkiFacts facts;
    facts.size = source_.size;
    if (parts->initrds.size() > most_uki_initrds)
      return base::fail("{} initrds: at most {}", parts->initrds.size(), most_uki_initrds);
    facts.kernel = parts->kernel;
    facts.initrds = std::move(parts->initrds);
    if (auto done = read_kernel(*head, parts->kernel_version, facts); !done)
      return tl::unexpected(done.error());
    if (auto done = read_texts(*parts, facts); !done) return tl::unexpected(done.error());
    if (auto done = read_signatures(*head, facts); !done) return tl::unexpected(done.error());
    return facts;
  }

 private:
  base::Result<base::Bytes> front_of(const PeRange& range, std::size_t most) const {
    base::Bytes out(static_cast<std::size_t>(std::min<std::uint64_t>(range.size, most)));
    if (auto read = source_.read(range.offset, out); !read) return tl::unexpected(read.error());
    return out;
  }

  base::Status read_kernel(base::ByteView head, const PeRange& version, UkiFacts& facts) const {
    const auto kernel = front_of(facts.kernel, kernel_head_size);
    if (!kernel) return tl::unexpected(kernel.error());
    auto kernel_facts = read_kernel_header(*kernel);
    if (!kernel_facts) return base::fail("its kernel (.linux): {}", kernel_facts.error().what);
    facts.kernel_facts = std::move(*kernel_facts);
    const auto program = format::pe_machine(head).value_or(policy::Arch::other);
    if (program != facts.kernel_facts.arch) {
      return base::fail("is a UEFI program for {}, and its kernel is built for {}", policy::print(program),
                        policy::print(facts.kernel_facts.arch));
    }
    if (!facts.kernel_facts.version.empty() || version.size == 0) return {};
    const auto text = front_of(version, longest_answer_line);
    if (!text) return tl::unexpected(text.error());
    facts.kernel_facts.version = text_of(*text);
    return {};
  }

  base::Status read_texts(const format::UkiParts& parts, UkiFacts& facts) const {
    const auto os_release = front_of(parts.os_release, longest_os_release);
    if (!os_release) return tl::unexpected(os_release.error());
    facts.system = format::system_name(base::as_text(*os_release));
    if (parts.command_line.size > longest_uki_command_line + 1)
      return base::fail("a kernel command line of over {} characters", longest_uki_command_line);
    const auto line = front_of(parts.command_line, longest_uki_command_line + 1);
    if (!line) return tl::unexpected(line.error());
    facts.command_line = text_of(*line);
    return {};
  }

  base::Status read_signatures(base::ByteView head, UkiFacts& facts) const {
    const auto place = format::find_pe_signatures(head, source_.size);
    if (!place) return tl::unexpected(place.error());
    if (place->size > largest_uki_signatures) return base::fail("its signatures are too large");
    const auto table = front_of(*place, largest_uki_signatures);
    if (!table) return tl::unexpected(table.error());
    auto signatures = format::read_pe_signatures(*table);
    if (!signatures) return tl::unexpected(signatures.error());
    facts.signatures = std::move(*signatures);
    return {};
  }

  // Up to its end, and on one line, as the stub has it, too.
  static std::string text_of(base::ByteView octets) {
    std::string_view text = base::as_text(octets);
    text = text.substr(0, text.find('\0'));
    return base::one_line(text, longest_uki_command_line);
  }

  format::DiscSource source_;
};

}  // namespace

ConfinedResult<std::string> run_uki_job(std::string_view) {
  const base::Fd file(::open(confined_file, O_RDONLY | O_CLOEXEC));
  if (!file.open()) return refuse(base::fail_errno("open the image", errno).value().what);
  auto source = format::disc_source(file.get());
  if (!source) return refuse(source.error().what);
  const auto facts = UkiReader(std::move(*source)).read();
  if (!facts) return refuse(facts.error().what);
  return print_uki_facts(*facts);
}

}  // namespace content
