// SPDX-License-Identifier: Apache-2.0
// The key size as kernels are told it.
#pragma once

#include "hls/trace/ops.hpp"

namespace sallyport::hls {

inline constexpr int kAesPositions = 15;  // round keys of the longest key: FIPS 197 5, Nr + 1 with Nr = 14

enum class AesSize : int { k128 = 0, k192 = 1, k256 = 2 };

constexpr int aes_key_words(AesSize size) { return 4 + 2 * static_cast<int>(size); }  // FIPS 197 5: Nk
constexpr int aes_rounds(AesSize size) { return aes_key_words(size) + 6; }            // FIPS 197 5: Nr
constexpr int aes_first_position(AesSize size) { return kAesPositions - 1 - aes_rounds(size); }

// The two bits of a key_size port. The value 3 is not a size; it acts as 256.
template <template <int> class W>
class AesKeySize {
 public:
  explicit AesKeySize(W<2> code) : is_256_(slice<1, 1>(code)), is_192_(slice<0, 1>(code) & ~slice<1, 1>(code)) {}
  [[nodiscard]] W<1> is_128() const { return ~(is_192_ | is_256_); }
  [[nodiscard]] W<1> is_192() const { return is_192_; }
  [[nodiscard]] W<1> is_256() const { return is_256_; }

 private:
  W<1> is_256_;
  W<1> is_192_;
};

}  // namespace sallyport::hls
