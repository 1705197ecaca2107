//! Owns `Settings`: what is to be known of an XMPP server and the accounts on it.
//!
//! Law: as shown, it holds no password. Names and passwords are plain ASCII: others would have to
//! be prepared by rules that change with Unicode, and a login that fails for that is hard to
//! explain.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::secret::{Mask, Secret};
use crate::wire::clean;
use crate::wire::frame::Party;

/// What a user's name has in place of the agent's number, counted from 1.
const NUMBER: &str = "{n}";

/// How customers and agents get into an XMPP server, and what they use there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where the server takes WebSockets.
    pub path: String,
    /// The domain that customers log in to.
    pub customers_domain: String,
    /// A customer's user name, as for agents, with the same password; none to log in with no name, so
    /// that the server gives each one. It knows nobody again then: a connection that is lost cannot be
    /// resumed.
    pub customer_user: Option<String>,
    /// The domain that agents log in to.
    pub agents_domain: String,
    /// An agent's user name; `{n}` in it stands for the agent's number, from 1.
    pub user: String,
    /// The password of all agents.
    pub password: Option<Secret>,
    /// The agents' accounts, by number, in place of `user` and `password`.
    pub accounts: Vec<Account>,
    /// Whether an agent's password may be sent as it is where the server knows no better. Over
    /// `ws://` everybody on the way can read it.
    pub allow_plain: bool,
    /// Whether people's clients confirm each other's messages (XEP-0184).
    pub receipts: bool,
    /// Whether people see each other typing, and leaving (XEP-0085).
    pub chat_states: bool,
    /// Whether the server acknowledges what it has taken, and lets a lost connection be resumed
    /// (XEP-0198), where it can.
    pub stream_management: bool,
    /// Seconds of silence after which the server is asked for a sign of life (XEP-0199); 0 for
    /// never.
    pub ping_s: u32,
}

/// One agent's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The user's name, without the domain.
    pub user: String,
    /// The password.
    pub password: Secret,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            path: "/xmpp-websocket".to_owned(),
            customers_domain: "visitors.localhost".to_owned(),
            customer_user: None,
            agents_domain: "agents.localhost".to_owned(),
            user: format!("agent{NUMBER}"),
            password: None,
            accounts: Vec::new(),
            allow_plain: true,
            receipts: true,
            chat_states: true,
            stream_management: true,
            ping_s: 60,
        }
    }
}

/// Settings with their passwords in clear, for a pipe to another process of the run and for nothing
/// else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InClear {
    /// Their passwords are `***`. As text: not every format knows which fields were left out.
    settings: String,
    /// The password of all agents.
    password: Option<String>,
    /// Those of the accounts.
    passwords: Vec<String>,
}

impl InClear {
    /// Hides the passwords again.
    pub fn hide(self) -> Settings {
        let settings = serde_json::from_str(&self.settings);
        let mut settings: Settings = settings.expect("what was written here is read");
        settings.password = self.password.map(Secret::new);
        for (account, password) in settings.accounts.iter_mut().zip(self.passwords) {
            account.password = Secret::new(password);
        }
        settings
    }
}

impl Settings {
    /// The default ones, where all agents have the password `secret`: for a server on this machine that
    /// was set up for a trial.
    pub fn usual() -> Settings {
        Settings {
            password: Some(Secret::new("secret")),
            ..Settings::default()
        }
    }

    /// The settings with their passwords in clear: never for a file, a report or a command line.
    pub fn with_secrets_in_clear(&self) -> InClear {
        let passwords = self.accounts.iter().map(|account| &account.password);
        InClear {
            settings: serde_json::to_string(self).expect("settings are texts and numbers"),
            password: self
                .password
                .as_ref()
                .map(|secret| secret.reveal().to_owned()),
            passwords: passwords.map(|secret| secret.reveal().to_owned()).collect(),
        }
    }

    /// The domain that a side logs in to.
    pub fn domain(&self, party: Party) -> &str {
        match party {
            Party::Customer => &self.customers_domain,
            Party::Agent | Party::Server => &self.agents_domain,
        }
    }

    /// Whether the people of a side log in by a name.
    pub(super) fn is_named(&self, party: Party) -> bool {
        party == Party::Agent || self.customer_user.is_some()
    }

    /// The account of somebody; none for who logs in with no name.
    ///
    /// # Errors
    /// There is none, or its name or password cannot be said.
    pub(super) fn whose(&self, party: Party, number: u32) -> Result<Option<Account>> {
        match (&self.customer_user, party) {
            (_, Party::Agent) => self.account(number).map(Some),
            (Some(user), _) => {
                let account = self.by_number(user, number)?;
                account.check()?;
                Ok(Some(account))
            }
            (None, _) => Ok(None),
        }
    }

