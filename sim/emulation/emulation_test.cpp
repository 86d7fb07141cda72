// SPDX-License-Identifier: Apache-2.0
// The server against stock XRT itself: this process is XRT's host, a thread is the simulator.
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <numeric>
#include <thread>

#include "driver/xrt/xrt_card.hpp"
#include "hw/layout/registers.hpp"
#include "sim/emulation/server.hpp"

namespace sallyport::emulation {
namespace {

namespace reg = layout::reg;

// Registers that remember, and a doorbell: writing load_length inverts that many bytes of host memory at load_address.
class TestCard : public Registers {
 public:
  TestCard() : server_("sallyport-test", "emulation_test_" + std::to_string(getpid()), *this) {
    thread_ = std::thread([this] { run(); });
  }
  ~TestCard() override {
    stop_ = true;
    thread_.join();
  }

  std::uint32_t read(std::uint32_t offset) override {
    return offset == reg::kId.offset ? layout::kCardId : values_[offset];
  }
  void write(std::uint32_t offset, std::uint32_t value) override {
    values_[offset] = value;
    if (offset != reg::kLoadLength.offset) return;
    const std::uint64_t address =
        values_[reg::kLoadAddress.offset] | std::uint64_t{values_[reg::kLoadAddress.at(1).offset]} << 32;
    std::vector<std::uint8_t> data(value);
    bool good = server_.read_host(address, data).has_value();
    for (auto& byte : data) byte = static_cast<std::uint8_t>(~byte);
    good = good && server_.write_host(address, data).has_value();
    values_[reg::kStatus.offset] = good ? 1 : 2;
  }
  int hosts() const { return hosts_; }

 private:
  void run() {
    while (!stop_) {
      if (!server_.connected()) {
        if (server_.connect()) ++hosts_;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        continue;
      }
      pollfd waiting{server_.fd(), POLLIN, 0};
      if (::poll(&waiting, 1, 10) > 0) (void)server_.serve_one();
    }
  }

  std::map<std::uint32_t, std::uint32_t> values_;
  Server server_;
  std::atomic<bool> stop_{false};
  std::atomic<int> hosts_{0};
  std::thread thread_;
};

class StockXrt : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const std::string id = "emulation_test_" + std::to_string(getpid());
    setenv("XCL_EMULATION_MODE", "hw_emu", 1);
    setenv("XILINX_XRT", XRT_HOME, 1);
    setenv("XRT_INI_PATH", XRT_HOME "/xrt.ini", 1);
    setenv("USER", "sallyport-test", 1);
    setenv("EMULATION_SOCKETID", id.c_str(), 1);
    std::filesystem::create_directories("/tmp/sallyport-test");
  }
};

// XRT keeps one emulated device a process, so the whole story is one test.
TEST_F(StockXrt, ReachesRegistersAndIsReachedInItsMemory) {
  TestCard simulated;
  auto card = driver::open_xrt_card(0, XCLBIN);
  ASSERT_TRUE(card) << card.error().message();
  EXPECT_EQ(simulated.hosts(), 1);
  EXPECT_EQ((*card)->read(reg::kId).value_or(0), layout::kCardId);
  ASSERT_TRUE((*card)->write(reg::kCookie, 0xc0ffee11));
  EXPECT_EQ((*card)->read(reg::kCookie).value_or(0), 0xc0ffee11u);

  constexpr std::size_t kSize = 3 * 4096;
  auto memory = (*card)->allocate(kSize);
  ASSERT_TRUE(memory) << memory.error().message();
  EXPECT_EQ((*memory)->address() % 4096, 0u);
  const auto bytes = (*memory)->bytes();
  ASSERT_GE(bytes.size(), kSize);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  const std::uint64_t address = (*memory)->address();
  ASSERT_TRUE((*card)->write(reg::kLoadAddress, static_cast<std::uint32_t>(address)));
  ASSERT_TRUE((*card)->write(reg::kLoadAddress.at(1), static_cast<std::uint32_t>(address >> 32)));
  ASSERT_TRUE((*card)->write(reg::kLoadLength, kSize - 64));
  EXPECT_EQ((*card)->read(reg::kStatus).value_or(0), 1u);
  for (std::size_t i = 0; i < kSize - 64; ++i) ASSERT_EQ(bytes[i], static_cast<std::uint8_t>(~i)) << i;
  for (std::size_t i = kSize - 64; i < kSize; ++i) ASSERT_EQ(bytes[i], static_cast<std::uint8_t>(i)) << i;

  // XRT's shim acknowledges an address where the host has no memory, and touches nothing; the connection lives on.
  ASSERT_TRUE((*card)->write(reg::kLoadAddress.at(1), 0x7f));
  ASSERT_TRUE((*card)->write(reg::kLoadLength, 64));
  for (std::size_t i = 0; i < kSize - 64; ++i) ASSERT_EQ(bytes[i], static_cast<std::uint8_t>(~i)) << i;
  EXPECT_EQ((*card)->read(reg::kId).value_or(0), layout::kCardId);
}

TEST(XrtCard, NamesTheXclbinThatIsMissing) {
  auto card = driver::open_xrt_card(0, "no/such.xclbin");
  ASSERT_FALSE(card);
  EXPECT_EQ(card.error().code, Errc::kNotFound);
  EXPECT_NE(card.error().detail.find("no/such.xclbin"), std::string::npos);
}

}  // namespace
}  // namespace sallyport::emulation
