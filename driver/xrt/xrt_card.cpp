// SPDX-License-Identifier: Apache-2.0
#include "driver/xrt/xrt_card.hpp"

#include <experimental/xrt_ip.h>
#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>

#include "driver/xrt/names.hpp"

namespace sallyport::driver {
namespace {

// XRT reports every refusal by throwing; here that ends.
template <class T, class Body>
Result<T> guarded(const std::string& what, Body body) {
  try {
    return body();
  } catch (const std::exception& e) {
    return Error{Errc::kIo, what + ": " + e.what()};
  }
}

class XrtMemory : public HostMemory {
 public:
  XrtMemory(const xrt::device& device, std::size_t size)
      : buffer_(device, size, xrt::bo::flags::host_only, xrt_names::kHostBank),
        bytes_(buffer_.map<std::uint8_t*>(), size) {
    std::fill(bytes_.begin(), bytes_.end(), std::uint8_t{0});
  }
  std::span<std::uint8_t> bytes() override { return bytes_; }
  std::uint64_t address() const override { return buffer_.address(); }

 private:
  xrt::bo buffer_;
  std::span<std::uint8_t> bytes_;
};

class XrtCard : public Card {
 public:
  XrtCard(unsigned device, const std::string& xclbin_path)
      : device_(device),
        ip_(device_, device_.load_xclbin(xclbin_path),
            std::string(xrt_names::kKernel) + ":{" + xrt_names::kInstance + "}") {
    const char* mode = std::getenv("XCL_EMULATION_MODE");
    description_ = "xrt " + std::string(mode != nullptr ? mode : "hw") + ", device " + std::to_string(device) + ", " +
                   std::filesystem::path(xclbin_path).filename().string();
  }

  Result<std::uint32_t> read(const layout::Register& reg) override {
    return guarded<std::uint32_t>(reg.name, [&] { return ip_.read_register(reg.offset); });
  }
  Result<void> write(const layout::Register& reg, std::uint32_t value) override {
    return guarded<void>(reg.name, [&] {
      ip_.write_register(reg.offset, value);
      return Result<void>();
    });
  }
  Result<std::unique_ptr<HostMemory>> allocate(std::size_t size) override {
    constexpr std::size_t kPage = 4096;
    const std::size_t whole = (size + kPage - 1) / kPage * kPage;
    return guarded<std::unique_ptr<HostMemory>>(
        "host memory", [&]() -> std::unique_ptr<HostMemory> { return std::make_unique<XrtMemory>(device_, whole); });
  }
  std::string description() const override { return description_; }

 private:
  xrt::device device_;
  xrt::ip ip_;
  std::string description_;
};

}  // namespace

Result<std::unique_ptr<Card>> open_xrt_card(unsigned device, const std::string& xclbin_path) {
  if (!std::filesystem::exists(xclbin_path)) {
    return Error{Errc::kNotFound, xclbin_path + ": no such xclbin"};
  }
  // Of this XRT only says "XILINX_XRT not set".
  if (std::getenv("XILINX_XRT") == nullptr) {
    return Error{Errc::kNotFound,
                 "XRT is not set up here (XILINX_XRT is not set): source XRT's setup.sh for a card, run under "
                 "sallyport-emulated for the simulated one, or choose backend \"software\""};
  }
  return guarded<std::unique_ptr<Card>>("XRT device " + std::to_string(device), [&]() -> std::unique_ptr<Card> {
    return std::make_unique<XrtCard>(device, xclbin_path);
  });
}

}  // namespace sallyport::driver
