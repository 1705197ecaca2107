//! Owns `Prosody`: how that server is set up for a test.

use std::io::Result as Io;
use std::path::Path;
use std::process::Command;

use super::{Missing, Server, program};

/// Of every agent.
pub const PASSWORD: &str = "secret";

/// How Prosody is set up. Customers are whoever comes, on `visitors.localhost`; agents are `agent1`,
/// `agent2` and so on, on `agents.localhost`.
#[derive(Clone, Copy, Debug)]
pub struct Prosody {
    /// How many agents have an account.
    pub agents: u32,
    /// Whether a session is held to 10 kB a second, as Debian ships it.
    pub limits: bool,
    /// Whether small writes wait for the acknowledgement of earlier ones, as Prosody ships it.
    pub nagle: bool,
    /// Whether agents prove that they know their password (SCRAM) rather than say it (PLAIN): the
    /// server offers one of the two.
    pub scram: bool,
}

impl Default for Prosody {
    /// Twenty agents; nothing in the way.
    fn default() -> Prosody {
        Prosody {
            agents: 20,
            limits: false,
            nagle: false,
            scram: false,
        }
    }
}

impl Prosody {
    pub(super) fn start(self) -> Result<Server, Missing> {
        let missing = "prosody is not installed (apt-get install prosody)";
        let prosody = program("prosody").ok_or_else(|| Missing(missing.to_owned()))?;
        let start = |folder: &Path, port, command: &mut Command| {
            self.accounts(folder)?;
            let config = folder.join("prosody.cfg.lua");
            std::fs::write(&config, self.config(folder, port))?;
            command.arg(prosody).arg("-F").arg("--config").arg(config);
            Ok(())
        };
        Ok(Server::start("/xmpp-websocket", start))
    }

    /// Accounts as Prosody keeps them, one a file; `prosodyctl` would take half a second for each.
    fn accounts(self, folder: &Path) -> Io<()> {
        let accounts = folder.join("data/agents%2elocalhost/accounts");
        std::fs::create_dir_all(&accounts)?;
        for agent in 1..=self.agents {
            let account = format!("return {{ [\"password\"] = \"{PASSWORD}\" }};\n");
            std::fs::write(accounts.join(format!("agent{agent}.dat")), account)?;
        }
        Ok(())
    }

    fn config(self, folder: &Path, port: u16) -> String {
        let folder = folder.display();
        let nagle = self.nagle;
        let limits = if self.limits { r#""limits";"# } else { "" };
        // Who knows the passwords could do SCRAM as well, and who has hashes PLAIN.
        let (authentication, other) = if self.scram {
            ("internal_hashed", r#""PLAIN""#)
        } else {
            ("internal_plain", r#""SCRAM-SHA-1", "SCRAM-SHA-256""#)
        };
        format!(
            r#"-- Tests may be anybody, in a container mostly root.
run_as_root = true
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/data"
log = {{ {{ levels = {{ min = "info" }}, to = "console" }} }}

-- WebSockets on loopback and nothing else.
interfaces = {{ "127.0.0.1" }}
local_interfaces = {{ "127.0.0.1" }}
http_interfaces = {{ "127.0.0.1" }}
http_ports = {{ {port} }}
https_ports = {{ }}
c2s_ports = {{ }}
c2s_direct_tls_ports = {{ }}
s2s_ports = {{ }}
s2s_direct_tls_ports = {{ }}
component_ports = {{ }}
modules_enabled = {{
    "roster"; "saslauth"; "disco"; "ping"; "carbons"; "smacks"; "websocket"; {limits}
}}
modules_disabled = {{ "s2s"; "tls"; "offline" }}

-- A browser would come by TLS; here nobody listens between the two.
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
consider_websocket_secure = true
-- People ask for 127.0.0.1, which is no host of the two.
http_default_host = "visitors.localhost"

network_settings = {{ nagle = {nagle}; tcp_backlog = 4096 }}
limits = {{ c2s = {{ rate = "10kb/s" }} }}

VirtualHost "visitors.localhost"
    authentication = "anonymous"

VirtualHost "agents.localhost"
    authentication = "{authentication}"
    disable_sasl_mechanisms = {{ {other}, "DIGEST-MD5" }}
"#
        )
    }
}
