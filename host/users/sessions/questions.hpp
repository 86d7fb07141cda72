// SPDX-License-Identifier: Apache-2.0
// Whoever asks users about their packets, as their computers see it: the gateway. JSON as ../README.md describes it.
#pragma once

#include <boost/json/array.hpp>
#include <functional>
#include <string>

#include "host/users/sessions/sessions.hpp"

namespace sallyport::users {

class Questions {
 public:
  virtual ~Questions() = default;
  // Those that wait for this user.
  [[nodiscard]] virtual boost::json::array open_questions(const std::string& user) const = 0;
  // What this user has answered, and is in force.
  [[nodiscard]] virtual boost::json::array answers_of(const std::string& user) const = 0;
  // Told, once, what was answered, for the audit log; or kNotFound, kInvalid, kFull; or what a store could not do.
  virtual void answer(const Session& session, const std::string& question, const std::string& choice,
                      const std::string& remember, std::function<void(Result<std::string>)> respond) = 0;
  // Takes one back.
  virtual void forget(const std::string& user, const std::string& answer,
                      std::function<void(Result<std::string>)> respond) = 0;
};

}  // namespace sallyport::users
