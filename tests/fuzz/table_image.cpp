// SPDX-License-Identifier: Apache-2.0
// The image of the card's tables that a restarted daemon finds in its store.
#include "driver/tables/table_image.hpp"

#include "driver/tables/spd_compiler.hpp"
#include "tests/fuzz/target.hpp"

namespace sallyport::fuzz {

std::vector<Buffer> seeds() {
  driver::TableImage one_rule;
  driver::SpdRule rule;
  rule.action = layout::Action::kBypass;
  driver::compile_spd(driver::Direction::kOutbound, {rule}, one_rule).value();
  Buffer shorter = one_rule.serialise();
  shorter.resize(std::min<std::size_t>(shorter.size(), 8 + 20 * 69));  // whole runs
  return {driver::TableImage().serialise(), shorter};
}

void run(Bytes input) {
  const auto image = driver::TableImage::parse(input);
  if (!image) return;
  const auto again = driver::TableImage::parse(image->serialise());
  must(again.has_value() && *again == *image, "an image comes again");
}

}  // namespace sallyport::fuzz
