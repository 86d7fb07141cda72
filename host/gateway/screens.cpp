// SPDX-License-Identifier: Apache-2.0
// What the API shows of a gateway.
#include "host/gateway/screens.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "host/gateway/policy_json.hpp"
#include "host/gateway/sa_protection.hpp"
#include "host/policy/json.hpp"

namespace sallyport::gateway {
namespace {

namespace json = boost::json;
using std::chrono::steady_clock;

constexpr const char* kVersion = "0.1.0";

std::int64_t seconds_since(steady_clock::time_point then) {
  return std::chrono::duration_cast<std::chrono::seconds>(steady_clock::now() - then).count();
}

std::int64_t seconds_since(std::chrono::system_clock::time_point then) {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now() - then).count();
}

Result<json::object> sa_object(Gateway& gateway, const InstalledSa& sa) {
  auto out = gateway.keeper().outbound_state(sa);
  if (!out) return out.error();
  auto in = gateway.keeper().inbound_state(sa);
  if (!in) return in.error();
  const bool succeeds = gateway.keeper().successor_of(sa.target) == &sa;
  return json::object{{"target", sa.target},
                      {"state", sa.sending ? "installed"
                                : succeeds ? "succeeding"
                                           : "replaced"},
                      {"spi_in", to_string(sa.spi_in)},
                      {"spi_out", to_string(sa.spi_out)},
                      {"local_address", sa.local.to_string()},
                      {"remote_address", sa.remote.to_string()},
                      {"protocol", word_of(sa.protocol)},
                      {"mode", word_of(sa.mode)},
                      {"algorithm", sa.algorithm},
                      {"esn", sa.esn},
                      {"replay_window", sa.replay_window},
                      {"encap", sa.encap.has_value()},
                      {"local_ts", to_string(sa.reach.local)},
                      {"remote_ts", to_string(sa.reach.remote)},
                      {"packets_in", in->packets},
                      {"bytes_in", in->bytes},
                      {"packets_out", out->packets},
                      {"bytes_out", out->bytes},
                      {"seq", out->seq},
                      {"icv_failures", in->icv_failures},
                      {"replays", in->replays},
                      {"installed_s", seconds_since(sa.installed)}};
}

json::object side_object(const SideConfig& side, std::string_view name, std::uint64_t rx, std::uint64_t tx) {
  json::array addresses;
  for (const auto& a : side.addresses) {
    addresses.emplace_back(a.address.to_string() + "/" + std::to_string(a.prefix_length));
  }
  return {
      {"name", name}, {"tap", side.tap}, {"addresses", std::move(addresses)}, {"rx_packets", rx}, {"tx_packets", tx}};
}

// Names of all children that a connection may have: configured ones and those of policies, and of users' those that
// are.
std::vector<std::string> children_of(Gateway& gateway, const ConnectionConfig& connection) {
  std::vector<std::string> names;
  for (const auto& child : connection.connection.children) names.push_back(child.name);
  for (const auto& p : gateway.keeper().policies()) {
    if (p.owns_child() && p.connection == connection.connection.name) names.push_back(p.name);
  }
  for (const auto& target : gateway.users_targets_in_use(connection.connection.name)) {
    names.push_back(target.substr(target.find('/') + 1));
  }
  return names;
}

Result<json::object> child_object(Gateway& gateway, const std::string& connection, const std::string& child,
                                  bool connecting) {
  json::object out{{"name", child}};
  const std::string target = connection + "/" + child;
  const InstalledSa* sa = gateway.keeper().sending_for(target);
  if (sa == nullptr) {
    out["state"] = connecting ? "connecting" : gateway.waits_for_packets(target) ? "trap" : "down";
    return out;
  }
  auto counted = sa_object(gateway, *sa);
  if (!counted) return counted.error();
  out["state"] = "installed";
  for (const char* member : {"protocol", "mode", "algorithm", "spi_in", "spi_out", "packets_in", "packets_out",
                             "bytes_in", "bytes_out", "installed_s"}) {
    out[member] = counted->at(member);
  }
  if (gateway.keeper().successor_of(target) != nullptr) out["new_flows"] = gateway.commits().flows_of(child);
  return out;
}

Result<json::object> connection_object(Gateway& gateway, const ConnectionConfig& connection,
                                       const std::vector<ike::IkeStatus>& all) {
  const auto& name = connection.connection.name;
  // The one in use: an established one before one that is under way or replaced.
  const ike::IkeStatus* status = nullptr;
  for (const auto& s : all) {
    if (s.connection == name && (status == nullptr || s.state == ike::IkeState::kEstablished)) status = &s;
  }
  const bool established = status != nullptr && status->state == ike::IkeState::kEstablished;
  const bool connecting = status != nullptr && !established;
  json::object out{{"name", name},
                   {"remote_address", connection.connection.remote.to_string()},
                   {"state", established  ? "established"
                             : connecting ? "connecting"
                                          : "down"}};
  if (established) {
    out["ike_proposal"] = status->proposal.to_string();
    out["established_s"] = status->age.count();
  }
  json::array children;
  for (const auto& child : children_of(gateway, connection)) {
    auto object = child_object(gateway, name, child, connecting);
    if (!object) return object.error();
    children.push_back(std::move(*object));
  }
  out["children"] = std::move(children);
  return out;
}

json::array refused_sas(const Gateway& gateway) {
  json::array refused;
  for (const auto& [name, why] : gateway.refused_sas()) refused.push_back(json::object{{"name", name}, {"why", why}});
  return refused;
}

}  // namespace

