//! Messages as proto3 JSON, by the descriptors that the server itself shows.

use super::proto;
use crate::text::Refusal;
use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions};
use std::sync::OnceLock;

/// The largest JSON text that is read, in bytes: far above the largest request that a server takes.
pub const MAX_JSON_BYTES: usize = 8 << 20;

/// Everything that can be called: `aval.v1` and the health service.
pub(super) fn pool() -> &'static DescriptorPool {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    POOL.get_or_init(|| {
        let mut pool = DescriptorPool::new();
        for set in [proto::FILE_DESCRIPTOR_SET, tonic_health::pb::FILE_DESCRIPTOR_SET] {
            // Compiled in and held by a test: a set that could not be read would only leave its services unknown.
            let _ = pool.decode_file_descriptor_set(set);
        }
        pool
    })
}

/// Reads a message from proto3 JSON. `file` is its name in refusals; unknown fields are refused.
pub fn read<M: Message + Name + Default>(file: &str, text: &str) -> Result<M, Refusal> {
    let unknown = || Refusal::new(file, text, 0..0, format!("no message is named {}", M::full_name()), "");
    let descriptor = pool().get_message_by_name(&M::full_name()).ok_or_else(unknown)?;
    let message = read_dynamic(descriptor, file, text)?;
    message.transcode_to().map_err(|error| Refusal::new(file, text, 0..0, error.to_string(), ""))
}

/// Reads a message of any type from proto3 JSON.
pub(super) fn read_dynamic(descriptor: MessageDescriptor, file: &str, text: &str) -> Result<DynamicMessage, Refusal> {
    if text.len() > MAX_JSON_BYTES {
        let message = format!("{} bytes, at most {MAX_JSON_BYTES} are read", text.len());
        return Err(Refusal::new(file, "", 0..0, message, "send less"));
    }
    let name = descriptor.full_name().to_owned();
    let refused = |error: &serde_json::Error| {
        let said = error.to_string();
        let said = said.split(" at line ").next().unwrap_or_default();
        let mend = "write proto3 JSON: field names as in the .proto file or in camelCase, 64-bit integers as strings";
        Refusal::at(file, text, error.line(), error.column(), format!("not JSON of {name}: {said}"), mend)
    };
    let mut from = serde_json::Deserializer::from_str(text);
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let message = DynamicMessage::deserialize_with_options(descriptor, &mut from, &options).map_err(|e| refused(&e))?;
    from.end().map_err(|error| refused(&error))?;
    Ok(message)
}

/// A message as proto3 JSON.
pub fn print<M: Message + Name>(message: &M) -> serde_json::Value {
    let descriptor = pool().get_message_by_name(&M::full_name());
    let dynamic = descriptor.and_then(|it| DynamicMessage::decode(it, message.encode_to_vec().as_slice()).ok());
    dynamic.map_or(serde_json::Value::Null, |dynamic| print_dynamic(&dynamic))
}

/// A message of any type as proto3 JSON.
pub(super) fn print_dynamic(message: &DynamicMessage) -> serde_json::Value {
    let options = SerializeOptions::new().skip_default_fields(true);
    let printed = message.serialize_with_options(serde_json::value::Serializer, &options);
    printed.unwrap_or(serde_json::Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_read_and_camel_case_is_written() {
        let text = r#"{"requestId": "r1", "purchase": {"amount": {"amount_minor": "12000", "currency": "EUR"}},
            "signals": {"limit": {"number": 3.5}}, "occurredAt": "2026-11-20T08:30:00.250Z"}"#;
        let read: proto::DecideRequest = read("r.json", text).unwrap();
        assert_eq!(read.purchase.as_ref().unwrap().amount.as_ref().unwrap().amount_minor, 12_000);
        assert_eq!(read.occurred_at.as_ref().unwrap().nanos, 250_000_000);
        let printed = print(&read);
        assert_eq!(printed["purchase"]["amount"]["amountMinor"], "12000");
        assert_eq!(printed["signals"]["limit"]["number"], 3.5);
        assert_eq!(super::read::<proto::DecideRequest>("again", &printed.to_string()).unwrap(), read);
    }

    #[test]
    fn what_is_not_a_request_is_refused_with_its_place() {
        for (text, line, says) in [
            ("{\n  \"requestid\": \"r1\"\n}", 2, "requestid"),
            ("{\n  \"purchase\": 3\n}", 2, "not JSON of aval.v1.DecideRequest"),
            ("{\"requestId\": \"r1\"} x", 1, "trailing"),
            ("", 1, "EOF"),
        ] {
            let refusal = read::<proto::DecideRequest>("r.json", text).unwrap_err();
            assert_eq!((refusal.file.as_str(), refusal.line), ("r.json", line), "{text}: {refusal}");
            assert!(refusal.message.contains(says), "{text}: {refusal}");
        }
    }

    #[test]
    fn every_service_can_be_called_by_name() {
        let services: Vec<_> = pool().services().map(|service| service.full_name().to_owned()).collect();
        assert!(services.contains(&"aval.v1.DecisionService".into()), "{services:?}");
        assert!(services.contains(&"grpc.health.v1.Health".into()), "{services:?}");
    }
}
