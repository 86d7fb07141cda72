// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.hpp"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(ByteReader, ReadsNetworkOrder) {
  const Buffer data = {1, 2, 3, 4, 5, 6, 7};
  ByteReader r(data);
  EXPECT_EQ(r.u8(), 0x01);
  EXPECT_EQ(r.u16(), 0x0203);
  EXPECT_EQ(r.u32(), 0x04050607u);
  EXPECT_TRUE(r.ok());
  EXPECT_EQ(r.left(), 0u);
}

TEST(ByteReader, YieldsZerosPastTheEndAndRemembersIt) {
  const Buffer data = {0xff};
  ByteReader r(data);
  EXPECT_EQ(r.u32(), 0u);
  EXPECT_FALSE(r.ok());
  EXPECT_EQ(r.u8(), 0u);
  EXPECT_TRUE(r.take(1).empty());
}

TEST(ByteWriter, WritesWhatTheReaderReads) {
  ByteWriter w;
  w.u8(9).u16(0x1234).u32(0xdeadbeef).u64(0x0102030405060708).zeros(2).bytes(as_bytes("ab"));
  w.patch_u16(1, 0x4321);
  ByteReader r(w.view());
  EXPECT_EQ(r.u8(), 9);
  EXPECT_EQ(r.u16(), 0x4321);
  EXPECT_EQ(r.u32(), 0xdeadbeefu);
  EXPECT_EQ(r.u64(), 0x0102030405060708u);
  r.skip(2);
  EXPECT_TRUE(equal(r.rest(), as_bytes("ab")));
  EXPECT_TRUE(r.ok());
}

TEST(Hex, RoundTripsAndRefusesWhatIsNotHex) {
  EXPECT_EQ(to_hex(*from_hex("0x00fFa5")), "00ffa5");
  EXPECT_EQ(from_hex("abc").error().code, Errc::kInvalid);
  EXPECT_EQ(from_hex("zz").error().code, Errc::kInvalid);
  EXPECT_EQ(from_hex("0x0g").error().code, Errc::kInvalid);
}

}  // namespace
}  // namespace sallyport
