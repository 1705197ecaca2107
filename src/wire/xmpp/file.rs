//! Owns the file that tells of an XMPP server: `driver = "xmpp"`, and every key beside it.
//!
//! Law: as in a scenario, all that is wrong is told at once, each with its place. A password stands in
//! the environment, never in the file.

use serde_json::Value as Json;

use super::Settings;
use crate::scenario::document::{At, Document, Place};
use crate::scenario::duration::SPAN;
use crate::scenario::form::{Choice, Text};
use crate::scenario::problem::Problems;
use crate::scenario::section::{self, Section};
use crate::secret::Secret;
use crate::time::Span;
use crate::wire::declared::form::Flag;

/// What a file that tells of an XMPP server begins with.
const DRIVER: Choice<()> = Choice(&[("xmpp", ())]);

const PATH: Text = Text {
    says: "a path",
    example: "/xmpp-websocket",
};

const DOMAIN: Text = Text {
    says: "a domain",
    example: "visitors.localhost",
};

const USER: Text = Text {
    says: "a user's name, with `{n}` for the number",
    example: "agent{n}",
};

const VARIABLE: Text = Text {
    says: "the name of an environment variable",
    example: "XMPP_PASSWORD",
};

/// Whether a document tells of an XMPP server.
pub fn is_one(document: &Document) -> bool {
    document.root.key("driver").is_some()
}

/// Reads the document; `env` is the environment.
pub fn read(
    document: &Document,
    env: &dyn Fn(&str) -> Option<String>,
    problems: &mut Problems,
) -> Settings {
    let place = Place::top(0);
    section::read(
        "the protocol file",
        &document.root,
        place,
        problems,
        |root| ask(root, env),
    )
}

/// The JSON Schema of such a file.
pub fn schema() -> Json {
    section::describe(|root| ask(root, &|_| None))
}

/// Asks for everything that such a file can hold.
fn ask(root: &mut Section, env: &dyn Fn(&str) -> Option<String>) -> Settings {
    let usual = Settings::default();
    root.required("driver", "That it is of an XMPP server.", &DRIVER);
    let path = root.optional("path", "Where the server takes WebSockets.", &PATH);
    let doc = "The domain that customers log in to.";
    let customers = root.optional("customers_domain", doc, &DOMAIN);
    let doc = "The domain that agents log in to.";
    let agents = root.optional("agents_domain", doc, &DOMAIN);
    let doc = "An agent's user name, `{n}` for its number from 1.";
    let user = root.optional("user", doc, &USER);
    let doc = "A customer's user name, so that a lost connection can be resumed; customers log in with \
               no name otherwise.";
    let customer_user = root.optional("customer_user", doc, &USER);
    let doc = "The environment variable with everybody's password.";
    let password = root.optional("password_env", doc, &VARIABLE);
    let doc = "Whether a password may be sent as it is.";
    let allow_plain = root.or("allow_plain", doc, &Flag, "true");
    let doc = "Whether clients confirm each other's messages (XEP-0184).";
    let receipts = root.or("receipts", doc, &Flag, "true");
    let doc = "Whether people see each other typing (XEP-0085).";
    let chat_states = root.or("chat_states", doc, &Flag, "true");
    let doc = "Whether the server acknowledges what it has taken (XEP-0198).";
    let management = root.or("stream_management", doc, &Flag, "true");
    let doc = "After how long a silence the server is asked for a sign of life; \"0s\" for never.";
    let ping = root.or("ping", doc, &SPAN, "\"1m\"");
    let text = |given: Option<At<String>>, usual: String| given.map_or(usual, |at| at.value);
    Settings {
        path: text(path, usual.path),
        customers_domain: text(customers, usual.customers_domain),
        agents_domain: text(agents, usual.agents_domain),
        user: text(user, usual.user),
        customer_user: customer_user.map(|at| at.value),
        password: password.and_then(|variable| from(&variable, env, root)),
        accounts: Vec::new(),
        allow_plain: allow_plain.value,
        receipts: receipts.value,
        chat_states: chat_states.value,
        stream_management: management.value,
        ping_s: seconds(ping.value),
    }
}

fn seconds(span: Span) -> u32 {
    u32::try_from(span.0.div_ceil(1_000_000_000)).unwrap_or(u32::MAX)
}

/// The password that an environment variable holds.
fn from(
    variable: &At<String>,
    env: &dyn Fn(&str) -> Option<String>,
    root: &mut Section,
) -> Option<Secret> {
    let password = env(&variable.value);
    if password.is_none() {
        let title = format!("the environment has no `{}`", variable.value);
        let help = format!("set it: {}=... busyhour ...", variable.value);
        root.problem(variable.place, title, "not set", Some(help));
    }
    password.map(Secret::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::Party;

    fn settings(text: &str) -> Result<Settings, String> {
        let mut problems = Problems::new("server.toml", text);
        let document = Document::parse(text, &mut problems).unwrap();
        let env = |name: &str| (name == "PASSWORD").then(|| "canary-4711".to_owned());
        let settings = read(&document, &env, &mut problems);
        match problems.is_empty() {
            true => Ok(settings),
            false => Err(problems.into_error().message(false)),
        }
    }

    #[test]
    fn what_is_not_written_is_as_usual() {
        let bare = settings("driver = \"xmpp\"").unwrap();
        assert_eq!(bare, Settings::default());
        let text = "driver = \"xmpp\"\npath = \"/ws\"\nagents_domain = \"staff\"\n\
                    customer_user = \"c{n}\"\npassword_env = \"PASSWORD\"\nping = \"0s\"";
        let full = settings(text).unwrap();
        assert_eq!((&*full.path, &*full.agents_domain), ("/ws", "staff"));
        assert_eq!((full.ping_s, full.receipts), (0, true));
        let customer = full.whose(Party::Customer, 6).unwrap().unwrap();
        assert_eq!(customer.user, "c7");
        assert_eq!(customer.password.reveal(), "canary-4711");
        assert_eq!(full.with_secrets_in_clear().hide(), full);
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let text = "driver = \"irc\"\npaht = \"/ws\"\npassword_env = \"NONE\"\nreceipts = 1";
        let told = settings(text).unwrap_err();
        for words in ["irc", "`paht`", "`NONE`", "receipts", "server.toml:3"] {
            assert!(told.contains(words), "{words}: {told}");
        }
        assert!(schema()["properties"]["customer_user"].is_object());
    }
}
