// SPDX-License-Identifier: GPL-3.0-or-later
// Any message on the control socket, in both directions. Properties: a message is refused
// with one sentence or yields a value; each value goes back to one line that means the same
// and fits a message again.
#include "api/messages.h"

#include "base/bytes.h"

namespace {

// What is printed may be longer than what came: a MAC without colons gets five, "arm" is
// printed "arm32".
constexpr std::size_t growth = 8;

template <class Value>
void check(const base::Result<Value>& value, std::size_t size,
           base::Result<Value> (*parse)(std::string_view)) {
  if (!value) {
    const std::string& what = value.error().what;
    BOOTFERRY_CHECK(!what.empty() && what.size() < 200);
    // The refusal is a message too.
    BOOTFERRY_CHECK(api::parse_reply(api::print(api::Reply(api::Failed{what}))));
    return;
  }
  const std::string line = api::print(*value);
  BOOTFERRY_CHECK(line.find('\n') == std::string::npos && line.size() <= size + growth);
  if (line.size() > api::max_message) return;
  const auto again = parse(line);
  BOOTFERRY_CHECK(again && *again == *value && api::print(*again) == line);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = base::as_text({data, size});
  const auto request = api::parse_request(text);
  check(request, size, api::parse_request);
  const auto reply = api::parse_reply(text);
  check(reply, size, api::parse_reply);
  if (reply) {
    BOOTFERRY_CHECK(!api::print_item(*reply).empty());
    BOOTFERRY_CHECK(api::print_items({*reply}).size() <= size + growth);
  }
  // Nothing is both: a client that talks to a client is told so.
  BOOTFERRY_CHECK(!request || !reply);
  if (const auto target = api::parse_target(text)) {
    BOOTFERRY_CHECK(api::parse_target(api::print(*target)) == target);
  }
  return 0;
}
