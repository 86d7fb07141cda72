// SPDX-License-Identifier: Apache-2.0
// What a policy that has a child of its own says to IKE; it is in full.
#pragma once

#include "host/ike/connection.hpp"
#include "host/policy/policy.hpp"

namespace sallyport::gateway {

[[nodiscard]] ike::ChildConfig own_child(const policy::Policy& policy);

}  // namespace sallyport::gateway
