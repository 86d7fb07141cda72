// SPDX-License-Identifier: Apache-2.0
// A Verilated kernel as its test drives it: ports by number, in the order the kernel names them.
#pragma once

#include <memory>
#include <string>

#include "hls/trace/bits.hpp"

namespace sallyport::hls {

class RtlModel {
 public:
  virtual ~RtlModel() = default;
  virtual void set(int input, const Bits& value) = 0;
  [[nodiscard]] virtual Bits get(int output) const = 0;
  virtual void set_valid(bool valid) = 0;
  [[nodiscard]] virtual bool valid() const = 0;
  virtual void clock() = 0;  // a rising edge; a combinational model settles instead
};

// Null when there is no such kernel. Defined in the generated rtl_models.cpp.
[[nodiscard]] std::unique_ptr<RtlModel> make_rtl_model(const std::string& kernel);

}  // namespace sallyport::hls
