// SPDX-License-Identifier: Apache-2.0
// Secrets at rest: sealed with AES-256-GCM under a key in a file that only its owner can read.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/secret.hpp"

namespace sallyport::store {

// 32 bytes, made when the file is not there. kDenied when others can read it; kCorrupt when it is cut, with `without_it`:
// what comes of moving it away, as a clause.
[[nodiscard]] Result<Secret> load_or_make_key(const std::filesystem::path& file, std::string_view without_it);

// A random nonce of 12 bytes, the ciphertext, a tag of 16 bytes. At most 2^32 seals a key (NIST SP 800-38D 8.3).
[[nodiscard]] Result<Buffer> seal(const Secret& key, const Secret& plain);
[[nodiscard]] Result<Secret> unseal(const Secret& key, Bytes sealed);  // kAuthFailed, kTruncated

}  // namespace sallyport::store
