// SPDX-License-Identifier: Apache-2.0
// The computer's half of a way to prove who one is: it answers what its plug-in at the gateway asks
// (host/users/authenticators). A reader of fingerprints would be one more, and a line in methods.cpp.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "host/login/terminal.hpp"

namespace sallyport::login {

// What a proof is for.
struct Attempt {
  std::string id;           // the login's, or the session's that is renewed
  std::string gateway_key;  // as the computer knows it, not as somebody tells it
};

class Prover {
 public:
  virtual ~Prover() = default;

  // Asks the user what has to be asked, before the gateway waits for an answer.
  [[nodiscard]] virtual Result<void> prepare(Asker& asker) = 0;
  [[nodiscard]] virtual Result<boost::json::object> answer(const Attempt& attempt,
                                                           const boost::json::object& challenge) = 0;
  // False once the thing that proves it is gone: the session is over.
  [[nodiscard]] virtual bool present() { return true; }
  // Whether the gateway knows by the proof whose it is, so that nobody need say.
  [[nodiscard]] virtual bool finds_its_user() const { return false; }
};

}  // namespace sallyport::login
