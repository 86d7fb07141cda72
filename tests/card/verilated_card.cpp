// SPDX-License-Identifier: Apache-2.0
#include "tests/card/verilated_card.hpp"

#include <Vsallyport_card.h>
#include <Vsallyport_card___024root.h>
#include <verilated.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <random>

#include "driver/software/plain_memory.hpp"

namespace sallyport::tests {
namespace {

constexpr std::size_t kBeat = 64;
constexpr unsigned kRestClocks = 32;             // quiet for so long: the card is at rest
constexpr std::uint64_t kPatience = 20'000'000;  // clocks
constexpr unsigned kRegisterPatience = 100'000;  // clocks
constexpr unsigned kClocksPerAccess = 200;       // that pass for a busy card while the host does something else
constexpr unsigned kAxiOkay = 0, kAxiSlaveError = 2;

}  // namespace

class VerilatedCard::Model {
 public:
  Model(unsigned seed, Reluctance reluctance) : reluctance(reluctance), random_(seed) {
    context_.randReset(2);
    context_.randSeed(static_cast<int>(seed));
    top_ = std::make_unique<Vsallyport_card>(&context_);
    top_->rst_ni = 0;
    for (int i = 0; i < 16; ++i) clock();
    top_->rst_ni = 1;
  }
  ~Model() { top_->final(); }

  void clock() {
    drive();
    top_->clk_i = 0;
    top_->eval();
    sample();
    const bool ar = top_->s_axil_arready;
    const bool aw = top_->s_axil_awready;
    const bool w = top_->s_axil_wready;
    top_->clk_i = 1;
    top_->eval();
    ++clocks;
    // A request stands until the edge that takes it.
    if (ar) top_->s_axil_arvalid = 0;
    if (aw) top_->s_axil_awvalid = 0;
    if (w) top_->s_axil_wvalid = 0;
  }

  [[nodiscard]] bool busy() const {
    return top_->busy_o != 0 || !arriving_[0].empty() || !arriving_[1].empty() || !reads_.empty() || !bursts_.empty() ||
           responses_ != 0;
  }

  void receive(layout::Port port, Buffer frame, bool bad) {
    arriving_[port == layout::Port::kWan].push_back({std::move(frame), 0, bad});
  }

  std::uint32_t read(std::uint32_t offset) {
    top_->s_axil_araddr = static_cast<std::uint16_t>(offset);
    top_->s_axil_arvalid = 1;
    top_->s_axil_rready = 1;
    read_done_ = false;
    wait_for(read_done_);
    top_->s_axil_rready = 0;
    return read_data_;
  }

  void write(std::uint32_t offset, std::uint32_t value) {
    top_->s_axil_awaddr = static_cast<std::uint16_t>(offset);
    top_->s_axil_awvalid = 1;
    top_->s_axil_wdata = value;
    top_->s_axil_wstrb = 15;
    top_->s_axil_wvalid = 1;
    top_->s_axil_bready = 1;
    write_done_ = false;
    wait_for(write_done_);
    top_->s_axil_bready = 0;
  }

  // The model's own members, by the names Verilator gives to memories.
  void set_last_seq(unsigned sa_index, std::uint64_t seq) {
    auto& state = top_->rootp->sallyport_card__DOT__u_outbound__DOT__u_sa_out__DOT__u_state__DOT__u_memory__DOT__rows;
    state[sa_index][0] = static_cast<std::uint32_t>(seq);  // seq is the lowest field of sa_out's state_t
    state[sa_index][1] = static_cast<std::uint32_t>(seq >> 32);
  }
  void set_counter(layout::Counter counter, std::uint64_t value) {
    top_->rootp->sallyport_card__DOT__u_host_if__DOT__u_counters__DOT__count_q[static_cast<unsigned>(counter)] = value;
  }

  Reluctance reluctance;
  std::uint64_t clocks = 0;
  std::vector<TransmittedFrame> transmitted;
  driver::software::PlainMemory memory;

