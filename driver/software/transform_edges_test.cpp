// SPDX-License-Identifier: Apache-2.0
// The transforms at the edges of every algorithm (tests/vectors/esp_edges.py), and everything near a right packet.
#include <gtest/gtest.h>

#include "driver/software/transform.hpp"
#include "tests/vectors/esp_edges.hpp"

namespace sallyport::driver::software {
namespace {

using vectors::EspEdge;

Transform transform_of(const EspEdge& e) {
  return {.cipher = e.cipher,
          .integrity = e.integrity,
          .esn = e.esn,
          .key = e.key,
          .salt = e.salt,
          .integrity_key = e.integrity_key};
}

// What a receiver would make of a packet: the number's low half is the packet's.
std::optional<Buffer> opened(const EspEdge& e, Bytes esp) {
  ByteReader header(esp);
  header.skip(4);
  const std::uint32_t low = header.u32();
  return transform_of(e).open(esp, e.seq >> 32 << 32 | low);
}

Buffer flipped(Buffer bytes, std::size_t bit) {
  bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
  return bytes;
}

TEST(TransformEdges, SealsAndOpensEachPacket) {
  for (const EspEdge& e : vectors::esp_edges()) {
    SCOPED_TRACE(e.line);
    const Transform t = transform_of(e);
    if (e.card_iv) {
      EXPECT_EQ(t.iv(e.seq), e.iv);
    }
    EXPECT_EQ(t.seal(e.spi, e.seq, e.iv, e.plaintext), e.esp);
    EXPECT_EQ(t.open(e.esp, e.seq), e.plaintext);
  }
}

TEST(TransformEdges, RefusesAPacketOfWhichOneBitIsWrong) {
  for (const EspEdge& e : vectors::esp_edges()) {
    if (e.esp.size() > 256) continue;  // enough of them are short
    SCOPED_TRACE(e.line);
    for (std::size_t bit = 0; bit < 8 * e.esp.size(); ++bit) {
      EXPECT_EQ(opened(e, flipped(e.esp, bit)), std::nullopt) << "bit " << bit;
    }
  }
}

TEST(TransformEdges, RefusesAPacketThatIsCutOrContinued) {
  for (const EspEdge& e : vectors::esp_edges()) {
    SCOPED_TRACE(e.line);
    Buffer more = e.esp;
    for (std::size_t bytes = 0; bytes < e.esp.size(); ++bytes) {
      EXPECT_EQ(opened(e, Bytes(e.esp).first(bytes)), std::nullopt) << bytes << " bytes";
      if (bytes >= 64) continue;
      more.push_back(0);
      EXPECT_EQ(opened(e, more), std::nullopt) << bytes + 1 << " bytes too many";
    }
  }
}

TEST(TransformEdges, RefusesAnIcvThatIsTheBeginningOfAnother) {
  for (const EspEdge& e : vectors::esp_edges()) {
    SCOPED_TRACE(e.line);
    for (std::size_t kept = 0; kept < e.icv_bytes(); ++kept) {  // the rest is zeros
      Buffer zeroed = e.esp;
      std::fill(zeroed.end() - static_cast<std::ptrdiff_t>(e.icv_bytes() - kept), zeroed.end(), std::uint8_t{0});
      if (zeroed == e.esp) continue;  // it ends in zeros
      EXPECT_EQ(opened(e, zeroed), std::nullopt) << kept << " bytes of the ICV";
    }
  }
}

TEST(TransformEdges, AuthenticatesTheHighHalfOfAnExtendedNumber) {
  unsigned seen = 0;
  for (const EspEdge& e : vectors::esp_edges()) {
    if (!e.esn) continue;
    SCOPED_TRACE(e.line);
    for (unsigned bit = 32; bit < 64; ++bit) {
      EXPECT_EQ(transform_of(e).open(e.esp, e.seq ^ std::uint64_t{1} << bit), std::nullopt) << "bit " << bit;
    }
    ++seen;
  }
  EXPECT_GT(seen, 0U);
}

}  // namespace
}  // namespace sallyport::driver::software
