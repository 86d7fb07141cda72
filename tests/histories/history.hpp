// SPDX-License-Identifier: Apache-2.0
// A random history of a gateway: people come and go, policies are edited, the daemon is killed, the card loses
// everything; and after each event, and at every flip of the tables within it, packets are sent. Each must fare as the
// model before or after the event says, and after it as the model after it says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

namespace sallyport::histories {

struct Life {
  std::uint64_t seed = 0;  // of everything random
  std::uint64_t events = 0;
  unsigned by_ike = 0;  // of 100 policies that protect, so many do it by IKE
  bool log = false;     // on standard error: what the gateway says, and what happens to it
};

struct Told {
  std::uint64_t events = 0;
  std::map<std::string, std::uint64_t> by_kind;
  std::uint64_t packets = 0;  // of which the model was asked
  std::uint64_t packets_at_flips = 0;
  std::uint64_t sent_again = 0;  // of these, as they were dropped while there was no SA
  std::string difference;        // empty: none
  std::string models;            // then: a line of JSON each
};

// Ends with the first difference. `folder` is empty; `progress` is told now and then.
[[nodiscard]] Told run_history(const Life& life, const std::filesystem::path& folder,
                               const std::function<void(const Told&)>& progress);

}  // namespace sallyport::histories
