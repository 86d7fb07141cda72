// SPDX-License-Identifier: Apache-2.0
// What policies mean, with what the directory knows of the people they name. The directory waits for a
// disk or a server, so answers come later where there is one.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "host/gateway/login.hpp"
#include "host/policy/configuration.hpp"
#include "host/policy/findings.hpp"

namespace sallyport::gateway {

// Of those whom the policies name, and of `users`, where an empty name is nobody. `login` is null where nobody can log
// in. Where the directory does not answer, `then` is told of nobody.
void with_people(Login* login, const policy::Policies& policies, std::set<std::string> users,
                 std::function<void(policy::People)> then);

// About one of the policies, or all when `about` is empty.
void with_findings(Login* login, policy::Policies policies, const std::string& about,
                   std::function<void(std::vector<policy::Finding>)> then);

void log_findings(const std::vector<policy::Finding>& findings);

}  // namespace sallyport::gateway
