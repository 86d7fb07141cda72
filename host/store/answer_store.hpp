// SPDX-License-Identifier: Apache-2.0
// What users have answered for always, in FOLDER/answers.db. What a call has stored survives the loss of power, so a
// call waits for the disk.
#pragma once

#include "host/store/database.hpp"

namespace sallyport::store {

class AnswerStore {
 public:
  static Result<AnswerStore> open(const std::filesystem::path& folder);

  Result<void> save(const std::string& answers);  // all of it, or nothing
  Result<std::string> answers();                  // empty: none were ever saved

 private:
  explicit AnswerStore(Database database) : database_(std::move(database)) {}

  Database database_;
};

}  // namespace sallyport::store
