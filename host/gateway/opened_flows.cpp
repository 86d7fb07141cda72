// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/opened_flows.hpp"

#include "driver/ip/ip.hpp"

namespace sallyport::gateway {

TrafficSelector TcpFlow::from() const { return {driver::kProtocolTcp, source_port, source_port, {source, source}}; }
TrafficSelector TcpFlow::to() const {
  return {driver::kProtocolTcp, destination_port, destination_port, {destination, destination}};
}

bool OpenedFlows::open(const std::string& policy, const TcpFlow& flow) {
  const auto found = flows_.find(policy);
  if (found != flows_.end() && found->second.contains(flow)) return false;
  if (size_ >= kMost) {
    full_.insert(policy);
    return false;
  }
  flows_[policy].insert(flow);
  ++size_;
  return true;
}

void OpenedFlows::keep(const std::set<std::string>& policies) {
  std::erase_if(flows_, [&](const auto& entry) { return !policies.contains(entry.first); });
  std::erase_if(full_, [&](const std::string& policy) { return !policies.contains(policy); });
  size_ = 0;
  for (const auto& [policy, flows] : flows_) size_ += flows.size();
}

std::size_t OpenedFlows::count(const std::string& policy) const {
  const auto found = flows_.find(policy);
  return found == flows_.end() ? 0 : found->second.size();
}

std::vector<policy::FrontRule> OpenedFlows::front_rules() const {
  std::vector<policy::FrontRule> rules;
  for (const auto& [policy, flows] : flows_) {
    for (const TcpFlow& flow : flows) {
      policy::FrontRule rule{policy};
      rule.source = flow.from();
      rule.destination = flow.to();
      rule.by_successor = true;
      rules.push_back(std::move(rule));
    }
  }
  return rules;
}

}  // namespace sallyport::gateway
