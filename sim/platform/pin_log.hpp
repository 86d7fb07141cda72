// SPDX-License-Identifier: Apache-2.0
// What stands at the card's inputs in each clock, so that another simulator can be given the same and must answer the
// same.
#pragma once

#include <array>
#include <cstdint>
#include <fstream>
#include <string>

class Vsallyport_card;

namespace sallyport::sim {

// The file's first line names what the others consist of, "// name:bits", the first most significant. Each line behind
// it is a clock in hexadecimal digits, as Verilog's $readmemh reads it: `sent`, the fold of all that both ports have
// sent before (fold() in the .cpp), and the inputs. Clocks that the simulation skips are not there: nothing moves in
// them.
class PinLog {
 public:
  PinLog(const std::string& path, unsigned clocks);  // no more clocks than that

  void clock(const Vsallyport_card& card);

 private:
  std::ofstream file_;
  unsigned left_;
  bool named_ = false;
  std::array<std::uint32_t, 16> folds_[2] = {};  // of LAN, WAN
};

}  // namespace sallyport::sim
