// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

#include <cerrno>
#include <system_error>

namespace sallyport {

std::string_view to_string(Errc code) {
  switch (code) {
    case Errc::kInvalid:
      return "invalid";
    case Errc::kTruncated:
      return "truncated";
    case Errc::kUnsupported:
      return "unsupported";
    case Errc::kNotFound:
      return "not-found";
    case Errc::kExists:
      return "exists";
    case Errc::kFull:
      return "full";
    case Errc::kBusy:
      return "busy";
    case Errc::kTimeout:
      return "timeout";
    case Errc::kDenied:
      return "denied";
    case Errc::kAuthFailed:
      return "auth-failed";
    case Errc::kExhausted:
      return "exhausted";
    case Errc::kIo:
      return "io";
    case Errc::kDisconnected:
      return "disconnected";
    case Errc::kCorrupt:
      return "corrupt";
  }
  std::abort();
}

std::string Error::message() const {
  std::string text(to_string(code));
  if (!detail.empty()) text.append(": ").append(detail);
  return text;
}

Error errno_error(std::string_view what) {
  const int saved = errno;
  const bool denied = saved == EACCES || saved == EPERM;
  return Error{denied ? Errc::kDenied : Errc::kIo, std::string(what) + ": " + std::generic_category().message(saved)};
}

}  // namespace sallyport
