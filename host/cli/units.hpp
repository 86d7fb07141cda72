// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sallyport::cli {

[[nodiscard]] std::string human_count(std::uint64_t count);    // 1,234,567
[[nodiscard]] std::string human_bytes(std::uint64_t bytes);    // 512 B, 1.21 MiB: powers of 1024
[[nodiscard]] std::string human_time(std::uint64_t seconds);   // 45 s, 2 min 5 s, 3 h 10 min, 2 d 4 h
[[nodiscard]] std::string human_packets(std::uint64_t count);  // 1 packet, 1,234 packets

}  // namespace sallyport::cli
