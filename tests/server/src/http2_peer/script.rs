//! The language of the HTTP/2 peer's scripts: a JSON list of steps, each an object with one key, as the byte server's.

use std::collections::BTreeMap;

use base64::prelude::{Engine, BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::frames::{error_number, setting_number};
use crate::exchange::decoded;
use crate::script::True;

pub type Script = Vec<Step>;

/// Header fields as they go onto the wire: order, case and duplicates as given.
pub type Fields = Vec<(String, String)>;

/// One step. Steps that concern a stream concern the current one: that of the last request read, or what `stream` said.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Sends SETTINGS. Where no script begins with it, an empty one is sent.
    Settings(BTreeMap<Setting, u32>),
    /// Waits for the next request, which becomes current.
    ReadRequest(True),
    /// Waits until that many bytes of the current request's body have come.
    ReadBody(u64),
    /// Waits until the current request has come to its end.
    ReadEnd(True),
    /// Makes a stream current.
    Stream(u32),
    /// A whole response, within the client's windows.
    Respond(Response),
    Headers(Fields),
    /// HEADERS with END_STREAM: a response without a body, or trailers.
    HeadersEnd(Fields),
    /// HEADERS and CONTINUATIONs with `:status` 200 and a header list of at least this size (RFC 9113 §6.5.2).
    BigHeaders(usize),
    /// One DATA frame, whatever the windows are.
    Data(String),
    DataEnd(String),
    /// Pattern bytes within the client's windows.
    Bytes(u64),
    /// Pattern bytes, whatever the windows are.
    Flood(u64),
    /// RST_STREAM.
    Rst(ErrorCode),
    Goaway(Goaway),
    /// PING with these eight bytes.
    Ping(Opaque),
    /// WINDOW_UPDATE of the current stream.
    OpenWindow(u32),
    /// WINDOW_UPDATE of the connection.
    OpenConnection(u32),
    Frame(RawFrame),
    #[serde(deserialize_with = "base64_bytes")]
    SendB64(Vec<u8>),
    /// Whether the client's PINGs are answered.
    AnswerPings(bool),
    /// Whether the client's SETTINGS are acknowledged.
    AckSettings(bool),
    /// Whether each DATA frame is answered with WINDOW_UPDATEs of its size.
    Replenish(bool),
    Await(Event),
    SleepMs(u64),
    Repeat(Repeat),
    /// Runs the steps until the connection ends, or until a round in which no byte moved.
    Loop(Script),
    /// close_notify on TLS, FIN, and up to two seconds of reading.
    Close(True),
    /// Closes at once, on TLS without a close_notify.
    Cut(True),
    /// Closes with RST.
    Reset(True),
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Response {
    pub status: u16,
    pub headers: Fields,
    pub body: String,
    /// So many pattern bytes follow the body.
    pub bytes: u64,
    pub trailers: Option<Fields>,
}

impl Default for Response {
    fn default() -> Self {
        Self { status: 200, headers: Vec::new(), body: String::new(), bytes: 0, trailers: None }
    }
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Goaway {
    /// The last stream that was or will be processed; the current one unless given.
    pub last: Option<u32>,
    pub code: ErrorCode,
    pub debug: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct RawFrame {
    #[serde(rename = "type")]
    pub kind: u8,
    #[serde(default)]
    pub flags: u8,
    /// The current stream unless given.
    pub stream: Option<u32>,
    #[serde(default, deserialize_with = "base64_bytes")]
    pub payload_b64: Vec<u8>,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    pub count: u64,
    pub steps: Script,
}

/// What `await` waits for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// All PINGs that were sent have been answered.
    PingAck,
    /// All SETTINGS that were sent have been acknowledged.
    SettingsAck,
    /// The client has reset the current stream.
    Rst,
    /// The client has sent GOAWAY.
    Goaway,
    /// The client has closed the connection, which ends the script.
    Eof,
}

/// A setting by its name, such as `max_frame_size`, or its number.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(try_from = "String")]
pub struct Setting(pub u16);

impl TryFrom<String> for Setting {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let number = setting_number(&name).or_else(|| name.parse().ok());
        number.map(Self).ok_or_else(|| format!("{name:?} is no setting"))
    }
}

/// An error code by its name, such as `CANCEL`, or its number.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(try_from = "Value")]
pub struct ErrorCode(pub u32);

impl TryFrom<Value> for ErrorCode {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let number = match &value {
            Value::String(name) => error_number(name),
            other => other.as_u64().and_then(|number| u32::try_from(number).ok()),
        };
        number.map(Self).ok_or_else(|| format!("{value} is no error code"))
    }
}

/// The eight bytes of a PING, as text.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(try_from = "String")]
pub struct Opaque(pub [u8; 8]);

