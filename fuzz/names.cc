// SPDX-License-Identifier: GPL-3.0-or-later
// Any name asked for over TFTP or HTTP, and what people type for a machine. Properties: a
// name is refused with cause or gets the one spelling that climbs nowhere; spelling it in
// another way finds the same.
#include <algorithm>
#include <string>

#include "base/bytes.h"
#include "base/ip.h"
#include "content/published.h"
#include "content/sources.h"

namespace {

using base::Mac;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Part by part, unlike the code under test.
bool is_clean(std::string_view name) {
  if (name.empty()) return true;
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find('/', at), name.size());
    const std::string_view part = name.substr(at, end - at);
    if (part.empty() || part == "." || part == "..") return false;
    at = end + 1;
  }
  return std::none_of(name.begin(), name.end(),
                      [](char c) { return is_control(c) || c == '\\' || (c >= 'A' && c <= 'Z'); });
}

void check_identities(std::string_view text) {
  if (const auto mac = Mac::parse(text)) {
    BOOTFERRY_CHECK(Mac::parse(mac->print()) == mac && Mac::parse(mac->print_dashed()) == mac);
  }
  if (const auto uuid = base::Uuid::parse(text)) BOOTFERRY_CHECK(base::Uuid::parse(uuid->print()) == uuid);
  if (const auto ip = base::Ip::parse(text)) BOOTFERRY_CHECK(base::Ip::parse(ip->print()) == ip);
  if (const auto net = base::IpNet::parse(text)) BOOTFERRY_CHECK(base::IpNet::parse(net->print()) == net);
}

// An image's name is a directory and a part of URLs.
void check_image_name(std::string_view text) {
  if (!content::check_image_name(text)) return;
  BOOTFERRY_CHECK(!text.empty() && text.size() <= 64 && text.find_first_of("/\\% ") == text.npos);
  BOOTFERRY_CHECK(text.front() != '.' && text.front() != '-');
  BOOTFERRY_CHECK(content::normalise(text)->size() == text.size());
}

void check_found(const std::string& name) {
  const auto rendered = content::parse_rendered_name(name);
  content::Published published;
  BOOTFERRY_CHECK(std::holds_alternative<content::NotFound>(published.find(name)) == !rendered);
  published.add(name, {});
  BOOTFERRY_CHECK(std::holds_alternative<const content::DiskFile*>(published.find(name)));
  if (!rendered) return;
  // A name speaks for one machine at most, and only if it spells it out.
  BOOTFERRY_CHECK(!rendered->mac || !rendered->uuid);
  if (rendered->uuid) BOOTFERRY_CHECK(!rendered->uuid->is_blank());
  if (rendered->mac) {
    BOOTFERRY_CHECK(name.find(rendered->mac->print_dashed()) != name.npos ||
                    name.find(rendered->mac->print()) != name.npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string requested(base::as_text({data, size}));
  check_identities(requested);
  check_image_name(requested);

  const auto name = content::normalise(requested);
  if (!name) {
    BOOTFERRY_CHECK(size > 512 || requested.find("..") != requested.npos ||
                    std::any_of(requested.begin(), requested.end(), is_control));
    return 0;
  }
  BOOTFERRY_CHECK(is_clean(*name) && name->size() <= size && size <= 512);
  BOOTFERRY_CHECK(content::normalise(*name) == name);
  std::string other = requested;
  std::replace(other.begin(), other.end(), '\\', '/');
  BOOTFERRY_CHECK(content::normalise(other) == name);
  std::replace(other.begin(), other.end(), '/', '\\');
  BOOTFERRY_CHECK(content::normalise(other) == name);
  std::transform(other.begin(), other.end(), other.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  BOOTFERRY_CHECK(content::normalise(other) == name);
  if (size + 2 <= 512) BOOTFERRY_CHECK(content::normalise("\\/" + other) == name);
  check_found(*name);
  return 0;
}
