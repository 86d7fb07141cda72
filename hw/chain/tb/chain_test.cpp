// SPDX-License-Identifier: Apache-2.0
// The engine against OpenSSL, both directions at once.
#include <gtest/gtest.h>

#include "hw/chain/tb/chain_bench.hpp"
#include "tests/vectors/esp_edges.hpp"

namespace sallyport::hw {
namespace {

constexpr Cipher kCiphers[] = {Cipher::kNull, Cipher::kAesCtr, Cipher::kAesCbc, Cipher::kDesCbc, Cipher::kDes3Cbc};
constexpr Integrity kIntegrities[] = {Integrity::kHmacMd5_96, Integrity::kHmacSha1_96, Integrity::kHmacSha256_128,
                                      Integrity::kHmacSha384_192, Integrity::kHmacSha512_256};

class Chain : public testing::Test {
 protected:
  static constexpr unsigned kSeed = 20;

  Buffer some_bytes(std::size_t n) {
    Buffer b(n);
    for (auto& x : b) x = static_cast<std::uint8_t>(random_());
    return b;
  }

  Sa some_sa(unsigned index, Cipher cipher, Integrity integrity) {
    const bool aes = cipher == Cipher::kAesCbc || cipher == Cipher::kAesCtr;
    Sa sa{index,
          cipher,
          integrity,
          false,
          random_() % 2 != 0,
          static_cast<std::uint32_t>(random_()),
          static_cast<std::uint32_t>(random_()),
          {},
          some_bytes(layout::shape(integrity).key)};
    sa.key = some_bytes(aes                          ? 16 + 8 * (random_() % 3)
                        : cipher == Cipher::kDesCbc  ? 8
                        : cipher == Cipher::kDes3Cbc ? 24
                                                     : 0);
    return sa;
  }
  Sa some_sa(unsigned index) {
    Sa sa =
        some_sa(index, kCiphers[random_() % std::size(kCiphers)], kIntegrities[random_() % std::size(kIntegrities)]);
    sa.ah = sa.cipher == Cipher::kNull && random_() % 2 != 0;
    return sa;
  }

  // Of `about` bytes, rounded up to the cipher's block.
  Buffer some_plaintext(const Sa& sa, std::size_t about) {
    const std::size_t block = sa.ah ? 1 : layout::shape(sa.cipher).block;
    return some_bytes((about + block - 1) / block * block);
  }
  std::uint64_t some_seq() { return std::uint64_t{random_()} << 32 | random_(); }

  void send(Direction d, const Sa& sa, std::size_t about) {
    const Buffer plaintext = some_plaintext(sa, about);
    if (d == kOut) {
      bench_.protect_packet(sa, some_seq(), plaintext);
    } else {
      bench_.open_packet(sa, some_seq(), plaintext);
    }
  }

