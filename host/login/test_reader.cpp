// SPDX-License-Identifier: Apache-2.0
// For tests: a PKCS#11 module that is SoftHSM's, but for a card that is pulled while the file SALLYPORT_TEST_PULLED
// exists; sessions from before are void then, as PKCS#11 2.40 6.7.4 wants it.
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <unistd.h>

#include <cstdlib>

namespace {

CK_FUNCTION_LIST* real = nullptr;
bool was_pulled = false;

bool pulled() {
  const char* file = std::getenv("SALLYPORT_TEST_PULLED");
  if (file == nullptr || ::access(file, F_OK) != 0) return false;
  was_pulled = true;
  return true;
}

CK_RV slot_info(CK_SLOT_ID slot, CK_SLOT_INFO* info) {
  const CK_RV code = real->C_GetSlotInfo(slot, info);
  if (pulled()) info->flags &= ~CKF_TOKEN_PRESENT;
  return code;
}
CK_RV slot_list(CK_BBOOL present, CK_SLOT_ID* slots, CK_ULONG* count) {
  if (present == CK_TRUE && pulled()) {
    *count = 0;
    return CKR_OK;
  }
  return real->C_GetSlotList(present, slots, count);
}
CK_RV token_info(CK_SLOT_ID slot, CK_TOKEN_INFO* info) {
  return pulled() ? CKR_TOKEN_NOT_PRESENT : real->C_GetTokenInfo(slot, info);
}
CK_RV session_info(CK_SESSION_HANDLE session, CK_SESSION_INFO* info) {
  return pulled() || was_pulled ? CKR_SESSION_HANDLE_INVALID : real->C_GetSessionInfo(session, info);
}
CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {
  return pulled() || was_pulled ? CKR_SESSION_HANDLE_INVALID : real->C_SignInit(session, mechanism, key);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST** list) {
  static CK_FUNCTION_LIST ours;
  void* module = ::dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) return CKR_GENERAL_ERROR;
  const auto get = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(module, "C_GetFunctionList"));
  if (get == nullptr || get(&real) != CKR_OK) return CKR_GENERAL_ERROR;
  ours = *real;
  ours.C_GetSlotInfo = slot_info;
  ours.C_GetSlotList = slot_list;
  ours.C_GetTokenInfo = token_info;
  ours.C_GetSessionInfo = session_info;
  ours.C_SignInit = sign_init;
  *list = &ours;
  return CKR_OK;
}
