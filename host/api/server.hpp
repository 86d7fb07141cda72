// SPDX-License-Identifier: Apache-2.0
// The API's server: HTTP/1.1 on a UNIX socket that its owner and one group may open.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "host/api/service.hpp"

namespace sallyport::api {

class Server {
 public:
  // Listens at once. A socket file that nobody listens behind is replaced; kExists when somebody does. `service`
  // outlives it. `group` may open it, too; empty: nobody else may.
  static Result<std::unique_ptr<Server>> listen(boost::asio::io_context& loop, const std::string& path,
                                                Service& service, const std::string& group = {});
  virtual ~Server() = default;  // removes the socket file

 protected:
  Server() = default;
};

}  // namespace sallyport::api
