//! Owns `Element`: what a server said, as a tree.
//!
//! Law: any text is an element or an error, in time and memory by its length. XMPP is XML without
//! comments, instructions and declarations of types, so what would let a short text grow into a
//! long one is refused.

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::namespace::Namespace;
use super::write::is_allowed;

/// How deep elements may stand in each other.
const DEPTH_MOST: usize = 32;

/// The most elements of one text: each is larger than what it is written with.
const ELEMENTS_MOST: usize = 1024;

/// The most attributes of one element; they are compared with each other.
const ATTRIBUTES_MOST: usize = 32;

/// An element with all that stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Element {
    /// Without a prefix.
    pub(super) name: Box<str>,
    /// Its vocabulary.
    pub(super) namespace: Namespace,
    attributes: Attributes,
    /// The elements that stand in it.
    pub(super) children: Vec<Element>,
    /// The text that stands in it, without that of its children.
    pub(super) text: String,
}

/// Names, with their prefixes, and values.
type Attributes = Vec<(Box<str>, Box<str>)>;

/// Why a text is no element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);

impl Element {
    /// Reads a text that is one element.
    pub(super) fn read(text: &str) -> Result<Element, Malformed> {
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_end_names = true;
        let (mut tree, mut is_first) = (Tree::default(), true);
        loop {
            let event = reader.read_event();
            let event = event.map_err(|_| Malformed("it is not well-formed XML"))?;
            match event {
                Event::Start(start) => tree.open(&start)?,
                Event::Empty(start) => {
                    tree.open(&start)?;
                    tree.close()?;
                }
                Event::End(_) => tree.close()?,
                Event::Text(said) => tree.text(&said.xml10_content())?,
                Event::CData(said) => tree.data(&said.xml10_content())?,
                Event::GeneralRef(reference) => tree.reference(&reference)?,
                // No server has to say it, and some do.
                Event::Decl(_) if is_first => {}
                Event::Decl(_) | Event::PI(_) => return Err(Malformed("it has an instruction")),
                Event::Comment(_) => return Err(Malformed("it has a comment")),
                Event::DocType(_) => return Err(Malformed("it declares a type of document")),
                Event::Eof => return tree.whole(),
            }
            is_first = false;
        }
    }

    /// Whether it has that name in that vocabulary.
    pub(super) fn is(&self, name: &str, namespace: Namespace) -> bool {
        self.namespace == namespace && *self.name == *name
    }

    /// The value of an attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let mut values = self.attributes.iter();
        values
            .find(|(n, _)| **n == *name)
            .map(|(_, value)| &**value)
    }

    /// The first that stands in it and has that name in that vocabulary.
    pub(super) fn child(&self, name: &str, namespace: Namespace) -> Option<&Element> {
        self.children.iter().find(|child| child.is(name, namespace))
    }
}

/// A prefix that stands for a vocabulary; the empty one for names without.
#[derive(Debug)]
struct Prefix {
    depth: usize,
    name: Box<str>,
    namespace: Namespace,
}

/// What has been read.
#[derive(Debug, Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
    prefixes: Vec<Prefix>,
    elements: usize,
}

