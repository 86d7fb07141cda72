// SPDX-License-Identifier: Apache-2.0
// How many packets of its user a computer marks.
#pragma once

#include <boost/json/object.hpp>
#include <vector>

#include "base/result.hpp"

namespace sallyport::bench {

struct MarkingOptions {
  std::vector<unsigned> sizes{64, 512, 1400};  // of the IP packets that the user sends, bytes
  unsigned seconds = 3;                        // for each figure
};

// UDP from a user's socket to the wire of another network namespace: without marking and through sallyport-mark, which
// runs as it does for sallyport-login. Besides, what it takes to put a tag into a packet, alone. Root only.
[[nodiscard]] Result<boost::json::object> measure_marking(const MarkingOptions& options);

}  // namespace sallyport::bench