Result<json::value> status_screen(Gateway& gateway) {
  auto counters = gateway.control().counters();
  if (!counters) return counters.error();
  using layout::Counter;
  json::array connections;
  const auto statuses = gateway.engine().status(steady_clock::now());
  for (const auto& connection : gateway.config().connections) {
    auto object = connection_object(gateway, connection, statuses);
    if (!object) return object.error();
    connections.push_back(std::move(*object));
  }
  return json::value(json::object{
      {"version", kVersion},
      {"uptime_s", seconds_since(gateway.started())},
      {"card", {{"description", gateway.card().description()}, {"generation", gateway.keeper().generation()}}},
      {"sides",
       {side_object(gateway.config().lan, "lan", counters->of(Counter::kLanRx), counters->of(Counter::kLanTx)),
        side_object(gateway.config().wan, "wan", counters->of(Counter::kWanRx), counters->of(Counter::kWanTx))}},
      {"policies", gateway.keeper().policies().size()},
      {"dropped", counters->dropped()},
      {"connections", std::move(connections)},
      {"refused_sas", refused_sas(gateway)}});
}

Result<json::value> sas_screen(Gateway& gateway) {
  json::array sas;
  for (const auto& sa : gateway.keeper().sas()) {
    auto object = sa_object(gateway, sa);
    if (!object) return object.error();
    sas.push_back(std::move(*object));
  }
  return json::value(json::object{{"sas", std::move(sas)}, {"refused_sas", refused_sas(gateway)}});
}

json::object policies_screen(Gateway& gateway) {
  const auto& commits = gateway.commits();
  const auto& configurations = commits.configurations();
  json::array policies;
  for (const auto& p : gateway.keeper().policies()) {
    json::object words = words_of(p);
    const auto* next =
        configurations.pending().contains(p.name) ? policy::find_policy(configurations.policies(), p.name) : nullptr;
    if (next != nullptr) {
      json::object pending{{"words", words_of(*next)}, {"why", commits.why_pending(p.name)}};
      if (next->change == policy::TakeOver::kSyn) pending["new_flows"] = commits.flows_of(p.name);
      words["pending"] = std::move(pending);
    }
    if (!p.when.always()) {
      words["holds"] = gateway.keeper().holds(p);
      if (const auto border = p.when.next_border(gateway.now())) {
        words["changes_s"] = std::chrono::duration_cast<std::chrono::seconds>(*border - gateway.now()).count();
      }
    }
    policies.push_back(std::move(words));
  }
  json::object screen{{"generation", gateway.keeper().generation()},
                      {"number", configurations.newest().number},
                      {"policies", std::move(policies)}};
  if (const auto left = commits.confirm_within()) screen["confirm_s"] = left->count();
  return screen;
}

json::value levels_screen(Gateway& gateway) {
  return json::object{{"levels", array_of(gateway.commits().configurations().configuration().levels)}};
}

json::object expectations_screen(const policy::Expectations& expectations,
                                 const std::vector<policy::Verdict>& verdicts) {
  json::object screen = policy::to_json(verdicts);
  auto& all = screen["expectations"].as_array();
  for (std::size_t i = 0; i < all.size(); ++i) all[i].as_object()["words"] = words_of(expectations[i]);
  return screen;
}

Result<json::value> counters_screen(Gateway& gateway) {
  auto read = gateway.control().counters();
  if (!read) return read.error();
  json::object counters;
  json::object drops;
  for (const auto& code : layout::kCounterNames) counters[code.name] = read->counters[code.value];
  for (const auto& code : layout::kDrops) drops[code.name] = read->drops[code.value];
  const auto& e = gateway.exception_counters();
  json::object host{{"to_kernel", e.to_kernel},
                    {"from_kernel", e.from_kernel},
                    {"held", e.held},
                    {"reinjected", e.reinjected},
                    {"lost", e.lost},
                    {"too_big", e.too_big},
                    {"refused", e.refused},
                    {"joined", e.joined},
                    {"udp_over_ipv6", e.udp_over_ipv6}};
  const auto& d = gateway.dialogue().counters();
  const auto& m = gateway.dialogue().message_counters();
  host.insert({{"asked", d.asked},
               {"passed_on", d.passed_on},
               {"refused_to_users", d.refused},
               {"told", m.told},
               {"kept_back", m.kept_back},
               {"unheard", m.unheard}});
  return json::value(
      json::object{{"counters", std::move(counters)}, {"drops", std::move(drops)}, {"host", std::move(host)}});
}

Result<json::value> card_screen(Gateway& gateway) {
  auto status = gateway.control().status();
  if (!status) return status.error();
  return json::value(json::object{{"description", gateway.card().description()},
                                  {"layout_version", layout::kLayoutVersion},
                                  {"enabled", status->enabled},
                                  {"generation", status->generation},
                                  {"in_flight", {status->in_flight[0], status->in_flight[1]}},
                                  {"clock", status->clock}});
}

}  // namespace sallyport::gateway
