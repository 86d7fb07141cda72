// SPDX-License-Identifier: Apache-2.0
// The gateway on one screen.
#include <boost/json.hpp>

#include "host/cli/answer.hpp"
#include "host/cli/screens.hpp"
#include "host/cli/units.hpp"

namespace sallyport::cli {
namespace {

namespace json = boost::json;

std::string line(std::string_view indent, std::string_view key, const std::string& value) {
  return std::string(indent) + std::string(key) + ": " + value + "\n";
}

std::string side_line(const json::value& side) {
  std::string value = text(side, "tap");
  const auto addresses = joined(side, "addresses", ", ");
  if (!addresses.empty()) value += " " + addresses;
  value += ", " + human_packets(number(side, "rx_packets")) + " received, " + human_count(number(side, "tx_packets")) +
           " sent";
  return line("", text(side, "name"), value);
}

std::string child_lines(const json::value& child) {
  const std::string state = text(child, "state");
  std::string head = state;
  if (has(child, "installed_s")) head += " " + human_time(number(child, "installed_s")) + " ago";
  if (has(child, "algorithm")) head += ", " + protection(child);
  std::string out = line("  ", "child " + text(child, "name"), head);
  if (state != "installed") return out;
  out += line("    ", "spi", "in " + text(child, "spi_in") + ", out " + text(child, "spi_out"));
  out +=
      line("    ", "transfer",
           human_bytes(number(child, "bytes_in")) + " received (" + human_packets(number(child, "packets_in")) + "), " +
               human_bytes(number(child, "bytes_out")) + " sent (" + human_packets(number(child, "packets_out")) + ")");
  if (has(child, "new_flows")) {
    out += line("    ", "changes",
                "with new connections: " + std::to_string(number(child, "new_flows")) + " on the new SA");
  }
  return out;
}

std::string connection_lines(const json::value& connection) {
  std::string out = "\n" + line("", "connection", text(connection, "name"));
  out += line("  ", "peer", text(connection, "remote_address"));
  std::string ike = text(connection, "state");
  if (ike == "established") {
    ike += " " + human_time(number(connection, "established_s")) + " ago, " + text(connection, "ike_proposal");
  }
  out += line("  ", "ike", ike);
  for (const auto& child : list(connection, "children")) out += child_lines(child);
  return out;
}

}  // namespace

std::string status_screen(const json::value& status) {
  std::string out = "sallyport " + text(status, "version") + ", up " + human_time(number(status, "uptime_s")) + "\n";
  const auto& card = part(status, "card");
  out += line("", "card", text(card, "description") + ", generation " + std::to_string(number(card, "generation")));
  for (const auto& side : list(status, "sides")) out += side_line(side);
  out += line("", "policies", human_count(number(status, "policies")));
  out += line("", "dropped", human_packets(number(status, "dropped")));
  for (const auto& connection : list(status, "connections")) out += connection_lines(connection);
  return out + refused_sas(status);
}

}  // namespace sallyport::cli
