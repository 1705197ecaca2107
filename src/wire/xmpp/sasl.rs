//! Owns `Login`: how a person proves who it is, in the way that was chosen.
//!
//! Law: of what a server offers the strongest is taken, and a password never goes out as it is
//! where that is not allowed.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::element::Element;
use super::namespace::Namespace;
use super::scram::{Hash, Scram};
use super::settings::Settings;
use super::write;
use crate::error::{Error, Result};
use crate::wire::clean;
use crate::wire::frame::Party;
use crate::wire::speaker::Who;

/// A way to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mechanism {
    Anonymous,
    ScramSha256,
    ScramSha1,
    Plain,
}

/// The agents', the strongest first.
const STRONGEST: [Mechanism; 3] = [
    Mechanism::ScramSha256,
    Mechanism::ScramSha1,
    Mechanism::Plain,
];

impl Mechanism {
    fn name(self) -> &'static str {
        match self {
            Mechanism::Anonymous => "ANONYMOUS",
            Mechanism::ScramSha256 => "SCRAM-SHA-256",
            Mechanism::ScramSha1 => "SCRAM-SHA-1",
            Mechanism::Plain => "PLAIN",
        }
    }

    /// The best of what the server's features offer.
    fn choose(features: &Element, party: Party, settings: &Settings) -> Result<Mechanism> {
        let offers = features.child("mechanisms", Namespace::Sasl);
        let offers = offers.map_or(&[][..], |offers| &offers.children);
        let offers: Vec<&str> = offers.iter().map(|offer| offer.text.trim()).collect();
        let wanted = match settings.is_named(party) {
            false => &[Mechanism::Anonymous][..],
            true if settings.allow_plain => &STRONGEST,
            true => &STRONGEST[..2],
        };
        let chosen = wanted.iter().find(|wanted| offers.contains(&wanted.name()));
        chosen.copied().ok_or_else(|| {
            let wanted: Vec<&str> = wanted.iter().map(|wanted| wanted.name()).collect();
            let domain = clean(settings.domain(party));
            let what = match offers.as_slice() {
                [] => format!("{domain} offers no way to log in"),
                offers => format!(
                    "{domain} offers only {} to log in",
                    clean(&offers.join(", "))
                ),
            };
            let error = Error::failed(what).with_remedy(format!(
                "let it offer {}: many servers do so only over wss://, or where they are told to \
                 take their WebSocket for secure",
                wanted.join(" or "),
            ));
            error.for_good()
        })
    }
}

/// A login that goes on.
#[derive(Debug)]
pub(super) enum Login {
    /// With no name.
    Anonymous,
    /// With a password that was said.
    Plain,
    /// With a proof.
    Scram(Box<Scram>),
}

impl Login {
    /// Begins one, by what the server offers: what is to be said is given back as well.
    ///
    /// # Errors
    /// The server offers nothing of use, or there is no account.
    pub(super) fn begin(
        features: &Element,
        who: Who,
        settings: &Settings,
    ) -> Result<(Login, String)> {
        let mechanism = Mechanism::choose(features, who.party, settings)?;
        let account = settings.whose(who.party, who.number)?;
        let (login, said) = match (mechanism, account) {
            (Mechanism::Anonymous, _) | (_, None) => (Login::Anonymous, None),
            (Mechanism::Plain, Some(account)) => (Login::Plain, Some(account.plainly())),
            (Mechanism::ScramSha256 | Mechanism::ScramSha1, Some(account)) => {
                let hash = match mechanism {
                    Mechanism::ScramSha256 => Hash::Sha256,
                    _ => Hash::Sha1,
                };
                let scram = Scram::new(hash, account)?;
                let said = scram.first();
                (Login::Scram(Box::new(scram)), Some(said))
            }
        };
        let mut line = String::from("<auth");
        write::vocabulary(&mut line, Namespace::Sasl);
        write::attribute(&mut line, "mechanism", mechanism.name());
        Ok((login, ended(line, "auth", said.as_deref().unwrap_or(""))))
    }

    /// What is to be said to a challenge.
    ///
    /// # Errors
    /// It is not as it should be.
    pub(super) fn challenged(&mut self, challenge: &Element) -> Result<String> {
        let said = decoded(challenge)?;
        let answer = match self {
            Login::Scram(scram) => scram.answer(&said)?,
            // Where what could have been said at once is asked for.
            Login::Anonymous => String::new(),
            Login::Plain => return Err(Error::failed("the server did not take a PLAIN login")),
        };
        let mut line = String::from("<response");
        write::vocabulary(&mut line, Namespace::Sasl);
        Ok(ended(line, "response", &answer))
    }

    /// The server says that we are in.
    ///
    /// # Errors
    /// It has not proved who it is, where it should have.
    pub(super) fn succeeded(&mut self, success: &Element) -> Result<()> {
        match self {
            Login::Scram(scram) if !scram.is_proved() => scram.verify(&decoded(success)?),
            _ => Ok(()),
        }
    }
}

/// The element with what is said in it.
fn ended(mut line: String, name: &str, said: &str) -> String {
    if said.is_empty() {
        line.push_str("/>");
        return line;
    }
    line.push('>');
    BASE64_STANDARD.encode_string(said, &mut line);
    line.push_str("</");
    line.push_str(name);
    line.push('>');
    line
}

fn decoded(said: &Element) -> Result<String> {
    let text = match said.text.trim() {
        "=" => "",
        text => text,
    };
    let bytes = BASE64_STANDARD.decode(text).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| Error::failed("the server's part of the login cannot be read"))
}
