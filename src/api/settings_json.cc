// SPDX-License-Identifier: GPL-3.0-or-later
// The site's own settings, both ways.
#include "api/fields.h"
#include "api/record_json.h"
#include "api/record_reader.h"
#include "store/shape.h"

namespace api {
namespace {

template <class Value>
Json printed(const std::vector<Value>& values) {
  Json out = Json::array();
  for (const Value& value : values) out.push_back(value.print());
  return out;
}

policy::PendingTerms pending_terms(const Json& object, const std::string& at, std::optional<Fault>& fault) {
  policy::PendingTerms out;
  Fields f(object, at, fault);
  out.poll_seconds = f.number<std::uint16_t>("poll_seconds", 0, UINT16_MAX, out.poll_seconds);
  out.polls = f.number<std::uint16_t>("polls", 0, UINT16_MAX, out.polls);
  out.message = f.text("message", out.message);
  f.refuse_others();
  return out;
}

}  // namespace

Json to_json(const store::SiteSettings& settings) {
  const policy::SitePolicy& site = settings.policy;
  return {{"answer", policy::print(site.answer)},
          {"add_unknown", site.add_unknown},
          {"prompt_known", policy::print(site.prompt_known)},
          {"prompt_unknown", policy::print(site.prompt_unknown)},
          {"delay_seconds", site.delay_seconds},
          {"menus", site.menus},
          {"detect_processor", site.detect_processor},
          {"pending",
           {{"poll_seconds", site.pending.poll_seconds},
            {"polls", site.pending.polls},
            {"message", site.pending.message}}},
          {"ignored_macs", printed(settings.ignored_macs)},
          {"wandering_macs", printed(settings.wandering_macs)},
          {"banned_uuids", printed(settings.banned_uuids)}};
}

base::Result<store::SiteSettings, Fault> read_settings(const Json& object, const std::string& at) {
  std::optional<Fault> fault;
  Fields f(object, at, fault);
  store::SiteSettings out;
  policy::SitePolicy& site = out.policy;
  site.answer = f.parsed("answer", policy::parse_answer_to, needed::answer).value_or(site.answer);
  site.add_unknown = f.flag("add_unknown", site.add_unknown);
  site.prompt_known =
      f.parsed("prompt_known", policy::parse_prompting, needed::prompt).value_or(site.prompt_known);
  site.prompt_unknown =
      f.parsed("prompt_unknown", policy::parse_prompting, needed::prompt).value_or(site.prompt_unknown);
  site.delay_seconds = f.number<std::uint16_t>("delay_seconds", 0, UINT16_MAX, site.delay_seconds);
  site.menus = f.flag("menus", site.menus);
  site.detect_processor = f.flag("detect_processor", site.detect_processor);
  if (const Json* const pending = f.get("pending"))
    site.pending = pending_terms(*pending, f.pointer("pending"), fault);
  out.ignored_macs = f.list("ignored_macs", store::max_site_list, policy::MacPrefix::parse, needed::prefix);
  out.wandering_macs =
      f.list("wandering_macs", store::max_site_list, policy::MacPrefix::parse, needed::prefix);
  out.banned_uuids = f.list("banned_uuids", store::max_site_list, base::Uuid::parse, needed::uuid);
  f.refuse_others({"revision"});
  store::tidy(out);
  if (f.ok()) {
    if (const auto good = store::check(out); !good) f.complain(at, good.error().what);
  }
  if (fault) return tl::unexpected(std::move(*fault));
  return out;
}

base::Result<store::SiteSettings, Fault> settings_from_json(const Json& object) {
  return read_settings(object, "");
}

}  // namespace api
