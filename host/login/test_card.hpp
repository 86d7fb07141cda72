// SPDX-License-Identifier: Apache-2.0
// For tests: cards of SoftHSM in a folder of the test's own, in a reader from which they can be pulled.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace sallyport::login {

class TestCards {
 public:
  explicit TestCards(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_ / "tokens");
    std::ofstream(folder_ / "softhsm2.conf") << "directories.tokendir = " << (folder_ / "tokens").string()
                                             << "\nobjectstore.backend = file\nlog.level = ERROR\n";
    ::setenv("SOFTHSM2_CONF", (folder_ / "softhsm2.conf").c_str(), 1);
    ::setenv("SALLYPORT_TEST_PULLED", pulled().c_str(), 1);
  }

  // With a key of `algorithm`, as openssl genpkey takes it. The public half is PEM in LABEL.pub.
  void add(const std::string& label, const std::string& pin, const std::string& algorithm) const {
    const std::string file = (folder_ / label).string();
    run("openssl genpkey " + algorithm + " -out " + file + ".key");
    run("openssl pkey -in " + file + ".key -pubout -out " + file + ".pub");
    run("softhsm2-util --init-token --free --label " + label + " --pin " + pin + " --so-pin 12345678");
    run("softhsm2-util --import " + file + ".key --token " + label + " --label key --id 01 --pin " + pin);
    std::filesystem::remove(file + ".key");
  }
  [[nodiscard]] std::string public_key(const std::string& label) const {
    std::ostringstream text;
    text << std::ifstream(folder_ / (label + ".pub")).rdbuf();
    return text.str();
  }
  // A module in front of SoftHSM's, which says that no card is there while `pulled` exists.
  static std::filesystem::path module() { return SALLYPORT_TEST_READER; }
  [[nodiscard]] std::filesystem::path pulled() const { return folder_ / "pulled"; }
  void pull() const { std::ofstream(pulled()) << "\n"; }
  void put_back() const { std::filesystem::remove(pulled()); }

 private:
  void run(const std::string& command) const {
    EXPECT_EQ(std::system((command + " >>" + (folder_ / "log").string() + " 2>&1").c_str()), 0) << command;
  }
  std::filesystem::path folder_;
};

}  // namespace sallyport::login
