// SPDX-License-Identifier: Apache-2.0
// From "this address is this user" to the buckets the card looks into.
#pragma once

#include <cstdint>
#include <map>

#include "driver/tables/table_image.hpp"
#include "hw/layout/address.hpp"

namespace sallyport::driver {

// Writes the principal table: address -> principal, for the value of the card's hash_seed register. kFull when the
// entries do not fit (some 95 % of layout::kPrincipalBuckets * layout::kBucketEntries do); then the image is as before.
Result<void> compile_principals(const std::map<layout::Address, std::uint16_t>& principals, std::uint32_t seed,
                                TableImage& image);

}  // namespace sallyport::driver
