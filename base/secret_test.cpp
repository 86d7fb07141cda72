// SPDX-License-Identifier: Apache-2.0
#include "base/secret.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace {

// Memory that is looked at when it goes back to the heap, and how many of its bytes were not zero then.
std::span<const std::uint8_t> watched;
std::ptrdiff_t left_behind = -1;  // it has not gone back

}  // namespace

// Not inlined: gcc would see malloc and delete meet, and warn.
[[gnu::noinline]] void* operator new(std::size_t size) {
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}

[[gnu::noinline]] void operator delete(void* memory) noexcept {
  if (memory != nullptr && memory == watched.data()) {
    left_behind = std::ranges::count_if(watched, [](std::uint8_t byte) { return byte != 0; });
    watched = {};
  }
  std::free(memory);
}

[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

namespace sallyport {
namespace {

void watch(Bytes memory) {
  watched = memory;
  left_behind = -1;
}

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

TEST(Secret, LeavesNothingBehindInMemoryWhenItDies) {
  {
    Secret s(as_bytes("a key"));
    watch(s.reveal());
  }
  EXPECT_EQ(left_behind, 0);
}

TEST(Secret, LeavesNothingBehindInMemoryWhenAnotherTakesItsPlace) {
  const Secret other(as_bytes("another key"));
  Secret copied_over(as_bytes("a key"));
  watch(copied_over.reveal());
  copied_over = other;
  EXPECT_EQ(left_behind, 0);

  Secret moved_over(as_bytes("a key"));
  watch(moved_over.reveal());
  moved_over = std::move(copied_over);
  EXPECT_EQ(left_behind, 0);
}

}  // namespace
}  // namespace sallyport
