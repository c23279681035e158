// SPDX-License-Identifier: GPL-3.0-or-later
// Any request to the boot surface: a line "METHOD path", then the body. '@' in the path stands for
// the token of a run that is under way. Properties: an answer with a status that is documented;
// a run changes only for POST with its whole token, and only as the verb says; what is kept of a
// body is one line of text, bounded; no octet more than allowed is asked to be read.
#include "server/boot_surface.h"

#include "base/bytes.h"
#include "base/log.h"
#include "base/utf8.h"

namespace {

const base::Ip here = base::Ipv4{{192, 0, 2, 7}}, us = base::Ipv4{{192, 0, 2, 1}};
constexpr unsigned eth0 = 0x7ffffff0;  // no such interface: the kernel knows no neighbour there

std::shared_ptr<const site::Site> make_site() {
  policy::SiteModel model;
  policy::Image image;
  image.id = 1;
  image.name = "debian";
  image.kernel = "images/debian/1/linux";
  model.images = {image};
  policy::Deployment lab;
  lab.id = 1;
  lab.name = "lab";
  lab.what = policy::ToBoot{1};
  lab.target = policy::ToDevice{1};
  lab.purpose = policy::Purpose::required;
  model.deployments = {lab};
  policy::Device device;
  device.id = 1;
  device.name = "pc";
  device.macs = {{{0x52, 0x54, 0, 0, 0, 1}}};
  content::Published published;
  published.add_answer("images/debian/1", "a.cfg", "/nonexistent");
  return std::make_shared<const site::Site>(
      site::Site{policy::Snapshot::make(std::move(model), {device}).value(),
                 std::make_shared<const content::Published>(std::move(published))});
}

bool is_one_line(std::string_view text) {
  while (!text.empty()) {
    const std::size_t octets = base::printable_utf8(text);
    if (octets == 0) return false;
    text.remove_prefix(octets);
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto site = make_site();
  static const bool quiet = (base::set_log_sink([](std::string_view) {}), true);
  BOOTFERRY_CHECK(quiet);
  site::Runs runs([] { return site; }, {}, [] { return std::int64_t{1'800'000'000}; });
  server::Machines machines(true);
  server::ServedInterfaces interfaces({});
  net::Interface served;
  served.index = eth0;
  served.name = "eth0";
  served.up = true;
  served.addresses = {{us, 24}};
  interfaces.update({served});
  std::size_t logged = 0;
  site::RunLogs logs("/nonexistent", [&](const site::Registrar::Work&) {
    ++logged;
    return true;
  });
  server::BootSurface surface(runs, machines, interfaces, logs, [] { return site; });

  policy::Facts facts;
  facts.mac = {{0x52, 0x54, 0, 0, 0, 1}};
  const base::Time now = base::Clock::now();
  policy::Plan plan = runs.decide(facts, site->policy, now);
  const std::string token = runs.offer(plan, {here, true}, now);
  BOOTFERRY_CHECK(token.size() == 32);
  const policy::TokenHash hash = site::hash_of(token);

  const std::string_view input = base::as_text({data, size});
  const std::size_t line_end = std::min(input.find('\n'), input.size());
  const std::string_view line = input.substr(0, line_end);
  std::string_view body = input.substr(std::min(line_end + 1, input.size()));
  const std::size_t blank = std::min(line.find(' '), line.size());
  const std::string method(line.substr(0, blank));
  std::string target;
  for (const char c : line.substr(std::min(blank + 1, line.size())))
    target += c == '@' ? token : std::string(1, c);

  net::HttpRequest request;
  request.method = method;
  request.target = target;
  request.from = {here, 40000};
  request.local = us;
  const std::size_t allowed = surface.body_allowed(request);
  BOOTFERRY_CHECK(allowed <= site::RunLogs::max_octets);
  request.body = body.substr(0, allowed);
  const net::HttpReply reply = surface.answer(request, now);
  if (const auto* error = std::get_if<net::HttpError>(&reply)) {
    BOOTFERRY_CHECK(error->status == 400 || error->status == 404 || error->status == 429 ||
                    error->status == 503);
  } else {
    BOOTFERRY_CHECK(std::holds_alternative<net::HttpBody>(reply));
  }

  const auto run = runs.behind(hash);
  BOOTFERRY_CHECK(run);
  const auto is = [&](std::string_view verb) {
    return target == "/boot/v1/" + token + "/" + std::string(verb);
  };
  const bool post = method == "POST";
  BOOTFERRY_CHECK((run->state == policy::RunState::done) == (post && is("done")));
  BOOTFERRY_CHECK((run->state == policy::RunState::failed) == (post && is("failed")));
  const bool kept = reply.index() == 0;
  BOOTFERRY_CHECK((logged == 1) == (post && (is("log") || (is("facts") && kept))));
  BOOTFERRY_CHECK(run->message.size() <= 1000 && is_one_line(run->message));
  return 0;
}
