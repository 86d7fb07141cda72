// SPDX-License-Identifier: Apache-2.0
#include "driver/software/datapath.hpp"

#include <gtest/gtest.h>

namespace sallyport::driver::software {
namespace {

using layout::Drop;

// No packet leads here: the software card looks at a packet once, and nothing changes meanwhile. On the Verilated card
// one does, in drops_test.
TEST(Datapath, FailsClosedInAStateThatCannotBe) {
  EXPECT_EQ(admission_drop(HeaderFault::kNone), Drop::kIllegalState);
  for (const HeaderFault fault : {HeaderFault::kTooShort, HeaderFault::kMalformed, HeaderFault::kTotalTooLong,
                                  HeaderFault::kExtension, HeaderFault::kChecksum}) {
    EXPECT_NE(admission_drop(fault), Drop::kIllegalState);
  }
}

}  // namespace
}  // namespace sallyport::driver::software
