// SPDX-License-Identifier: Apache-2.0
// One edit of the policies as a commit of its own, and what it came to as one sentence.
#pragma once

#include "host/gateway/gateway.hpp"

namespace sallyport::gateway {

// Behind all others, or before the one named `before`. In force at once: packets wait, or are lost, until the SA is up.
void add_policy(Gateway& gateway, policy::Policy policy, const std::string& before, const std::string& who,
                OnOutcome done);
// The SA that the new words need is negotiated first; then, between two packets, the new policy takes over. When it
// cannot be negotiated, the old policy stays.
void replace_policy(Gateway& gateway, policy::Policy policy, const std::string& who, OnOutcome done);
void delete_policy(Gateway& gateway, const std::string& name, const std::string& who, OnOutcome done);

}  // namespace sallyport::gateway
