//! Owns Synapse, a Matrix homeserver: how it is set up for a test.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Missing, Server, folder};

/// Starts one where anybody may register, as often and as fast as they like.
pub fn synapse() -> Result<Server, Missing> {
    let python = python()?;
    let path = "/_matrix/client/versions";
    Ok(Server::start(
        path,
        |folder, port, command: &mut Command| {
            let config = folder.join("homeserver.yaml");
            std::fs::write(&config, configuration(folder, port))?;
            let homeserver = ["-m", "synapse.app.homeserver", "--generate-keys"];
            let keys = Command::new(&python)
                .args(homeserver)
                .arg("--config-path")
                .arg(&config)
                .output()?;
            let said = String::from_utf8_lossy(&keys.stderr);
            assert!(keys.status.success(), "{said}");
            command.arg(python).args(&homeserver[..2]);
            command.arg("--config-path").arg(config);
            Ok(())
        },
    ))
}

/// The Python of the environment that has it.
fn python() -> Result<PathBuf, Missing> {
    let servers = folder();
    let python = servers.join("python/bin/python");
    if servers.join("python/bin/synapse_homeserver").is_file() {
        return Ok(python);
    }
    let servers = servers.display();
    Err(Missing(format!(
        "matrix-synapse is not in {servers}/python (.ci/servers {servers})"
    )))
}

fn configuration(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    // A hash of a password takes a quarter of a second as it is shipped.
    format!(
        r#"server_name: localhost
pid_file: "{folder}/synapse.pid"
listeners:
  - port: {port}
    bind_addresses: [127.0.0.1]
    type: http
    resources: [{{ names: [client], compress: false }}]
database: {{ name: sqlite3, args: {{ database: "{folder}/synapse.db" }} }}
media_store_path: "{folder}/media"
signing_key_path: "{folder}/signing.key"
registration_shared_secret: a
macaroon_secret_key: b
form_secret: c
report_stats: false
trusted_key_servers: []
presence: {{ enabled: false }}
enable_registration: true
enable_registration_without_verification: true
bcrypt_rounds: 4
rc_message: {UNLIMITED}
rc_registration: {UNLIMITED}
rc_room_creation: {UNLIMITED}
rc_joins: {{ local: {UNLIMITED} }}
rc_joins_per_room: {UNLIMITED}
"#
    )
}

const UNLIMITED: &str = "{ per_second: 10000, burst_count: 10000 }";
