// SPDX-License-Identifier: Apache-2.0
// The daemon's configuration file. A policy that it takes refers to what exists.
#include "host/gateway/config.hpp"

#include "tests/fuzz/target.hpp"

namespace sallyport::fuzz {

std::vector<Buffer> seeds() {
  const std::string frame =
      "[card]\nbackend=\"software\"\nlan_interface=\"a\"\nwan_interface=\"b\"\n"
      "[lan]\naddress=\"10.1.0.1/24\"\n[wan]\naddress=\"192.0.2.1/24\"\ngateway=\"192.0.2.254\"\nmtu=1500\n";
  return {
      seed(frame + "[gateway]\nlog_level=\"debug\"\nsocket=\"s\"\nstate_directory=\"d\"\n"
                   "[[lan.routes]]\ndestination=\"10.9.0.0/16\"\nvia=\"10.1.0.2\"\n"),
      seed(frame +
           "[[connections]]\nname=\"b\"\nremote_address=\"192.0.2.2\"\nsecret=\"swordfish\"\nrekey_time=\"2h\"\n"
           "dpd_delay=\"30s\"\n[[connections.children]]\nname=\"net\"\nlocal_ts=[\"10.1.0.0/24\"]\n"
           "remote_ts=[\"10.2.0.0/24\"]\nesp_proposals=[\"aes128gcm16\"]\nlife_time=\"1h\"\n"
           "rekey_bytes=1000000\nstart_action=\"start\"\n"),
      seed(frame + "[[sas]]\nname=\"m\"\nlocal_address=\"192.0.2.1\"\nremote_address=\"192.0.2.2\"\nspi_in=0x1001\n"
                   "spi_out=0x2001\nkey_in=\"000102030405060708090a0b0c0d0e0f10111213\"\n"
                   "key_out=\"202122232425262728292a2b2c2d2e2f30313233\"\n"
                   "[[policies]]\nname=\"web\"\ndestination=\"10.3.0.0/16\"\nprotocol=\"tcp\"\n"
                   "destination_port=\"443\"\naction=\"protect\"\nsa=\"m\"\n"),
      seed(frame + "[[policies]]\nname=\"web\"\nwhen=[\"mon-fri 08:00-18:00\"]\naction=\"bypass\"\n"
                   "[[expectations]]\nname=\"e\"\nuser=\"a\"\ngroups=[\"g\"]\nto=\"10.3.0.1\"\nprotocol=\"udp\"\n"
                   "port=\"53\"\nat=\"mon 09:00\"\npolicy=\"web\"\naction=\"bypass\"\n"),
      seed(frame + "[users]\nmethods=[\"totp\",\"pam\",\"radius\"]\npam_service=\"p\"\nnas_identifier=\"n\"\n"
                   "radius_orders_port=3799\n[[users.radius_servers]]\naddress=\"10.1.0.9\"\nsecret=\"swordfish\"\n"),
  };
}

void run(Bytes input) {
  const auto config = gateway::parse_config(text_of(input), "/fuzz/gateway.toml");
  if (!config) {
    must(config.error().detail.starts_with("/fuzz/gateway.toml"), "a problem names the file");
    return;
  }
  for (const auto& p : config->policies) {
    must(policy::validate(p).has_value(), "a policy that was taken is sound");
    must(gateway::check_references(*config, config->levels, p).has_value(),
         "a policy that was taken refers to what exists");
  }
  for (const auto& e : config->expectations) {
    must(policy::validate(e).has_value(), "an expectation that was taken is sound");
  }
  for (const auto& c : config->connections) must(ike::validate(c.connection).has_value(), "a connection is sound");
}

}  // namespace sallyport::fuzz
