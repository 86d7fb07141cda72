// SPDX-License-Identifier: Apache-2.0
// A target among the ordinary tests: every seed at every length, and a while of mutations that are the same each time.
#include "tests/fuzz/mutation.hpp"

#include <gtest/gtest.h>

#include "tests/fuzz/target.hpp"

namespace sallyport::fuzz {
namespace {

constexpr unsigned kRounds = 3000;
constexpr std::size_t kCuts = 300;  // of each seed, evenly

TEST(Fuzz, SeedsCutAtEveryLengthDoNoHarm) {
  for (const Buffer& whole : seeds()) {
    const std::size_t step = 1 + whole.size() / kCuts;
    for (std::size_t size = 0; size < whole.size(); size += step) run(Bytes(whole).first(size));
    run(whole);
  }
}

TEST(Fuzz, MutationsOfSeedsDoNoHarm) {
  Mutation mutation(seeds(), 1);
  for (unsigned round = 0; round < kRounds; ++round) {
    const Buffer input = mutation.next();
    SCOPED_TRACE("round " + std::to_string(round));
    run(input);
  }
}

}  // namespace
}  // namespace sallyport::fuzz
