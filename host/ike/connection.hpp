// SPDX-License-Identifier: Apache-2.0
// What an administrator says about one peer: who it is, how we prove ourselves, and which CHILD SAs it may have.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "driver/sa/replay_window.hpp"
#include "host/ike/identity.hpp"
#include "host/ipsec/level.hpp"
#include "host/ipsec/sa.hpp"

namespace sallyport::ike {

// An SA is replaced at rekey, less a random part of jitter so that not all SAs do it at once, and is gone at expire.
// Zero: never. RFC 7296 2.8: lifetimes are each side's own business and are not negotiated.
struct Lifetime {
  std::chrono::seconds rekey{0};
  std::chrono::seconds expire{0};
  std::chrono::seconds jitter{0};

  friend bool operator==(const Lifetime&, const Lifetime&) = default;
};

struct ChildConfig {
  std::string name;  // unique within its connection
  // In transport mode only what of them belongs to the IKE endpoints' own addresses ("dynamic" in swanctl's words), so
  // there {0.0.0.0/0, ::/0} says enough.
  TrafficSelectors local_ts;
  TrafficSelectors remote_ts;
  Proposals proposals = Levels().esp_proposals(Level::kMiddle);  // all of ESP or all of AH
  Mode mode = Mode::kTunnel;
  bool or_tunnel = false;  // mode transport: a peer that declines it gets a tunnel with the same selectors
  Lifetime lifetime{std::chrono::hours(1), std::chrono::minutes(66), std::chrono::minutes(6)};
  std::uint32_t replay_window = driver::kDefaultReplayWindow;  // packets; not negotiated either
  bool per_user = false;  // a template: "name@user" is a child by these words, for any user
  bool restart = false;   // initiate again whenever the IKE SA failed or the peer deleted this child

  friend bool operator==(const ChildConfig&, const ChildConfig&) = default;
};

struct Connection {
  std::string name;
  IpAddress local;   // 0.0.0.0: any of ours, as a responder
  IpAddress remote;  // 0.0.0.0: anybody, as a responder
  Identity local_id;
  Identity remote_id;
  Secret psk;
  Proposals ike_proposals = default_ike_proposals();
  Lifetime lifetime{std::chrono::hours(4), std::chrono::minutes(264), std::chrono::minutes(24)};
  std::chrono::seconds dpd_delay{0};  // ask a silent peer whether it lives after so long; 0: never
  bool force_encaps = false;          // ESP in UDP even where no NAT stands between
  std::vector<ChildConfig> children;

  // The words for a child of that name, which may be one that is made of a template.
  [[nodiscard]] const ChildConfig* find_child(std::string_view child) const;
};

// What makes a connection unusable, as a sentence; nothing when it is fine.
[[nodiscard]] Result<void> validate(const Connection& connection);

}  // namespace sallyport::ike
