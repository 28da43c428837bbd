//! What the HTTP/2 peer saw of one connection, for tests to read.

use std::collections::BTreeMap;

use serde::Serialize;

use super::frames::{error_name, setting_name, Frame, RST_STREAM, SETTINGS, WINDOW_UPDATE};

const MOST_LINES: usize = 2000;
const LARGEST_BODY: usize = 1000;

#[derive(Clone, Default, Serialize)]
pub struct Record {
    /// A number that no other connection of this server has.
    pub connection: u64,
    /// The port that the client connected to.
    pub port: u16,
    /// How it ended: `eof` (the client closed), `reset` (the client reset it) or `server`; null while it lasts.
    pub ended: Option<&'static str>,
    /// The client's settings by name, the latest values.
    pub settings: BTreeMap<String, u32>,
    /// The client's frames in their order, a line each; the first 2000.
    pub frames: Vec<String>,
    pub requests: Vec<Request>,
    /// The sum of the client's WINDOW_UPDATEs of each stream; 0 is the connection.
    pub window_updates: BTreeMap<u32, u64>,
    /// The error codes of the client's RST_STREAMs by stream.
    pub resets: BTreeMap<u32, String>,
    /// How many streams were open at most at one time.
    pub max_open_streams: usize,
    /// What the client did against the rules, in words.
    pub violations: Vec<String>,
}

#[derive(Clone, Default, Serialize)]
pub struct Request {
    pub stream: u32,
    pub headers: Vec<(String, String)>,
    /// How many bytes came so far.
    pub body_size: u64,
    /// The first 1000 of them.
    pub body: String,
    pub trailers: Vec<(String, String)>,
    /// Whether END_STREAM has come.
    pub ended: bool,
}

impl Record {
    /// Notes a frame of the client.
    pub fn frame(&mut self, frame: &Frame) {
        if self.frames.len() < MOST_LINES {
            self.frames.push(frame.line());
        }
        match frame.kind {
            SETTINGS => {
                let named = frame.settings().into_iter().map(|(number, value)| (setting_name(number), value));
                self.settings.extend(named);
            }
            WINDOW_UPDATE => *self.window_updates.entry(frame.stream).or_default() += u64::from(frame.number(0)),
            RST_STREAM => drop(self.resets.insert(frame.stream, error_name(frame.number(0)))),
            _ => {}
        }
    }

    pub fn body(&mut self, stream: u32, bytes: &[u8]) {
        if let Some(request) = self.request(stream) {
            request.body_size += bytes.len() as u64;
            let room = LARGEST_BODY.saturating_sub(request.body.len()).min(bytes.len());
            request.body += &String::from_utf8_lossy(&bytes[..room]);
        }
    }

    pub fn request(&mut self, stream: u32) -> Option<&mut Request> {
        self.requests.iter_mut().rev().find(|request| request.stream == stream)
    }
}
