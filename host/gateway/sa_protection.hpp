// SPDX-License-Identifier: Apache-2.0
// What an SA's algorithms are to the card: from IANA's numbers to the codes of its rows.
#pragma once

#include "driver/sa/sa_table.hpp"
#include "host/ipsec/sa.hpp"

namespace sallyport::gateway {

// kUnsupported: an algorithm that the card does not have.
[[nodiscard]] Result<driver::SaProtection> protection_of(Encryption encryption, Integrity integrity,
                                                         const SaKeys& keys);

[[nodiscard]] layout::Protocol card_protocol(Protocol protocol);  // of ESP and AH

// The layout's names: "esp", "ah"; "tunnel", "transport".
[[nodiscard]] const char* word_of(Protocol protocol);
[[nodiscard]] const char* word_of(Mode mode);

}  // namespace sallyport::gateway
