// SPDX-License-Identifier: Apache-2.0
// Findings and verdicts as the API answers them (host/api/README.md); the command line says the same of a file.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "host/policy/expectations.hpp"
#include "host/policy/findings.hpp"

namespace sallyport::policy {

[[nodiscard]] boost::json::array to_json(const std::vector<Finding>& findings);
[[nodiscard]] boost::json::object to_json(const std::vector<Verdict>& verdicts);

}  // namespace sallyport::policy
