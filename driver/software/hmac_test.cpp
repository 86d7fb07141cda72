// SPDX-License-Identifier: Apache-2.0
#include "driver/software/hmac.hpp"

#include <gtest/gtest.h>

#include "tests/vectors/hmac_vectors.hpp"

namespace sallyport::driver::software {
namespace {

TEST(Hmac, IsThePublishedDigestCutToTheIcv) {
  // RFC 2403 2, RFC 2404 2: 96 bits; RFC 4868 2.3: half of the digest.
  const std::size_t icv_bytes[] = {0, 12, 12, 16, 24, 32};
  for (const vectors::HmacVector& v : vectors::kHmacVectors) {
    Buffer expected = from_hex(v.digest).value();
    expected.resize(icv_bytes[static_cast<unsigned>(v.integrity)]);
    EXPECT_EQ(hmac_icv(v.integrity, from_hex(v.key).value(), from_hex(v.message).value()), expected) << v.digest;
  }
}

}  // namespace
}  // namespace sallyport::driver::software
