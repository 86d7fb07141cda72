// SPDX-License-Identifier: Apache-2.0
// The answers that users have given for always, on the disk. The loop never waits for it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>

#include "host/gateway/consent.hpp"
#include "host/store/answer_store.hpp"

namespace sallyport::gateway {

class AnswerMemory {
 public:
  static Result<std::unique_ptr<AnswerMemory>> open(boost::asio::io_context& io, const std::filesystem::path& state);

  // What there is at the start.
  [[nodiscard]] Result<std::vector<Consent::Answer>> answers();
  // `done` is called from the loop, once they are on the disk or it is known that they are not; never after this object
  // is gone. Saves are done in their order.
  void save(const std::vector<Consent::Answer>& answers, std::function<void(Result<void>)> done);

 private:
  AnswerMemory(boost::asio::io_context& io, store::AnswerStore store) : io_(io), store_(std::move(store)) {}

  boost::asio::io_context& io_;
  store::AnswerStore store_;                              // the disk thread's once the first save has begun
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // what comes back from the disk thread asks for it
  boost::asio::thread_pool disk_{1};                      // last: its thread ends before what it writes to
};

}  // namespace sallyport::gateway
