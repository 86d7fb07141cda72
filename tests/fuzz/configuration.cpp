// SPDX-License-Identifier: Apache-2.0
// A configuration as the store has it and as requests bring it in parts: what is understood comes again.
#include "host/gateway/policy_json.hpp"
#include "tests/fuzz/target.hpp"

namespace sallyport::fuzz {

namespace json = boost::json;

std::vector<Buffer> seeds() {
  return {
      seed(R"({"policies": [{"name": "office", "source": "10.1.0.0/16", "destination": "10.2.0.0/24",
               "action": "protect", "connection": "peer", "level": "middle", "change": "after-idle", "idle": "5"}],
               "levels": [{"name": "high", "esp_proposals": ["aes256gcm16-ecp384-esn"]},
                          {"name": "middle", "esp_proposals": ["aes128gcm16", "aes128-sha256-x25519"]},
                          {"name": "none", "esp_proposals": []}],
               "expectations": [{"name": "closed", "user": "alice", "groups": "staff,ops", "from": "10.1.0.7",
                                 "to": "10.2.0.9", "protocol": "tcp", "port": "443", "source_port": "50000",
                                 "at": "mon 08:00", "policy": "office", "action": "protect", "level": "middle"}]})"),
      seed(R"([{"name": "web", "protocol": "tcp", "destination_port": "443", "action": "bypass", "tell": "yes"}])"),
      seed(R"({"policies": [], "expectations": [{"name": "e", "to": "2001:db8::9", "protocol": "any",
                                                 "policy": "none"}]})"),
  };
}

void run(Bytes input) {
  const auto value = gateway::parse_stored(text_of(input));
  if (!value) return;
  const auto once = gateway::configuration_of(*value, {});
  if (!once) {
    must(!once.error().detail.empty(), "a refusal is a sentence");
    return;
  }
  const auto again = gateway::configuration_of(gateway::object_of(*once), {});
  must(again.has_value(), "what was written is read");
  must(policy::same(*once, *again), "it comes again");
}

}  // namespace sallyport::fuzz
