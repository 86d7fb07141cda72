// SPDX-License-Identifier: Apache-2.0
#include "host/store/answer_store.hpp"

#include "host/store/checked_value.hpp"

namespace sallyport::store {
namespace {

constexpr Kind kKind{Durability::kPower,
                     "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;",
                     "users are asked again what they have answered for always"};
constexpr const char* kAnswers = "answers";

}  // namespace

Result<AnswerStore> AnswerStore::open(const std::filesystem::path& folder) {
  auto database = Database::open(folder / "answers.db", kKind);
  if (!database) return database.error();
  return AnswerStore(std::move(*database));
}

Result<void> AnswerStore::save(const std::string& answers) {
  Transaction transaction(database_);
  set_checked_value(transaction, database_, kAnswers, as_bytes(answers));
  return transaction.commit();
}

Result<std::string> AnswerStore::answers() {
  // Nobody has agreed to a changed answer.
  const auto stored = checked_value(database_, kAnswers, "its answers are not those that were stored");
  if (!stored) return stored.error();
  return std::string(stored->begin(), stored->end());
}

}  // namespace sallyport::store
