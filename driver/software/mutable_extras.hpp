// SPDX-License-Identifier: Apache-2.0
// Which options of IPv4 and IPv6 may change on the way (RFC 4302 3.3.3.1 and appendix A).
#pragma once

#include "driver/ip/ip.hpp"

namespace sallyport::driver::software {

// Of `extras`, those of a packet with this header, makes zero what AH does not authenticate.
void zero_mutable_extras(std::span<std::uint8_t> extras, const IpHeader& header);

}  // namespace sallyport::driver::software