impl Tree {
    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), Malformed> {
        if self.root.is_some() {
            return Err(Malformed("it is more than one element"));
        }
        self.elements += 1;
        if self.open.len() == DEPTH_MOST || self.elements > ELEMENTS_MOST {
            return Err(Malformed("it has too many elements"));
        }
        let attributes = self.attributes(start)?;
        let name = start.name();
        let (local, prefix) = name.decompose();
        let prefix = prefix.as_ref().map_or("", |prefix| prefix.as_ref());
        let local: &str = local.as_ref();
        if local.is_empty() {
            return Err(Malformed("an element has no name"));
        }
        self.open.push(Element {
            name: local.into(),
            namespace: self.namespace(prefix)?,
            attributes,
            children: Vec::new(),
            text: String::new(),
        });
        Ok(())
    }

    /// The attributes of an element that is about to be opened; prefixes are taken from among them.
    fn attributes(&mut self, start: &BytesStart<'_>) -> Result<Attributes, Malformed> {
        let mut attributes = Vec::new();
        for (at, attribute) in start.attributes().enumerate() {
            if at == ATTRIBUTES_MOST {
                return Err(Malformed("an element has too many attributes"));
            }
            let attribute = attribute.map_err(|_| Malformed("an attribute is not well-formed"))?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value = value.map_err(|_| Malformed("an attribute's value is not well-formed"))?;
            let raw: &str = &attribute.value;
            if raw.contains('<') || !value.chars().all(is_allowed) {
                return Err(Malformed("an attribute has a character that XML forbids"));
            }
            let key: &str = attribute.key.as_ref();
            let prefix = match key.split_once(':') {
                None if key == "xmlns" => Some(""),
                Some(("xmlns", prefix)) => Some(prefix),
                _ => None,
            };
            match prefix {
                Some(name) => self.prefixes.push(Prefix {
                    depth: self.open.len(),
                    name: name.into(),
                    namespace: Namespace::of(&value),
                }),
                None => attributes.push((key.into(), value.into())),
            }
        }
        Ok(attributes)
    }

    /// The vocabulary that a prefix stands for.
    fn namespace(&self, prefix: &str) -> Result<Namespace, Malformed> {
        let known = self.prefixes.iter().rev().find(|p| *p.name == *prefix);
        match known {
            Some(known) => Ok(known.namespace),
            // A stream's own, where a server leaves it out.
            None if prefix.is_empty() => Ok(Namespace::Client),
            None if prefix == "xml" => Ok(Namespace::Other),
            None => Err(Malformed("a prefix stands for nothing")),
        }
    }

    fn close(&mut self) -> Result<(), Malformed> {
        let Some(closed) = self.open.pop() else {
            return Err(Malformed("it ends what has not begun"));
        };
        let depth = self.open.len();
        while self.prefixes.last().is_some_and(|p| p.depth >= depth) {
            self.prefixes.pop();
        }
        match self.open.last_mut() {
            Some(parent) => parent.children.push(closed),
            None => self.root = Some(closed),
        }
        Ok(())
    }

    /// Text as it stands, which between elements may be space.
    fn text(&mut self, text: &str) -> Result<(), Malformed> {
        let is_space = text.chars().all(|c| matches!(c, ' ' | '\t' | '\r' | '\n'));
        if is_space && self.open.is_empty() {
            return Ok(());
        }
        self.data(text)
    }

    fn data(&mut self, text: &str) -> Result<(), Malformed> {
        let Some(within) = self.open.last_mut() else {
            return Err(Malformed("it has text outside of an element"));
        };
        if !text.chars().all(is_allowed) {
            return Err(Malformed("it has a character that XML forbids"));
        }
        within.text.push_str(text);
        Ok(())
    }

    /// One of the five that XML knows, or a character by its number.
    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), Malformed> {
        const UNKNOWN: Malformed = Malformed("it refers to what XML does not know");
        match reference.resolve_char_ref() {
            Ok(Some(c)) => self.data(c.encode_utf8(&mut [0; 4])),
            Ok(None) => self.data(resolve_predefined_entity(reference).ok_or(UNKNOWN)?),
            Err(_) => Err(UNKNOWN),
        }
    }

    fn whole(self) -> Result<Element, Malformed> {
        match self.root {
            Some(root) if self.open.is_empty() => Ok(root),
            _ => Err(Malformed("it is not a whole element")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(text: &str) -> &'static str {
        Element::read(text).unwrap_err().0
    }

    #[test]
    fn a_message_is_read() {
        let text = "<message xmlns='jabber:client' from=\"a@b/c&amp;d\" id='1' xml:lang='en'>\
                    <body>one &lt; two &#x1F44B;<![CDATA[ & <three>]]>\r\nnext</body>\
                    <r:request xmlns:r='urn:xmpp:receipts'/>\
                    <x xmlns='urn:other'><body/></x></message>";
        let read = Element::read(text).unwrap();
        assert!(read.is("message", Namespace::Client));
        assert_eq!(read.attribute("from"), Some("a@b/c&d"));
        assert_eq!(read.attribute("xml:lang"), Some("en"));
        assert_eq!(read.attribute("to"), None);
        let body = read.child("body", Namespace::Client).unwrap();
        assert_eq!(body.text, "one < two 👋 & <three>\nnext");
        assert!(read.child("request", Namespace::Receipts).is_some());
        let other = read.child("x", Namespace::Other).unwrap();
        assert!(
            other.child("body", Namespace::Client).is_none(),
            "its parent's vocabulary"
        );
    }

    #[test]
    fn a_vocabulary_ends_with_its_element() {
        let text = "<?xml version='1.0'?><s:features xmlns:s='http://etherx.jabber.org/streams'>\
                    <sm xmlns='urn:xmpp:sm:3'><optional/></sm><plain/></s:features> \n";
        let read = Element::read(text).unwrap();
        assert!(read.is("features", Namespace::Streams));
        let sm = read.child("sm", Namespace::Management).unwrap();
        assert!(sm.child("optional", Namespace::Management).is_some());
        assert!(read.child("plain", Namespace::Client).is_some());
    }

    #[test]
    fn what_xmpp_forbids_is_an_error() {
        let laughs = "<!DOCTYPE a [<!ENTITY b \"ha\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
        assert_eq!(refused(laughs), "it declares a type of document");
        assert_eq!(refused("<a>&c;</a>"), "it refers to what XML does not know");
        assert_eq!(
            refused("<a>&nbsp;</a>"),
            "it refers to what XML does not know"
        );
        assert_eq!(
            refused("<a b='&c;'/>"),
            "an attribute's value is not well-formed"
        );
        assert_eq!(refused("<a><!-- b --></a>"), "it has a comment");
        assert_eq!(refused("<a><?b c?></a>"), "it has an instruction");
        assert_eq!(
            refused("<a><?xml version='1.0'?></a>"),
            "it has an instruction"
        );
        for forbidden in [
            "<a>\u{1}</a>",
            "<a>&#1;</a>",
            "<a>\u{FFFF}</a>",
            "<a>&#xFFFE;</a>",
        ] {
            assert_eq!(
                refused(forbidden),
                "it has a character that XML forbids",
                "{forbidden}"
            );
        }
        assert_eq!(
            refused("<a b='&#2;'/>"),
            "an attribute has a character that XML forbids"
        );
        assert_eq!(
            refused("<a b='<'/>"),
            "an attribute has a character that XML forbids"
        );
    }

    #[test]
    fn what_is_not_one_whole_element_is_an_error() {
        let others = [
            "",
            " ",
            "a",
            "a<b/>",
            "<a/>b",
            "&amp;",
            "<a/>&amp;",
            "<a/><b/>",
            "<a>",
            "</a>",
            "<a",
            "<a></b>",
            "<a><b></a></b>",
            "<x:a/>",
            "<a b/>",
            "<a b=c/>",
            "<a b='1' b='2'/>",
            "<>",
            "</>",
            "<a>&#0;</a>",
            "<a>&#xD800;</a>",
            "<a>&#99999999999;</a>",
            "<a>&</a>",
            "<:/>",
            "<![CDATA[a]]>",
            "{\"a\":1}",
        ];
        for other in others {
            assert!(Element::read(other).is_err(), "{other}");
        }
    }

    #[test]
    fn nothing_is_without_bound() {
        let deep = |n: usize| "<a>".repeat(n) + &"</a>".repeat(n);
        assert!(Element::read(&deep(DEPTH_MOST)).is_ok());
        assert_eq!(refused(&deep(DEPTH_MOST + 1)), "it has too many elements");
        assert_eq!(refused(&"<a>".repeat(100_000)), "it has too many elements");
        let wide = |n: usize| format!("<a>{}</a>", "<b/>".repeat(n));
        assert!(Element::read(&wide(ELEMENTS_MOST - 1)).is_ok());
        assert_eq!(refused(&wide(ELEMENTS_MOST)), "it has too many elements");
        let many = |n: usize| {
            let attributes: String = (0..n).map(|at| format!(" a{at}='1'")).collect();
            format!("<a{attributes}/>")
        };
        assert!(Element::read(&many(ATTRIBUTES_MOST)).is_ok());
        let refused = refused(&many(ATTRIBUTES_MOST + 1));
        assert_eq!(refused, "an element has too many attributes");
    }

    proptest! {
        #[test]
        fn any_text_is_an_element_or_none(text in any::<String>()) {
            let _ = Element::read(&text);
        }

        #[test]
        fn also_what_is_nearly_one(
            pieces in prop::collection::vec(
                prop_oneof![
                    "</?[ab:]{0,3}( ?(xmlns)?:?[ab]?='?[ab&;#<]{0,4}'?)?/?>",
                    "&[#xalt0-9]{0,4};?",
                    "<!|\\[CDATA\\[|--|\\]\\]>|<\\?|\\?>|a",
                ],
                0..12,
            ),
        ) {
            let _ = Element::read(&pieces.concat());
        }
    }
}
