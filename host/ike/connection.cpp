// SPDX-License-Identifier: Apache-2.0
#include "host/ike/connection.hpp"

#include <algorithm>

namespace sallyport::ike {
namespace {

Error invalid(const Connection& connection, const std::string& why) {
  return {Errc::kInvalid, "connection '" + connection.name + "': " + why};
}

bool contradicts_itself(const Lifetime& lifetime) {
  const bool both = lifetime.rekey.count() > 0 && lifetime.expire.count() > 0;
  return lifetime.rekey.count() < 0 || lifetime.expire.count() < 0 || lifetime.jitter.count() < 0 ||
         (both && lifetime.expire <= lifetime.rekey) ||
         (lifetime.rekey.count() > 0 && lifetime.jitter >= lifetime.rekey);
}

constexpr std::size_t kMost = 255;  // RFC 7296 3.3.1 and 3.13: counted in one octet

bool all_of_protocol(const Proposals& proposals, Protocol protocol) {
  return !proposals.empty() && proposals.size() <= kMost &&
         std::ranges::all_of(proposals, [&](const Proposal& proposal) { return proposal.protocol == protocol; });
}

// Why a child cannot be used, or nothing.
std::string_view flaw(const ChildConfig& child, bool force_encaps) {
  if (child.local_ts.empty() || child.remote_ts.empty()) return "lacks traffic selectors";
  if (child.local_ts.size() > kMost || child.remote_ts.size() > kMost) return "has too many traffic selectors";
  const bool ah = all_of_protocol(child.proposals, Protocol::kAh);
  if (!ah && !all_of_protocol(child.proposals, Protocol::kEsp))
    return "has no proposals that are all of ESP or all of AH";
  if (force_encaps && ah) return "is AH, which does not go in UDP";
  if (force_encaps && child.mode == Mode::kTransport) return "is in transport mode, which does not go in UDP here";
  if (contradicts_itself(child.lifetime)) return "has lifetimes that contradict each other";
  return {};
}

}  // namespace

const ChildConfig* Connection::find_child(std::string_view child) const {
  const auto named = [&](std::string_view name) {
    const auto found = std::ranges::find(children, name, &ChildConfig::name);
    return found == children.end() ? nullptr : &*found;
  };
  if (const ChildConfig* config = named(child)) return config;
  const ChildConfig* config = named(child.substr(0, child.find('@')));
  return config != nullptr && config->per_user ? config : nullptr;
}

Result<void> validate(const Connection& connection) {
  if (connection.name.empty()) return Error{Errc::kInvalid, "a connection needs a name"};
  if (connection.psk.empty()) return invalid(connection, "has no pre-shared key");
  if (connection.local_id.data.empty() || connection.remote_id.data.empty())
    return invalid(connection, "lacks an identity");
  const IpAddress& local = connection.local;
  const IpAddress& remote = connection.remote;
  if (!local.is_any() && !remote.is_any() && local.is_v4() != remote.is_v4())
    return invalid(connection, "has one address of IPv4 and one of IPv6");
  if (!all_of_protocol(connection.ike_proposals, Protocol::kIke)) return invalid(connection, "has no proposal for IKE");
  if (contradicts_itself(connection.lifetime)) return invalid(connection, "its lifetimes contradict each other");
  for (const auto& child : connection.children) {
    const std::string which = "child '" + child.name + "' ";
    if (connection.find_child(child.name) != &child) return invalid(connection, which + "is there twice");
    if (const auto why = flaw(child, connection.force_encaps); !why.empty())
      return invalid(connection, which + std::string(why));
  }
  return {};
}

}  // namespace sallyport::ike
