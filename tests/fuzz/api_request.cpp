// SPDX-License-Identifier: Apache-2.0
// Whatever is written to the API's socket: it is answered, or the connection is closed, and a service sees only what
// was understood.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <cstring>

#include "base/descriptor.hpp"
#include "host/api/server.hpp"
#include "tests/fuzz/target.hpp"

namespace sallyport::fuzz {
namespace {

class Echo : public api::Service {
 public:
  void call(const api::Request& request, api::Respond respond) override {
    must(!request.path.empty(), "a request names something");
    respond(request.body);
  }
};

// One server for all inputs; its socket is the process's own.
struct World {
  World() : path("/tmp/sallyport-fuzz-" + std::to_string(::getpid()) + ".sock") {
    server = std::move(api::Server::listen(loop, path, service).value());
  }
  std::string path;
  boost::asio::io_context loop;
  Echo service;
  std::unique_ptr<api::Server> server;
};

}  // namespace

std::vector<Buffer> seeds() {
  const std::string body = R"({"name":"web","destination":"10.3.0.0/16","action":"bypass","before":"net"})";
  return {
      seed("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n"),
      seed("POST /v1/policies HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body),
      seed("DELETE /v1/policies/a%2Fb%20c HTTP/1.1\r\nHost: x\r\n\r\n"),
      seed("PUT /v1/policies/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1,2]\r\n0\r\n\r\n"),
  };
}

void run(Bytes input) {
  static World world;
  const Descriptor client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, world.path.c_str(), sizeof address.sun_path - 1);
  must(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "the server listens");
  const Bytes all = input.first(std::min<std::size_t>(input.size(), 100000));  // fits into the socket's buffer
  (void)!::send(client.get(), all.data(), all.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::shutdown(client.get(), SHUT_WR);
  for (;;) {
    world.loop.restart();
    while (world.loop.poll() > 0) {
    }
    char answer[4096];
    const ssize_t n = ::recv(client.get(), answer, sizeof answer, MSG_DONTWAIT);
    if (n == 0) return;  // closed
    must(n > 0 || errno == EAGAIN || errno == ECONNRESET, "the socket works");
    if (n < 0 && errno == ECONNRESET) return;
  }
}

}  // namespace sallyport::fuzz
