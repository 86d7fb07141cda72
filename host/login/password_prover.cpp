// SPDX-License-Identifier: Apache-2.0
#include "host/login/password_prover.hpp"

#include <boost/json.hpp>

#include "host/api/wiped.hpp"

namespace sallyport::login {
namespace {

namespace json = boost::json;

json::string_view characters(const Secret& secret) {
  return {reinterpret_cast<const char*>(secret.reveal().data()), secret.size()};
}

// What was typed is forgotten once it is used.
class PasswordProver : public Prover {
 public:
  explicit PasswordProver(bool with_code) : with_code_(with_code) {}

  Result<void> prepare(Asker& asker) override {
    auto password = asker.ask("Password");
    if (!password) return password.error();
    password_ = std::move(*password);
    if (!with_code_) return {};
    auto code = asker.ask("One-time code");
    if (!code) return code.error();
    code_ = std::move(*code);
    return {};
  }

  Result<json::object> answer(const Attempt&, const json::object&) override {
    json::object out(api::wiped_storage());
    out["password"] = characters(password_);
    if (with_code_) out["code"] = characters(code_);
    password_.wipe();
    code_.wipe();
    return out;
  }

 private:
  bool with_code_;
  Secret password_;
  Secret code_;
};

MakeProver prover(bool with_code) {
  return [with_code] { return std::unique_ptr<Prover>(std::make_unique<PasswordProver>(with_code)); };
}

}  // namespace

MakeProver read_password(TomlSection&, bool) { return prover(false); }
MakeProver read_password_and_code(TomlSection&, bool) { return prover(true); }

}  // namespace sallyport::login
