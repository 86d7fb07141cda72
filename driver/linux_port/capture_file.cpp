// SPDX-License-Identifier: Apache-2.0
#include "driver/linux_port/capture_file.hpp"

#include <pcap/pcap.h>

#include <array>
#include <cstdio>
#include <limits>

namespace sallyport::driver {
namespace {

constexpr int kSnapLength = 262144;
constexpr long kNanosecondsPerSecond = 1'000'000'000;
// Seconds that nanoseconds in 64 bits can still count, with room for a fraction: pcapng can say any.
constexpr long kMostSeconds = std::numeric_limits<std::int64_t>::max() / kNanosecondsPerSecond - 10;

}  // namespace

void CaptureReader::Close::operator()(pcap* file) const { pcap_close(file); }
void CaptureWriter::Close::operator()(pcap* file) const { pcap_close(file); }
void CaptureWriter::Close::operator()(pcap_dumper* dumper) const { pcap_dump_close(dumper); }

Result<CaptureReader> CaptureReader::open(const std::string& path) {
  std::array<char, PCAP_ERRBUF_SIZE> why{};
  pcap* file = pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, why.data());
  if (file == nullptr) return Error{Errc::kIo, path + ": " + why.data()};
  CaptureReader reader(file, path);
  if (const int type = pcap_datalink(file); type != DLT_EN10MB) {
    const char* name = pcap_datalink_val_to_name(type);
    return Error{Errc::kUnsupported, path + ": frames of link type " + (name != nullptr ? name : std::to_string(type)) +
                                         "; only Ethernet (EN10MB) is understood"};
  }
  return reader;
}

Result<std::optional<CapturedFrame>> CaptureReader::next() {
  pcap_pkthdr* header = nullptr;
  const u_char* data = nullptr;
  switch (pcap_next_ex(file_.get(), &header, &data)) {
    case 1:
      break;
    case PCAP_ERROR_BREAK:
      return std::optional<CapturedFrame>();
    default:
      return Error{Errc::kCorrupt, path_ + ": " + pcap_geterr(file_.get())};
  }
  if (header->ts.tv_sec > kMostSeconds || header->ts.tv_sec < -kMostSeconds) {
    return Error{Errc::kCorrupt, path_ + ": a frame of a time that no clock shows"};
  }
  CapturedFrame frame;
  frame.time = std::chrono::seconds(header->ts.tv_sec) + std::chrono::nanoseconds(header->ts.tv_usec);
  frame.data.assign(data, data + header->caplen);
  frame.length = header->len;
  return std::optional<CapturedFrame>(std::move(frame));
}

Result<CaptureWriter> CaptureWriter::create(const std::string& path) {
  pcap* file = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, kSnapLength, PCAP_TSTAMP_PRECISION_NANO);
  if (file == nullptr) return Error{Errc::kIo, path + ": no memory"};
  pcap_dumper* dumper = pcap_dump_open(file, path.c_str());
  if (dumper == nullptr) {
    Error error{Errc::kIo, std::string(pcap_geterr(file))};  // names the file
    pcap_close(file);
    return error;
  }
  return CaptureWriter(file, dumper, path);
}

Result<void> CaptureWriter::write(std::chrono::nanoseconds time, Bytes frame) {
  pcap_pkthdr header{};
  header.ts.tv_sec = time.count() / kNanosecondsPerSecond;
  header.ts.tv_usec = time.count() % kNanosecondsPerSecond;
  header.caplen = static_cast<bpf_u_int32>(frame.size());
  header.len = header.caplen;
  pcap_dump(reinterpret_cast<u_char*>(dumper_.get()), &header, frame.data());
  if (std::ferror(pcap_dump_file(dumper_.get())) != 0) return errno_error(path_);
  return {};
}

Result<void> CaptureWriter::close() {
  const bool good = pcap_dump_flush(dumper_.get()) == 0 && std::ferror(pcap_dump_file(dumper_.get())) == 0;
  Result<void> result = good ? Result<void>() : Result<void>(errno_error(path_));
  dumper_.reset();
  file_.reset();
  return result;
}

}  // namespace sallyport::driver
