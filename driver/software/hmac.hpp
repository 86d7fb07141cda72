// SPDX-License-Identifier: Apache-2.0
// HMAC as ESP's integrity algorithms use it (RFC 2403, 2404, 4868), by OpenSSL.
#pragma once

#include "base/bytes.hpp"
#include "hw/layout/codes.hpp"

namespace sallyport::driver::software {

// HMAC of `message`, cut to the bytes of the algorithm's ICV.
Buffer hmac_icv(layout::Integrity integrity, Bytes key, Bytes message);

}  // namespace sallyport::driver::software
