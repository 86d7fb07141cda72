// SPDX-License-Identifier: Apache-2.0
// A constant table that a kernel looks words up in: memory in the model, look-up tables in the circuit.
#pragma once

#include <cassert>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sallyport::hls {

struct Table {
  Table(std::string table_name, int address_width, int data_width, std::vector<std::uint64_t> contents)
      : name(std::move(table_name)), address_bits(address_width), data_bits(data_width), values(std::move(contents)) {
    assert(values.size() == std::size_t{1} << address_bits && "a table answers every address");
    assert(data_bits >= 1 && data_bits <= 64);
  }

  std::string name;  // unique within a kernel, and what the memory is called in the circuit
  int address_bits;
  int data_bits;
  std::vector<std::uint64_t> values;
};

}  // namespace sallyport::hls
