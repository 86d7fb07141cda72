// SPDX-License-Identifier: Apache-2.0
#include "host/base/log.hpp"

#include <gtest/gtest.h>

namespace sallyport::log {
namespace {

TEST(Log, WritesAnEventAndItsFieldsOnOneLine) {
  EXPECT_EQ(line("sa.installed", {{"spi", hex32(0x8f21c0aa)}, {"peer", "192.0.2.7"}, {"lifetime_s", 3600}}),
            "sa.installed spi=0x8f21c0aa peer=192.0.2.7 lifetime_s=3600");
  EXPECT_EQ(line("daemon.started", {}), "daemon.started");
}

TEST(Log, QuotesAValueThatWouldReadAsTwoFields) {
  EXPECT_EQ(line("x", {{"why", "no such file"}, {"who", ""}, {"up", true}}), "x why=\"no such file\" who=\"\" up=yes");
}

// An identity sent by a peer must not be able to write a log line of its own.
TEST(Log, KeepsANewlineInsideAValueOnTheSameLine) {
  EXPECT_EQ(line("ike.peer", {{"id", "a\nsa.installed \"x\""}}), "ike.peer id=\"a\\x0asa.installed \\\"x\\\"\"");
}

}  // namespace
}  // namespace sallyport::log
