// SPDX-License-Identifier: Apache-2.0
// What the policies in force mean, with what the directory knows of the people they name. The directory waits for a
// disk or a server, so answers come later where there is one.
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <string>

#include "host/gateway/gateway.hpp"
#include "host/gateway/login.hpp"
#include "host/policy/findings.hpp"

namespace sallyport::gateway {

// Of those whom policies name, and of `user` where one is meant. `login` is null where nobody can log in. Where the
// directory does not answer, `then` is told of nobody.
void with_people(Gateway& gateway, Login* login, const std::string& user, std::function<void(policy::People)> then);

// About one policy, or all when `about` is empty: [{"kind", "policy", "by", "sentence"}].
void with_findings(Gateway& gateway, Login* login, const std::string& about,
                   std::function<void(boost::json::array)> then);

void log_findings(const std::vector<policy::Finding>& findings);

}  // namespace sallyport::gateway