    /// An account with the password of all.
    fn by_number(&self, user: &str, number: u32) -> Result<Account> {
        let Some(password) = self.password.clone() else {
            let error = Error::refused("there is no password for the XMPP server");
            return Err(error
                .with_remedy("give one for all, or a list of accounts")
                .for_good());
        };
        let nth = (u64::from(number) + 1).to_string();
        let user = user.replace(NUMBER, &nth);
        Ok(Account { user, password })
    }

    /// The account of an agent, by its number from 0.
    ///
    /// # Errors
    /// There is none, or its name or password cannot be said.
    pub fn account(&self, number: u32) -> Result<Account> {
        let account = if self.accounts.is_empty() {
            self.by_number(&self.user, number)?
        } else {
            let row = usize::try_from(number)
                .ok()
                .and_then(|row| self.accounts.get(row));
            let Some(account) = row else {
                let (nth, rows) = (u64::from(number) + 1, self.accounts.len());
                let what = format!("agent {nth} has no account: there are {rows}");
                let error = Error::refused(what).with_remedy("add accounts, or have fewer agents");
                return Err(error.for_good());
            };
            account.clone()
        };
        account.check()?;
        Ok(account)
    }

    /// What covers the secrets of an account in the words of the server.
    pub(super) fn mask(&self, party: Party, number: u32) -> Mask {
        match self.whose(party, number) {
            Ok(Some(account)) => {
                let said = Secret::new(BASE64_STANDARD.encode(account.plainly()));
                Mask::of([&account.password, &said])
            }
            _ => Mask::default(),
        }
    }
}

impl Account {
    /// User and password as they are said where nothing is proved.
    pub(super) fn plainly(&self) -> String {
        format!("\0{}\0{}", self.user, self.password.reveal())
    }

    fn check(&self) -> Result<()> {
        let name = &self.user;
        let is_plain = |text: &str| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        // What a local part may not have, and would lead to another domain or resource.
        let foreign = name.contains(['@', '/', ' ', '"', '&', '\'', ':', '<', '>']);
        if name.is_empty() || !is_plain(name) || foreign {
            let what = format!("'{}' is no user name that XMPP takes", clean(name));
            let remedy = "use letters, digits and signs of ASCII, without the domain";
            return Err(Error::refused(what).with_remedy(remedy).for_good());
        }
        if self.password.reveal().is_empty() || !is_plain(self.password.reveal()) {
            let what = format!("the password of '{}' cannot be used", clean(name));
            let remedy = "use letters, digits and signs of ASCII";
            return Err(Error::refused(what).with_remedy(remedy).for_good());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(user: &str, password: &str) -> Settings {
        Settings {
            user: user.to_owned(),
            password: Some(Secret::new(password)),
            ..Settings::default()
        }
    }

    #[test]
    fn an_agent_has_a_name_by_number() {
        let account = with("agent{n}", "secret").account(0).unwrap();
        assert_eq!(account.user, "agent1");
        assert_eq!(account.password.reveal(), "secret");
        let last = with("a-{n}.b", "secret").account(u32::MAX).unwrap();
        assert_eq!(last.user, "a-4294967296.b");
    }

    #[test]
    fn or_a_row_of_a_list() {
        let row = |user: &str| Account {
            user: user.to_owned(),
            password: Secret::new("canary-4711"),
        };
        let settings = Settings {
            accounts: vec![row("ann"), row("bob")],
            ..Settings::default()
        };
        assert_eq!(settings.account(1).unwrap().user, "bob");
        let error = settings.account(2).unwrap_err();
        assert!(error.is_for_good() && error.remedy().is_some());
        assert_eq!(error.plain(), "agent 3 has no account: there are 2");
        let shown = format!("{settings:?}{}", serde_json::to_string(&settings).unwrap());
        assert!(!shown.contains("canary"), "{shown}");
    }

    #[test]
    fn what_would_have_to_be_prepared_is_refused() {
        for (user, password) in [
            ("", "secret"),
            ("jürgen", "secret"),
            ("ann@b", "secret"),
            ("ann b", "secret"),
            ("ann", ""),
            ("ann", "größe"),
            ("ann", "a\tb"),
        ] {
            let error = with(user, password).account(0).unwrap_err();
            assert!(error.is_for_good(), "{user} {password}");
        }
        assert!(Settings::default().account(0).unwrap_err().is_for_good());
    }

    #[test]
    fn it_is_read_with_defaults() {
        let settings: Settings = toml::from_str("password = 'x'\nping_s = 0").unwrap();
        assert_eq!(settings.ping_s, 0);
        assert_eq!(settings.domain(Party::Customer), "visitors.localhost");
        assert_eq!(settings.domain(Party::Agent), "agents.localhost");
        assert!(toml::from_str::<Settings>("paht = '/'").is_err());
    }
}
