// SPDX-License-Identifier: Apache-2.0
#include "driver/linux_port/capture_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace sallyport::driver {
namespace {

std::string scratch(const std::string& name) {
  return testing::TempDir() + "/sallyport_capture_file_test_" + std::to_string(getpid()) + name;
}

TEST(CaptureFile, ReadsWhatItWrote) {
  const std::string path = scratch("a.pcap");
  auto writer = CaptureWriter::create(path);
  ASSERT_TRUE(writer) << writer.error().message();
  const Buffer one(60, 0x11);
  const Buffer two(1514, 0x22);
  ASSERT_TRUE(writer->write(std::chrono::nanoseconds(1'234'567'890'123), one));
  ASSERT_TRUE(writer->write(std::chrono::nanoseconds(1'234'567'890'124), two));
  ASSERT_TRUE(writer->close());

  auto reader = CaptureReader::open(path);
  ASSERT_TRUE(reader) << reader.error().message();
  auto frame = reader->next();
  ASSERT_TRUE(frame && frame->has_value());
  EXPECT_EQ((*frame)->data, one);
  EXPECT_EQ((*frame)->time.count(), 1'234'567'890'123);
  frame = reader->next();
  ASSERT_TRUE(frame && frame->has_value());
  EXPECT_EQ((*frame)->data, two);
  EXPECT_EQ((*frame)->length, 1514u);
  frame = reader->next();
  ASSERT_TRUE(frame);
  EXPECT_FALSE(frame->has_value());
}

TEST(CaptureFile, RefusesWhatIsNoCaptureAndOneThatBreaksOff) {
  EXPECT_FALSE(CaptureReader::open(scratch("missing.pcap")));
  std::ofstream(scratch("text.pcap")) << "this is no capture at all, only text";
  EXPECT_FALSE(CaptureReader::open(scratch("text.pcap")));

  const std::string path = scratch("cut.pcap");
  auto writer = CaptureWriter::create(path);
  ASSERT_TRUE(writer && writer->write(std::chrono::nanoseconds(0), Buffer(100)) && writer->close());
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 10);
  auto reader = CaptureReader::open(path);
  ASSERT_TRUE(reader);
  auto frame = reader->next();
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().code, Errc::kCorrupt);
}

// A pcap file of one frame, of any link type.
std::string capture_of(int link_type, const Buffer& frame) {
  const std::string path = scratch("link.pcap");
  const auto word = [](std::size_t v) {
    const auto byte = [v](int i) { return static_cast<char>(v >> 8 * i & 0xff); };
    return std::string{byte(0), byte(1), byte(2), byte(3)};
  };
  std::ofstream(path, std::ios::binary) << word(0xa1b2c3d4) << word(2 | 4 << 16) << word(0) << word(0) << word(65535)
                                        << word(static_cast<std::size_t>(link_type)) << word(0) << word(0)
                                        << word(frame.size()) << word(frame.size())
                                        << std::string(frame.begin(), frame.end());
  return path;
}

TEST(CaptureFile, NamesALinkTypeItDoesNotUnderstand) {
  auto reader = CaptureReader::open(capture_of(127, Buffer(100)));
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, Errc::kUnsupported);
  EXPECT_NE(reader.error().detail.find("RADIO"), std::string::npos);
}

TEST(CaptureFile, GivesAnEthernetHeaderToWhatHasNone) {
  const std::string ipv4 = "45aabb";
  const std::string ipv6 = "60aabb";
  const std::string everybody = "ffffffffffff";
  const std::string sender = "020304050607";
  const auto read = [](int link_type, const std::string& hex) {
    auto reader = CaptureReader::open(capture_of(link_type, *from_hex(hex)));
    auto frame = reader ? reader->next() : reader.error();
    if (!frame || !*frame) return std::string("nothing");
    return to_hex((*frame)->data) + ((*frame)->data.size() < (*frame)->length ? " in part" : "");
  };
  EXPECT_EQ(read(101, ipv4), everybody + "0000000000000800" + ipv4);
  EXPECT_EQ(read(101, ipv6), everybody + "00000000000086dd" + ipv6);
  EXPECT_EQ(read(228, ipv4), everybody + "0000000000000800" + ipv4);
  // LINUX_SLL: packet type, ARPHRD, length of the address, address in 8 bytes, protocol.
  EXPECT_EQ(read(113, "000000010006" + sender + "00000800" + ipv4), everybody + sender + "0800" + ipv4);
  // LINUX_SLL2: protocol, reserved, interface, ARPHRD, packet type, length of the address, address.
  EXPECT_EQ(read(276,
                 "0800000000000002000100"
                 "06" +
                     sender + "0000" + ipv4),
            everybody + sender + "0800" + ipv4);
  EXPECT_EQ(read(276, "08000000"), " in part");
}

TEST(CaptureFile, RefusesATimeThatNoClockShows) {
  const std::string path = scratch("far.pcapng");
  // Section header, an Ethernet interface, and an empty packet 580 000 years from now.
  const std::uint32_t words[] = {0x0a0d0d0a, 28, 0x1a2b3c4d, 1,  ~0U, ~0U,        28,    1, 20, 1,
                                 65535,      20, 6,          32, 0,   0xfe000000, 0x317, 0, 0,  32};
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(words), sizeof words);
  auto reader = CaptureReader::open(path);
  ASSERT_TRUE(reader) << reader.error().message();
  const auto frame = reader->next();
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().code, Errc::kCorrupt);
}

TEST(CaptureFile, TellsThatTheDiskIsFull) {
  auto writer = CaptureWriter::create("/dev/full");
  // libpcap writes the file's header first: full at once, or when it is flushed.
  if (writer) {
    bool good = true;
    for (int i = 0; i < 100 && good; ++i) good = writer->write(std::chrono::nanoseconds(0), Buffer(1000)).has_value();
    EXPECT_FALSE(good && writer->close());
  } else {
    EXPECT_EQ(writer.error().code, Errc::kIo);
  }
}

}  // namespace
}  // namespace sallyport::driver
