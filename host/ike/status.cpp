// SPDX-License-Identifier: Apache-2.0
#include "host/ike/status.hpp"

#include "host/ike/ike_sa.hpp"

namespace sallyport::ike {
namespace {

std::optional<std::chrono::seconds> seconds_until(const std::optional<Time>& time, Time now) {
  if (!time) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::seconds>(*time - now);
}

}  // namespace

IkeStatus IkeSa::status(Time now) const {
  IkeStatus s;
  s.ike = handle_;
  s.connection = connection_->name;
  s.state = state_;
  s.initiator = initiator_;
  s.spi_i = spi_i_;
  s.spi_r = spi_r_;
  s.local = local_;
  s.remote = remote_;
  s.local_id = local_id_;
  s.remote_id = remote_id_;
  s.local_behind_nat = local_behind_nat_;
  s.remote_behind_nat = remote_behind_nat_;
  s.proposal = proposal_;
  s.age = std::chrono::duration_cast<std::chrono::seconds>(now - born_);
  s.rekey_in = seconds_until(rekey_at_, now);
  s.expire_in = seconds_until(expire_at_, now);
  for (const auto& child : children_) {
    if (!child.installed) continue;
    s.children.push_back({child.handle, child.name, child.state, child.held ? child.replaces : std::nullopt,
                          child.spi_in, child.spi_out, child.proposal, child.mode, child.local_ts, child.remote_ts,
                          child.encap, child.negotiated_by,
                          std::chrono::duration_cast<std::chrono::seconds>(now - child.born),
                          seconds_until(child.rekey_at, now), seconds_until(child.expire_at, now)});
  }
  return s;
}

std::string_view to_string(IkeState state) {
  constexpr std::string_view kWords[] = {"connecting", "authenticating", "established",
                                         "rekeyed",    "deleting",       "closed"};
  return kWords[static_cast<std::size_t>(state)];
}

std::string_view to_string(ChildState state) {
  constexpr std::string_view kWords[] = {"installed", "rekeying", "rekeyed", "deleting", "draining"};
  return kWords[static_cast<std::size_t>(state)];
}

}  // namespace sallyport::ike
