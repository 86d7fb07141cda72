// SPDX-License-Identifier: Apache-2.0
// From a block function to the digest of a message, as the engines of the card will have it: what hash tests share.
#pragma once

#include <algorithm>
#include <bit>
#include <random>

#include "hls/trace/bytes.hpp"

namespace sallyport::hls {

inline Buffer random_bytes(std::mt19937_64& random, std::size_t n) {
  Buffer data(n);
  for (auto& b : data) b = static_cast<std::uint8_t>(random());
  return data;
}

// FIPS 180-4 5.1, RFC 1321 3.1 and 3.2: a one, zeros, and the message's length in bits in the last eighth of a block.
inline Buffer padded(Bytes message, std::size_t block_bytes, std::endian length_order) {
  const std::size_t length_bytes = block_bytes / 8;
  Buffer data(message.begin(), message.end());
  data.push_back(0x80);
  while (data.size() % block_bytes != block_bytes - length_bytes) data.push_back(0);
  Buffer length(length_bytes);
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<std::uint8_t>(message.size() * 8 >> 8 * i);
  if (length_order == std::endian::big) std::reverse(length.begin(), length.end());
  data.insert(data.end(), length.begin(), length.end());
  return data;
}

// The chaining value after the last block of a message.
template <int BlockBits, int StateBits, class Block>
Buffer digest(num<StateBits> state, Bytes message, std::endian length_order, Block block) {
  constexpr std::size_t kBlockBytes = BlockBits / 8;
  const Buffer data = padded(message, kBlockBytes, length_order);
  for (std::size_t at = 0; at < data.size(); at += kBlockBytes) {
    state = block(state, from_bytes<BlockBits>(Bytes(data).subspan(at, kBlockBytes)));
  }
  return to_bytes(state);
}

inline Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace sallyport::hls
