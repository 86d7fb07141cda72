// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/own_child.hpp"

namespace sallyport::gateway {

ike::ChildConfig own_child(const policy::Policy& policy) {
  ike::ChildConfig child;
  child.name = policy.name;
  child.local_ts = policy.local_ts();
  child.remote_ts = policy.remote_ts();
  child.proposals = policy.level                  ? policy.level_proposals
                    : policy.ah_proposals.empty() ? policy.esp_proposals
                                                  : policy.ah_proposals;
  child.mode = policy.mode;
  child.replay_window = policy.replay_window.value_or(child.replay_window);
  child.restart = policy.start;
  child.per_user = policy.sa_per_user();
  return child;
}

}  // namespace sallyport::gateway
