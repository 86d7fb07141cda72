// SPDX-License-Identifier: Apache-2.0
// Candidate, commits and history, as the API shows them.
#pragma once

#include <boost/json/value.hpp>

#include "host/gateway/commits.hpp"

namespace sallyport::gateway {

[[nodiscard]] boost::json::object candidate_screen(const Configurations& configurations);
[[nodiscard]] boost::json::value history_screen(const Commits& commits);
// kNotFound, or kCorrupt for one that this program does not understand.
[[nodiscard]] Result<boost::json::value> configuration_screen(const Configurations& configurations,
                                                              std::uint32_t number);
[[nodiscard]] boost::json::object report_screen(const CommitReport& report);

}  // namespace sallyport::gateway
