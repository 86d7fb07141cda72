// SPDX-License-Identifier: Apache-2.0
#include "host/login/prover.hpp"

#include <boost/json.hpp>

#include "host/api/wiped.hpp"
#include "host/login/smart_card.hpp"

namespace sallyport::login {
namespace {

namespace json = boost::json;

json::string_view characters(const Secret& secret) {
  return {reinterpret_cast<const char*>(secret.reveal().data()), secret.size()};
}

// A password, and for "totp" a code too; they are forgotten once they are used.
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

class CardProver : public Prover {
 public:
  explicit CardProver(std::unique_ptr<SmartCard> card) : card_(std::move(card)) {}

  Result<void> prepare(Asker& asker) override {
    const auto pin = asker.ask("PIN of the card '" + card_->label() + "'");
    return pin ? card_->unlock(*pin) : pin.error();
  }

  Result<json::object> answer(const Attempt& attempt, const json::object& challenge) override {
    const auto* nonce = challenge.if_contains("nonce");
    if (nonce == nullptr || !nonce->is_string()) return Error{Errc::kCorrupt, "the gateway asks a card nothing"};
    const auto signature = card_->sign(
        users::digest_of({attempt.gateway_key, attempt.id, card_->number(), std::string(nonce->get_string())}));
    if (!signature) return signature.error();
    return json::object{{"number", card_->number()}, {"signature", to_hex(*signature)}};
  }

  bool present() override { return card_->present(); }

 private:
  std::unique_ptr<SmartCard> card_;
};

}  // namespace

Result<std::unique_ptr<Prover>> make_prover(const Config& config) {
  if (config.method != "smart_card") {
    return std::unique_ptr<Prover>(std::make_unique<PasswordProver>(config.method == "totp"));
  }
  auto card = SmartCard::open(config.module, config.token);
  if (!card) return card.error();
  return std::unique_ptr<Prover>(std::make_unique<CardProver>(std::move(*card)));
}

}  // namespace sallyport::login
