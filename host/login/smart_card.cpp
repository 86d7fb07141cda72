// SPDX-License-Identifier: Apache-2.0
#include "host/login/smart_card.hpp"

#include <p11-kit/p11-kit.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace sallyport::login {
namespace {

Error card_error(const std::string& what, CK_RV code) { return {Errc::kIo, what + ": " + p11_kit_strerror(code)}; }

// PKCS#11 pads with blanks.
template <std::size_t N>
std::string text_of(const unsigned char (&padded)[N]) {
  std::string text(padded, padded + N);
  text.erase(text.find_last_not_of(std::string_view(" \0", 2)) + 1);
  return text;
}

// A module that is loaded and initialised.
class Module {
 public:
  static Result<Module> load(const std::filesystem::path& path) {
    CK_FUNCTION_LIST* list = p11_kit_module_load(path.c_str(), P11_KIT_MODULE_CRITICAL);
    if (list == nullptr) {
      const char* why = p11_kit_message();
      return Error{Errc::kInvalid,
                   path.string() + " is no PKCS#11 module: " + (why != nullptr ? why : "it cannot be loaded")};
    }
    if (const CK_RV code = p11_kit_module_initialize(list); code != CKR_OK) {
      p11_kit_module_release(list);
      return card_error("start " + path.string(), code);
    }
    return Module(list);
  }
  CK_FUNCTION_LIST* operator->() const { return list_.get(); }

 private:
  struct Release {
    void operator()(CK_FUNCTION_LIST* list) const {
      p11_kit_module_finalize(list);
      p11_kit_module_release(list);
    }
  };
  explicit Module(CK_FUNCTION_LIST* list) : list_(list) {}
  std::unique_ptr<CK_FUNCTION_LIST, Release> list_;
};

class Pkcs11Card : public SmartCard {
 public:
  Pkcs11Card(Module module, CK_SLOT_ID slot, const CK_TOKEN_INFO& info, CK_SESSION_HANDLE session)
      : module_(std::move(module)),
        slot_(slot),
        number_(text_of(info.serialNumber)),
        label_(text_of(info.label)),
        session_(session) {}
  ~Pkcs11Card() override { module_->C_CloseSession(session_); }

  [[nodiscard]] const std::string& number() const override { return number_; }
  [[nodiscard]] const std::string& label() const override { return label_; }

  [[nodiscard]] bool present() override {
    CK_SLOT_INFO slot{};
    CK_TOKEN_INFO token{};
    CK_SESSION_INFO session{};
    return module_->C_GetSlotInfo(slot_, &slot) == CKR_OK && (slot.flags & CKF_TOKEN_PRESENT) != 0 &&
           module_->C_GetTokenInfo(slot_, &token) == CKR_OK && text_of(token.serialNumber) == number_ &&
           module_->C_GetSessionInfo(session_, &session) == CKR_OK;
  }

  [[nodiscard]] Result<void> unlock(const Secret& pin) override {
    if (pin.empty()) return Error{Errc::kAuthFailed, "the PIN is missing"};
    Secret copy = pin;  // the module wants one that it could write to
    const CK_RV code = module_->C_Login(session_, CKU_USER, copy.bytes().data(), copy.size());
    switch (code) {
      case CKR_OK:
      case CKR_USER_ALREADY_LOGGED_IN:
        return {};
      case CKR_PIN_LOCKED:
        return Error{Errc::kAuthFailed, "the card's PIN is locked"};
      case CKR_PIN_INCORRECT:
      case CKR_PIN_INVALID:
      case CKR_PIN_LEN_RANGE:
        return Error{Errc::kAuthFailed, "the PIN is wrong" + tries_left()};
      default:
        return card_error("unlock the card", code);
    }
  }

  [[nodiscard]] Result<Buffer> sign(const users::CardDigest& digest) override {
    const auto key = signing_key();
    if (!key) return key.error();
    CK_RSA_PKCS_PSS_PARAMS pss{CKM_SHA256, CKG_MGF1_SHA256, digest.size()};
    CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
    if (key->type == CKK_RSA) mechanism = {CKM_RSA_PKCS_PSS, &pss, sizeof pss};
    CK_RV code = module_->C_SignInit(session_, &mechanism, key->handle);
    if (code != CKR_OK) return card_error("sign with the card", code);
    users::CardDigest input = digest;
    Buffer signature(2048);  // RSA of 16384 bits
    CK_ULONG size = signature.size();
    code = module_->C_Sign(session_, input.data(), input.size(), signature.data(), &size);
    if (code != CKR_OK) return card_error("sign with the card", code);
    signature.resize(size);
    return signature;
  }

