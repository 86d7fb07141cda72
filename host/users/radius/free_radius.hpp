// SPDX-License-Identifier: Apache-2.0
// For tests: FreeRADIUS with a configuration of the test's own, on a port of 127.0.0.1. It knows carol and dave, and
// demands and sends a Message-Authenticator.
#pragma once

#include <memory>

#include "host/users/test_process.hpp"

namespace sallyport::users {

class FreeRadius {
 public:
  explicit FreeRadius(const std::filesystem::path& folder) {
    const std::string here = folder.string();
    std::filesystem::create_directories(folder / "log");
    write_file(folder / "users", R"(carol Cleartext-Password := "correct horse battery staple"
  Filter-Id += "staff", Filter-Id += "not a group", Filter-Id += "night", Session-Timeout := 3600
dave Cleartext-Password := "a password that is longer than one block of sixteen bytes, and than two, and three"
  User-Name := "david"
)");
    write_file(folder / "radiusd.conf", "raddbdir = " + here + "\nport = " + std::to_string(port_) + R"(
logdir = ${raddbdir}/log
run_dir = ${raddbdir}
pidfile = ${raddbdir}/pid
libdir = /usr/lib/freeradius
security {
  reject_delay = 0
}
client localhost {
  ipaddr = 127.0.0.1
  secret = a-secret-of-the-test
  require_message_authenticator = yes
}
modules {
  pap {
  }
  files {
    filename = ${raddbdir}/users
  }
}
server default {
  listen {
    type = auth
    ipaddr = 127.0.0.1
    port = ${port}
  }
  authorize {
    files
    pap
  }
  authenticate {
    Auth-Type PAP {
      pap
    }
  }
  # From 3.2.5 on it does so by itself.
  post-auth {
    update reply {
      Message-Authenticator := 0x00
    }
    Post-Auth-Type REJECT {
      update reply {
        Message-Authenticator := 0x00
      }
    }
  }
}
)");
    process_ = std::make_unique<Process>(
        std::vector<std::string>{"freeradius", "-f", "-X", "-n", "radiusd", "-d", here}, folder / "radius.log");
    process_->wait_until_it_says("Ready to process requests");
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  static constexpr const char* kSecret = "a-secret-of-the-test";

 private:
  std::uint16_t port_ = free_udp_port();
  std::unique_ptr<Process> process_;
};

}  // namespace sallyport::users
