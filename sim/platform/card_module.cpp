// SPDX-License-Identifier: Apache-2.0
// clang-format off: Verilator's headers behind SystemC's would want SystemC's names in the global namespace.
#include <Vsallyport_card.h>
#include <verilated.h>
#include <verilated_fst_c.h>
// clang-format on

#include <algorithm>

#include "sim/platform/card_module.hpp"

namespace sallyport::sim {
namespace {

constexpr Clock kResetClocks = 16;
// The card says busy a few clocks after an input, because its inputs are registered; so it is left running a while.
constexpr unsigned kQuietClocks = 16;

}  // namespace

CardModule::CardModule(const sc_core::sc_module_name& name, driver::HostBus& host, const PlatformOptions& options)
    : sc_core::sc_module(name),
      context_(std::make_unique<VerilatedContext>()),
      period_(1e15 / kClockHz, sc_core::SC_FS) {
  context_->randSeed(static_cast<int>(options.seed));
  context_->randReset(2);
  context_->threads(1);
  if (!options.trace_path.empty()) context_->traceEverOn(true);
  top_ = std::make_unique<Vsallyport_card>(context_.get(), "card");
  Vsallyport_card& t = *top_;
  lan_ = std::make_unique<EthernetPort>(
      ReceivePins{t.lan_rx_tvalid, t.lan_rx_tdata.data(), t.lan_rx_tkeep, t.lan_rx_tlast, t.lan_rx_tuser},
      TransmitPins{t.lan_tx_tvalid, t.lan_tx_tready, t.lan_tx_tdata.data(), t.lan_tx_tkeep, t.lan_tx_tlast});
  wan_ = std::make_unique<EthernetPort>(
      ReceivePins{t.wan_rx_tvalid, t.wan_rx_tdata.data(), t.wan_rx_tkeep, t.wan_rx_tlast, t.wan_rx_tuser},
      TransmitPins{t.wan_tx_tvalid, t.wan_tx_tready, t.wan_tx_tdata.data(), t.wan_tx_tkeep, t.wan_tx_tlast});
  link_ = std::make_unique<PcieLink>(
      RegisterPins{t.s_axil_awvalid, t.s_axil_awready, t.s_axil_awaddr, t.s_axil_wvalid, t.s_axil_wready,
                   t.s_axil_wdata, t.s_axil_wstrb, t.s_axil_bvalid, t.s_axil_bready, t.s_axil_arvalid, t.s_axil_arready,
                   t.s_axil_araddr, t.s_axil_rvalid, t.s_axil_rready, t.s_axil_rdata},
      MemoryPins{t.m_axi_awvalid,      t.m_axi_awready, t.m_axi_awaddr, t.m_axi_awlen,  t.m_axi_wvalid, t.m_axi_wready,
                 t.m_axi_wdata.data(), t.m_axi_wstrb,   t.m_axi_wlast,  t.m_axi_bvalid, t.m_axi_bready, t.m_axi_bresp,
                 t.m_axi_arvalid,      t.m_axi_arready, t.m_axi_araddr, t.m_axi_arlen,  t.m_axi_rvalid, t.m_axi_rready,
                 t.m_axi_rdata.data(), t.m_axi_rresp,   t.m_axi_rlast},
      host, options.link);
  if (!options.pins_path.empty()) pins_ = std::make_unique<PinLog>(options.pins_path, options.pins_clocks);
  if (!options.trace_path.empty()) {
    trace_ = std::make_unique<VerilatedFstC>();
    top_->trace(trace_.get(), 99);
    trace_->open(options.trace_path.c_str());
  }
  SC_METHOD(step);
}

CardModule::~CardModule() {
  // The model takes leave of the thread's context, which another card's model may have made its own.
  Verilated::threadContextp(context_.get());
  if (trace_) trace_->close();
  top_->final();
}

Clock CardModule::next_clock() const {
  const auto due = static_cast<Clock>((sc_core::sc_time_stamp().value() + period_.value() - 1) / period_.value());
  return std::max(stepped_, due);
}

void CardModule::wake() {
  if (!asleep_) return;
  wake_at_ = next_clock();
  wake_event_.notify(wake_at_ * period_ - sc_core::sc_time_stamp());
}

Clock CardModule::next_event() const { return std::min({lan_->next_event(), wan_->next_event(), link_->next_event()}); }

void CardModule::step() {
  const Clock now = next_clock();
  asleep_ = false;
  const bool running = now >= kResetClocks;  // before, the card's outputs may say anything
  top_->rst_ni = running;
  if (running) {
    lan_->drive(now);
    wan_->drive(now);
    link_->drive(now);
  }
  top_->clk_i = 0;
  top_->eval();
  const bool at_work = !running || top_->busy_o != 0 || top_->lan_rx_tvalid != 0 || top_->wan_rx_tvalid != 0;
  if (running) {
    lan_->sample(now);
    wan_->sample(now);
    link_->sample(now);
  }
  if (pins_) pins_->clock(*top_);
  if (trace_) trace_->dump(2 * now);
  top_->clk_i = 1;
  top_->eval();
  if (trace_) trace_->dump(2 * now + 1);
  stepped_ = now + 1;
  ++evaluated_;

  const Clock next = std::max(next_event(), stepped_);
  quiet_ = at_work || next == stepped_ ? 0 : quiet_ + 1;
  if (quiet_ < kQuietClocks) {
    next_trigger(period_);
    return;
  }
  asleep_ = true;
  wake_at_ = next;
  if (wake_at_ == kNever) {
    next_trigger(wake_event_);
    sc_core::sc_pause();
  } else {
    next_trigger((wake_at_ - now) * period_, wake_event_);
  }
}

}  // namespace sallyport::sim
