// SPDX-License-Identifier: Apache-2.0
#include "driver/software/mutable_extras.hpp"

#include <algorithm>

namespace sallyport::driver::software {
namespace {

using MutableBytes = std::span<std::uint8_t>;

constexpr std::uint8_t kPad1 = 0;          // RFC 8200 4.2: of one byte
constexpr std::uint8_t kMayChange = 0x20;  // RFC 8200 4.2: the third bit of an option's type
// RFC 4302 A.1: no operation, security, extended security, commercial security, router alert, sender directed
// multi-destination.
constexpr std::uint8_t kImmutable[] = {kNoOperation, 130, 133, 134, 148, 149};

void zero(MutableBytes bytes) { std::fill(bytes.begin(), bytes.end(), std::uint8_t{0}); }

// Where a length leads nowhere, nobody can say which bytes are what: none of them counts, at either end.
void zero_mutable_options_of_ipv4(MutableBytes extras, const IpHeader& header) {
  std::size_t read = 0;
  for (const Extension& option : options_of(header)) {
    const bool immutable = std::find(std::begin(kImmutable), std::end(kImmutable), option.kind) != std::end(kImmutable);
    if (!immutable) zero(extras.subspan(option.at, option.bytes));
    read = option.at + option.bytes;
  }
  if (read < extras.size() && extras[read] != kEndOfOptions) zero(extras.subspan(read));
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
  if (!header.ipv6) return zero_mutable_options_of_ipv4(extras, header);
  constexpr std::size_t kOptionsAt = 2;  // behind next header and length
  for (const Extension& extension : extensions_of(header)) {
    if (extension.kind != kHopByHopOptions && extension.kind != kDestinationOptions) continue;
    zero_mutable_options_of_ipv6(extras.subspan(extension.at + kOptionsAt, extension.bytes - kOptionsAt));
  }
}

}  // namespace sallyport::driver::software
