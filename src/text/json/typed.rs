//! From the tree of values to types: serde's data model over [`Node`]s, so that every fault has its place.

use super::{Key, Node, Value, escape};
use crate::text::nearest::nearest;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Expected, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use std::fmt;

/// Why a value is not of its type.
#[derive(Debug)]
pub(super) struct Fault {
    /// The JSON Pointer, built from the inside out.
    pub pointer: String,
    /// Where the value starts.
    pub start: Option<usize>,
    pub message: String,
    pub mend: String,
}

pub(super) fn read<T: DeserializeOwned>(root: &Node, source: &str) -> Result<T, Fault> {
    T::deserialize(Typed { node: root, source })
}

impl Fault {
    fn new(message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { pointer: String::new(), start: None, message: message.into(), mend: mend.into() }
    }

    fn at(mut self, start: usize) -> Self {
        self.start.get_or_insert(start);
        self
    }

    fn inside(mut self, step: &str) -> Self {
        self.pointer.insert_str(0, &format!("/{}", escape(step)));
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string(), "")
    }

    fn invalid_type(found: Unexpected, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {}, found {}", plain(expected), named(found)), "write a value of that type")
    }

    fn invalid_value(found: Unexpected, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {}, found {}", plain(expected), named(found)), "write such a value")
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {}, found {length} values", plain(expected)), "")
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        Self::new(format!("the field `{field}` is not known"), meant(field, known))
    }

    fn unknown_variant(variant: &str, known: &'static [&'static str]) -> Self {
        Self::new(format!("`{variant}` is not known here"), meant(variant, known))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("the field `{field}` is missing"), format!("add `{field}`"))
    }
}

fn meant(wrong: &str, known: &'static [&'static str]) -> String {
    match nearest(wrong, known.iter().copied()) {
        Some(name) => format!("write `{name}`"),
        None => format!("known are {}", known.join(", ")),
    }
}

/// What serde's derived code expects, in words.
fn plain(expected: &dyn Expected) -> String {
    match expected.to_string().as_str() {
        "f64" | "f32" => "a number".into(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0".into(),
        "i8" | "i16" | "i32" | "i64" => "a whole number".into(),
        "a boolean" => "true or false".into(),
        "a string" => "a text".into(),
        "a sequence" => "a list".into(),
        "a map" => "an object".into(),
        other if other.starts_with("struct ") => "an object".into(),
        other => other.into(),
    }
}

fn named(found: Unexpected) -> String {
    match found {
        Unexpected::Bool(flag) => flag.to_string(),
        Unexpected::Unsigned(number) => number.to_string(),
        Unexpected::Signed(number) => number.to_string(),
        Unexpected::Float(number) => number.to_string(),
        Unexpected::Str(text) => format!("the text {:?}", text.chars().take(40).collect::<String>()),
        Unexpected::Unit | Unexpected::Option => "null".into(),
        Unexpected::Seq => "a list".into(),
        Unexpected::Map => "an object".into(),
        other => other.to_string(),
    }
}

#[derive(Clone, Copy)]
struct Typed<'a> {
    node: &'a Node,
    source: &'a str,
}

impl<'a> Typed<'a> {
    fn of(self, node: &'a Node) -> Self {
        Self { node, source: self.source }
    }

    fn at(self) -> impl FnOnce(Fault) -> Fault {
        let start = self.node.span.start;
        move |fault| fault.at(start)
    }

    /// A whole number stays whole, so that none is rounded on the way to a `u64`.
    fn number<'de, V: Visitor<'de>>(self, number: f64, visitor: V) -> Result<V::Value, Fault> {
        let text = self.source.get(self.node.span.clone()).unwrap_or_default();
        match (text.parse::<u64>(), text.parse::<i64>()) {
            (Ok(whole), _) => visitor.visit_u64(whole),
            (_, Ok(whole)) if whole != 0 => visitor.visit_i64(whole),
            _ => visitor.visit_f64(number),
        }
    }
}

impl<'de> Deserializer<'de> for Typed<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Flag(flag) => visitor.visit_bool(*flag),
            Value::Number(number) => self.number(*number, visitor),
            Value::Text(text) => visitor.visit_str(text),
            Value::List(items) => visitor.visit_seq(Items { typed: self, items: items.iter().enumerate() }),
            Value::Object(members) => visitor.visit_map(Members { typed: self, members: members.iter(), next: None }),
        }
        .map_err(self.at())
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::Number(number) => visitor.visit_f64(*number).map_err(self.at()),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::Text(name) => {
                visitor.visit_enum(Variant { typed: self, name, span: self.node.span.start, inner: None })
            }
            Value::Object(members) => match members.as_slice() {
                [(key, node)] => visitor.visit_enum(Variant {
                    typed: self,
                    name: &key.text,
                    span: key.span.start,
                    inner: Some(node),
                }),
                _ => {
                    let message = format!("expected an object of one member, the kind, found {}", members.len());
                    Err(Fault::new(message, "write `{\"kind\": {…}}`"))
                }
            },
            _ => return self.deserialize_any(visitor),
        }
        .map_err(self.at())
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

struct Items<'a> {
    typed: Typed<'a>,
    items: std::iter::Enumerate<std::slice::Iter<'a, Node>>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some((at, node)) = self.items.next() else { return Ok(None) };
        seed.deserialize(self.typed.of(node)).map(Some).map_err(|fault| fault.inside(&at.to_string()))
    }
}

struct Members<'a> {
    typed: Typed<'a>,
    members: std::slice::Iter<'a, (Key, Node)>,
    next: Option<&'a (Key, Node)>,
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        self.next = self.members.next();
        let Some((key, _)) = self.next else { return Ok(None) };
        let name = de::value::StrDeserializer::new(&key.text);
        seed.deserialize(name).map(Some).map_err(|fault: Fault| fault.at(key.span.start).inside(&key.text))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Fault> {
        let Some((key, node)) = self.next else { return Err(Fault::new("a value without a key", "")) };
        seed.deserialize(self.typed.of(node)).map_err(|fault| fault.inside(&key.text))
    }
}

struct Variant<'a> {
    typed: Typed<'a>,
    name: &'a str,
    span: usize,
    inner: Option<&'a Node>,
}

impl<'a, 'de> EnumAccess<'de> for Variant<'a> {
    type Error = Fault;
    type Variant = Inner<'a>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Inner<'a>), Fault> {
        let name = de::value::StrDeserializer::new(self.name);
        let variant = seed.deserialize(name).map_err(|fault: Fault| fault.at(self.span))?;
        Ok((variant, Inner { typed: self.typed, name: self.name, node: self.inner }))
    }
}

struct Inner<'a> {
    typed: Typed<'a>,
    name: &'a str,
    node: Option<&'a Node>,
}

impl<'a> Inner<'a> {
    fn node(&self) -> Result<Typed<'a>, Fault> {
        let bare =
            || Fault::new(format!("`{}` needs its values", self.name), format!("write `{{\"{}\": {{…}}}}`", self.name));
        self.node.map(|node| self.typed.of(node)).ok_or_else(bare)
    }
}

impl<'de> VariantAccess<'de> for Inner<'_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        match self.node {
            None => Ok(()),
            Some(_) => Err(Fault::new(format!("`{}` takes no values", self.name), format!("write \"{}\"", self.name))),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        let name = self.name;
        seed.deserialize(self.node()?).map_err(|fault| fault.inside(name))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.node()?.deserialize_any(visitor).map_err(|fault| fault.inside(self.name))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        self.node()?.deserialize_any(visitor).map_err(|fault| fault.inside(self.name))
    }
}
