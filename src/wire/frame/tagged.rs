//! Owns how a frame stands in JSON: its name as `type`, beside its fields.
//!
//! Law: whatever the order of the fields, `read` takes what `write` has written, and refuses what is
//! not one object. Where `type` comes first, as everybody writes it, nothing is held back on the way:
//! reading a frame is a good part of what a message costs.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::io;

use bytes::{BufMut, BytesMut};
use serde::de::value::{CowStrDeserializer, MapAccessDeserializer, MapDeserializer};
use serde::de::{DeserializeSeed, EnumAccess, Error as _, IntoDeserializer, VariantAccess};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, forward_to_deserialize_any};
use serde_json::de::StrRead;
use serde_json::ser::Formatter;
use serde_json::{Error, Map, Value};
use tokio_tungstenite::tungstenite::Utf8Bytes;

const TYPE: &str = "type";

/// Bytes of a sheet: as many frames as fit.
const SHEET: usize = 4 * 1_024;

thread_local! {
    /// Where frames are written, each behind the one before. A sheet that is full is used again once
    /// its frames are gone, as those are that were sent: then a frame takes no allocation.
    static SHEETS: RefCell<BytesMut> = RefCell::new(BytesMut::with_capacity(SHEET));
}

/// The text of a frame, an enum of which each variant has fields of its own.
pub fn write(frame: &impl Serialize) -> Utf8Bytes {
    SHEETS.with_borrow_mut(|sheet| {
        let mut serializer =
            serde_json::Serializer::with_formatter(sheet.writer(), Flat::default());
        let written = frame.serialize(&mut serializer);
        written.expect("a frame is an object of strings and integers");
        Utf8Bytes::try_from(sheet.split()).expect("JSON is UTF-8")
    })
}

/// The frame that a text is.
pub fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    let frame = T::deserialize(Tagged(&mut json))?;
    json.end()?;
    Ok(frame)
}

/// Writes `{"say":{"seq":1}}` as `{"type":"say","seq":1}`.
#[derive(Debug, Default)]
struct Flat {
    /// How many objects are open.
    depth: u8,
}

impl Formatter for Flat {
    fn begin_object<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.depth += 1;
        match self.depth {
            1 => out.write_all(b"{\"type\":"),
            2 => Ok(()),
            _ => out.write_all(b"{"),
        }
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.depth -= 1;
        match self.depth {
            1 => Ok(()),
            _ => out.write_all(b"}"),
        }
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> io::Result<()> {
        match (self.depth, first) {
            (2, _) | (_, false) => out.write_all(b","),
            (_, true) => Ok(()),
        }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        match self.depth {
            1 => Ok(()),
            _ => out.write_all(b":"),
        }
    }
}

/// Reads an object with a `type` as the variant of that name.
struct Tagged<'j, 'a>(&'j mut serde_json::Deserializer<StrRead<'a>>);

impl<'de> Deserializer<'de> for Tagged<'_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.deserialize_map(Object(visitor))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}

/// Takes an object for a frame of which `V` makes something.
struct Object<V>(V);

#[derive(Deserialize)]
struct Word<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a, V: Visitor<'a>> Visitor<'a> for Object<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object with a `type`")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut fields: M) -> Result<V::Value, M::Error> {
        let first = fields.next_key::<Word>()?;
        if let Some(Word(Cow::Borrowed(TYPE))) = first {
            let Word(name) = fields.next_value()?;
            return self.0.visit_enum(Variant { name, fields });
        }
        let mut held = Map::new();
        let mut key = first;
        while let Some(Word(name)) = key {
            held.insert(name.into_owned(), fields.next_value::<Value>()?);
            key = fields.next_key()?;
        }
        let name = match held.remove(TYPE) {
            Some(Value::String(name)) => Cow::from(name),
            Some(_) => return Err(M::Error::custom("`type` is not a string")),
            None => return Err(M::Error::missing_field(TYPE)),
        };
        let fields = MapDeserializer::new(held.into_iter());
        let frame = self.0.visit_enum(Variant { name, fields });
        frame.map_err(|error: Error| M::Error::custom(error))
    }
}

/// A frame's name, and its fields still to come.
struct Variant<'a, M> {
    name: Cow<'a, str>,
    fields: M,
}

impl<'a, M: MapAccess<'a>> EnumAccess<'a> for Variant<'a, M> {
    type Error = M::Error;
    type Variant = Fields<M>;

    fn variant_seed<S: DeserializeSeed<'a>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Fields<M>), M::Error> {
        let name: CowStrDeserializer<M::Error> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, Fields(self.fields)))
    }
}

struct Fields<M>(M);

impl<'a, M: MapAccess<'a>> VariantAccess<'a> for Fields<M> {
    type Error = M::Error;

    fn unit_variant(self) -> Result<(), M::Error> {
        Err(M::Error::custom("a frame is an object"))
    }

    fn newtype_variant_seed<S: DeserializeSeed<'a>>(self, seed: S) -> Result<S::Value, M::Error> {
        seed.deserialize(MapAccessDeserializer::new(self.0))
    }

    fn tuple_variant<V: Visitor<'a>>(self, _: usize, _: V) -> Result<V::Value, M::Error> {
        Err(M::Error::custom("a frame is an object"))
    }

    fn struct_variant<V: Visitor<'a>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, M::Error> {
        visitor.visit_map(self.0)
    }
}
