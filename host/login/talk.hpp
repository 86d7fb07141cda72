// SPDX-License-Identifier: Apache-2.0
// What the gateway says and asks, on the terminal, while somebody watches.
#pragma once

#include <functional>
#include <ostream>

#include "base/result.hpp"
#include "host/api/client.hpp"

namespace sallyport::login {

// A request to the process that keeps the session.
using AskKeeper = std::function<Result<boost::json::value>(const api::ClientRequest& request)>;

[[nodiscard]] api::ClientRequest answer_request(const std::string& question, const std::string& choice,
                                                const std::string& remember);

// Shows what is said from now on until the session ends, and asks on standard input where that is a terminal. As JSON,
// a line for each: {"message": text}, {"ask": {...}}, {"over": id}.
void watch(const AskKeeper& ask, bool as_json, std::ostream& out);

}  // namespace sallyport::login
