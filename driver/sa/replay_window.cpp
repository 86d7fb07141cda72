// SPDX-License-Identifier: Apache-2.0
#include "driver/sa/replay_window.hpp"

#include <string>

#include "hw/layout/tables.hpp"

namespace sallyport::driver {

Result<unsigned> replay_window_code(std::uint64_t packets) {
  std::string sizes;
  for (unsigned code = 0; code < layout::kReplayWindowSizes; ++code) {
    const unsigned size = layout::replay_window_packets(code);
    if (packets == size) return code;
    sizes += (code == 0 ? "" : code + 1 == layout::kReplayWindowSizes ? " or " : ", ") + std::to_string(size);
  }
  if (packets == 0) {
    return Error{Errc::kInvalid,
                 "must not be 0: without a window, whoever recorded a packet could send it again; it must be " + sizes};
  }
  return Error{Errc::kInvalid, "must be " + sizes + " packets, not " + std::to_string(packets)};
}

}  // namespace sallyport::driver
