// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cassert>

#include "hls/aes/kernels.hpp"
#include "hls/aes/key_schedule.hpp"
#include "hls/trace/bytes.hpp"

namespace sallyport::hls {
namespace {

Table make_mix_table(int row) {
  std::vector<std::uint64_t> values;
  for (int a = 0; a < 256; ++a) {
    const std::uint32_t s = sub_byte(static_cast<std::uint8_t>(a));
    const std::uint32_t twice = xtime(static_cast<std::uint8_t>(s));
    const std::uint32_t upper = twice << 24 | s << 16 | s << 8 | twice;
    values.push_back(std::uint64_t{std::rotr(upper, 8 * row)} << 32 | std::rotr(s, 8 * row));
  }
  return {"aes_mix_" + std::to_string(row), 8, 64, std::move(values)};
}

}  // namespace

const Table& mix_table(int row) {
  static const std::array<Table, 4> tables = {make_mix_table(0), make_mix_table(1), make_mix_table(2),
                                              make_mix_table(3)};
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

}  // namespace sallyport::hls
