// SPDX-License-Identifier: Apache-2.0
#include "driver/software/hmac.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdlib>

namespace sallyport::driver::software {
namespace {

const EVP_MD* hash_of(layout::Integrity integrity) {
  switch (integrity) {
    case layout::Integrity::kHmacMd5_96:
      return EVP_md5();
    case layout::Integrity::kHmacSha1_96:
      return EVP_sha1();
    case layout::Integrity::kHmacSha256_128:
      return EVP_sha256();
    case layout::Integrity::kHmacSha384_192:
      return EVP_sha384();
    case layout::Integrity::kHmacSha512_256:
      return EVP_sha512();
    case layout::Integrity::kNone:
      break;
  }
  std::abort();
}

}  // namespace

Buffer hmac_icv(layout::Integrity integrity, Bytes key, Bytes message) {
  Buffer icv(EVP_MAX_MD_SIZE);
  if (HMAC(hash_of(integrity), key.data(), static_cast<int>(key.size()), message.data(), message.size(), icv.data(),
           nullptr) == nullptr) {
    std::abort();
  }
  icv.resize(layout::shape(integrity).icv);
  return icv;
}

}  // namespace sallyport::driver::software