 private:
  struct Key {
    CK_OBJECT_HANDLE handle;
    CK_KEY_TYPE type;
  };

  Result<Key> signing_key() {
    CK_OBJECT_CLASS kind = CKO_PRIVATE_KEY;
    CK_BBOOL yes = CK_TRUE;
    std::array<CK_ATTRIBUTE, 2> wanted{{{CKA_CLASS, &kind, sizeof kind}, {CKA_SIGN, &yes, sizeof yes}}};
    CK_RV code = module_->C_FindObjectsInit(session_, wanted.data(), wanted.size());
    if (code != CKR_OK) return card_error("look for the card's keys", code);
    std::optional<Key> found;
    CK_OBJECT_HANDLE handle = 0;
    CK_ULONG count = 0;
    while (!found && module_->C_FindObjects(session_, &handle, 1, &count) == CKR_OK && count == 1) {
      const auto type = attribute<CK_KEY_TYPE>(handle, CKA_KEY_TYPE);
      const bool asks = attribute<CK_BBOOL>(handle, CKA_ALWAYS_AUTHENTICATE).value_or(CK_FALSE) == CK_TRUE;
      if (!asks && type && (*type == CKK_RSA || *type == CKK_EC)) found = Key{handle, *type};
    }
    module_->C_FindObjectsFinal(session_);
    if (!found) return Error{Errc::kNotFound, "the card '" + label_ + "' has no RSA or EC key that may sign"};
    return *found;
  }

  template <class T>
  std::optional<T> attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
    T value{};
    CK_ATTRIBUTE wanted{type, &value, sizeof value};
    if (module_->C_GetAttributeValue(session_, object, &wanted, 1) != CKR_OK || wanted.ulValueLen != sizeof value) {
      return std::nullopt;
    }
    return value;
  }

  std::string tries_left() {
    CK_TOKEN_INFO info{};
    if (module_->C_GetTokenInfo(slot_, &info) != CKR_OK) return "";
    if ((info.flags & CKF_USER_PIN_LOCKED) != 0) return ", and the card is locked now";
    return (info.flags & CKF_USER_PIN_FINAL_TRY) != 0 ? "; one try is left before the card locks" : "";
  }

  Module module_;
  CK_SLOT_ID slot_;
  std::string number_;
  std::string label_;
  CK_SESSION_HANDLE session_;
};

}  // namespace

Result<std::unique_ptr<SmartCard>> SmartCard::open(const std::filesystem::path& path, const std::string& token) {
  auto module = Module::load(path);
  if (!module) return module.error();
  std::array<CK_SLOT_ID, 64> slots{};
  CK_ULONG count = slots.size();
  if (const CK_RV code = (*module)->C_GetSlotList(CK_TRUE, slots.data(), &count); code != CKR_OK) {
    return card_error("look for cards", code);
  }
  struct Candidate {
    CK_SLOT_ID slot;
    CK_TOKEN_INFO info;
  };
  std::vector<Candidate> fitting;
  std::string labels;
  for (CK_ULONG i = 0; i < count; ++i) {
    CK_TOKEN_INFO info{};
    if ((*module)->C_GetTokenInfo(slots.at(i), &info) != CKR_OK || (info.flags & CKF_TOKEN_INITIALIZED) == 0) continue;
    const std::string label = text_of(info.label);
    labels += (labels.empty() ? "'" : ", '") + label + "'";
    if (token.empty() || label == token) fitting.push_back({slots.at(i), info});
  }
  if (fitting.empty()) {
    return Error{Errc::kNotFound, labels.empty() ? "there is no card in the reader"
                                                 : "there is no card '" + token + "'; there are " + labels};
  }
  if (fitting.size() > 1) {
    return Error{Errc::kInvalid, "there are several cards, " + labels + "; name one by 'token' in the configuration"};
  }
  CK_SESSION_HANDLE session = 0;
  const CK_RV code = (*module)->C_OpenSession(fitting[0].slot, CKF_SERIAL_SESSION, nullptr, nullptr, &session);
  if (code != CKR_OK) return card_error("open the card", code);
  return std::unique_ptr<SmartCard>(
      std::make_unique<Pkcs11Card>(std::move(*module), fitting[0].slot, fitting[0].info, session));
}

}  // namespace sallyport::login
