// SPDX-License-Identifier: Apache-2.0
// How many connections a server holds, for all clients and for each, so that none takes what the others need.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

namespace sallyport::api {

// Copies count together.
class Places {
 public:
  Places(std::size_t most, std::size_t most_of_one) : most_(most), most_of_one_(most_of_one) {}

  // A place for a connection of this client, which is given back with the last copy of the ticket; its use_count() is 0
  // when there is none.
  [[nodiscard]] std::shared_ptr<void> take(const std::string& client) const {
    if (count_->all >= most_) return nullptr;
    std::size_t& here = count_->of_one[client];
    if (here >= most_of_one_) return nullptr;
    ++here;
    ++count_->all;
    return {nullptr, [count = count_, client](void*) {
              --count->all;
              const auto found = count->of_one.find(client);
              if (--found->second == 0) count->of_one.erase(found);
            }};
  }

 private:
  struct Count {
    std::size_t all = 0;
    std::map<std::string, std::size_t> of_one;
  };
  std::size_t most_;
  std::size_t most_of_one_;
  std::shared_ptr<Count> count_ = std::make_shared<Count>();  // connections may outlive their server
};

}  // namespace sallyport::api
