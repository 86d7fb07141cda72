// SPDX-License-Identifier: Apache-2.0
#include "sim/card/port_end.hpp"

#include <chrono>
#include <utility>

#include "driver/linux_port/capture_file.hpp"
#include "driver/linux_port/packet_port.hpp"
#include "hw/layout/descriptors.hpp"

namespace sallyport::sim {
namespace {

class InterfaceEnd : public PortEnd {
 public:
  explicit InterfaceEnd(driver::PacketPort port) : port_(std::move(port)) {}
  Result<std::optional<Buffer>> receive() override { return port_.receive(); }
  Result<void> send(Bytes frame) override { return port_.send(frame); }
  int fd() const override { return port_.fd(); }

 private:
  driver::PacketPort port_;
};

class CaptureEnd : public PortEnd {
 public:
  CaptureEnd(driver::CaptureReader in, std::optional<driver::CaptureWriter> out)
      : in_(std::move(in)), out_(std::move(out)) {}
  Result<std::optional<Buffer>> receive() override {
    if (!playing_) return std::optional<Buffer>();
    auto frame = in_.next();
    if (!frame) return frame.error();
    if (!*frame) {
      playing_ = false;
      return std::optional<Buffer>();
    }
    return std::optional<Buffer>(std::move((*frame)->data));
  }
  Result<void> send(Bytes frame) override {
    if (!out_) return {};
    return out_->write(std::chrono::system_clock::now().time_since_epoch(), frame);
  }
  int fd() const override { return -1; }
  bool pending() const override { return playing_; }
  void begin() override { playing_ = !std::exchange(begun_, true); }

 private:
  driver::CaptureReader in_;
  std::optional<driver::CaptureWriter> out_;
  bool begun_ = false;
  bool playing_ = false;
};

constexpr driver::MacAddress kTapMac = {0x02, 0x53, 0x41, 0x4c, 0x59, 0x00};  // locally administered, "SALY"
constexpr unsigned kTapMtu = layout::kMaxFrame - 14;

bool take_prefix(std::string& text, const std::string& prefix) {
  if (text.rfind(prefix, 0) != 0) return false;
  text.erase(0, prefix.size());
  return true;
}

}  // namespace

Result<std::unique_ptr<PortEnd>> PortEnd::open(const std::string& name) {
  std::string rest = name;
  if (take_prefix(rest, "pcap:")) {
    const std::size_t comma = rest.find(',');
    auto in = driver::CaptureReader::open(rest.substr(0, comma));
    if (!in) return in.error();
    std::optional<driver::CaptureWriter> out;
    if (comma != std::string::npos) {
      auto created = driver::CaptureWriter::create(rest.substr(comma + 1));
      if (!created) return created.error();
      out = std::move(created).value();
    }
    return std::unique_ptr<PortEnd>(std::make_unique<CaptureEnd>(std::move(in).value(), std::move(out)));
  }
  auto port = take_prefix(rest, "tap:") ? driver::PacketPort::create_tap(rest, kTapMac, kTapMtu)
                                        : driver::PacketPort::attach(rest);
  if (!port) return port.error();
  return std::unique_ptr<PortEnd>(std::make_unique<InterfaceEnd>(std::move(port).value()));
}

}  // namespace sallyport::sim