 private:
  struct Arriving {
    Buffer frame;
    std::size_t at;
    bool bad;
  };
  struct Burst {
    std::uint64_t address;
    unsigned beats;
    bool failed = false;
  };

  // A register that does not answer is a broken card: no test can go on.
  void wait_for(const bool& done) {
    for (unsigned i = 0; !done; ++i) {
      if (i == kRegisterPatience) {
        std::fprintf(stderr, "a register of the card does not answer\n");
        std::abort();
      }
      clock();
    }
  }

  bool unwilling(unsigned of_16) { return of_16 != 0 && random_() % 16 < of_16; }

  template <class Data>
  void drive_mac(unsigned i, std::uint8_t& valid, Data& data, std::uint64_t& keep, std::uint8_t& last,
                 std::uint8_t& user) {
    valid = 0;
    if (arriving_[i].empty() || top_->rst_ni == 0 || unwilling(reluctance.receive_gap)) return;
    Arriving& a = arriving_[i].front();
    const std::size_t n = std::min(kBeat, a.frame.size() - a.at);
    valid = 1;
    for (unsigned word = 0; word < 16; ++word)
      data[word] = static_cast<std::uint32_t>(random_());  // behind the end: anything
    std::memcpy(data.data(), a.frame.data() + a.at, n);
    keep = n == 0 ? 0 : ~std::uint64_t{0} >> (kBeat - n);
    a.at += n;
    last = a.at == a.frame.size();
    user = last && a.bad;
    if (last) arriving_[i].pop_front();
  }

  void drive() {
    Vsallyport_card& t = *top_;
    drive_mac(0, t.lan_rx_tvalid, t.lan_rx_tdata, t.lan_rx_tkeep, t.lan_rx_tlast, t.lan_rx_tuser);
    drive_mac(1, t.wan_rx_tvalid, t.wan_rx_tdata, t.wan_rx_tkeep, t.wan_rx_tlast, t.wan_rx_tuser);
    t.lan_tx_tready = !unwilling(reluctance.transmit_wait);
    t.wan_tx_tready = !unwilling(reluctance.transmit_wait);

    t.m_axi_arready = !unwilling(reluctance.memory_wait);
    t.m_axi_awready = !unwilling(reluctance.memory_wait);
    t.m_axi_wready = !bursts_.empty() && !unwilling(reluctance.memory_wait);
    if (!read_offered_) read_offered_ = !reads_.empty() && !unwilling(reluctance.memory_wait);
    t.m_axi_rvalid = read_offered_;
    if (read_offered_) {
      const Burst& burst = reads_.front();
      std::array<std::uint8_t, kBeat> beat{};
      t.m_axi_rresp = memory.read(burst.address, beat) ? kAxiOkay : kAxiSlaveError;
      std::memcpy(t.m_axi_rdata.data(), beat.data(), kBeat);
      t.m_axi_rlast = burst.beats == 1;
    }
    t.m_axi_bvalid = responses_ != 0;
    t.m_axi_bresp = kAxiOkay;
  }

  template <class Data>
  void sample_mac(layout::Port port, bool passes, const Data& data, std::uint64_t keep, bool last) {
    if (!passes) return;
    Buffer& frame = leaving_[port == layout::Port::kWan];
    const std::size_t n = last ? static_cast<std::size_t>(__builtin_popcountll(keep)) : kBeat;
    frame.resize(frame.size() + n);
    std::memcpy(frame.data() + frame.size() - n, data.data(), n);
    if (!last) return;
    transmitted.push_back({port, std::move(frame)});
    frame.clear();
  }

