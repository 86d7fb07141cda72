// SPDX-License-Identifier: Apache-2.0
// The Verilated card against the software card: seeded random packets, faults and changes of policy in flight.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.hpp"

namespace sallyport::sim {

struct CompareOptions {
  std::uint64_t seed = 1;
  std::size_t packets = 2000;  // about as many; a round at least
};

struct CompareReport {
  std::size_t packets = 0;
  std::size_t sent = 0;                          // frames out of the ports
  std::size_t messages = 0;                      // to the host
  unsigned flips = 0;                            // each with packets on both sides of it in the card
  unsigned renewals = 0;                         // of tunnels
  unsigned slow_rounds = 0;                      // in which the host was slow
  std::map<std::string, std::uint64_t> upcalls;  // messages by what they say
  std::map<std::string, std::uint64_t> drops;
  std::map<std::string, std::uint64_t> tags;      // users' tags, by what came of them
  std::map<std::string, std::uint64_t> injected;  // frames from the host
  // Packets of SAs, both ways, that left the card or went to the host, by what their SA was.
  std::map<std::string, std::uint64_t> algorithms;
  std::map<std::string, std::uint64_t> modes;      // with protocol and IP versions
  std::map<std::string, std::uint64_t> options;    // ESN, ESP in UDP, neither
  std::map<std::string, std::uint64_t> extras;     // options and extension headers in front of ESP and AH
  std::map<std::string, std::uint64_t> windows;    // of anti-replay, in packets
  std::uint64_t fingerprint = 0xcbf29ce484222325;  // of every frame sent (FNV-1a): equal for equal options
};

// kCorrupt at the first difference; the detail names it and the seed.
Result<CompareReport> compare_cards(const CompareOptions& options);

}  // namespace sallyport::sim