impl TryFrom<String> for Opaque {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.as_bytes().try_into().map(Self).map_err(|_| "a PING has eight bytes")
    }
}

fn base64_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    BASE64_STANDARD.decode(text).map_err(serde::de::Error::custom)
}

/// One script for every time, or a list of scripts: the first for the first time, and so on; the last one stays.
#[derive(Clone, Debug, PartialEq)]
pub struct Scripts(Vec<Script>);

impl Scripts {
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        let problem = |error: serde_json::Error| format!("not a script: {error}");
        let value: Value = serde_json::from_slice(json).map_err(problem)?;
        // Read from the text again, since only that tells lines and columns.
        if value.get(0).is_some_and(Value::is_array) {
            serde_json::from_slice(json).map(Self).map_err(problem)
        } else {
            serde_json::from_slice(json).map(|script| Self(vec![script])).map_err(problem)
        }
    }

    /// The scripts that a request's path is: JSON, percent-encoded or not, or `/b/<base64url of JSON>`. None if it is
    /// another path.
    pub fn from_path(path: &str) -> Option<Result<Self, String>> {
        let path = decoded(path.split('?').next().unwrap_or_default());
        if let Some(encoded) = path.strip_prefix("/b/") {
            let json = BASE64_URL_SAFE_NO_PAD.decode(encoded.trim_end_matches('='));
            return Some(json.map_err(|error| format!("not base64url: {error}")).and_then(|json| Self::parse(&json)));
        }
        let json = path.strip_prefix('/').filter(|json| json.starts_with('['))?;
        Some(Self::parse(json.as_bytes()))
    }

    /// The script for this time, from 0.
    pub fn get(&self, time: usize) -> &[Step] {
        self.0.get(time).or(self.0.last()).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_read() {
        let json = r#"[{"settings":{"max_concurrent_streams":1,"9":2}},{"read_request":true},{"read_body":3},
            {"read_end":true},{"stream":3},{"respond":{}},{"headers":[[":status","103"]]},{"headers_end":[["a","b"]]},
            {"big_headers":9},{"data":"a"},{"data_end":"b"},{"bytes":4},{"flood":5},{"rst":"CANCEL"},{"rst":99},
            {"goaway":{"last":1,"code":"ENHANCE_YOUR_CALM","debug":"d"}},{"ping":"12345678"},{"open_window":1},
            {"open_connection":2},{"frame":{"type":0,"payload_b64":"/w=="}},{"send_b64":"/w=="},{"answer_pings":false},
            {"ack_settings":false},{"replenish":false},{"await":"ping_ack"},{"await":"settings_ack"},{"await":"rst"},
            {"await":"goaway"},{"await":"eof"},{"sleep_ms":1},{"repeat":{"count":2,"steps":[]}},{"loop":[]},
            {"close":true},{"cut":true},{"reset":true}]"#;
        let scripts = Scripts::parse(json.as_bytes()).expect("all steps are known");
        let steps = scripts.get(0);
        assert_eq!(steps.len(), 35);
        assert_eq!(steps[0], Step::Settings([(Setting(3), 1), (Setting(9), 2)].into()));
        assert_eq!((&steps[13], &steps[14]), (&Step::Rst(ErrorCode(8)), &Step::Rst(ErrorCode(99))));
    }

    #[test]
    fn a_list_of_scripts_goes_on_to_its_last() {
        let scripts = Scripts::parse(br#"[[{"rst":7}],[]]"#).expect("two scripts");
        assert_eq!((scripts.get(0).len(), scripts.get(1).len(), scripts.get(9).len()), (1, 0, 0));
        let one = Scripts::parse(br#"[{"rst":7}]"#).expect("one script");
        assert_eq!(one.get(5).len(), 1);
    }

    #[test]
    fn paths_are_scripts_in_three_writings_and_others_are_none() {
        let one = Scripts::parse(br#"[{"rst":7}]"#);
        for path in [r#"/[{"rst":7}]?mark"#, "/%5B%7B%22rst%22:7%7D%5D", "/b/W3sicnN0Ijo3fV0"] {
            assert_eq!(Scripts::from_path(path), Some(one.clone()), "{path}");
        }
        assert_eq!(Scripts::from_path("/get"), None);
    }

    #[test]
    fn mistakes_are_refused() {
        for bad in [
            r#"[{"rts":1}]"#,
            r#"[{"rst":"OOPS"}]"#,
            r#"[{"settings":{"x":1}}]"#,
            r#"[{"ping":"short"}]"#,
            r#"[{"respond":{"stats":200}}]"#,
        ] {
            assert!(Scripts::parse(bad.as_bytes()).unwrap_err().contains("not a script"), "{bad}");
        }
    }
}