  void sample() {
    Vsallyport_card& t = *top_;
    if (t.rst_ni == 0) return;
    sample_mac(layout::Port::kLan, t.lan_tx_tvalid && t.lan_tx_tready, t.lan_tx_tdata, t.lan_tx_tkeep, t.lan_tx_tlast);
    sample_mac(layout::Port::kWan, t.wan_tx_tvalid && t.wan_tx_tready, t.wan_tx_tdata, t.wan_tx_tkeep, t.wan_tx_tlast);

    if (t.s_axil_rvalid && t.s_axil_rready) {
      read_done_ = true;
      read_data_ = t.s_axil_rdata;
    }
    if (t.s_axil_bvalid && t.s_axil_bready) write_done_ = true;

    if (t.m_axi_rvalid && t.m_axi_rready) {
      read_offered_ = false;
      reads_.front().address += kBeat;
      if (--reads_.front().beats == 0) reads_.pop_front();
    }
    if (t.m_axi_bvalid && t.m_axi_bready) --responses_;
    if (t.m_axi_wvalid && t.m_axi_wready) {
      Burst& burst = bursts_.front();
      std::array<std::uint8_t, kBeat> beat{};
      if (memory.read(burst.address, beat)) {
        for (std::size_t i = 0; i < kBeat; ++i) {
          if (t.m_axi_wstrb >> i & 1) beat[i] = reinterpret_cast<const std::uint8_t*>(t.m_axi_wdata.data())[i];
        }
        memory.write(burst.address, beat);
      }
      burst.address += kBeat;
      if (--burst.beats == 0) {
        bursts_.pop_front();
        ++responses_;
      }
    }
    if (t.m_axi_arvalid && t.m_axi_arready) reads_.push_back({t.m_axi_araddr, t.m_axi_arlen + 1U});
    if (t.m_axi_awvalid && t.m_axi_awready) bursts_.push_back({t.m_axi_awaddr, t.m_axi_awlen + 1U});
  }

  std::mt19937 random_;
  VerilatedContext context_;
  std::unique_ptr<Vsallyport_card> top_;
  std::deque<Arriving> arriving_[2];
  Buffer leaving_[2];
  std::deque<Burst> reads_;
  std::deque<Burst> bursts_;
  unsigned responses_ = 0;
  bool read_offered_ = false;
  bool read_done_ = false;
  bool write_done_ = false;
  std::uint32_t read_data_ = 0;
};

VerilatedCard::VerilatedCard(unsigned seed, Reluctance reluctance)
    : model_(std::make_unique<Model>(seed, reluctance)) {}
VerilatedCard::~VerilatedCard() = default;

void VerilatedCard::receive(layout::Port port, Buffer frame, bool mac_error) {
  model_->receive(port, std::move(frame), mac_error);
}

std::vector<TransmittedFrame> VerilatedCard::transmitted() { return std::exchange(model_->transmitted, {}); }

void VerilatedCard::set_reluctance(Reluctance reluctance) { model_->reluctance = reluctance; }

void VerilatedCard::run(unsigned clocks) {
  for (unsigned i = 0; i < clocks; ++i) model_->clock();
}

bool VerilatedCard::settle() {
  unsigned quiet = 0;
  for (std::uint64_t i = 0; i < kPatience && quiet < kRestClocks; ++i) {
    model_->clock();
    quiet = model_->busy() ? 0 : quiet + 1;
  }
  return quiet == kRestClocks;
}

std::uint64_t VerilatedCard::clocks() const { return model_->clocks; }

void VerilatedCard::set_last_seq(unsigned outbound_sa_index, std::uint64_t seq) {
  model_->set_last_seq(outbound_sa_index, seq);
}
void VerilatedCard::set_counter(layout::Counter counter, std::uint64_t value) { model_->set_counter(counter, value); }

Result<std::uint32_t> VerilatedCard::read(const layout::Register& reg) {
  for (unsigned i = 0; model_->busy() && i < kClocksPerAccess; ++i) model_->clock();
  return model_->read(reg.offset);
}

Result<void> VerilatedCard::write(const layout::Register& reg, std::uint32_t value) {
  model_->write(reg.offset, value);
  return {};
}

Result<std::unique_ptr<driver::HostMemory>> VerilatedCard::allocate(std::size_t size) {
  return model_->memory.allocate(size);
}

}  // namespace sallyport::tests
