// SPDX-License-Identifier: Apache-2.0
#include "sim/platform/platform.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "sim/platform/card_module.hpp"

// SystemC's library asks for one; this program has a main of its own.
int sc_main(int, char*[]) { return 0; }

namespace sallyport::sim {
namespace {

constexpr Clock kAnswerLimit = 1'000'000;  // clocks: a table load in progress may hold a register back, not this long

}  // namespace

// A SystemC simulation and the card in it. SystemC reaches its simulation through two global pointers, which are set to
// ours before each use.
class Platform::Simulation {
 public:
  Simulation(driver::HostBus& host, const PlatformOptions& options)
      : context_(std::make_unique<sc_core::sc_simcontext>()) {
    enter();
    sc_core::sc_set_time_resolution(1, sc_core::SC_FS);
    card_ = std::make_unique<CardModule>("card", host, options);
    period_ = sc_core::sc_time(1e15 / kClockHz, sc_core::SC_FS);
  }
  ~Simulation() {
    enter();
    card_.reset();
    context_.reset();
    sc_core::sc_curr_simcontext = nullptr;
    sc_core::sc_default_global_context = nullptr;
  }
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  CardModule& card() {
    enter();
    return *card_;
  }
  void start(Clock clocks) {
    enter();
    sc_core::sc_start(clocks * period_, sc_core::SC_RUN_TO_TIME);
  }

 private:
  void enter() {
    sc_core::sc_curr_simcontext = context_.get();
    sc_core::sc_default_global_context = context_.get();
  }

  std::unique_ptr<sc_core::sc_simcontext> context_;
  std::unique_ptr<CardModule> card_;
  sc_core::sc_time period_;
};

Platform::Platform(driver::HostBus& host, const PlatformOptions& options)
    : simulation_(std::make_unique<Simulation>(host, options)) {}

Platform::~Platform() = default;

void Platform::run(Clock clocks) {
  if (!idle()) simulation_->start(clocks);
}

bool Platform::run_until_idle(Clock limit) {
  const Clock end = now() + limit;
  while (!idle() && now() < end) simulation_->start(end - now());
  return idle();
}

bool Platform::idle() const { return simulation_->card().idle(); }

Result<std::uint32_t> Platform::read(std::uint32_t offset) { return access(offset, std::nullopt); }

Result<void> Platform::write(std::uint32_t offset, std::uint32_t value) {
  auto done = access(offset, value);
  if (!done) return done.error();
  return {};
}

Result<std::uint32_t> Platform::access(std::uint32_t offset, std::optional<std::uint32_t> value) {
  const auto answer = std::make_shared<std::optional<std::uint32_t>>();  // the link may outlive our patience
  const auto done = [answer](std::uint32_t word) {
    *answer = word;
    sc_core::sc_pause();
  };
  CardModule& card = simulation_->card();
  if (value) {
    card.link().write_register(card.next_clock(), offset, *value, done);
  } else {
    card.link().read_register(card.next_clock(), offset, done);
  }
  card.wake();
  const Clock end = now() + kAnswerLimit;
  while (!*answer && now() < end) simulation_->start(end - now());
  if (!*answer) return Error{Errc::kTimeout, "the simulated card does not answer on its register port"};
  return **answer;
}

void Platform::set_link(const LinkParameters& link) { simulation_->card().link().set_parameters(link); }

Arrival Platform::receive(layout::Port port, Buffer frame, LineTime earliest, bool bad) {
  CardModule& card = simulation_->card();
  const Arrival arrival =
      this->port(port).receive(std::move(frame), std::max(earliest, start_of(card.next_clock())), bad);
  card.wake();
  return arrival;
}

EthernetPort& Platform::port(layout::Port port) {
  CardModule& card = simulation_->card();
  return port == layout::Port::kLan ? card.lan() : card.wan();
}

void Platform::on_sent(layout::Port port, EthernetPort::Sink sink) { this->port(port).on_sent(std::move(sink)); }

Clock Platform::now() const { return simulation_->card().next_clock(); }

std::uint64_t Platform::evaluated() const { return simulation_->card().evaluated(); }

}  // namespace sallyport::sim
