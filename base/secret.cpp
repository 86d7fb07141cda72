// SPDX-License-Identifier: Apache-2.0
#include "base/secret.hpp"

#include <openssl/crypto.h>

#include <utility>

namespace sallyport {

void wipe(std::span<std::uint8_t> memory) { OPENSSL_cleanse(memory.data(), memory.size()); }

void Secret::wipe() {
  sallyport::wipe(data_);
  data_.clear();
}

Secret::Secret(Secret&& other) noexcept : data_(std::move(other.data_)) { other.data_.clear(); }

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    wipe();
    data_ = Buffer(other.data_);
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    data_ = std::exchange(other.data_, {});
  }
  return *this;
}

Secret Secret::consume(Buffer& plain) {
  Secret s{Bytes(plain)};
  sallyport::wipe(plain);
  plain.clear();
  return s;
}

bool equal_constant_time(Bytes a, Bytes b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool operator==(const Secret& a, const Secret& b) { return equal_constant_time(a.data_, b.data_); }

}  // namespace sallyport
