//! The language of the byte server's scripts: a JSON list of steps, each an object with one key.

use std::collections::HashMap;
use std::sync::Arc;

use base64::prelude::{Engine, BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer};

pub type Script = Vec<Step>;

/// One step. Bytes that the client sends are read by `pause` and the `read_…` steps only. After the last step the
/// connection closes politely: close_notify on TLS, FIN, and what the client still sends is read and dropped.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Writes the text in UTF-8.
    Send(String),
    #[serde(deserialize_with = "base64_bytes")]
    SendB64(Vec<u8>),
    /// Writes the text one byte at a time, each in a segment of its own.
    SendBytewise(String),
    Repeat(Repeat),
    Pause(Pause),
    SleepMs(u64),
    /// Closes with RST.
    Reset(True),
    /// Closes at once: with RST where bytes of the client are unread, and on TLS without a close_notify.
    Close(True),
    /// Sends FIN (on TLS after a close_notify) and keeps reading.
    ShutdownWrite(True),
    /// Waits for the next request head; the script ends if the client has closed.
    ReadHead(True),
    ReadBody(u64),
    /// Reads until the text has come.
    ReadUntil(String),
    /// Runs the steps until the connection ends, or until a round in which no byte moved.
    Loop(Script),
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    pub text: String,
    pub count: u64,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Pause {
    UntilMore,
    UntilEof,
}

/// The `true` of steps that take no argument.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(try_from = "bool")]
pub struct True;

impl TryFrom<bool> for True {
    type Error = &'static str;

    fn try_from(value: bool) -> Result<Self, Self::Error> {
        value.then_some(Self).ok_or("leave the step out instead of giving it false")
    }
}

fn base64_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    BASE64_STANDARD.decode(text).map_err(serde::de::Error::custom)
}

pub fn parse(json: &[u8]) -> Result<Script, String> {
    serde_json::from_slice(json).map_err(|error| format!("not a script: {error}"))
}

/// A map of name to script.
pub fn named(json: &[u8]) -> Result<HashMap<String, Arc<Script>>, String> {
    let scripts: HashMap<String, Script> =
        serde_json::from_slice(json).map_err(|error| format!("not a map of name to script: {error}"))?;
    Ok(scripts.into_iter().map(|(name, script)| (name, Arc::new(script))).collect())
}

/// The script in a request target `/b/<base64url of JSON>`, padded or not.
pub fn from_path(encoded: &str) -> Result<Script, String> {
    let json = BASE64_URL_SAFE_NO_PAD.decode(encoded.trim_end_matches('='));
    parse(&json.map_err(|error| format!("not base64url: {error}"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_read() {
        let script = parse(
            br#"[{"send":"a"},{"send_b64":"/w=="},{"send_bytewise":"b"},{"repeat":{"text":"x","count":3}},
                {"pause":"until_more"},{"pause":"until_eof"},{"sleep_ms":5},{"reset":true},{"close":true},
                {"shutdown_write":true},{"read_head":true},{"read_body":7},{"read_until":"z"},
                {"loop":[{"read_head":true},{"send":"c"}]}]"#,
        );
        let script = script.expect("all steps are known");
        assert_eq!(script.len(), 14);
        assert_eq!(script[1], Step::SendB64(vec![0xff]));
        assert_eq!(script[13], Step::Loop(vec![Step::ReadHead(True), Step::Send("c".to_owned())]));
    }

    #[test]
    fn mistakes_are_refused() {
        for bad in [r#"[{"sned":"a"}]"#, r#"[{"reset":false}]"#, r#"[{"loop":true}]"#, r#"[{"send_b64":"?"}]"#] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(from_path("!!").unwrap_err().contains("base64url"));
    }
}
