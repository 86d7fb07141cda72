// SPDX-License-Identifier: Apache-2.0
#include "sim/card/card_process.hpp"

#include <poll.h>
#include <spdlog/spdlog.h>

#include <array>
#include <utility>

#include "hw/layout/registers.hpp"

namespace sallyport::sim {
namespace {

namespace reg = layout::reg;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kDialEvery{50};
constexpr milliseconds kIdleWait{500};
// Frames between the interface and the card; what more arrives waits in the interface's queue, and is lost there.
constexpr std::size_t kMostWaiting = 64;

}  // namespace

CardProcess::CardProcess(const CardProcessOptions& options, std::unique_ptr<PortEnd> lan, std::unique_ptr<PortEnd> wan)
    : lan_(std::move(lan)), wan_(std::move(wan)), server_(options.user, options.socket_id, *this) {
  const auto send = [this](layout::Port port, Bytes frame) { transmit(port, frame); };
  card_ = options.software ? make_software_model(*this, send) : make_rtl_model(*this, options.platform, send);
}

Result<void> CardProcess::run(const std::atomic<bool>& stop) {
  while (!stop) {
    wait_for_work();
    serve_host();
    if (auto r = take_frames(layout::Port::kLan, *lan_); !r) return r;
    if (auto r = take_frames(layout::Port::kWan, *wan_); !r) return r;
    card_->run();
  }
  return {};
}

void CardProcess::wait_for_work() {
  std::array<pollfd, 3> waiting{{{server_.fd(), POLLIN, 0}, {lan_->fd(), POLLIN, 0}, {wan_->fd(), POLLIN, 0}}};
  const bool playing = lan_->pending() || wan_->pending();
  const milliseconds patience = !card_->idle() || playing ? milliseconds(0) : served_ ? kIdleWait : kDialEvery;
  (void)::poll(waiting.data(), waiting.size(), static_cast<int>(patience.count()));
}

void CardProcess::serve_host() {
  if (!server_.connected()) {
    if (std::exchange(served_, false)) host_left();
    if (steady_clock::now() < next_dial_) return;
    next_dial_ = steady_clock::now() + kDialEvery;
    if (!server_.connect()) return;
    served_ = true;
    spdlog::info("host.connected");
  }
  pollfd call{server_.fd(), POLLIN, 0};
  if (::poll(&call, 1, 0) > 0) (void)server_.serve_one();
}

// A process that ends loses its memory; a card must not write into what the next process has at the same address. On a
// machine the kernel's driver would clear bus mastering.
void CardProcess::host_left() {
  card_->write(reg::kRxSlots.offset, 0);
  card_->write(reg::kTxSlots.offset, 0);
  spdlog::info("host.disconnected");
}

Result<void> CardProcess::take_frames(layout::Port port, PortEnd& end) {
  while (card_->waiting(port) < kMostWaiting) {
    auto frame = end.receive();
    if (!frame) return frame.error();
    if (!*frame) break;
    card_->receive(port, std::move(**frame));
  }
  return {};
}

void CardProcess::transmit(layout::Port port, Bytes frame) {
  PortEnd& end = port == layout::Port::kLan ? *lan_ : *wan_;
  if (end.send(frame)) return;
  // As on a wire with nobody at its end; said once a power of two.
  ++frames_lost_;
  if ((frames_lost_ & (frames_lost_ - 1)) == 0) {
    spdlog::warn("port.frame_lost port={} lost={}", layout::kPorts[static_cast<unsigned>(port)].name, frames_lost_);
  }
}

std::uint32_t CardProcess::read(std::uint32_t offset) { return card_->read(offset); }

void CardProcess::write(std::uint32_t offset, std::uint32_t value) {
  card_->write(offset, value);
  if (offset == reg::kControl.offset && (value & 1) != 0) {
    lan_->begin();
    wan_->begin();
  }
}

bool CardProcess::read(std::uint64_t address, std::span<std::uint8_t> to) {
  return server_.read_host(address, to).has_value();
}

bool CardProcess::write(std::uint64_t address, Bytes from) { return server_.write_host(address, from).has_value(); }

}  // namespace sallyport::sim
