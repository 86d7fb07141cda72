// SPDX-License-Identifier: Apache-2.0
#include "bitstreams/xclbin/xclbin.hpp"

#include <experimental/xrt_xclbin.h>
#include <gtest/gtest.h>

#include <vector>

#include "driver/xrt/names.hpp"

namespace sallyport::bitstreams {
namespace {

xrt::xclbin read_by_xrt(const Buffer& file) { return xrt::xclbin(std::vector<char>(file.begin(), file.end())); }

TEST(Xclbin, IsReadByXrtWithItsKernelAndItsHostMemory) {
  auto file = make_xclbin(Target::kHardwareEmulation, {});
  ASSERT_TRUE(file) << file.error().message();
  const xrt::xclbin xclbin = read_by_xrt(*file);
  ASSERT_EQ(xclbin.get_ips().size(), 1u);
  EXPECT_EQ(xclbin.get_ips()[0].get_name(), "sallyport_card:sallyport_card_1");
  EXPECT_EQ(xclbin.get_ips()[0].get_base_address(), driver::xrt_names::kRegisterBase);
  ASSERT_EQ(xclbin.get_mems().size(), 1u);
  EXPECT_EQ(xclbin.get_mems()[0].get_tag(), "HOST[0]");
  EXPECT_EQ(xclbin.get_mems()[0].get_base_address(), driver::xrt_names::kHostBase);
}

TEST(Xclbin, IsTheSameFileForTheSameContentAndAnotherForAnother) {
  const Buffer bits = {1, 2, 3};
  EXPECT_EQ(*make_xclbin(Target::kHardware, bits), *make_xclbin(Target::kHardware, bits));
  EXPECT_NE(read_by_xrt(*make_xclbin(Target::kHardware, bits)).get_uuid(),
            read_by_xrt(*make_xclbin(Target::kHardwareEmulation, {})).get_uuid());
}

}  // namespace
}  // namespace sallyport::bitstreams
