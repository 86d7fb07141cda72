// SPDX-License-Identifier: Apache-2.0
#include "base/secret.hpp"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(Secret, TakesOverBytesAndWipesTheirSource) {
  Buffer plain = {1, 2, 3};
  const std::uint8_t* where = plain.data();
  Secret s = Secret::consume(plain);
  EXPECT_TRUE(plain.empty());
  EXPECT_EQ(where[0] | where[1] | where[2], 0);  // the vector kept its memory; the key is gone from it
  EXPECT_EQ(s.size(), 3u);
}

TEST(Secret, ComparesContentAndLength) {
  EXPECT_TRUE(Secret(as_bytes("abc")) == Secret(as_bytes("abc")));
  EXPECT_FALSE(Secret(as_bytes("abc")) == Secret(as_bytes("abd")));
  EXPECT_FALSE(Secret(as_bytes("abc")) == Secret(as_bytes("abcd")));
  EXPECT_TRUE(Secret() == Secret());
}

TEST(Secret, LeavesNothingBehindWhenMovedFrom) {
  Secret a(as_bytes("key"));
  Secret b = std::move(a);
  EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move): the state after a move is what is tested
  EXPECT_EQ(to_hex(b.reveal()), to_hex(as_bytes("key")));
}

}  // namespace
}  // namespace sallyport
