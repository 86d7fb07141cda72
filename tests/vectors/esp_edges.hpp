// SPDX-License-Identifier: Apache-2.0
// Reads esp_edges.txt. ESP_EDGES is its path.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "hw/layout/codes.hpp"

namespace sallyport::vectors {

struct EspEdge {
  std::string line;  // its number
  layout::Cipher cipher;
  layout::Integrity integrity;
  bool esn;
  Buffer key;
  std::uint32_t salt;
  Buffer integrity_key;
  std::uint32_t spi;
  std::uint64_t seq;
  bool card_iv;  // the IV is the one that the card puts into packet `seq`
  Buffer iv;
  Buffer plaintext;  // with padding and trailer
  Buffer esp;        // SPI to ICV

  [[nodiscard]] std::size_t icv_bytes() const {
    return integrity == layout::Integrity::kNone ? layout::shape(cipher).icv : layout::shape(integrity).icv;
  }
};

inline std::vector<EspEdge> esp_edges() {
  using layout::Cipher;
  using layout::Integrity;
  static const std::map<std::string, Cipher> kCiphers = {{"aes-gcm", Cipher::kAesGcm},  {"aes-gmac", Cipher::kAesGmac},
                                                         {"aes-cbc", Cipher::kAesCbc},  {"aes-ctr", Cipher::kAesCtr},
                                                         {"null", Cipher::kNull},       {"des-cbc", Cipher::kDesCbc},
                                                         {"3des-cbc", Cipher::kDes3Cbc}};
  static const std::map<std::string, Integrity> kIntegrities = {{"none", Integrity::kNone},
                                                                {"md5", Integrity::kHmacMd5_96},
                                                                {"sha1", Integrity::kHmacSha1_96},
                                                                {"sha256", Integrity::kHmacSha256_128},
                                                                {"sha384", Integrity::kHmacSha384_192},
                                                                {"sha512", Integrity::kHmacSha512_256}};
  std::ifstream file(ESP_EDGES);
  std::vector<EspEdge> edges;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.starts_with('#')) continue;
    std::istringstream words(line);
    std::string cipher, integrity, esn, key, salt, integrity_key, spi, seq, whose, iv, plaintext, esp;
    words >> cipher >> integrity >> esn >> key >> salt >> integrity_key >> spi >> seq >> whose >> iv >> plaintext >>
        esp;
    const auto bytes = [](const std::string& digits) { return digits == "-" ? Buffer() : from_hex(digits).value(); };
    edges.push_back({.line = "line " + std::to_string(number),
                     .cipher = kCiphers.at(cipher),
                     .integrity = kIntegrities.at(integrity),
                     .esn = esn == "esn",
                     .key = bytes(key),
                     .salt = salt == "-" ? 0 : static_cast<std::uint32_t>(std::stoul(salt, nullptr, 16)),
                     .integrity_key = bytes(integrity_key),
                     .spi = static_cast<std::uint32_t>(std::stoul(spi, nullptr, 16)),
                     .seq = std::stoull(seq, nullptr, 16),
                     .card_iv = whose == "card",
                     .iv = bytes(iv),
                     .plaintext = bytes(plaintext),
                     .esp = bytes(esp)});
  }
  EXPECT_FALSE(edges.empty()) << "nothing read from " << ESP_EDGES;
  return edges;
}

}  // namespace sallyport::vectors
