// SPDX-License-Identifier: Apache-2.0
#include "host/mark/plan.hpp"

#include <gmock/gmock.h>

#include "host/ipsec/address.hpp"

namespace sallyport::mark {
namespace {

using testing::ElementsAre;
using testing::IsSupersetOf;

Prefix prefix(const std::string& text) {
  const AddressRange range = AddressRange::parse(text).value();
  return {range.first.number(), *range.prefix_length() + (range.first.is_v4() ? driver::kIpv4Prefix : 0)};
}
gateway::KernelRoute route(const std::string& to, const std::string& by = "", std::uint32_t metric = 0) {
  const Prefix p = prefix(to);
  return {p.address, p.length, metric, 2, by.empty() ? layout::Address() : IpAddress::parse(by)->number()};
}
// "+10.0.0.0/8" marked, "-10.1.0.0/24" not.
std::vector<std::string> planned(const std::vector<gateway::KernelRoute>& routes,
                                 const std::vector<Prefix>& protect = {}) {
  std::vector<std::string> out;
  for (const Destination& d : plan(routes, protect)) {
    const IpAddress address = IpAddress::from_number(d.prefix.address);
    const unsigned length = d.prefix.length - (address.is_v4() ? driver::kIpv4Prefix : 0);
    out.push_back((d.marked ? "+" : "-") + address.to_string() + "/" + std::to_string(length));
  }
  return out;
}

TEST(Plan, MarksWhatGoesByANextHop) {
  EXPECT_THAT(planned({route("0.0.0.0/0", "10.1.0.1"), route("10.1.0.0/24"), route("::/0", "fe80::1"),
                       route("2001:db8:1::/64"), route("fe80::/64")}),
              ElementsAre("+::/0", "-2001:db8:1::/64", "-fe80::/64", "+0.0.0.0/0", "-224.0.0.0/4", "-10.1.0.0/24",
                          "-255.255.255.255/32"));
}

TEST(Plan, MarksNothingWhereNothingGoesByANextHop) {
  EXPECT_THAT(planned({route("10.1.0.0/24")}), ElementsAre("-224.0.0.0/4", "-10.1.0.0/24", "-255.255.255.255/32"));
}

TEST(Plan, MarksWhatIsNamedAndNoneOfTheNeighbours) {
  EXPECT_THAT(
      planned({route("0.0.0.0/0", "10.1.0.1"), route("10.1.0.0/24")}, {prefix("10.0.0.0/8"), prefix("10.1.0.128/25")}),
      ElementsAre("-224.0.0.0/4", "+10.0.0.0/8", "-10.1.0.0/24", "+10.1.0.128/25", "-255.255.255.255/32"));
  EXPECT_THAT(planned({route("10.1.0.0/24")}, {prefix("10.1.0.0/24")}), IsSupersetOf({"+10.1.0.0/24"}));
}

TEST(Plan, GoesByTheRouteThatTheKernelTakes) {
  EXPECT_THAT(planned({route("10.3.0.0/16", "10.1.0.1", 100), route("10.3.0.0/16", "", 50)}),
              IsSupersetOf({"-10.3.0.0/16"}));
  EXPECT_THAT(planned({route("10.3.0.0/16", "", 200), route("10.3.0.0/16", "10.1.0.1", 100)}),
              IsSupersetOf({"+10.3.0.0/16"}));
}

}  // namespace
}  // namespace sallyport::mark
