// SPDX-License-Identifier: GPL-3.0-or-later
#include "content/uki.h"

#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "content/answer_fields.h"
#include "content/sources.h"
#include "content/uki_job.h"

namespace content {
namespace {

using format::PeRange;
using Json = AnswerFields::Json;

Json write(const PeRange& range) { return Json::array({range.offset, range.size}); }

PeRange read_range(const Json& json, std::uint64_t size, bool& good) {
  good = good && json.is_array() && json.size() == 2 && json[0].is_number_unsigned() &&
         json[1].is_number_unsigned();
  if (!good) return {};
  const PeRange range{json[0].get<std::uint64_t>(), json[1].get<std::uint64_t>()};
  good = range.size > 0 && range.offset <= size && range.size <= size - range.offset;
  return good ? range : PeRange{};
}

}  // namespace

ConfinedResult<UkiInspection> inspect_uki(const FilePart& file, const ConfinedLimits& limits) {
  const auto part = measured(file);
  if (!part) return tl::unexpected(part.error());
  const auto answer = run_confined(uki_job, "", *part, limits);
  if (!answer) return tl::unexpected(answer.error());
  auto facts = parse_uki_facts(answer->text, part->size);
  if (!facts) return tl::unexpected(ConfinedFailure{ConfinedEnd::garbled, facts.error().what});
  return UkiInspection{std::move(*facts), answer->landlock};
}

bool is_uki(int file) {
  const auto head = read_front({"", file}, kernel_head_size);
  return head && efi_program_arch(*head) && !read_kernel_header(*head);
}

std::string print_uki_facts(const UkiFacts& facts) {
  Json initrds = Json::array();
  for (const PeRange& initrd : facts.initrds) initrds.push_back(write(initrd));
  Json signatures = Json::array();
  for (const format::PeSignature& signature : facts.signatures)
    signatures.push_back({{"signer", signature.signer}, {"issuer", signature.issuer}});
  const Json out{{"size", facts.size},
                 {"system", facts.system},
                 {"arch", policy::print(facts.kernel_facts.arch)},
                 {"version", base::one_line(facts.kernel_facts.version, longest_answer_line)},
                 {"command_line", facts.command_line},
                 {"command_line_max", facts.kernel_facts.command_line_max},
                 {"efi_stub", facts.kernel_facts.efi_stub},
                 {"kernel", write(facts.kernel)},
                 {"initrds", std::move(initrds)},
                 {"signatures", std::move(signatures)}};
  return out.dump();
}

base::Result<UkiFacts> parse_uki_facts(std::string_view text, std::uint64_t size) {
  const Json json = Json::parse(text, nullptr, false);
  bool good = !json.is_discarded();
  AnswerFields from(json, good);
  UkiFacts facts;
  facts.size = from.number("size", size);
  good = good && facts.size == size;
  facts.system = from.line("system");
  facts.kernel_facts.arch = from.arch("arch").value_or(policy::Arch::other);
  facts.kernel_facts.version = from.line("version");
  facts.command_line = from.exact("command_line", longest_uki_command_line);
  facts.kernel_facts.command_line_max =
      static_cast<std::uint32_t>(from.number("command_line_max", ~std::uint32_t{0}));
  facts.kernel_facts.efi_stub = from.truth("efi_stub");
  facts.kernel = read_range(from.field("kernel"), size, good);
  for (const Json& initrd : from.list("initrds", most_uki_initrds))
    facts.initrds.push_back(read_range(initrd, size, good));
  for (const Json& entry : from.list("signatures", format::most_pe_signatures)) {
    AnswerFields signature(entry, good);
    facts.signatures.push_back({signature.line("signer"), signature.line("issuer")});
  }
  if (!good) return base::fail("its description makes no sense");
  return facts;
}

}  // namespace content
