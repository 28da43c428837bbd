//! Trace events as text: their names, their values as JSON, and the lines that Python's httpcore would log of them
//! (checklist P07).

use super::headers::is_secret;
use super::trace::{Phase, TraceEvent, Value};

impl Phase {
    /// As in an event's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Started => "started",
            Phase::Complete => "complete",
            Phase::Failed => "failed",
        }
    }
}

impl TraceEvent {
    /// `http11.send_request_headers.started`
    pub fn name(&self) -> String {
        format!("{}.{}", self.step, self.phase.as_str())
    }

    /// What it tells, as a JSON object. Bytes become text whose characters are the bytes, tuples become lists.
    pub fn info_json(&self) -> String {
        let mut out = String::from("{");
        for (index, (name, value)) in self.info.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            put_json_text(&mut out, name);
            out.push(':');
            value.put_json(&mut out);
        }
        out.push('}');
        out
    }

    /// `httpcore.http11`
    pub(super) fn logger(&self) -> String {
        format!("httpcore.{}", self.step.split('.').next().unwrap_or_default())
    }

    /// `connect_tcp.started host='example.org' port=443`
    pub(super) fn log_line(&self) -> String {
        let step = self.step.split_once('.').map_or(self.step, |(_, step)| step);
        let mut line = format!("{step}.{}", self.phase.as_str());
        if let [("return_value", Value::None)] = self.info[..] {
            return line;
        }
        for (name, value) in &self.info {
            line.push(' ');
            line.push_str(name);
            line.push('=');
            value.put_python(&mut line);
        }
        line
    }
}

impl Value {
    fn put_json(&self, out: &mut String) {
        match self {
            Value::None => out.push_str("null"),
            Value::Int(number) => out.push_str(&number.to_string()),
            Value::Float(number) if number.is_finite() => out.push_str(&format!("{number:?}")),
            Value::Float(_) => out.push_str("null"),
            Value::Text(text) | Value::Opaque(text) => put_json_text(out, text),
            Value::Bytes(bytes) => put_json_text(out, &bytes.iter().copied().map(char::from).collect::<String>()),
            Value::Tuple(values) | Value::List(values) => {
                out.push('[');
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    value.put_json(out);
                }
                out.push(']');
            }
        }
    }

    /// As Python's `repr` shows it.
    fn put_python(&self, out: &mut String) {
        match self {
            Value::None => out.push_str("None"),
            Value::Int(number) => out.push_str(&number.to_string()),
            Value::Float(number) => out.push_str(&format!("{number:?}")),
            Value::Text(text) => put_python_text(out, text.chars()),
            Value::Bytes(bytes) => {
                out.push('b');
                put_python_bytes(out, bytes);
            }
            Value::Opaque(text) => out.push_str(text),
            // A header line; the trace function gets it whole.
            Value::Tuple(values) if matches!(&values[..], [Value::Bytes(name), Value::Bytes(_)] if is_secret(name)) => {
                let shown = [values[0].clone(), Value::Bytes(b"[secure]".to_vec())];
                put_python_list(out, &shown, ["(", ")"]);
            }
            Value::Tuple(values) => put_python_list(out, values, ["(", if values.len() == 1 { ",)" } else { ")" }]),
            Value::List(values) => put_python_list(out, values, ["[", "]"]),
        }
    }
}

fn put_json_text(out: &mut String, text: &str) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

fn put_python_list(out: &mut String, values: &[Value], brackets: [&str; 2]) {
    out.push_str(brackets[0]);
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        value.put_python(out);
    }
    out.push_str(brackets[1]);
}

/// Python prefers the single quotation mark, unless only the double one is free.
fn quotation_mark(single: bool, double: bool) -> char {
    match single && !double {
        true => '"',
        false => '\'',
    }
}

fn put_python_text(out: &mut String, text: impl Iterator<Item = char> + Clone) {
    let mark = quotation_mark(text.clone().any(|c| c == '\''), text.clone().any(|c| c == '"'));
    out.push(mark);
    for c in text {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == '\\' || c == mark => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push(mark);
}

fn put_python_bytes(out: &mut String, bytes: &[u8]) {
    let mark = quotation_mark(bytes.contains(&b'\''), bytes.contains(&b'"'));
    out.push(mark);
    for &byte in bytes {
        match byte {
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b'\\' => out.push_str("\\\\"),
            0x20..=0x7e if char::from(byte) == mark => out.extend(['\\', mark]),
            0x20..=0x7e => out.push(char::from(byte)),
            other => out.push_str(&format!("\\x{other:02x}")),
        }
    }
    out.push(mark);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(phase: Phase, info: super::super::Info) -> TraceEvent {
        TraceEvent { step: "connection.connect_tcp", phase, info }
    }

    #[test]
    fn a_line_of_the_log_reads_as_in_python() {
        let started = event(
            Phase::Started,
            vec![
                ("host", Value::Text("it's".into())),
                ("port", Value::Int(80)),
                ("local_address", Value::None),
                ("timeout", Value::Float(5.0)),
            ],
        );
        assert_eq!(started.logger(), "httpcore.connection");
        assert_eq!(started.log_line(), r#"connect_tcp.started host="it's" port=80 local_address=None timeout=5.0"#);
        let nothing = event(Phase::Complete, vec![("return_value", Value::None)]);
        assert_eq!(nothing.log_line(), "connect_tcp.complete");
        let field = Value::Tuple(vec![Value::Bytes(b"Server".to_vec()), Value::Bytes(b"a'\"\\\xff".to_vec())]);
        let value = Value::Tuple(vec![Value::Bytes(b"HTTP/1.1".to_vec()), Value::Int(200), Value::List(vec![field])]);
        let complete = event(Phase::Complete, vec![("return_value", value)]);
        assert_eq!(
            complete.log_line(),
            r#"connect_tcp.complete return_value=(b'HTTP/1.1', 200, [(b'Server', b'a\'"\\\xff')])"#
        );
    }

    #[test]
    fn secrets_do_not_get_into_the_log() {
        let field = |name: &[u8]| Value::Tuple(vec![Value::Bytes(name.to_vec()), Value::Bytes(b"secret".to_vec())]);
        let fields = Value::List([&b"Set-Cookie"[..], b"AUTHORIZATION", b"X"].map(field).to_vec());
        let event = event(Phase::Complete, vec![("return_value", fields)]);
        assert_eq!(
            event.log_line(),
            "connect_tcp.complete return_value=[(b'Set-Cookie', b'[secure]'), (b'AUTHORIZATION', b'[secure]'), \
             (b'X', b'secret')]"
        );
        assert!(event.info_json().contains(r#"["Set-Cookie","secret"]"#));
    }

    #[test]
    fn what_an_event_tells_is_json() {
        let info = vec![
            ("a", Value::Text("\"\n".into())),
            ("b", Value::Bytes(vec![0xe9])),
            ("c", Value::List(vec![Value::Int(1), Value::Float(0.5), Value::None])),
        ];
        assert_eq!(event(Phase::Failed, info).info_json(), r#"{"a":"\"\n","b":"é","c":[1,0.5,null]}"#);
        assert_eq!(event(Phase::Started, Vec::new()).info_json(), "{}");
        assert_eq!(event(Phase::Started, Vec::new()).name(), "connection.connect_tcp.started");
    }
}
