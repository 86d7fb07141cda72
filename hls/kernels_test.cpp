// SPDX-License-Identifier: Apache-2.0
#include "hls/kernels.hpp"

#include "hls/every_kernel_test.hpp"

namespace sallyport::hls {

INSTANTIATE_TEST_SUITE_P(Kernels, EveryKernel, testing::ValuesIn(all_kernels()), kernel_name);

}  // namespace sallyport::hls
