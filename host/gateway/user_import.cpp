// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/user_import.hpp"

#include <openssl/rand.h>

#include <array>
#include <cstdlib>

#include "base/bytes.hpp"

namespace sallyport::gateway {
namespace {

std::string random_id() {
  std::array<std::uint8_t, 8> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) std::abort();
  return to_hex(random);
}

Error failed(const char* what) {
  Error error = errno_error(what);
  error.detail += "; nothing was imported: make room where temporary files are";
  return error;
}

}  // namespace

UserImport::UserImport(std::string actor) : id_(random_id()), actor_(std::move(actor)), file_(std::tmpfile()) {}

Result<void> UserImport::add(std::string_view part) {
  if (file_ == nullptr || std::fwrite(part.data(), 1, part.size(), file_.get()) != part.size()) {
    return failed("keep a part of the import");
  }
  size_ += part.size();
  return {};
}

Result<std::string> UserImport::next() {
  constexpr std::size_t kPiece = 64 * 1024;
  // What was written last may be on its way, and fail, still.
  if (file_ == nullptr || (read_ == 0 && std::fseek(file_.get(), 0, SEEK_SET) != 0)) return failed("keep the import");
  std::string piece(kPiece, '\0');
  piece.resize(std::fread(piece.data(), 1, piece.size(), file_.get()));
  if (std::ferror(file_.get()) != 0) return failed("read the import");
  read_ += piece.size();
  return piece;
}

unsigned UserImport::percent() const { return size_ == 0 ? 0 : static_cast<unsigned>(read_ * 100 / size_); }

}  // namespace sallyport::gateway
