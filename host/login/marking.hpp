// SPDX-License-Identifier: Apache-2.0
// sallyport-mark, which marks the user's packets, as a process of ours (host/mark).
#pragma once

#include <sys/types.h>

#include <boost/json/object.hpp>
#include <memory>

#include "base/descriptor.hpp"
#include "host/mark/order.hpp"

namespace sallyport::login {

class Marking {
 public:
  // It marks when this returns, and until this object's end. Waits for it.
  static Result<std::unique_ptr<Marking>> begin(const mark::Order& order);
  ~Marking();
  Marking(const Marking&) = delete;
  Marking& operator=(const Marking&) = delete;

  // "interface", and the packets that were "marked", or dropped: "no_room" for a tag, "not_sent". kDisconnected: it has
  // ended.
  Result<boost::json::object> counts();
  // Readable when it has ended, or may have.
  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] bool ended() const;

 private:
  Marking(Descriptor socket, pid_t process) : socket_(std::move(socket)), process_(process) {}
  Result<boost::json::object> answer();

  Descriptor socket_;
  pid_t process_;
};

}  // namespace sallyport::login