  testing::ScopedTrace trace_{__FILE__, __LINE__, "seed " + std::to_string(kSeed)};
  std::mt19937 random_{kSeed};
  ChainBench bench_{kSeed};
};

// Each cipher beside each HMAC, alone in the engine: what one packet needs is there without others.
class ChainSuite : public Chain, public testing::WithParamInterface<std::tuple<Cipher, Integrity>> {};

std::string suite_name(const testing::TestParamInfo<std::tuple<Cipher, Integrity>>& suite) {
  const auto [cipher, integrity] = suite.param;
  return std::string(layout::kCiphers[static_cast<unsigned>(cipher)].name) + "_" +
         layout::kIntegrities[static_cast<unsigned>(integrity)].name;
}
INSTANTIATE_TEST_SUITE_P(All, ChainSuite,
                         testing::Combine(testing::ValuesIn(kCiphers), testing::ValuesIn(kIntegrities)), suite_name);

TEST_P(ChainSuite, ProtectsAndOpensEveryLengthAroundTheBlocks) {
  const auto [cipher, integrity] = GetParam();
  const Sa out = some_sa(7, cipher, integrity);
  const Sa in = some_sa(1900, cipher, integrity);
  bench_.load(kOut, out);
  bench_.load(kIn, in);
  for (std::size_t length = 4; length <= 290; length += layout::shape(cipher).block) {
    send(kOut, out, length);
    send(kIn, in, length);
  }
  bench_.run();
}

// AH hashes a packet as it is: any number of bytes, and ESN's half right behind them.
class ChainAh : public Chain, public testing::WithParamInterface<std::tuple<Integrity, bool>> {};

std::string ah_name(const testing::TestParamInfo<std::tuple<Integrity, bool>>& ah) {
  const auto [integrity, esn] = ah.param;
  return std::string(layout::kIntegrities[static_cast<unsigned>(integrity)].name) + (esn ? "_esn" : "");
}
INSTANTIATE_TEST_SUITE_P(All, ChainAh, testing::Combine(testing::ValuesIn(kIntegrities), testing::Bool()), ah_name);

TEST_P(ChainAh, HashesTextsOfEveryLength) {
  const auto [integrity, esn] = GetParam();
  Sa out = some_sa(7, Cipher::kNull, integrity);
  Sa in = some_sa(1900, Cipher::kNull, integrity);
  for (Sa* sa : {&out, &in}) {
    sa->ah = true;
    sa->esn = esn;
  }
  bench_.load(kOut, out);
  bench_.load(kIn, in);
  for (std::size_t length = 1; length <= 290; ++length) {
    send(kOut, out, length);
    send(kIn, in, length);
  }
  send(kOut, out, 9282);  // the longest that the card makes: a frame of 9216 bytes in IPv6
  bench_.run();
}

// SAs of all kinds, lengths of all sizes, both directions, whatever sender and receiver do.
class ChainTraffic : public Chain, public testing::WithParamInterface<std::pair<unsigned, unsigned>> {};

INSTANTIATE_TEST_SUITE_P(All, ChainTraffic,
                         testing::Values(std::pair(0U, 0U), std::pair(50U, 0U), std::pair(0U, 50U), std::pair(40U, 40U),
                                         std::pair(0U, 98U)),
                         [](const auto& info) {
                           return "SenderSleeps" + std::to_string(info.param.first) + "ReceiverSleeps" +
                                  std::to_string(info.param.second);
                         });

TEST_P(ChainTraffic, OfManySasIsProtectedAndOpenedInOrder) {
  bench_.sleepy(GetParam().first, GetParam().second);
  std::vector<Sa> out;
  std::vector<Sa> in;
  for (unsigned i = 0; i < 40; ++i) {
    // Rows spread over the table, both its ends among them; a step of 52 never meets a row twice.
    out.push_back(some_sa(i == 39 ? layout::kSaRows - 1 : i * 52));
    in.push_back(some_sa(i == 39 ? layout::kSaRows - 1 : i * 52));
    bench_.load(kOut, out.back());
    bench_.load(kIn, in.back());
  }
  for (unsigned i = 0; i < 300; ++i) {
    const std::size_t length =
        random_() % 30 == 0 ? 1 + random_() % 9200 : 1 + random_() % (random_() % 4 == 0 ? 1600 : 200);
    send(kOut, out[random_() % out.size()], length);
    send(kIn, in[random_() % in.size()], length);
  }
  bench_.run();
}

// No context and no row is free for a while, and room_o says so.
TEST_F(Chain, TakesLongestPacketsOneBehindTheOther) {
  const Sa out = some_sa(1, Cipher::kAesCbc, Integrity::kHmacSha512_256);
  const Sa in = some_sa(1, Cipher::kAesCbc, Integrity::kHmacSha512_256);
  bench_.load(kOut, out);
  bench_.load(kIn, in);
  for (unsigned i = 0; i < 30; ++i) {
    send(kOut, out, 9216);
    send(kIn, in, 9216);
  }
  bench_.run();
}

// What is loaded for an SA is used from then on, whatever other SAs do meanwhile.
TEST_F(Chain, TakesANewKeyWhilePacketsOfOthersPass) {
  const Sa other = some_sa(3, Cipher::kAesCbc, Integrity::kHmacSha256_128);
  bench_.load(kOut, other);
  bench_.load(kIn, other);
  for (unsigned i = 0; i < 20; ++i) {
    for (unsigned n = 0; n < 10; ++n) {
      send(kOut, other, 300);
      send(kIn, other, 300);
    }
    const Sa sa = some_sa(4);
    bench_.load(kOut, sa);  // lets the clock run
    bench_.load(kIn, sa);
    send(kOut, sa, 100);
    send(kIn, sa, 100);
    bench_.run();
  }
}

TEST_F(Chain, AgreesWithTheEdgesOfEspAndRefusesEachBitOfAnIcv) {
  unsigned index = 0;
  for (const vectors::EspEdge& e : vectors::esp_edges()) {
    if (e.integrity == Integrity::kNone) continue;  // hw/gcm
    SCOPED_TRACE(e.line);
    const Sa sa{++index, e.cipher, e.integrity, false, e.esn, e.spi, e.salt, e.key, e.integrity_key};
    bench_.load(kIn, sa);
    bench_.open_packet(sa, e.seq, e.plaintext, e.esp, true);
    if (e.plaintext.size() <= 16) {
      for (std::size_t bit = 0; bit < 8 * e.icv_bytes(); ++bit) {
        Buffer changed = e.esp;
        changed[e.esp.size() - e.icv_bytes() + bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        bench_.open_packet(sa, e.seq, e.plaintext, changed, false);
      }
    }
    if (e.card_iv) {
      bench_.load(kOut, sa);
      ASSERT_EQ(protect(sa, e.seq, e.plaintext), e.esp);  // which is what the bench will expect
      bench_.protect_packet(sa, e.seq, e.plaintext);
    }
    bench_.run();
  }
}

// One bit anywhere: header, IV, ciphertext, ICV, and ESN's high half, which is not in the packet.
TEST_F(Chain, RefusesWhatAnybodyHasChanged) {
  for (const Integrity integrity : kIntegrities) {
    Sa sa = some_sa(8, Cipher::kAesCbc, integrity);
    sa.esn = true;
    bench_.load(kIn, sa);
    const Buffer plaintext = some_plaintext(sa, 80);
    const std::uint64_t seq = some_seq();
    const Buffer esp = protect(sa, seq, plaintext);
    bench_.open_packet(sa, seq, plaintext, esp, true);
    bench_.open_packet(sa, seq ^ std::uint64_t{1} << 40, plaintext, esp, false);
    for (std::size_t at = esp.size() - layout::shape(integrity).icv; at < esp.size(); ++at) {
      Buffer changed = esp;
      changed[at] ^= static_cast<std::uint8_t>(1U << random_() % 8);
      bench_.open_packet(sa, seq, plaintext, changed, false);
    }
    bench_.run();
    bench_.compare(false);  // the plaintext is anything now
    for (std::size_t at = 8; at < esp.size() - layout::shape(integrity).icv; ++at) {
      Buffer changed = esp;
      changed[at] ^= static_cast<std::uint8_t>(1U << random_() % 8);
      bench_.open_packet(sa, seq, plaintext, changed, false);
      bench_.run();
      ASSERT_FALSE(bench_.last_authentic()) << "byte " << at;
    }
    bench_.compare(true);
  }
}

// One bit anywhere behind the first eight bytes, which are not read.
TEST_F(Chain, RefusesAnAhTextThatAnybodyHasChanged) {
  Sa sa = some_sa(8, Cipher::kNull, Integrity::kHmacSha256_128);
  sa.ah = true;
  bench_.load(kIn, sa);
  for (const std::size_t length : {37U, 38U, 39U, 40U}) {
    const Buffer text = some_plaintext(sa, length);
    const std::uint64_t seq = some_seq();
    const Buffer whole = protect(sa, seq, text);
    for (std::size_t at = 8; at < whole.size(); ++at) {
      Buffer changed = whole;
      changed[at] ^= static_cast<std::uint8_t>(1U << random_() % 8);
      bench_.open_packet(sa, seq, Buffer(changed.begin() + 8, changed.begin() + 8 + length), changed, false);
    }
    bench_.open_packet(sa, seq, text);
  }
  bench_.run();
}

// SPI and number are authenticated as the SA's row and the replay window know them.
TEST_F(Chain, AuthenticatesTheNumberThatTheReplayWindowIsAsked) {
  const Sa sa = some_sa(8, Cipher::kNull, Integrity::kHmacSha256_128);
  bench_.load(kIn, sa);
  const Buffer plaintext = some_plaintext(sa, 80);
  bench_.open_packet(sa, 6, plaintext, protect(sa, 5, plaintext), false);
  Sa other = sa;
  other.spi ^= 1;
  bench_.open_packet(other, 5, plaintext, protect(sa, 5, plaintext), false);
  bench_.open_packet(sa, 5, plaintext);
  bench_.run();
}

// A key row whose integrity is none, or behind which no integrity key of its own was loaded, leaves nothing of what was
// there.
TEST_F(Chain, ForgetsAnHmacKeyThatIsNotLoadedAgain) {
  Sa sa = some_sa(9, Cipher::kNull, Integrity::kHmacSha256_128);
  Sa none = sa;
  none.integrity = Integrity::kNone;
  const auto known = [&] {
    const Buffer plaintext = some_plaintext(sa, 60);
    bench_.open_packet(sa, 1, plaintext, protect(sa, 1, plaintext), true);
    bench_.compare(false);
    bench_.run();
    bench_.compare(true);
    return bench_.last_authentic();
  };
  bench_.load(kIn, sa);
  EXPECT_TRUE(known());
  bench_.load_key(kIn, sa.index, none.key_row());
  EXPECT_FALSE(known());
  bench_.load(kIn, sa);
  EXPECT_TRUE(known());
  bench_.load_key(kIn, sa.index, sa.key_row());
  EXPECT_FALSE(known());
  bench_.load_integrity(kIn, sa.index + 1, sa.integrity_row());
  bench_.load_key(kIn, sa.index, sa.key_row());
  EXPECT_FALSE(known());
  bench_.load_integrity(kOut, sa.index, sa.integrity_row());
  bench_.load_key(kIn, sa.index, sa.key_row());
  EXPECT_FALSE(known());
  bench_.load_integrity(kIn, sa.index, sa.integrity_row());
  bench_.wipe();
  bench_.load_key(kIn, sa.index, sa.key_row());
  EXPECT_FALSE(known());
  sa.integrity_key.assign(sa.integrity_key.size(), 0);  // nor is it one of zeros now
  EXPECT_FALSE(known());
}

// Without keys no row makes a difference.
TEST_F(Chain, ForgetsEveryKeyWhenWiped) {
  for (const Cipher cipher : kCiphers) {
    for (const Integrity integrity : kIntegrities) {
      Sa one = some_sa(10, cipher, integrity);
      Sa two = some_sa(11, cipher, integrity);
      two.spi = one.spi;
      two.esn = one.esn;
      bench_.load(kOut, one);
      bench_.load(kOut, two);
      bench_.wipe();
      bench_.compare(false);
      const Buffer plaintext = some_plaintext(one, 100);
      const auto outcome = [&](const Sa& sa) {
        bench_.protect_packet(sa, 77, plaintext);
        bench_.run();
        return to_hex(bench_.last(kOut));
      };
      EXPECT_EQ(outcome(one), outcome(two));
      bench_.compare(true);
    }
  }
}

// The wipe comes while round keys are made, and while the two halves of the HMAC key are hashed.
TEST_F(Chain, ForgetsAKeyThatIsBeingSetUp) {
  const Sa sa = some_sa(9, Cipher::kNull, Integrity::kHmacSha256_128);
  for (unsigned clocks = 0; clocks < 220; clocks += 11) {
    bench_.load_integrity(kIn, sa.index, sa.integrity_row());
    bench_.begin_load_key(kIn, sa.index, sa.key_row());
    bench_.idle(clocks);
    bench_.wipe();
    bench_.open_packet(sa, 1, some_plaintext(sa, 60));
    bench_.compare(false);
    bench_.run();
    bench_.compare(true);
    EXPECT_FALSE(bench_.last_authentic()) << clocks;
  }
}

// Packets stand everywhere inside when the reset comes: whole ones, and one that had only begun.
TEST_F(Chain, LosesEverythingInsideInOneClockOfReset) {
  for (unsigned i = 0; i < 12; ++i) {
    const Sa sa = some_sa(3);
    bench_.load(kOut, sa);
    bench_.load(kIn, sa);
    for (unsigned n = 0; n < 6; ++n) {
      send(kOut, sa, 50 + 100 * n);
      send(kIn, sa, 50 + 100 * n);
    }
    bench_.idle(20 + 17 * i);
    bench_.reset();
    bench_.load(kOut, sa);
    bench_.load(kIn, sa);
    send(kOut, sa, 200);
    send(kIn, sa, 200);
    bench_.run();
  }
}

}  // namespace
}  // namespace sallyport::hw
