// SPDX-License-Identifier: Apache-2.0
#include "sim/platform/platform.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace sallyport::sim {
namespace {

// Nobody's memory.
struct NoHost : driver::HostBus {
  bool read(std::uint64_t, std::span<std::uint8_t>) override { return false; }
  bool write(std::uint64_t, Bytes) override { return false; }
};

TEST(Platform, SleepsWhenNothingMovesAndSkipsTheTimeBetweenFrames) {
  NoHost host;
  Platform platform(host);
  ASSERT_TRUE(platform.run_until_idle(1'000'000));
  const std::uint64_t evaluated = platform.evaluated();
  const Clock now = platform.now();
  platform.run(1'000'000);
  EXPECT_EQ(platform.evaluated(), evaluated);
  EXPECT_EQ(platform.now(), now) << "time stands still while nothing is due";

  constexpr Clock kLater = 500'000;
  platform.receive(layout::Port::kLan, Buffer(60), start_of(now + kLater));
  ASSERT_TRUE(platform.run_until_idle(2 * kLater));
  EXPECT_GT(platform.now(), now + kLater);
  EXPECT_LT(platform.evaluated(), evaluated + 5000);
}

TEST(Platform, LivesBesideAnotherInOneProcess) {
  NoHost host;
  Platform one(host);
  Platform other(host);
  ASSERT_TRUE(one.run_until_idle(1'000'000));
  const Clock now = one.now();
  ASSERT_TRUE(other.run_until_idle(1'000'000));
  EXPECT_EQ(one.now(), now);
  EXPECT_EQ(other.now(), now);
}

TEST(Platform, WritesAWaveformOnRequest) {
  const std::string path = testing::TempDir() + "platform_test.fst";
  NoHost host;
  {
    PlatformOptions options;
    options.trace_path = path;
    Platform platform(host, options);
    platform.run(100);
  }
  EXPECT_GT(std::filesystem::file_size(path), 1000u);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace sallyport::sim
