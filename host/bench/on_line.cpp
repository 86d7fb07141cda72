// SPDX-License-Identifier: Apache-2.0
#include "host/bench/on_line.hpp"

#include <boost/json.hpp>
#include <random>

#include "driver/software/software_card.hpp"
#include "host/bench/percentiles.hpp"
#include "host/gateway/principals.hpp"

namespace sallyport::bench {
namespace {

namespace json = boost::json;
using gateway::CardKeeper;
using gateway::Principals;

// A card with policies for so many groups, of whom members log in.
class Gate {
 public:
  explicit Gate(unsigned groups) : groups_(groups) {}

  Result<void> start() {
    auto keeper = CardKeeper::start(card_, gateway::Forwarding({}, {}), nullptr);
    if (!keeper) return keeper.error();
    keeper_ = std::move(*keeper);
    principals_.emplace(*keeper_, gateway::UsersConfig::Tags::kOff,
                        Principals::Callbacks{[](const users::Session&, bool) {}, [](std::uint16_t) {}});
    std::vector<policy::Policy> policies;
    for (unsigned g = 0; g < groups_; ++g) {
      policy::Policy p;
      p.name = "policy" + std::to_string(g);
      p.group = group(g);
      p.action = policy::Action::kBypass;
      policies.push_back(std::move(p));
    }
    keeper_->set_policies(std::move(policies), {});
    return keeper_->commit();
  }

  // The next one, of a random group.
  Result<void> log_in() {
    const unsigned number = count_++;
    const auto begun = principals_->on_begin(session(number, random_() % groups_));
    return begun ? Result<void>() : begun.error();
  }
  Result<void> log_out_last() {
    --count_;
    principals_->on_end(session(count_, 0), users::EndReason::kLogout, [] {});
    principals_->settle();
    return {};
  }
  [[nodiscard]] unsigned count() const { return count_; }

 private:
  static std::string group(unsigned number) { return "group" + std::to_string(number); }
  static users::Session session(unsigned number, std::uint32_t of_group) {
    users::Session s;
    s.id = std::to_string(number);
    s.user = "user" + std::to_string(number);
    s.groups = {group(of_group)};
    s.address = IpAddress::from_number(layout::Address::from_v4(0x0a010000 + number));
    return s;
  }

  unsigned groups_;
  driver::SoftwareCard card_{[](layout::Port, Bytes) {}};
  std::unique_ptr<CardKeeper> keeper_;
  std::optional<Principals> principals_;
  std::mt19937 random_{1};
  unsigned count_ = 0;
};

}  // namespace

Result<json::object> measure_on_line(const OnLineOptions& options) {
  Gate gate(options.groups);
  if (auto r = gate.start(); !r) return r.error();
  while (gate.count() < options.sessions) {
    if (auto r = gate.log_in(); !r) return r.error();
  }
  Times times;
  for (unsigned i = 0; i < options.logins; ++i) {
    const auto began = Times::Clock::now();
    if (auto r = gate.log_in(); !r) return r.error();
    times.add(Times::Clock::now() - began);
    if (auto r = gate.log_out_last(); !r) return r.error();
  }
  return json::object{{"on_line", options.sessions}, {"groups", options.groups}, {"begin_to_committed", times.json()}};
}

Result<json::object> measure_room(unsigned groups) {
  Gate gate(groups);
  if (auto r = gate.start(); !r) return r.error();
  std::string full;
  while (full.empty()) {
    if (auto r = gate.log_in(); !r) full = r.error().detail;
  }
  return json::object{{"groups", groups}, {"on_line", gate.count() - 1}, {"then", full}};
}

}  // namespace sallyport::bench
