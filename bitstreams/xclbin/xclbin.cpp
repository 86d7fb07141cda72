// SPDX-License-Identifier: Apache-2.0
#include "bitstreams/xclbin/xclbin.hpp"

#include <openssl/evp.h>
#include <xclbin.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "driver/xrt/names.hpp"

namespace sallyport::bitstreams {
namespace {

namespace names = driver::xrt_names;

template <class T>
void append(Buffer& out, const T& value) {
  const auto* first = reinterpret_cast<const std::uint8_t*>(&value);
  out.insert(out.end(), first, first + sizeof value);
}

template <std::size_t N, class Char>
void copy_name(Char (&field)[N], std::string_view name) {
  static_assert(sizeof(Char) == 1);
  std::copy_n(name.begin(), std::min(name.size(), N - 1), field);
}

// One bank: host memory, which XRT knows by the word HOST in the tag.
Buffer memory_topology() {
  mem_data host{};
  host.m_type = MEM_DRAM;
  host.m_used = 1;
  host.m_size = names::kHostSize / 1024;  // KiB
  host.m_base_address = names::kHostBase;
  copy_name(host.m_tag, "HOST[0]");
  Buffer out;
  append(out, std::int32_t{1});
  append(out, std::int32_t{0});  // the entries are aligned to 8
  append(out, host);
  return out;
}

Buffer ip_layout() {
  ip_data ip{};
  ip.m_type = IP_KERNEL;
  ip.properties = static_cast<std::uint32_t>(AP_CTRL_HS) << IP_CONTROL_SHIFT;
  ip.m_base_address = names::kRegisterBase;
  copy_name(ip.m_name, std::string(names::kKernel) + ":" + names::kInstance);
  Buffer out;
  append(out, std::int32_t{1});
  append(out, std::int32_t{0});
  append(out, ip);
  return out;
}

std::string hex(std::uint64_t value) {
  std::array<char, 20> text{};
  std::snprintf(text.data(), text.size(), "0x%llX", static_cast<unsigned long long>(value));
  return text.data();
}

std::string metadata(Target target) {
  const std::string range = hex(names::kRegisterRange);
  return std::string("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n") +
         "<project name=\"sallyport\">\n"
         "  <platform vendor=\"sallyport\" boardid=\"u55c\" name=\"sallyport\" featureRomTime=\"0\">\n"
         "    <version major=\"1\" minor=\"0\"/>\n"
         "    <device name=\"fpga0\" fpgaDevice=\"virtexuplusHBM:xcu55c:fsvh2892:-2L:e\" addrWidth=\"0\">\n"
         "      <core name=\"OCL_REGION_0\" target=\"" +
         (target == Target::kHardware ? "bitstream" : "hw_em") +
         "\" type=\"clc_region\" clockFreq=\"0MHz\" numComputeUnits=\"60\">\n"
         "        <kernelClocks><clock port=\"KERNEL_CLK\" frequency=\"322.265625MHz\"/></kernelClocks>\n"
         "        <kernel name=\"" +
         names::kKernel + "\" language=\"ip\" vlnv=\"sallyport:kernel:" + names::kKernel +
         ":1.0\" attributes=\"\" hash=\"\" type=\"pl\" interrupt=\"false\" hwControlProtocol=\"user_managed\">\n"
         "          <port name=\"s_axil\" mode=\"slave\" range=\"" +
         range +
         "\" dataWidth=\"32\" portType=\"addressable\" base=\"0x0\"/>\n"
         "          <instance name=\"" +
         names::kInstance + "\"><addrRemap base=\"" + hex(names::kRegisterBase) + "\" range=\"" + range +
         "\" port=\"s_axil\"/></instance>\n"
         "        </kernel>\n"
         "      </core>\n"
         "    </device>\n"
         "  </platform>\n"
         "</project>\n";
}

struct Section {
  axlf_section_kind kind;
  const char* name;
  Buffer data;
};

std::size_t aligned(std::size_t n) { return (n + 7) / 8 * 8; }

}  // namespace

Result<Buffer> make_xclbin(Target target, Bytes bitstream) {
  const std::string xml = metadata(target);
  std::vector<Section> sections = {
      {MEM_TOPOLOGY, "mem_topology", memory_topology()},
      {IP_LAYOUT, "ip_layout", ip_layout()},
      {EMBEDDED_METADATA, "metadata", Buffer(xml.begin(), xml.end())},
  };
  if (!bitstream.empty()) sections.push_back({BITSTREAM, "bitstream", Buffer(bitstream.begin(), bitstream.end())});

  const std::size_t head_size = sizeof(axlf) + (sections.size() - 1) * sizeof(axlf_section_header);
  std::size_t end = aligned(head_size);
  for (const Section& s : sections) end = aligned(end + s.data.size());

  Buffer out(end);
  auto* top = reinterpret_cast<axlf*>(out.data());
  std::memcpy(top->m_magic, "xclbin2", 8);
  top->m_signature_length = -1;  // not signed
  std::memset(top->reserved, 0xff, sizeof top->reserved);
  std::memset(top->m_keyBlock, 0xff, sizeof top->m_keyBlock);
  top->m_header.m_length = end;
  top->m_header.m_versionMajor = 2;
  top->m_header.m_versionMinor = 13;
  top->m_header.m_mode = target == Target::kHardware ? XCLBIN_FLAT : XCLBIN_HW_EMU;
  copy_name(top->m_header.m_platformVBNV, "sallyport_u55c_1_0");
  top->m_header.m_numSections = static_cast<std::uint32_t>(sections.size());
  std::size_t at = aligned(head_size);
  for (std::size_t i = 0; i < sections.size(); ++i) {
    axlf_section_header& header = top->m_sections[i];
    header.m_sectionKind = sections[i].kind;
    copy_name(header.m_sectionName, sections[i].name);
    header.m_sectionOffset = at;
    header.m_sectionSize = sections[i].data.size();
    std::memcpy(out.data() + at, sections[i].data.data(), sections[i].data.size());
    at = aligned(at + sections[i].data.size());
  }
  std::array<std::uint8_t, 32> digest{};
  unsigned length = 0;
  if (EVP_Digest(out.data(), out.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1) {
    return Error{Errc::kIo, "SHA-256 is not available"};
  }
  std::memcpy(top->m_header.uuid, digest.data(), sizeof top->m_header.uuid);
  std::memcpy(&top->m_uniqueId, digest.data() + 16, sizeof top->m_uniqueId);
  return out;
}

}  // namespace sallyport::bitstreams
