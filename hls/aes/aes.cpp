// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cassert>

#include "hls/aes/inverse.hpp"
#include "hls/aes/kernels.hpp"
#include "hls/aes/key_schedule.hpp"
#include "hls/trace/bytes.hpp"

namespace sallyport::hls {
namespace {

using SBox = std::array<std::uint8_t, 256>;

SBox sbox() {
  SBox box{};
  for (int a = 0; a < 256; ++a) box[a] = sub_byte(static_cast<std::uint8_t>(a));
  return box;
}
SBox inverse_sbox() {
  SBox box{};
  for (int a = 0; a < 256; ++a) box[sub_byte(static_cast<std::uint8_t>(a))] = static_cast<std::uint8_t>(a);
  return box;
}

std::array<Table, 4> make_tables(const std::string& name, const SBox& box) {
  const auto table = [&](int row) {
    std::vector<std::uint64_t> values;
    for (const std::uint32_t s : box) {
      const std::uint32_t twice = xtime(static_cast<std::uint8_t>(s));
      const std::uint32_t upper = twice << 24 | s << 16 | s << 8 | twice;
      values.push_back(std::uint64_t{std::rotr(upper, 8 * row)} << 32 | std::rotr(s, 8 * row));
    }
    return Table(name + std::to_string(row), 8, 64, std::move(values));
  };
  return {table(0), table(1), table(2), table(3)};
}

}  // namespace

const Table& mix_table(int row) {
  static const std::array<Table, 4> tables = make_tables("aes_mix_", sbox());
  return tables[row];
}

const Table& inverse_table(int row) {
  static const std::array<Table, 4> tables = make_tables("aes_inverse_", inverse_sbox());
  return tables[row];
}

std::array<num<128>, kAesPositions> expand_key(Bytes key) {
  assert(key.size() == 16 || key.size() == 24 || key.size() == 32);
  const auto size = static_cast<AesSize>((key.size() - 16) / 8);
  Buffer padded(32 - key.size());
  padded.insert(padded.end(), key.begin(), key.end());
  const num<2> key_size(static_cast<std::uint64_t>(size));
  KeySchedule<num> schedule{from_bytes<256>(padded), 0, 1};
  std::array<num<128>, kAesPositions> keys{};
  for (int position = aes_first_position(size); position < kAesPositions; ++position) {
    for (int i = 0; i < 4; ++i) {
      keys[position] = cat(slice<0, 96>(keys[position]), leaving_word(key_size, schedule.window));
      schedule = aes_key_step(key_size, schedule);
    }
  }
  return keys;
}

std::array<num<128>, kAesPositions> expand_inverse_key(Bytes key) {
  const std::array<num<128>, kAesPositions> forward = expand_key(key);
  const int first = aes_first_position(static_cast<AesSize>((key.size() - 16) / 8));
  const int last = kAesPositions - 1;
  std::array<num<128>, kAesPositions> keys{};
  for (int position = first; position <= last; ++position) {
    const num<128>& round_key = forward[first + last - position];
    keys[position] = position == first || position == last ? round_key : aes_inv_mix(round_key);
  }
  return keys;
}

}  // namespace sallyport::hls
