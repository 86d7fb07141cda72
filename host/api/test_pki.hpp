// SPDX-License-Identifier: Apache-2.0
// For tests: certificates of the test's own, made by openssl.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>

#include "host/api/tls.hpp"

namespace sallyport::api {

class TestPki {
 public:
  explicit TestPki(std::filesystem::path folder) : folder_(std::move(folder)) {
    run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=CA -keyout ca.key -out "
        "ca.pem");
  }

  // Of the CA, for an address.
  TlsIdentity issue(const std::string& name, const std::string& address = "127.0.0.1") const {
    run("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + name +
        " -addext subjectAltName=IP:" + address + " -keyout " + name + ".key -out " + name + ".csr");
    run("x509 -req -in " + name + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -copy_extensions copy -out " +
        name + ".pem");
    EXPECT_EQ(::chmod((folder_ / (name + ".key")).c_str(), 0600), 0);
    return {folder_ / (name + ".pem"), folder_ / (name + ".key")};
  }
  [[nodiscard]] std::filesystem::path ca() const { return folder_ / "ca.pem"; }

 private:
  void run(const std::string& arguments) const {
    const std::string command = "cd " + folder_.string() + " && openssl " + arguments + " >>openssl.log 2>&1";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
  }

  std::filesystem::path folder_;
};

}  // namespace sallyport::api
