// SPDX-License-Identifier: Apache-2.0
// The policies that were changed live, in FOLDER/policies.db. What a call has stored survives the loss of power, so a
// call waits for the disk.
#pragma once

#include <optional>
#include <vector>

#include "host/store/database.hpp"

namespace sallyport::store {

// As JSON texts in their order, and which policies of the configuration they began from.
struct StoredPolicies {
  std::vector<std::string> policies;
  std::string origin;
};

class PolicyStore {
 public:
  static Result<PolicyStore> open(const std::filesystem::path& folder);

  Result<void> save(const StoredPolicies& policies);  // all of it, or nothing
  Result<std::optional<StoredPolicies>> policies();

 private:
  explicit PolicyStore(Database database) : database_(std::move(database)) {}

  Database database_;
};

}  // namespace sallyport::store
