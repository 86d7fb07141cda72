// SPDX-License-Identifier: Apache-2.0
#include "host/api/service.hpp"

namespace sallyport::api {

unsigned http_status(Errc code) {
  switch (code) {
    case Errc::kInvalid:
    case Errc::kTruncated:
      return 400;
    case Errc::kDenied:
    case Errc::kAuthFailed:
      return 403;
    case Errc::kNotFound:
      return 404;
    case Errc::kExists:
      return 409;
    case Errc::kUnsupported:
      return 501;
    case Errc::kFull:
    case Errc::kBusy:
    case Errc::kTimeout:
    case Errc::kDisconnected:
      return 503;
    case Errc::kExhausted:
    case Errc::kIo:
    case Errc::kCorrupt:
      return 500;
  }
  return 500;
}

Errc code_named(std::string_view name) {
  for (auto i = static_cast<int>(Errc::kInvalid); i <= static_cast<int>(Errc::kCorrupt); ++i) {
    if (to_string(static_cast<Errc>(i)) == name) return static_cast<Errc>(i);
  }
  return Errc::kIo;
}

}  // namespace sallyport::api
