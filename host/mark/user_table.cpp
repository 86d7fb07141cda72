// SPDX-License-Identifier: Apache-2.0
#include "host/mark/user_table.hpp"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <vector>

namespace sallyport::mark {
namespace {

using gateway::NetlinkRequest;

// Numbers that we chose. The rule stands before that of the main table (32766) and behind that of the local one (0).
constexpr std::uint32_t kPriority = 4510;
constexpr std::uint8_t kProtocol = 110;        // whose rules and routes these are (rtnetlink(7))
constexpr std::uint32_t kTables = 0x53500000;  // and the device's index: no two devices share a table

// What a rule of the kernel's says, as far as ours say it.
struct RuleSeen {
  std::uint8_t protocol = 0;
  std::uint32_t table = 0;
  fib_rule_uid_range users{0, 0xffffffff};
};

int see(const nlattr* attribute, void* data) {
  auto& rule = *static_cast<RuleSeen*>(data);
  const auto size = mnl_attr_get_payload_len(attribute);
  switch (mnl_attr_get_type(attribute)) {
    case FRA_PROTOCOL:
      rule.protocol = mnl_attr_get_u8(attribute);
      break;
    case FRA_TABLE:
      rule.table = mnl_attr_get_u32(attribute);
      break;
    case FRA_UID_RANGE:
      if (size == sizeof rule.users)
        rule.users = *static_cast<const fib_rule_uid_range*>(mnl_attr_get_payload(attribute));
      break;
    default:
      break;
  }
  return MNL_CB_OK;
}

}  // namespace

Result<UserTable> UserTable::open(std::uint32_t uid, bool ipv6, unsigned interface) {
  Socket socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC));
  if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0) return errno_error("open a netlink socket");
  UserTable table(std::move(socket), uid, ipv6 ? AF_INET6 : AF_INET, interface);
  if (auto removed = table.remove_rules(); !removed) return removed.error();
  return table;
}

UserTable::~UserTable() {
  if (socket_) (void)remove_rules();  // those that stay lead to an empty table
}

Result<void> UserTable::hold(const std::set<Route>& routes) {
  for (const Route& route : routes) {
    if (held_.contains(route)) continue;
    if (auto set = change(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route); !set) return set.error();
    std::erase_if(held_, [&](const Route& h) { return h.destination.prefix == route.destination.prefix; });
    held_.insert(route);
  }
  for (auto route = held_.begin(); route != held_.end();) {
    if (routes.contains(*route)) {
      ++route;
      continue;
    }
    if (auto gone = change(RTM_DELROUTE, 0, *route); !gone) return gone.error();
    route = held_.erase(route);
  }
  return {};
}

Result<void> UserTable::change(std::uint16_t type, std::uint16_t flags, const Route& route) {
  const auto& [prefix, marked] = route.destination;
  NetlinkRequest<rtmsg> request(type, static_cast<std::uint16_t>(flags | NLM_F_ACK));
  request.body->rtm_family = gateway::kernel_family(prefix.address);
  request.body->rtm_dst_len = gateway::kernel_length(prefix.address, prefix.length);
  request.body->rtm_table = RT_TABLE_UNSPEC;
  request.body->rtm_protocol = kProtocol;
  // As ip-route(8) has it: a throw ends the search in this table, as if there were nothing.
  request.body->rtm_scope = marked ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  request.body->rtm_type = marked ? RTN_UNICAST : RTN_THROW;
  gateway::put_address(request.message, RTA_DST, prefix.address);
  mnl_attr_put_u32(request.message, RTA_TABLE, kTables + interface_);
  if (marked) {
    mnl_attr_put_u32(request.message, RTA_OIF, interface_);
    gateway::put_address(request.message, RTA_PREFSRC, route.source);
    nlattr* metrics = mnl_attr_nest_start(request.message, RTA_METRICS);
    mnl_attr_put_u32(request.message, RTAX_MTU, route.mtu);
    mnl_attr_nest_end(request.message, metrics);
  }
  return gateway::ask(socket_.get(), request.message, ++sequence_, "set a route of the user's packets");
}

Result<void> UserTable::begin() {
  NetlinkRequest<fib_rule_hdr> request(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK);
  request.body->family = family_;
  request.body->action = FR_ACT_TO_TBL;
  const fib_rule_uid_range range{uid_, uid_};
  mnl_attr_put(request.message, FRA_UID_RANGE, sizeof range, &range);
  mnl_attr_put_u32(request.message, FRA_FWMARK, 0);
  mnl_attr_put_u32(request.message, FRA_FWMASK, kMarkedBit);
  mnl_attr_put_u32(request.message, FRA_PRIORITY, kPriority);
  mnl_attr_put_u32(request.message, FRA_TABLE, kTables + interface_);
  mnl_attr_put_u8(request.message, FRA_PROTOCOL, kProtocol);
  return gateway::ask(socket_.get(), request.message, ++sequence_, "make a rule for the user's packets");
}

Result<void> UserTable::remove_rules() {
  NetlinkRequest<fib_rule_hdr> list(RTM_GETRULE, NLM_F_DUMP);
  list.body->family = family_;
  std::vector<std::uint32_t> tables;
  const auto take = [&](const nlmsghdr* message) {
    RuleSeen rule;
    mnl_attr_parse(message, sizeof(fib_rule_hdr), see, &rule);
    if (rule.protocol == kProtocol && rule.users.start == uid_ && rule.users.end == uid_) tables.push_back(rule.table);
  };
  if (auto listed = gateway::ask(socket_.get(), list.message, ++sequence_, "read the rules of routing", take);
      !listed) {
    return listed.error();
  }
  for (const std::uint32_t table : tables) {
    NetlinkRequest<fib_rule_hdr> remove(RTM_DELRULE, NLM_F_ACK);
    remove.body->family = family_;
    remove.body->action = FR_ACT_TO_TBL;
    const fib_rule_uid_range range{uid_, uid_};
    mnl_attr_put(remove.message, FRA_UID_RANGE, sizeof range, &range);
    mnl_attr_put_u32(remove.message, FRA_TABLE, table);
    mnl_attr_put_u8(remove.message, FRA_PROTOCOL, kProtocol);
    if (auto gone = gateway::ask(socket_.get(), remove.message, ++sequence_, "take a rule away"); !gone)
      return gone.error();
  }
  return {};
}

}  // namespace sallyport::mark
