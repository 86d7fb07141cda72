// SPDX-License-Identifier: Apache-2.0
#include "driver/linux_port/capture_file.hpp"

#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>

namespace sallyport::driver {
namespace {

constexpr int kSnapLength = 262144;
constexpr long kNanosecondsPerSecond = 1'000'000'000;
// Seconds that nanoseconds in 64 bits can still count, with room for a fraction: pcapng can say any.
constexpr long kMostSeconds = std::numeric_limits<std::int64_t>::max() / kNanosecondsPerSecond - 10;
constexpr std::array<std::uint8_t, 6> kEverybody = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr std::size_t kEthernetBytes = 14;
constexpr std::uint16_t kEthertypeIpv4 = 0x0800;
constexpr std::uint16_t kEthertypeIpv6 = 0x86dd;

// What stands before the packet in place of an Ethernet header: how long it is, and where the ethertype and the
// sender's MAC address lie in it. Layouts are those of https://www.tcpdump.org/linktypes.html.
struct LinkHeader {
  int type;
  std::size_t bytes;
  std::size_t ethertype;
  std::size_t address;
};
constexpr LinkHeader kLinkHeaders[] = {
    {DLT_RAW, 0, 0, 0},  // the IP packet itself, and the next two
    {DLT_IPV4, 0, 0, 0}, {DLT_IPV6, 0, 0, 0}, {DLT_LINUX_SLL, 16, 14, 6}, {DLT_LINUX_SLL2, 20, 0, 12},
};

const LinkHeader* link_header_of(int type) {
  const auto* found = std::find_if(std::begin(kLinkHeaders), std::end(kLinkHeaders),
                                   [type](const LinkHeader& header) { return header.type == type; });
  return found == std::end(kLinkHeaders) ? nullptr : found;
}

// The frame with an Ethernet header in place of `header`; none is made of one that ends within it.
void put_on_ethernet(const LinkHeader& header, CapturedFrame& frame) {
  if (frame.data.empty() || frame.data.size() < header.bytes) {
    frame.data.clear();
    return;
  }
  const Bytes all = frame.data;
  ByteWriter out;
  out.bytes(kEverybody);
  if (header.bytes == 0) {
    out.zeros(kEverybody.size()).u16(all[0] >> 4 == 6 ? kEthertypeIpv6 : kEthertypeIpv4);
  } else {
    out.bytes(all.subspan(header.address, kEverybody.size())).bytes(all.subspan(header.ethertype, 2));
  }
  out.bytes(all.subspan(header.bytes));
  frame.data = out.take();
  frame.length = frame.length - header.bytes + kEthernetBytes;
}

}  // namespace

void CaptureReader::Close::operator()(pcap* file) const { pcap_close(file); }
void CaptureWriter::Close::operator()(pcap* file) const { pcap_close(file); }
void CaptureWriter::Close::operator()(pcap_dumper* dumper) const { pcap_dump_close(dumper); }

Result<CaptureReader> CaptureReader::open(const std::string& path) {
  std::array<char, PCAP_ERRBUF_SIZE> why{};
  pcap* file = pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, why.data());
  if (file == nullptr) {
    const std::string reason = why.data();  // begins with the path when the file cannot be opened
    return Error{Errc::kIo, reason.starts_with(path) ? reason : path + ": no pcap or pcapng file: " + reason};
  }
  CaptureReader reader(file, path);
  if (const int type = pcap_datalink(file); type != DLT_EN10MB && link_header_of(type) == nullptr) {
    const char* name = pcap_datalink_val_to_name(type);
    return Error{Errc::kUnsupported, path + ": frames of link type " + (name != nullptr ? name : std::to_string(type)) +
                                         "; understood are Ethernet (EN10MB), RAW, IPV4, IPV6, LINUX_SLL, LINUX_SLL2"};
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
      return Error{Errc::kCorrupt, path_ + ": behind frame " + std::to_string(frames_) + ": " +
                                       pcap_geterr(file_.get()) + "; `editcap IN OUT` keeps the frames before"};
  }
  if (header->ts.tv_sec > kMostSeconds || header->ts.tv_sec < -kMostSeconds) {
    return Error{Errc::kCorrupt, path_ + ": a frame of a time that no clock shows"};
  }
  ++frames_;
  CapturedFrame frame;
  frame.time = std::chrono::seconds(header->ts.tv_sec) + std::chrono::nanoseconds(header->ts.tv_usec);
  frame.data.assign(data, data + header->caplen);
  frame.length = header->len;
  if (const LinkHeader* link = link_header_of(pcap_datalink(file_.get()))) put_on_ethernet(*link, frame);
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
