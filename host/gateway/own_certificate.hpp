// SPDX-License-Identifier: Apache-2.0
// The key by which users' computers know the gateway, where the administrator gives none.
#pragma once

#include "host/api/tls.hpp"

namespace sallyport::gateway {

// Makes what is missing of the two: a key (ECDSA, P-256), and a certificate that the key signs itself. Computers know
// the key, so a certificate that was lost is made for the same one.
[[nodiscard]] Result<void> make_own_certificate(const api::TlsIdentity& files);

}  // namespace sallyport::gateway
