// SPDX-License-Identifier: Apache-2.0
// The API's answers as text for people. Each is a function of the answer alone; host/api/README.md names the fields.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "driver/discovery/discovery.hpp"

namespace sallyport::cli {

[[nodiscard]] std::string status_screen(const boost::json::value& status);        // GET /v1/status
[[nodiscard]] std::string sas_screen(const boost::json::value& sas);              // GET /v1/sas
[[nodiscard]] std::string policies_screen(const boost::json::value& policies);    // GET /v1/policies
[[nodiscard]] std::string candidate_screen(const boost::json::value& candidate);  // GET /v1/candidate
[[nodiscard]] std::string commit_screen(const boost::json::value& report);        // POST /v1/commit, /v1/rollback
[[nodiscard]] std::string history_screen(const boost::json::value& history);      // GET /v1/history
[[nodiscard]] std::string configuration_screen(const boost::json::value& configuration);  // GET /v1/history/N
// What an answer says of the order of policies, a line each.
[[nodiscard]] std::string findings_text(const boost::json::value& answer);
// The policies of any of these in their order.
[[nodiscard]] std::string policies_table(const boost::json::value& of);
[[nodiscard]] std::string explain_screen(const boost::json::value& explained);               // POST /v1/explain
[[nodiscard]] std::string expectations_screen(const boost::json::value& verdicts);           // GET /v1/expectations
[[nodiscard]] std::string expectation_words_screen(const boost::json::value& expectations);  // likewise
[[nodiscard]] std::string levels_screen(const boost::json::value& levels);                   // GET /v1/levels
// GET /v1/counters; those that are zero only with `all`.
[[nodiscard]] std::string counters_screen(const boost::json::value& counters, bool all);
[[nodiscard]] std::string card_screen(const boost::json::value& card);  // GET /v1/card

// What was found on the PCI bus, for people and for programs.
[[nodiscard]] std::string pci_screen(const std::vector<driver::PciCard>& cards);
[[nodiscard]] boost::json::value pci_json(const std::vector<driver::PciCard>& cards);

}  // namespace sallyport::cli
