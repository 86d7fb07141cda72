// SPDX-License-Identifier: Apache-2.0
#include "host/base/text.hpp"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

using namespace std::string_literals;

TEST(Text, IsUtf8WithoutANul) {
  for (const auto& text : {""s, "b/net"s, "Zoë"s, "\xe2\x82\xac"s, "\xf0\x9f\x9a\xaa"s, "\xf4\x8f\xbf\xbf"s, "a\nb"s}) {
    EXPECT_TRUE(is_text(text)) << text;
  }
  for (const auto& bytes :
       {"a\0b"s, "\x80"s, "\xbf"s, "\xff"s, "\xc3"s, "\xc3("s, "\xc0\xaf"s, "\xe0\x9f\xbf"s, "\xed\xa0\x80"s,
        "\xf0\x8f\xbf\xbf"s, "\xf4\x90\x80\x80"s, "\xfc\x84\x80\x80\x80\x80"s, "\xe2\x82"s}) {
    EXPECT_FALSE(is_text(bytes)) << on_one_line(bytes);
  }
}

TEST(Text, ShowsWhatWouldMoveATerminalsCursor) {
  EXPECT_EQ(on_one_line("Zoë's 10 € and \\"), "Zoë's 10 € and \\");
  EXPECT_EQ(on_one_line("a\n2  now  root\x1b[2K\0\x7f"s), "a\\x0a2  now  root\\x1b[2K\\x00\\x7f");
  EXPECT_EQ(on_one_line("\xc2\x9b"
                        "2K"),
            "\\xc2\\x9b2K")
      << "a C1 control character";
  EXPECT_EQ(on_one_line("caf\xe9"), "caf\\xe9");
}

}  // namespace
}  // namespace sallyport
