// SPDX-License-Identifier: Apache-2.0
// The API's requests about what becomes of a packet: POST /v1/explain, GET /v1/expectations.
#pragma once

#include <functional>

#include "host/api/service.hpp"
#include "host/gateway/gateway.hpp"
#include "host/gateway/login.hpp"
#include "host/policy/expectations.hpp"

namespace sallyport::gateway {

// `login` is null where nobody can log in.
void explain_packet(Gateway& gateway, Login* login, const boost::json::value& body, api::Respond respond);

// Of the expectations that were committed last, by the policies in force.
void with_verdicts(Gateway& gateway, Login* login, std::function<void(std::vector<policy::Verdict>)> then);

// By its own policies, with what is known of those whom they and the expectations name.
[[nodiscard]] std::vector<policy::Verdict> verdicts_by(const Gateway& gateway,
                                                       const policy::Configuration& configuration,
                                                       const policy::People& people);
[[nodiscard]] std::set<std::string> users_in(const policy::Expectations& expectations);

}  // namespace sallyport::gateway
