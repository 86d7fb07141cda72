// SPDX-License-Identifier: Apache-2.0
// What the card has counted, with the meaning of each counter.
#include <algorithm>
#include <boost/json.hpp>
#include <span>

#include "host/cli/answer.hpp"
#include "host/cli/screens.hpp"
#include "host/cli/table.hpp"
#include "host/cli/units.hpp"
#include "hw/layout/registers.hpp"

namespace sallyport::cli {
namespace {

namespace json = boost::json;

// What the daemon counts itself, on the way between card and kernel.
constexpr layout::Code kHostCounters[] = {
    {"to_kernel", 0, "packets given to the kernel"},
    {"from_kernel", 1, "packets taken from it"},
    {"held", 2, "packets that waited for an SA or a neighbour"},
    {"reinjected", 3, "of those, sent on"},
    {"lost", 4, "of those, given up: no room, or too late"},
    {"too_big", 5, "packets above an MTU: answered by ICMP, or fragmented"},
    {"refused", 6, "packets that the policy does not let pass: of or for the kernel, or cut"},
    {"joined", 7, "ESP and AH packets that came in fragments"},
    {"udp_over_ipv6", 8, "protected packets sent in UDP over IPv6, whose checksum is the host's"},
    {"asked", 9, "questions put to users about their packets"},
    {"passed_on", 10, "packets sent on once their user knew of it or had let them go"},
    {"refused_to_users", 11, "packets of users refused by the host: by answer, without one, or as a policy says"},
    {"told", 12, "messages to users"},
    {"kept_back", 13, "messages to users that were too many"},
    {"unheard", 14, "messages to users of whom nobody listened"},
};

// In the order of hw/layout; what the daemon counts beyond it comes behind, without a meaning.
std::string one_table(std::string_view heading, const json::value& counts, std::span<const layout::Code> codes,
                      bool all) {
  Table table({std::string(heading), ">count", "meaning"});
  bool any = false;
  const auto add = [&](std::string_view name, std::string_view meaning) {
    const auto count = number(counts, name);
    if (count == 0 && !all) return;
    table.add({std::string(name), human_count(count), std::string(meaning)});
    any = true;
  };
  for (const auto& code : codes) add(code.name, code.meaning);
  if (const auto* object = counts.if_object()) {
    for (const auto& entry : *object) {
      const std::string_view name(entry.key().data(), entry.key().size());
      const auto known = [&](const layout::Code& code) { return name == code.name; };
      if (std::none_of(codes.begin(), codes.end(), known)) add(name, {});
    }
  }
  return any ? table.text() : std::string();
}

}  // namespace

std::string counters_screen(const json::value& counters, bool all) {
  std::string counted = one_table("counter", part(counters, "counters"), layout::kCounterNames, all);
  std::string dropped = one_table("dropped", part(counters, "drops"), layout::kDrops, all);
  const std::string host = one_table("host", part(counters, "host"), kHostCounters, all);
  if (counted.empty()) counted = "nothing counted yet\n";
  if (dropped.empty()) dropped = "nothing dropped\n";
  return counted + "\n" + dropped + (host.empty() ? "" : "\n" + host);
}

}  // namespace sallyport::cli
