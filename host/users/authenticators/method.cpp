// SPDX-License-Identifier: Apache-2.0
#include "host/users/authenticators/method.hpp"

namespace sallyport::users {

Result<std::string_view> Enrolment::text(std::string_view key) const {
  const auto* object = body.if_object();
  const auto* value = object == nullptr ? nullptr : object->if_contains(key);
  if (value == nullptr || !value->is_string()) {
    return Error{Errc::kInvalid, "'" + std::string(key) + "' must be there, a text"};
  }
  return std::string_view(value->get_string());
}

}  // namespace sallyport::users
