// SPDX-License-Identifier: Apache-2.0
// Who belongs to which group, as far as it is known, and the kinds of senders that policies tell apart.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "host/policy/packet_set.hpp"
#include "host/policy/policy.hpp"

namespace sallyport::policy {

struct People {
  std::map<std::string, std::set<std::string>> groups_of;  // of users; who is not here may exist
  bool complete = false;  // nobody else is in a group: no way to log in tells of others, as RADIUS servers do
};

// Users whom no policy tells apart are one kind. So is everybody whom no policy names, logged in or not.
class Senders {
 public:
  Senders(const std::vector<Policy>& policies, const People& people);

  [[nodiscard]] NumberSet of(const Policy& policy) const;
  // "alice", "alice and 3 others", "a member of 'night'"; of the first kind in `numbers`.
  [[nodiscard]] std::string example(const NumberSet& numbers) const;

 private:
  struct Kind {
    std::string user;              // if a policy names him
    std::set<std::string> groups;  // that a policy names
    std::string called;
    std::size_t count = 1;

    [[nodiscard]] bool is_meant_by(const Policy& policy) const;
  };
  std::vector<Kind> kinds_{Kind{{}, {}, "anybody", 1}};
};

}  // namespace sallyport::policy
