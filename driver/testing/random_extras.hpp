// SPDX-License-Identifier: Apache-2.0
// For tests: options and extension headers of every kind, as long as a header may have them or nearly so, some of them
// with an option that has no end.
#pragma once

#include <algorithm>
#include <iterator>

#include "driver/ip/ip.hpp"

namespace sallyport::driver::testing {

constexpr std::size_t kMostOptionBytes = 40;  // RFC 791 3.1: IHL says no more

// Behind those that the header has. `content` follows its next header: 7 bytes, or a multiple of 8 more.
inline void append_extension(IpHeader& header, std::uint8_t kind, Bytes content) {
  const auto before = extensions_of(header);
  (before.empty() ? header.first_extension : header.extras[before.back().at]) = kind;
  header.extras.push_back(kProtocolNone);
  header.extras.insert(header.extras.end(), content.begin(), content.end());
}

// RFC 8200 4.5: of a fragment, or of a whole packet (RFC 6946).
inline void append_fragment_header(IpHeader& header, unsigned offset, bool more, std::uint32_t identification) {
  const auto offset_flags = static_cast<std::uint16_t>(offset << 3 | (more ? 1 : 0));
  append_extension(header, kFragment, ByteWriter().u8(0).u16(offset_flags).u32(identification).view());
}

template <typename Random>
class RandomExtras {
 public:
  explicit RandomExtras(Random& random) : random_(random) {}

  // Takes the place of those that the header has. What is `too_much` for the card is so in IPv6 alone.
  void put_into(IpHeader& header, bool too_much = false) {
    header.extras.clear();
    if (!header.ipv6) {
      header.extras.resize(4 * (one_in(4) ? kMostOptionBytes / 4 : 1 + below(kMostOptionBytes / 4)));
      return fill_options(header.extras, kKindsOfIpv4);
    }
    const bool one_more = too_much && one_in(2);
    const std::size_t count = one_more || one_in(4) ? kMostExtensions : 1 + below(kMostExtensions - 1);
    std::size_t left = kMostExtensionBytes;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t most = left - 8 * (count - 1 - i);  // and 8 for each that follows
      left -= append(header, one_in(3) ? most : 8 * (1 + below(most / 8)));
    }
    if (too_much) append(header, one_more ? 8 : left + 8);
  }

 private:
  // RFC 791, RFC 1108, RFC 1393, RFC 1770, RFC 2113, RFC 4727: all that AH takes as they are, and some of the others.
  static constexpr std::uint8_t kKindsOfIpv4[] = {1,   1,   7,   68,  82,  94,  130, 131,
                                                  133, 134, 136, 137, 148, 149, 158, 222};
  // RFC 2711, RFC 2675, RFC 4727, and PadN.
  static constexpr std::uint8_t kKindsOfIpv6[] = {1, 1, 5, 30, 62, 94, 126, 158, 190, 194, 222, 254};

  std::size_t below(std::size_t n) { return random_() % n; }
  bool one_in(std::size_t n) { return below(n) == 0; }
  std::uint8_t byte() { return static_cast<std::uint8_t>(random_()); }

  // An extension header of so many bytes, but that a fragment header has 8; how many that is.
  std::size_t append(IpHeader& header, std::size_t bytes) {
    constexpr std::uint8_t kKinds[] = {kHopByHopOptions, kDestinationOptions, kRouting, kFragment};
    const std::uint8_t kind = kKinds[below(std::size(kKinds))];
    if (kind == kFragment) {
      append_fragment_header(header, 0, false, static_cast<std::uint32_t>(random_()));
      header.extras.end()[-7] = byte();  // reserved, as are two bits more: RFC 8200 4.5 ignores them
      header.extras.end()[-5] |= byte() & 6U;
      return 8;
    }
    Buffer content(bytes - 1);
    content[0] = static_cast<std::uint8_t>(bytes / 8 - 1);
    const auto behind = std::span(content).subspan(1);
    if (kind == kRouting) {
      std::generate(behind.begin(), behind.end(), [this] { return byte(); });
    } else {
      fill_options(behind, kKindsOfIpv6);
    }
    append_extension(header, kind, content);
    return bytes;
  }

  template <std::size_t N>
  void fill_options(std::span<std::uint8_t> options, const std::uint8_t (&kinds)[N]) {
    const bool ipv6 = &kinds[0] == &kKindsOfIpv6[0];
    while (!options.empty()) {
      const bool single = one_in(12);  // one without a length: in IPv4 the end of the list, whatever stands behind
      options[0] = single ? 0 : one_in(12) ? byte() : kinds[below(N)];
      if (options.size() == 1) return;
      std::size_t bytes = 1;
      if (!single && (ipv6 || options[0] != 1)) {
        const std::size_t most = options.size();
        bytes = 2 + below(one_in(4) ? most - 1 : std::min<std::size_t>(most - 1, 7));
        options[1] = static_cast<std::uint8_t>(one_in(16) ? byte() : bytes - (ipv6 ? 2 : 0));
        std::generate(options.begin() + 2, options.begin() + static_cast<std::ptrdiff_t>(bytes),
                      [this] { return byte(); });
      }
      options = options.subspan(bytes);
    }
  }

  Random& random_;
};

}  // namespace sallyport::driver::testing
