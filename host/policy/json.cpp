// SPDX-License-Identifier: Apache-2.0
#include "host/policy/json.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace sallyport::policy {

namespace json = boost::json;

json::array to_json(const std::vector<Finding>& findings) {
  json::array list;
  for (const auto& f : findings) {
    list.push_back(json::object{{"kind", to_string(f.kind)},
                                {"policy", f.policy},
                                {"by", json::array(f.by.begin(), f.by.end())},
                                {"sentence", f.sentence}});
  }
  return list;
}

json::object to_json(const std::vector<Verdict>& verdicts) {
  json::array list;
  for (const auto& v : verdicts) {
    list.push_back(json::object{{"name", v.expectation}, {"holds", v.holds}, {"sentence", v.sentence}});
  }
  const auto failed = std::count_if(verdicts.begin(), verdicts.end(), [](const Verdict& v) { return !v.holds; });
  return {{"failed", failed}, {"expectations", std::move(list)}};
}

}  // namespace sallyport::policy
