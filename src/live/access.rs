//! Owns `Access`: how connections get into the server: whom they trust, who they say they are.
//!
//! Law: plain values, with files as they were read, so that another process of the run can be
//! handed them and builds from them what it needs. Written in any way, secrets are `***`.

use serde::{Deserialize, Serialize};

use super::credentials::Credentials;
use super::tls::Trust;
use crate::secret::Secret;
use crate::wire::tls::Identity;

/// How connections get into the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// Over TLS: which certificates of a server are good.
    pub trust: Trust,
    /// Over TLS: the client's certificate, for servers that ask for one.
    pub identity: Option<Identity>,
    /// What the request of each connection says besides.
    pub credentials: Credentials,
}

impl Access {
    /// Every secret, always in the same order.
    pub(super) fn secrets_mut(&mut self) -> impl Iterator<Item = &mut Secret> {
        let key = self.identity.as_mut().map(|identity| &mut identity.key);
        self.credentials.secrets_mut().chain(key)
    }
}
