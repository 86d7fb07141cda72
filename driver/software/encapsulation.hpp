// SPDX-License-Identifier: Apache-2.0
// What an outbound SA makes of a packet: ESP (RFC 4303, in UDP RFC 3948) or AH (RFC 4302), in tunnel or transport mode.
#pragma once

#include "driver/ip/ip.hpp"
#include "driver/software/transform.hpp"

namespace sallyport::driver::software {

class Encapsulation {
 public:
  // Of `packet`, which is whole when the row of sa_out says transport mode.
  Encapsulation(const IpPacket& packet, const layout::Row& sa_out, const Transform& transform);

  // Those that count in the SA's state: of ESP the ciphertext, of AH what it protects.
  [[nodiscard]] std::size_t counted_bytes() const;
  // Of the packet that packet() makes.
  [[nodiscard]] std::size_t total() const;
  [[nodiscard]] Buffer packet(std::uint64_t seq) const;

 private:
  [[nodiscard]] bool says(const layout::Field& flag) const { return sa_out_.get(flag) == 1; }
  [[nodiscard]] bool ah() const;
  [[nodiscard]] std::size_t ah_bytes() const;
  [[nodiscard]] Buffer esp(std::uint64_t seq) const;

  const layout::Row& sa_out_;
  const Transform& transform_;
  IpHeader outer_;
  Buffer protected_;
  std::uint8_t next_header_;  // of what is protected
};

}  // namespace sallyport::driver::software
