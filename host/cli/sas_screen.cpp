// SPDX-License-Identifier: Apache-2.0
// The pairs of SAs, one a row.
#include <boost/json.hpp>

#include "host/cli/answer.hpp"
#include "host/cli/screens.hpp"
#include "host/cli/table.hpp"
#include "host/cli/units.hpp"

namespace sallyport::cli {
namespace {

std::string traffic(const boost::json::value& sa) {
  const auto any = [](std::string selectors) { return selectors.empty() ? "any" : selectors; };
  return any(text(sa, "local_ts")) + " <-> " + any(text(sa, "remote_ts"));
}

}  // namespace

std::string sas_screen(const boost::json::value& sas) {
  const auto& pairs = list(sas, "sas");
  if (pairs.empty()) return "no SAs\n" + refused_sas(sas);
  Table table({"target", "state", "peer", "algorithm", "spi in", "spi out", ">received", ">sent", ">seq", ">refused",
               ">age", "traffic"});
  for (const auto& sa : pairs) {
    table.add({text(sa, "target"), text(sa, "state"), text(sa, "remote_address"), protection(sa), text(sa, "spi_in"),
               text(sa, "spi_out"), human_bytes(number(sa, "bytes_in")), human_bytes(number(sa, "bytes_out")),
               human_count(number(sa, "seq")), human_count(number(sa, "icv_failures") + number(sa, "replays")),
               human_time(number(sa, "installed_s")), traffic(sa)});
  }
  return table.text() + refused_sas(sas);
}

}  // namespace sallyport::cli
