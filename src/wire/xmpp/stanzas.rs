//! Owns what we say, word for word.
//!
//! Law: each is one whole element with its vocabulary, as RFC 7395 has it; nothing of another's
//! comes in but escaped.

use super::namespace::Namespace;
use super::write;

/// The id of the query for an address.
pub(super) const BIND_ID: &str = "bind";

/// The most bytes of an address.
pub(super) const ADDRESS_MOST: usize = 3_071;

/// What is said in a message.
#[derive(Clone, Copy, Debug)]
pub(super) enum Said<'a> {
    /// A text, and what goes with it.
    Text {
        /// What.
        text: &'a str,
        /// Whether chat states go with it.
        active: bool,
        /// Whether it is to be confirmed.
        request: bool,
    },
    /// That the person is typing.
    Composing,
    /// That the person has left.
    Gone,
    /// That the message of that id has come.
    Received(&'a str),
}

/// The beginning of a stream.
pub(super) fn open(domain: &str) -> String {
    let mut line = begun("open", Namespace::Framing);
    write::attribute(&mut line, "to", domain);
    line + " version='1.0'/>"
}

/// The end of a stream.
pub(super) fn close() -> String {
    begun("close", Namespace::Framing) + "/>"
}

/// Asks for an address.
pub(super) fn bind() -> String {
    let mut line = begun("iq", Namespace::Client);
    write::attribute(&mut line, "type", "set");
    write::attribute(&mut line, "id", BIND_ID);
    line.push('>');
    line + &begun("bind", Namespace::Bind) + "/></iq>"
}

/// Asks for acknowledgements, and for a session that can be resumed.
pub(super) fn enable() -> String {
    begun("enable", Namespace::Management) + " resume='true'/>"
}

/// Asks for a lost session, of which so many stanzas have come.
pub(super) fn resume(previous: &str, heard: u32) -> String {
    let mut line = begun("resume", Namespace::Management);
    write::attribute(&mut line, "h", &heard.to_string());
    write::attribute(&mut line, "previd", previous);
    line + "/>"
}

/// Asks how many stanzas the server has taken.
pub(super) fn ask() -> String {
    begun("r", Namespace::Management) + "/>"
}

/// Says how many stanzas have come.
pub(super) fn acknowledge(heard: u32) -> String {
    let mut line = begun("a", Namespace::Management);
    write::attribute(&mut line, "h", &heard.to_string());
    line + "/>"
}

/// A message to another person.
pub(super) fn message(to: &str, id: &str, said: Said<'_>) -> String {
    let mut line = begun("message", Namespace::Client);
    write::attribute(&mut line, "type", "chat");
    write::attribute(&mut line, "id", id);
    write::attribute(&mut line, "to", to);
    line.push('>');
    match said {
        Said::Text {
            text,
            active,
            request,
        } => {
            line.push_str("<body>");
            write::text(&mut line, text);
            line.push_str("</body>");
            if active {
                line.push_str("<active");
                write::vocabulary(&mut line, Namespace::ChatStates);
                line.push_str("/>");
            }
            if request {
                line.push_str("<request");
                write::vocabulary(&mut line, Namespace::Receipts);
                line.push_str("/>");
            }
        }
        Said::Composing => {
            line.push_str("<composing");
            write::vocabulary(&mut line, Namespace::ChatStates);
            line.push_str("/>");
        }
        Said::Gone => {
            line.push_str("<gone");
            write::vocabulary(&mut line, Namespace::ChatStates);
            line.push_str("/>");
        }
        Said::Received(which) => {
            line.push_str("<received");
            write::vocabulary(&mut line, Namespace::Receipts);
            write::attribute(&mut line, "id", which);
            line.push_str("/>");
        }
    }
    line.push_str("</message>");
    line
}

/// Asks the server for a sign of life.
pub(super) fn ping(domain: &str, id: &str) -> String {
    let mut line = begun("iq", Namespace::Client);
    write::attribute(&mut line, "type", "get");
    write::attribute(&mut line, "id", id);
    write::attribute(&mut line, "to", domain);
    line.push('>');
    line + &begun("ping", Namespace::Ping) + "/></iq>"
}

/// Gives a sign of life to whoever asked.
pub(super) fn pong(to: Option<&str>, id: &str) -> String {
    answer(to, id, "result") + "/>"
}

/// Tells whoever asked something else that we do not know it.
pub(super) fn unavailable(to: Option<&str>, id: &str) -> String {
    let mut line = answer(to, id, "error");
    line.push_str("><error type='cancel'><service-unavailable");
    write::vocabulary(&mut line, Namespace::StanzaErrors);
    line + "/></error></iq>"
}

fn answer(to: Option<&str>, id: &str, kind: &str) -> String {
    let mut line = begun("iq", Namespace::Client);
    write::attribute(&mut line, "type", kind);
    write::attribute(&mut line, "id", id);
    if let Some(to) = to {
        write::attribute(&mut line, "to", to);
    }
    line
}

/// The beginning of an element, up to its attributes.
fn begun(name: &str, namespace: Namespace) -> String {
    let mut line = String::with_capacity(256);
    line.push('<');
    line.push_str(name);
    write::vocabulary(&mut line, namespace);
    line
}

#[cfg(test)]
mod tests {
    use super::super::element::Element;
    use super::*;

    #[test]
    fn each_is_an_element_of_its_own() {
        let text = Said::Text {
            text: "<&>",
            active: true,
            request: true,
        };
        let id = "a'b";
        let all = [
            open("a.b"),
            close(),
            bind(),
            enable(),
            resume("'", 7),
            ask(),
            acknowledge(u32::MAX),
            message("a@b/'", id, text),
            message("a@b/c", id, Said::Composing),
            message("a@b/c", id, Said::Gone),
            message("a@b/c", id, Said::Received("<")),
            ping("a.b", id),
            pong(None, id),
            pong(Some("&"), id),
            unavailable(Some("&"), id),
        ];
        for line in all {
            let read = Element::read(&line).unwrap();
            assert_ne!(read.namespace, Namespace::Other, "{line}");
        }
    }

    #[test]
    fn a_message_says_what_it_should() {
        let text = Said::Text {
            text: "a < b",
            active: true,
            request: true,
        };
        assert_eq!(
            message("ann@b/c", "m1", text),
            "<message xmlns='jabber:client' type='chat' id='m1' to='ann@b/c'><body>a &lt; b</body>\
             <active xmlns='http://jabber.org/protocol/chatstates'/>\
             <request xmlns='urn:xmpp:receipts'/></message>"
        );
    }
}
