// SPDX-License-Identifier: Apache-2.0
// The policies in the order in which they decide.
#include <boost/json.hpp>

#include "host/cli/answer.hpp"
#include "host/cli/screens.hpp"
#include "host/cli/table.hpp"

namespace sallyport::cli {
namespace {

namespace json = boost::json;

std::string or_any(const std::string& value) { return value.empty() ? "any" : value; }

// "10.1.0.0/24", "any port 443": ports stand with the addresses they belong to.
std::string side(const json::value& policy, std::string_view addresses, std::string_view ports) {
  const std::string port = text(policy, ports);
  return or_any(text(policy, addresses)) + (port.empty() ? "" : " port " + port);
}

// What is written for other levels does not count with level none.
bool in_the_clear(const json::value& policy) { return text(policy, "level") == "none"; }

std::string protected_by(const json::value& policy) {
  if (in_the_clear(policy)) return "level none";
  if (const auto sa = text(policy, "sa"); !sa.empty()) return "sa/" + sa;
  const auto connection = text(policy, "connection");
  if (const auto child = text(policy, "child"); !child.empty()) return connection + "/" + child;
  if (const auto level = text(policy, "level"); !level.empty()) return connection + ", level " + level;
  if (const auto esp = text(policy, "esp_proposals"); !esp.empty()) return connection + ", " + esp;
  if (const auto ah = text(policy, "ah_proposals"); !ah.empty()) return connection + ", ah " + ah;
  return connection;
}

std::string people(const json::value& policy) {
  if (const auto group = text(policy, "group"); !group.empty()) return "group " + group;
  return or_any(text(policy, "user"));
}

std::string hours(const json::value& policy) {
  const std::string when = text(policy, "when");
  return when.empty() ? "any" : when + (flag(policy, "holds") ? "" : " (not now)");
}

}  // namespace

std::string findings_text(const json::value& answer) {
  std::string out;
  for (const auto& finding : list(answer, "findings")) out += "note: " + text(finding, "sentence") + "\n";
  return out;
}

std::string policies_table(const json::value& of) {
  const auto& all = list(of, "policies");
  Table table({">#", "name", "people", "source", "destination", "protocol", "when", "action", "by"});
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& policy = all[i];
    table.add({std::to_string(i + 1), text(policy, "name"), people(policy), side(policy, "source", "source_port"),
               side(policy, "destination", "destination_port"), or_any(text(policy, "protocol")), hours(policy),
               in_the_clear(policy) ? "bypass" : text(policy, "action"),
               protected_by(policy) + (text(policy, "mode") == "transport" ? ", transport" : "")});
  }
  return table.text();
}

std::string policies_screen(const json::value& policies) {
  const auto& all = list(policies, "policies");
  std::string head = "generation " + std::to_string(number(policies, "generation"));
  if (has(policies, "number")) head = "configuration " + std::to_string(number(policies, "number")) + ", " + head;
  if (all.empty()) return head + ": no policies, so every packet is discarded\n";
  std::string out = head + "\n" + policies_table(policies);
  for (const auto& policy : all) {
    if (!has(policy, "pending")) continue;
    const auto& pending = part(policy, "pending");
    const auto idle = text(part(pending, "words"), "idle");
    out += text(policy, "name") + " is to change when its SA has been idle for " + (idle.empty() ? "30" : idle) + " s";
    if (has(pending, "new_flows")) {
      out += ", and with new connections: " + std::to_string(number(pending, "new_flows")) + " on the new SA";
    }
    if (const auto why = text(pending, "why"); !why.empty()) out += "; it was, but " + why;
    out += "\n";
  }
  if (has(policies, "confirm_s")) {
    out += "rolled back in " + std::to_string(number(policies, "confirm_s")) + " s unless: sallyport confirm\n";
  }
  const std::string findings = findings_text(policies);
  return out + (findings.empty() ? "" : "\n" + findings);
}

}  // namespace sallyport::cli
