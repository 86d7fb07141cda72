// SPDX-License-Identifier: Apache-2.0
// Policies that wait: their old words hold until the old SA is idle, and new TCP connections may go by the new ones.
#include <algorithm>

#include "host/gateway/commit_run.hpp"
#include "host/gateway/gateway.hpp"

namespace sallyport::gateway {
namespace {

using policy::Policies;
using policy::Policy;
using policy::TakeOver;
using std::chrono::steady_clock;

// Ours.
constexpr auto kLookAtOldSas = std::chrono::seconds(1);
constexpr auto kTakeOverAgain = std::chrono::seconds(10);
constexpr auto kPrepareAgain = std::chrono::seconds(10);

constexpr const char* kOwner = "changes";  // of front rules

}  // namespace

// Where new TCP connections take the SA that waits; it must be another of the same target, whose packets the peer lets
// in as ever.
void Commits::lead_new_connections(const Policies& policies, const Configurations::Pending& pending) {
  std::map<std::string, Spi> successors;
  for (const auto& [name, old] : pending) {
    const Policy* p = policy::find_policy(policies, name);
    if (p == nullptr || p->change != TakeOver::kSyn || p->target() != old.target()) continue;
    if (const InstalledSa* next = gateway_.prepared_by(*p)) successors[p->target()] = next->spi_in;
  }
  gateway_.keeper().set_successors(std::move(successors));
}

// A policy of new TCP connections waits without the SA that they are to go by: the peer deleted it, or it made room for
// words that came to nothing.
bool Commits::lacks_successor(const Policy& policy) const {
  const auto waits = configurations_.pending().find(policy.name);
  return waits != configurations_.pending().end() && policy.change == TakeOver::kSyn &&
         waits->second.target() == policy.target() && gateway_.need_of(policy) == Need::kReplacement;
}

bool Commits::lacks_successor() const {
  const auto& policies = configurations_.policies();
  return std::any_of(policies.begin(), policies.end(), [this](const Policy& p) { return lacks_successor(p); });
}

// Until it is there, they go by the old words.
void Commits::prepare_again() {
  enqueue([this] {
    auto run = std::make_shared<Run>();
    run->goal = configurations_.policies();
    run->open = 1;
    const auto one_done = [this, run] {
      if (--run->open != 0) return;
      prepared_again_ = steady_clock::now();
      for (const auto& [name, outcome] : run->tried) {
        if (!outcome) log::warning("policy.not_prepared", {{"policy", name}, {"why", outcome.error().detail}});
      }
      lead_new_connections(run->goal, configurations_.pending());
      gateway_.keeper().commit_or_log();
      end_job();
    };
    for (const Policy& p : run->goal) {
      if (!lacks_successor(p)) continue;
      ++run->open;
      negotiate(run, p, one_done);
    }
    one_done();
  });
}

void Commits::on_opening(const std::string& target, const driver::PacketKey& key) {
  const InstalledSa* next = gateway_.keeper().successor_of(target);
  if (next == nullptr) return;  // it was on its way when the change came to its end
  const TcpFlow flow{IpAddress::from_number(key.source), key.source_port, IpAddress::from_number(key.destination),
                     key.destination_port};
  if (!policy::carries(next->reach, flow.from(), flow.to())) return;  // the new words are not for it
  const auto& policies = gateway_.keeper().policies();
  const auto found = std::find_if(policies.begin(), policies.end(),
                                  [&](const Policy& p) { return p.owns_child() && p.target() == target; });
  if (found == policies.end() || !flows_.open(found->name, flow)) return;
  gateway_.keeper().set_front_rules(kOwner, flows_.front_rules());
  gateway_.keeper().commit_or_log();
}

// Of policies that do not wait any more.
void Commits::forget_flows() {
  std::set<std::string> waiting;
  for (const auto& [name, old] : configurations_.pending()) waiting.insert(name);
  flows_.keep(waiting);
  gateway_.keeper().set_front_rules(kOwner, flows_.front_rules());
}

void Commits::take_over(const std::string& name) {
  enqueue([this, name] {
    auto run = std::make_shared<Run>();
    run->is_entry = false;
    run->takes_over = name;
    run->configuration = configurations_.configuration();
    run->options.who = "sallyportd";
    run->done = [this, name](const Result<CommitReport>& report) {
      const auto failed = [&]() -> std::string {
        if (!report) return report.error().detail;
        for (const auto& one : report->policies) {
          if (one.difference.name == name && !one.connected) return one.sentence;
        }
        return {};
      }();
      if (failed.empty()) return log::info("policy.took_over", {{"policy", name}});
      log::warning("policy.waits_on", {{"policy", name}, {"why", failed}});
      Watched& watched = watched_[name];
      watched.why = failed;
      watched.idle_since = steady_clock::now();  // and again when it has been idle as long
    };
    if (!configurations_.pending().contains(name)) return end_job();
    if (auto begun = begin(run); !begun) end(run, begun.error());
  });
}

void Commits::replaced(const std::string& target) {
  std::vector<std::string> concerned;
  for (const auto& [name, old] : configurations_.pending()) {
    if (old.target() == target) concerned.push_back(name);
  }
  for (const auto& name : concerned) take_over(name);
}

std::string Commits::why_pending(const std::string& policy) const {
  const auto found = watched_.find(policy);
  return found == watched_.end() ? std::string() : found->second.why;
}

void Commits::tick() {
  const auto now = steady_clock::now();
  if (busy() || now - looked_ < kLookAtOldSas) return;
  looked_ = now;
  std::vector<std::string> due;
  for (const auto& [name, old] : configurations_.pending()) {
    if (is_due(name, old, now)) due.push_back(name);
  }
  for (const auto& name : due) take_over(name);
  if (now - prepared_again_ >= kPrepareAgain && lacks_successor()) prepare_again();
}

bool Commits::may_try_again(const std::string& name, Time now) {
  const Watched& tried = watched_[name];
  return tried.why.empty() || now - tried.idle_since >= kTakeOverAgain;
}

bool Commits::is_due(const std::string& name, const Policy& old, Time now) {
  const InstalledSa* sa = gateway_.keeper().sending_for(old.target());
  if (sa == nullptr) return may_try_again(name, now);
  const Policy* p = policy::find_policy(configurations_.policies(), name);
  if (p == nullptr) return false;
  const bool by_syn = p->change == TakeOver::kSyn;
  const bool crowded = flows_.is_full(name) || (flows_.count(name) > 0 && !gateway_.keeper().front_rules_fit());
  if (by_syn && crowded && may_try_again(name, now)) return true;
  const auto out = gateway_.keeper().outbound_state(*sa);
  const auto in = gateway_.keeper().inbound_state(*sa);
  if (!out || !in) return false;  // the card's trouble is told by whoever needs it
  const auto spi_in = static_cast<std::uint32_t>(sa->spi_in);
  // The peer answers new connections by the old SA, too, until that goes.
  const std::uint64_t packets = out->packets + (by_syn ? 0 : in->packets);
  Watched& watched = watched_[name];
  if (watched.spi_in != spi_in || watched.packets != packets) {
    watched.spi_in = spi_in;
    watched.packets = packets;
    watched.idle_since = now;
  }
  return now - watched.idle_since >= std::chrono::seconds(p->idle_or_default_s());
}

}  // namespace sallyport::gateway
