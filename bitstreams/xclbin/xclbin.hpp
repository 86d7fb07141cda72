// SPDX-License-Identifier: Apache-2.0
// The xclbin container of Sallyport's kernel: what XRT must know to find the registers and host memory.
#pragma once

#include <span>

#include "base/bytes.hpp"

namespace sallyport::bitstreams {

enum class Target { kHardware, kHardwareEmulation };

// An xclbin (format "axlf", the public header <xclbin.h>) with MEM_TOPOLOGY, IP_LAYOUT and EMBEDDED_METADATA;
// `bitstream` goes into the BITSTREAM section, which is left out when empty (an emulation to attach to needs none). The
// uuid is derived from the content, so equal content is an equal file.
Result<Buffer> make_xclbin(Target target, Bytes bitstream);

}  // namespace sallyport::bitstreams
