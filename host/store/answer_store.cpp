// SPDX-License-Identifier: Apache-2.0
#include "host/store/answer_store.hpp"

#include <openssl/sha.h>

namespace sallyport::store {
namespace {

constexpr Kind kKind{Durability::kPower,
                     "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;",
                     "users are asked again what they have answered for always"};
constexpr const char* kAnswers = "answers";
constexpr const char* kDigest = "answers_digest";

// SQLite finds a damaged structure, not a changed letter; and nobody has agreed to a changed answer.
Buffer digest_of(Bytes answers) {
  Buffer digest(SHA256_DIGEST_LENGTH);
  SHA256(answers.data(), answers.size(), digest.data());
  return digest;
}

}  // namespace

Result<AnswerStore> AnswerStore::open(const std::filesystem::path& folder) {
  auto database = Database::open(folder / "answers.db", kKind);
  if (!database) return database.error();
  return AnswerStore(std::move(*database));
}

Result<void> AnswerStore::save(const std::string& answers) {
  Transaction transaction(database_);
  set_meta(transaction, database_, kAnswers, as_bytes(answers));
  set_meta(transaction, database_, kDigest, digest_of(as_bytes(answers)));
  return transaction.commit();
}

Result<std::string> AnswerStore::answers() {
  const auto stored = meta(database_, kAnswers);
  if (!stored) return stored.error();
  if (stored->empty()) return std::string();
  const auto digest = meta(database_, kDigest);
  if (!digest) return digest.error();
  if (*digest != digest_of(*stored)) return database_.damaged("its answers are not those that were stored");
  return std::string(stored->begin(), stored->end());
}

}  // namespace sallyport::store
