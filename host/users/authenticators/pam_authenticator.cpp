// SPDX-License-Identifier: Apache-2.0
#include "host/users/authenticators/pam_authenticator.hpp"

#include <security/pam_appl.h>

#include <cstdlib>
#include <cstring>

#include "host/base/toml_section.hpp"

namespace sallyport::users {
namespace {

// The password is the answer to whatever is asked without echo; any other question has no answer.
int converse(int count, const pam_message** messages, pam_response** responses, void* data) noexcept {
  const Bytes password = static_cast<const Secret*>(data)->reveal();
  auto* answers = static_cast<pam_response*>(std::calloc(static_cast<std::size_t>(count), sizeof(pam_response)));
  if (answers == nullptr) return PAM_BUF_ERR;
  for (int i = 0; i < count; ++i) {
    const int style = messages[i]->msg_style;
    if (style == PAM_ERROR_MSG || style == PAM_TEXT_INFO) continue;
    // A zero within would end it early.
    const bool whole = std::memchr(password.data(), 0, password.size()) == nullptr;
    if (style == PAM_PROMPT_ECHO_OFF && !password.empty() && whole) {
      answers[i].resp = ::strndup(reinterpret_cast<const char*>(password.data()), password.size());
    }
    if (answers[i].resp == nullptr) {
      for (int before = 0; before < i; ++before) std::free(answers[before].resp);
      std::free(answers);
      return PAM_CONV_ERR;
    }
  }
  *responses = answers;  // PAM wipes and frees them
  return PAM_SUCCESS;
}

// One transaction with PAM.
class Transaction {
 public:
  Transaction(const std::string& service, const std::filesystem::path& folder, const std::string& user,
              const Secret& password)
      : conversation_{converse, const_cast<Secret*>(&password)} {
    status_ = ::pam_start_confdir(service.c_str(), user.c_str(), &conversation_,
                                  folder.empty() ? nullptr : folder.c_str(), &handle_);
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (handle_ != nullptr) ::pam_end(handle_, status_);
  }

  // Goes on unless something has failed before.
  template <class Step>
  Transaction& then(Step step) {
    if (status_ == PAM_SUCCESS) status_ = step(handle_);
    return *this;
  }
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] std::string sentence() const { return ::pam_strerror(handle_, status_); }

 private:
  pam_conv conversation_;
  pam_handle_t* handle_ = nullptr;
  int status_ = PAM_SUCCESS;
};

// What says something about the user, and not about PAM.
bool refuses(int status) {
  switch (status) {
    case PAM_AUTH_ERR:
    case PAM_USER_UNKNOWN:
    case PAM_MAXTRIES:
    case PAM_CONV_ERR:
    case PAM_CRED_INSUFFICIENT:
    case PAM_CRED_EXPIRED:
    case PAM_ACCT_EXPIRED:
    case PAM_AUTHTOK_EXPIRED:
    case PAM_NEW_AUTHTOK_REQD:
    case PAM_PERM_DENIED:
      return true;
    default:
      return false;
  }
}

}  // namespace

MethodSettings PamAuthenticator::read(TomlSection& users, bool chosen) {
  if (users.has("pam_service") && !chosen) {
    users.problem("pam_service", "is for the method \"pam\", which is not among 'methods'; add it there");
  }
  return {[service = users.text_or("pam_service", "sallyport")](const Surroundings&) {
    return std::make_unique<PamAuthenticator>(service);
  }};
}

Result<Identity> PamAuthenticator::finish(const Claim& claim, const Challenge&, const Answer& answer) {
  const std::string address = claim.address.to_string();
  std::string user = claim.user;
  Transaction transaction(service_, folder_, claim.user, answer.secret("password"));
  transaction.then([&](pam_handle_t* pam) { return ::pam_set_item(pam, PAM_RHOST, address.c_str()); })
      .then([](pam_handle_t* pam) { return ::pam_authenticate(pam, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK); })
      .then([](pam_handle_t* pam) { return ::pam_acct_mgmt(pam, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK); })
      .then([&](pam_handle_t* pam) {
        // A module may have found another name for the user.
        const void* name = nullptr;
        const int status = ::pam_get_item(pam, PAM_USER, &name);
        if (status == PAM_SUCCESS && name != nullptr) user = static_cast<const char*>(name);
        return status;
      });
  if (transaction.status() == PAM_SUCCESS) return Identity{user};
  return Error{refuses(transaction.status()) ? Errc::kAuthFailed : Errc::kIo,
               "PAM service '" + service_ + "': " + transaction.sentence()};
}

}  // namespace sallyport::users
