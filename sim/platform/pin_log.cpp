// SPDX-License-Identifier: Apache-2.0
#include "sim/platform/pin_log.hpp"

#include <Vsallyport_card.h>
#include <verilated.h>

#include <concepts>
#include <utility>

namespace sallyport::sim {
namespace {

template <std::integral T>
bool bit(const T& pin, unsigned i) {
  return (pin >> i & 1) != 0;
}
template <std::size_t kWords>
bool bit(const VlWide<kWords>& pin, unsigned i) {
  return (pin[i / 32] >> i % 32 & 1) != 0;
}

// Of 512 bits: rotated left by one, and a beat that is sent exclusive-or'ed, without the bytes behind the frame's end.
void fold(std::array<std::uint32_t, 16>& fold, const VlWide<16>& data, std::uint64_t keep) {
  std::uint32_t carry = fold[15] >> 31;
  for (unsigned i = 0; i < 16; ++i) {
    std::uint32_t mask = 0;
    for (unsigned byte = 0; byte < 4; ++byte) mask |= (keep >> (4 * i + byte) & 1 ? 0xffU : 0U) << 8 * byte;
    carry = std::exchange(fold[i], fold[i] << 1 | carry) >> 31;
    fold[i] ^= data[i] & mask;
  }
}

template <class Visit>
void each_input(const Vsallyport_card& t, Visit visit) {
  visit("rst_ni", 1, t.rst_ni);
  visit("s_axil_awvalid", 1, t.s_axil_awvalid);
  visit("s_axil_awaddr", 12, t.s_axil_awaddr);
  visit("s_axil_wvalid", 1, t.s_axil_wvalid);
  visit("s_axil_wdata", 32, t.s_axil_wdata);
  visit("s_axil_wstrb", 4, t.s_axil_wstrb);
  visit("s_axil_bready", 1, t.s_axil_bready);
  visit("s_axil_arvalid", 1, t.s_axil_arvalid);
  visit("s_axil_araddr", 12, t.s_axil_araddr);
  visit("s_axil_rready", 1, t.s_axil_rready);
  visit("m_axi_awready", 1, t.m_axi_awready);
  visit("m_axi_wready", 1, t.m_axi_wready);
  visit("m_axi_bvalid", 1, t.m_axi_bvalid);
  visit("m_axi_bresp", 2, t.m_axi_bresp);
  visit("m_axi_arready", 1, t.m_axi_arready);
  visit("m_axi_rvalid", 1, t.m_axi_rvalid);
  visit("m_axi_rdata", 512, t.m_axi_rdata);
  visit("m_axi_rresp", 2, t.m_axi_rresp);
  visit("m_axi_rlast", 1, t.m_axi_rlast);
  visit("lan_rx_tvalid", 1, t.lan_rx_tvalid);
  visit("lan_rx_tdata", 512, t.lan_rx_tdata);
  visit("lan_rx_tkeep", 64, t.lan_rx_tkeep);
  visit("lan_rx_tlast", 1, t.lan_rx_tlast);
  visit("lan_rx_tuser", 1, t.lan_rx_tuser);
  visit("lan_tx_tready", 1, t.lan_tx_tready);
  visit("wan_rx_tvalid", 1, t.wan_rx_tvalid);
  visit("wan_rx_tdata", 512, t.wan_rx_tdata);
  visit("wan_rx_tkeep", 64, t.wan_rx_tkeep);
  visit("wan_rx_tlast", 1, t.wan_rx_tlast);
  visit("wan_rx_tuser", 1, t.wan_rx_tuser);
  visit("wan_tx_tready", 1, t.wan_tx_tready);
}

}  // namespace

PinLog::PinLog(const std::string& path, unsigned clocks) : file_(path), left_(clocks) {}

void PinLog::clock(const Vsallyport_card& card) {
  if (left_ == 0) return;
  --left_;
  if (!named_) {
    file_ << "// sent:512";
    each_input(card, [this](const char* name, unsigned bits, const auto&) { file_ << ' ' << name << ':' << bits; });
    file_ << '\n';
    named_ = true;
  }
  std::string bits;
  for (unsigned i = 512; i-- > 0;) bits += ((folds_[0][i / 32] ^ folds_[1][i / 32]) >> i % 32 & 1) != 0 ? '1' : '0';
  each_input(card, [&bits](const char*, unsigned width, const auto& pin) {
    for (unsigned i = width; i-- > 0;) bits += bit(pin, i) ? '1' : '0';
  });
  bits.insert(0, (4 - bits.size() % 4) % 4, '0');
  std::string digits;
  for (std::size_t i = 0; i < bits.size(); i += 4)
    digits += "0123456789abcdef"[std::stoul(bits.substr(i, 4), nullptr, 2)];
  file_ << digits << '\n';
  if (card.rst_ni == 0) return;
  if (card.lan_tx_tvalid && card.lan_tx_tready) {
    fold(folds_[0], card.lan_tx_tdata, card.lan_tx_tlast ? card.lan_tx_tkeep : ~std::uint64_t{0});
  }
  if (card.wan_tx_tvalid && card.wan_tx_tready) {
    fold(folds_[1], card.wan_tx_tdata, card.wan_tx_tlast ? card.wan_tx_tkeep : ~std::uint64_t{0});
  }
}

}  // namespace sallyport::sim
