// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/credential_requests.hpp"

#include <algorithm>

namespace sallyport::gateway {

using users::Directory;

Result<users::DirectoryWork> credential_work(users::Methods methods, const std::string& verb, const std::string& method,
                                             const users::Enrolment& asked) {
  const auto known = std::find_if(methods.begin(), methods.end(), [&](const auto& m) { return m.name == method; });
  const bool keeps = known != methods.end() && known->enrol != nullptr;
  if (keeps && verb == "PUT") return known->enrol(asked);
  if (keeps && verb == "DELETE") {
    return users::DirectoryWork([actor = asked.actor, user = asked.user, kind = users::CredentialKind{known->name}](
                                    Directory& directory) -> Result<boost::json::value> {
      if (auto gone = directory.delete_credential(actor, user, kind); !gone) return gone.error();
      return boost::json::value(boost::json::object{});
    });
  }
  return Error{Errc::kNotFound, "there is no request " + verb + " /v1/users/NAME/" + method};
}

}  // namespace sallyport::gateway
