//! Owns `Namespace`: the vocabularies of XMPP that we understand.
//!
//! Law: a name means something in its vocabulary alone, so nothing is looked up without one. An
//! enum and not the text, because every element of every message has one.

/// A vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Namespace {
    /// Messages, presence and queries.
    Client,
    /// The beginning and the end of a stream over WebSocket.
    Framing,
    /// What a server offers, and a stream's errors.
    Streams,
    /// The conditions of a stream's errors.
    StreamErrors,
    /// The conditions of errors that answer something.
    StanzaErrors,
    /// Logins.
    Sasl,
    /// The binding of a resource.
    Bind,
    /// Acknowledgements and resumption.
    Management,
    /// What the other side's client confirms.
    Receipts,
    /// Typing, gone.
    ChatStates,
    /// When something was said.
    Delay,
    /// Signs of life.
    Ping,
    /// Any other.
    Other,
}

impl Namespace {
    const ALL: [Namespace; 12] = [
        Namespace::Client,
        Namespace::Framing,
        Namespace::Streams,
        Namespace::StreamErrors,
        Namespace::StanzaErrors,
        Namespace::Sasl,
        Namespace::Bind,
        Namespace::Management,
        Namespace::Receipts,
        Namespace::ChatStates,
        Namespace::Delay,
        Namespace::Ping,
    ];

    /// The vocabulary of that name.
    pub(super) fn of(uri: &str) -> Namespace {
        let known = Namespace::ALL.into_iter().find(|known| known.uri() == uri);
        known.unwrap_or(Namespace::Other)
    }

    /// Its name in documents; empty for what we do not know.
    pub(super) fn uri(self) -> &'static str {
        match self {
            Namespace::Client => "jabber:client",
            Namespace::Framing => "urn:ietf:params:xml:ns:xmpp-framing",
            Namespace::Streams => "http://etherx.jabber.org/streams",
            Namespace::StreamErrors => "urn:ietf:params:xml:ns:xmpp-streams",
            Namespace::StanzaErrors => "urn:ietf:params:xml:ns:xmpp-stanzas",
            Namespace::Sasl => "urn:ietf:params:xml:ns:xmpp-sasl",
            Namespace::Bind => "urn:ietf:params:xml:ns:xmpp-bind",
            Namespace::Management => "urn:xmpp:sm:3",
            Namespace::Receipts => "urn:xmpp:receipts",
            Namespace::ChatStates => "http://jabber.org/protocol/chatstates",
            Namespace::Delay => "urn:xmpp:delay",
            Namespace::Ping => "urn:xmpp:ping",
            Namespace::Other => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_its_name() {
        for known in Namespace::ALL {
            assert_eq!(Namespace::of(known.uri()), known);
        }
        for other in ["", "jabber:server", "urn:xmpp:sm:2", "jabber:client "] {
            assert_eq!(Namespace::of(other), Namespace::Other, "{other}");
        }
    }
}
