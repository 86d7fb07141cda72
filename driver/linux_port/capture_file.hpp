// SPDX-License-Identifier: Apache-2.0
// Frames in pcap files, by libpcap.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.hpp"

struct pcap;
struct pcap_dumper;

namespace sallyport::driver {

struct CapturedFrame {
  std::chrono::nanoseconds time{};  // since the epoch, as the file says
  Buffer data;                      // as much of the frame as was captured
  std::size_t length = 0;           // bytes the frame had on the wire
};

// pcap and pcapng files, read as Ethernet frames. What was captured without an Ethernet header (raw IP, Linux' "any"
// interface) gets one, addressed to everybody: to whom it was sent the file does not say.
class CaptureReader {
 public:
  // kUnsupported when the link type is none of these, kIo when it is no capture.
  static Result<CaptureReader> open(const std::string& path);
  // The next frame, or nothing at the end. kCorrupt when the file breaks off.
  Result<std::optional<CapturedFrame>> next();

 private:
  struct Close {
    void operator()(pcap* file) const;
  };
  explicit CaptureReader(pcap* file, std::string path) : file_(file), path_(std::move(path)) {}

  std::unique_ptr<pcap, Close> file_;
  std::string path_;
  std::uint64_t frames_ = 0;  // read so far
};

// A pcap file with nanosecond times.
class CaptureWriter {
 public:
  static Result<CaptureWriter> create(const std::string& path);
  Result<void> write(std::chrono::nanoseconds time, Bytes frame);
  // Says whether everything reached the file (a full disk shows here).
  Result<void> close();

 private:
  struct Close {
    void operator()(pcap* file) const;
    void operator()(pcap_dumper* dumper) const;
  };
  CaptureWriter(pcap* file, pcap_dumper* dumper, std::string path)
      : file_(file), dumper_(dumper), path_(std::move(path)) {}

  std::unique_ptr<pcap, Close> file_;
  std::unique_ptr<pcap_dumper, Close> dumper_;
  std::string path_;
};

}  // namespace sallyport::driver
