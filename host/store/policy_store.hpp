// SPDX-License-Identifier: Apache-2.0
// The configurations that were committed, and what is not yet, in FOLDER/policies.db. What a call has stored survives
// the loss of power, so a call waits for the disk.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/store/database.hpp"

namespace sallyport::store {

// Never changed once it is stored.
struct StoredConfiguration {
  std::uint32_t number = 0;
  std::int64_t time_s = 0;  // since 1970
  std::string who;
  std::string comment;
  std::string summary;
  std::string words;  // JSON: an object, or of before there were levels in it an array of policies
  friend bool operator==(const StoredConfiguration&, const StoredConfiguration&) = default;
};

// What stands beside them. Empty: none.
struct StoredState {
  std::string origin;          // which configuration of the file the history began from
  std::uint32_t fallback = 0;  // comes back unless the newest is confirmed; 0: it is
  std::string pending;         // a JSON array: the old words of policies whose new ones have not taken over
  std::string candidate;       // a JSON object
  friend bool operator==(const StoredState&, const StoredState&) = default;
};

struct StoredPolicies {
  std::vector<StoredConfiguration> configurations;  // ascending
  StoredState state;
};

class PolicyStore {
 public:
  static constexpr std::uint32_t kMost = 100;  // ours: configurations that are kept, the newest ones

  static Result<PolicyStore> open(const std::filesystem::path& folder);

  // All of it, or nothing.
  Result<void> save(const std::vector<StoredConfiguration>& more, const StoredState& state);
  Result<std::optional<StoredPolicies>> policies();  // none: nothing was ever saved

 private:
  explicit PolicyStore(Database database) : database_(std::move(database)) {}
  Result<std::vector<StoredConfiguration>> configurations();

  Database database_;
};

}  // namespace sallyport::store
