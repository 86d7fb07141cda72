// SPDX-License-Identifier: Apache-2.0
// The ports that a packet is looked up under.
#pragma once

#include "hls/trace/ops.hpp"

namespace sallyport::hls {

template <template <int> class W>
struct FlowPorts {
  W<16> source;
  W<16> destination;
};

// RFC 4301 4.4.1.1: ports are selectors of protocols that have them, and a fragment that is not the first has none.
// `first_word` is what follows the IPv4 header, its first byte most significant; `present` says that it lies within the
// packet. A packet without ports is looked up under zeros.
template <template <int> class W>
FlowPorts<W> flow_ports(W<8> protocol, W<13> fragment_offset, W<32> first_word, W<1> present) {
  const W<1> has_ports = (protocol == W<8>(6)) | (protocol == W<8>(17)) |   // TCP, UDP
                         (protocol == W<8>(132)) | (protocol == W<8>(33));  // SCTP, DCCP
  const W<1> readable = has_ports & present & (fragment_offset == W<13>(0));
  return {fill<16>(readable) & slice<16, 16>(first_word), fill<16>(readable) & slice<0, 16>(first_word)};
}

}  // namespace sallyport::hls
