// SPDX-License-Identifier: Apache-2.0
// Keys are wiped where they are done with, and no copy of them goes back to the heap.
#include <cstdlib>
#include <new>

#include "host/ike/test_responder.hpp"

namespace {

// What is looked for in memory that goes back to the heap.
std::span<const std::uint8_t> watched;
unsigned left_behind = 0;

}  // namespace

// Not inlined: gcc would see malloc and delete meet, and warn.
[[gnu::noinline]] void* operator new(std::size_t size) {
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}

[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }

[[gnu::noinline]] void operator delete(void* memory, std::size_t size) noexcept {
  if (memory != nullptr && !watched.empty()) {
    const std::span bytes(static_cast<const std::uint8_t*>(memory), size);
    if (!std::ranges::search(bytes, watched).empty()) ++left_behind;
  }
  std::free(memory);
}

namespace sallyport::ike::test {
namespace {

template <class Work>
unsigned copies_left_behind(Bytes key, Work work) {
  left_behind = 0;
  watched = key;
  work();
  watched = {};
  return left_behind;
}

TEST(LeftBehind, AreSeenByThisTest) {
  const Buffer key(32, 0x77);
  EXPECT_NE(copies_left_behind(key, [&] { (void)ByteWriter().bytes(key).u8(1); }), 0u);
}

TEST(LeftBehind, NoKeysOfAStream) {
  const Buffer key(32, 0x77);
  const auto stream = [&] { return prf_plus(Prf::kHmacSha256, key, Buffer(64, 0x11), 100); };
  const Secret expected = stream();
  EXPECT_EQ(copies_left_behind(expected.reveal().first(32), [&] { (void)stream(); }), 0u);
}

TEST(LeftBehind, NoSharedSecret) {
  const Secret shared(Buffer(32, 0x77));
  const Secret d(Buffer(32, 0x55));
  const Buffer nonce(32, 0x11);
  const Proposal ike = Proposal::parse(Protocol::kIke, "aes128gcm16-prfsha256-ecp256").value();
  const Proposal esp = Proposal::parse(Protocol::kEsp, "aes128gcm16-ecp256").value();
  EXPECT_EQ(copies_left_behind(shared.reveal(),
                               [&] {
                                 (void)derive_ike_keys(ike, shared, {nonce, nonce, 1, 2});
                                 (void)rekey_ike_keys(Prf::kHmacSha256, d, ike, shared, {nonce, nonce, 1, 2});
                                 (void)derive_child_keys(Prf::kHmacSha256, d, esp, &shared, nonce, nonce);
                               }),
            0u);
}

class LeftBehindByASnapshot : public ByHand {};

TEST_F(LeftBehindByASnapshot, NoKeys) {
  answer_init();
  answer_auth(parse_proposals(Protocol::kEsp, "aes128gcm16").value()[0]);
  const Secret stored = a.engine->snapshot(now);
  EXPECT_FALSE(std::ranges::search(stored.reveal(), keys_.d.reveal()).empty());
  EXPECT_EQ(copies_left_behind(keys_.d.reveal(), [&] { (void)a.engine->snapshot(now); }), 0u);
}

}  // namespace
}  // namespace sallyport::ike::test
