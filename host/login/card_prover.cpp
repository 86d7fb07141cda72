// SPDX-License-Identifier: Apache-2.0
#include "host/login/card_prover.hpp"

#include <boost/json.hpp>

#include "host/base/toml_section.hpp"
#include "host/login/smart_card.hpp"

namespace sallyport::login {
namespace {

namespace json = boost::json;

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
  [[nodiscard]] bool finds_its_user() const override { return true; }

 private:
  std::unique_ptr<SmartCard> card_;
};

}  // namespace

MakeProver read_card(TomlSection& configuration, bool chosen) {
  const auto module = configuration.path("module");
  const auto token = configuration.text_or("token", "");
  if (chosen && !module) configuration.problem("needs 'module', a file, for the method smart_card");
  return [module = module.value_or(""), token]() -> Result<std::unique_ptr<Prover>> {
    auto card = SmartCard::open(module, token);
    if (!card) return card.error();
    return std::unique_ptr<Prover>(std::make_unique<CardProver>(std::move(*card)));
  };
}

}  // namespace sallyport::login
