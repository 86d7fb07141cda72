// SPDX-License-Identifier: Apache-2.0
#include "driver/software/mutable_extras.hpp"

#include <algorithm>

namespace sallyport::driver::software {
namespace {

using MutableBytes = std::span<std::uint8_t>;

constexpr std::uint8_t kEndOfOptions = 0, kNoOperation = 1;  // RFC 791 3.1: of one byte, like Pad1
constexpr std::uint8_t kPad1 = 0;                            // RFC 8200 4.2
constexpr std::uint8_t kMayChange = 0x20;                    // RFC 8200 4.2: the third bit of an option's type
// RFC 4302 A.1: security, extended security, commercial security, router alert, sender directed multi-destination.
constexpr std::uint8_t kImmutable[] = {130, 133, 134, 148, 149};

void zero(MutableBytes bytes) { std::fill(bytes.begin(), bytes.end(), std::uint8_t{0}); }

// Where a length leads nowhere, nobody can say which bytes are what: none of them counts, at either end.
void zero_mutable_options_of_ipv4(MutableBytes options) {
  while (!options.empty() && options[0] != kEndOfOptions) {
    std::size_t bytes = 1;
    if (options[0] != kNoOperation) {
      if (options.size() < 2 || options[1] < 2 || options[1] > options.size()) return zero(options);
      bytes = options[1];
      const bool immutable =
          std::find(std::begin(kImmutable), std::end(kImmutable), options[0]) != std::end(kImmutable);
      if (!immutable) zero(options.first(bytes));
    }
    options = options.subspan(bytes);
  }
}

void zero_mutable_options_of_ipv6(MutableBytes options) {
  while (!options.empty()) {
    std::size_t bytes = 1;
    if (options[0] != kPad1) {
      if (options.size() < 2 || options[1] + 2U > options.size()) return zero(options);
      bytes = options[1] + 2U;
      if ((options[0] & kMayChange) != 0) zero(options.subspan(2, bytes - 2));
    }
    options = options.subspan(bytes);
  }
}

}  // namespace

void zero_mutable_extras(MutableBytes extras, const IpHeader& header) {
  if (!header.ipv6) return zero_mutable_options_of_ipv4(extras);
  constexpr std::size_t kOptionsAt = 2;  // behind next header and length
  for (const Extension& extension : extensions_of(header)) {
    if (extension.kind != kHopByHopOptions && extension.kind != kDestinationOptions) continue;
    zero_mutable_options_of_ipv6(extras.subspan(extension.at + kOptionsAt, extension.bytes - kOptionsAt));
  }
}

}  // namespace sallyport::driver::software
