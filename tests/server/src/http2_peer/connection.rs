//! One connection of the HTTP/2 peer: runs steps, and takes the client's frames in while a step waits.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::frames::{self, put, put_headers, Frame, ACK, DEFAULT_WINDOW, END_HEADERS, END_STREAM, LARGEST_PAYLOAD};
use super::record::{Record, Request};
use super::script::{Event, Fields, Goaway, Response, Scripts, Step};
use crate::byte_server::{ended, Wire};
use crate::state::{Entry, State};
use crate::streams::Pattern;

const INITIAL_WINDOW: u16 = 4;
const MAX_CONCURRENT_STREAMS: u16 = 3;
const MAX_FRAME_SIZE: u16 = 5;
const LONGEST_PARTING: Duration = Duration::from_secs(2);
/// No more is read while a write goes on.
const READ_AHEAD: usize = 1 << 20;
/// What a field counts for beside its bytes. RFC 9113 §6.5.2
const FIELD_OVERHEAD: usize = 32;

pub struct Connection<S> {
    stream: S,
    state: Arc<State>,
    number: u64,
    entry: Entry,
    read: BytesMut,
    unsent: BytesMut,
    /// Whether our SETTINGS are on their way; nothing may go out before them. RFC 9113 §3.4
    started: bool,
    decoder: loona_hpack::Decoder<'static>,
    /// The header block that is being read: its stream, END_STREAM, and the bytes so far.
    block: Option<(u32, bool, BytesMut)>,
    streams: BTreeMap<u32, Stream>,
    /// Requests that no step has read.
    waiting: VecDeque<u32>,
    current: u32,
    /// Streams above it are not served.
    last_served: u32,
    ours: Ours,
    theirs: Theirs,
    answer_pings: bool,
    ack_settings: bool,
    replenish: bool,
    pings: u64,
    client_left: bool,
    /// Bytes that were sent and frames that came.
    moved: u64,
}

/// What we have told the client, as far as it has acknowledged it.
struct Ours {
    unacknowledged: VecDeque<Vec<(u16, u32)>>,
    initial_window: i64,
    max_streams: usize,
    max_frame: usize,
    window: i64,
}

/// What the client has told us.
struct Theirs {
    initial_window: i64,
    max_frame: usize,
    window: i64,
}

struct Stream {
    path: String,
    is_head: bool,
    /// What we may send.
    window: i64,
    /// What the client may send.
    their_window: i64,
    body_size: u64,
    request_ended: bool,
    response_ended: bool,
    reset: bool,
}

impl Stream {
    fn is_open(&self) -> bool {
        !(self.reset || self.request_ended && self.response_ended)
    }
}

impl<S: Wire> Connection<S> {
    pub fn new(stream: S, state: Arc<State>, number: u64, entry: Entry) -> Self {
        Self {
            stream,
            state,
            number,
            entry,
            read: BytesMut::new(),
            unsent: BytesMut::new(),
            started: false,
            decoder: loona_hpack::Decoder::new(),
            block: None,
            streams: BTreeMap::new(),
            waiting: VecDeque::new(),
            current: 0,
            last_served: u32::MAX,
            ours: Ours {
                unacknowledged: VecDeque::new(),
                initial_window: DEFAULT_WINDOW,
                max_streams: usize::MAX,
                max_frame: LARGEST_PAYLOAD,
                window: DEFAULT_WINDOW,
            },
            theirs: Theirs { initial_window: DEFAULT_WINDOW, max_frame: LARGEST_PAYLOAD, window: DEFAULT_WINDOW },
            answer_pings: true,
            ack_settings: true,
            replenish: true,
            pings: 0,
            client_left: false,
            moved: 0,
        }
    }

    /// Runs a script, then serves the requests that it left over.
    pub async fn run_and_serve(&mut self, script: &[Step]) -> io::Result<()> {
        self.read_preface().await?;
        self.run(script).await?;
        self.start().await?;
        self.serve_requests().await
    }

    /// Runs the script of each request's path; another path is answered with 200.
    pub async fn serve(&mut self) -> io::Result<()> {
        self.read_preface().await?;
        self.serve_requests().await
    }

    async fn serve_requests(&mut self) -> io::Result<()> {
        loop {
            self.read_request().await?;
            let path = self.streams[&self.current].path.clone();
            match Scripts::from_path(&path) {
                None => self.respond(&self.usual()).await?,
                Some(Ok(scripts)) => {
                    let time = self.state.next_round(&path);
                    self.run(scripts.get(time)).await?;
                }
                Some(Err(problem)) => {
                    self.respond(&Response { status: 400, body: problem, ..Response::default() }).await?;
                }
            }
        }
    }

    fn usual(&self) -> Response {
        let headers = vec![
            ("content-type".to_owned(), "text/plain".to_owned()),
            ("x-connection".to_owned(), self.number.to_string()),
        ];
        Response { headers, body: "ok".to_owned(), ..Response::default() }
    }

    async fn run(&mut self, script: &[Step]) -> io::Result<()> {
        for step in script {
            Box::pin(self.step(step)).await?;
        }
        Ok(())
    }

    async fn step(&mut self, step: &Step) -> io::Result<()> {
        match step {
            Step::Settings(settings) => {
                return self.settings(settings.iter().map(|(setting, value)| (setting.0, *value)).collect()).await
            }
            Step::AnswerPings(answer) => self.answer_pings = *answer,
            Step::AckSettings(acknowledge) => self.ack_settings = *acknowledge,
            Step::Replenish(replenish) => self.replenish = *replenish,
            Step::SendB64(bytes) => {
                self.started = true;
                self.unsent.extend_from_slice(bytes);
                return self.flush().await;
            }
            Step::SleepMs(_) | Step::Repeat(_) | Step::Loop(_) | Step::Cut(_) | Step::Reset(_) => {}
            _ => self.start().await?,
        }
        match step {
            Step::ReadRequest(_) => self.read_request().await,
            Step::ReadBody(_) | Step::ReadEnd(_) | Step::Await(_) | Step::SleepMs(_) => self.wait(step).await,
            Step::Repeat(repeat) => {
                for _ in 0..repeat.count {
                    self.run(&repeat.steps).await?;
                }
                Ok(())
            }
            Step::Loop(steps) => self.repeat_while_moving(steps).await,
            Step::Close(_) => self.part().await,
            Step::Cut(_) => Err(ended()),
            Step::Reset(_) => {
                self.stream.socket().set_zero_linger()?;
                Err(ended())
            }
            Step::Respond(response) => self.respond(response).await,
            Step::Bytes(length) => self.send_pattern(*length, false).await,
            _ => {
                self.put(step);
                self.flush().await
            }
        }
    }

    /// Puts what a step sends behind what is unsent.
    fn put(&mut self, step: &Step) {
        let current = self.current;
        match step {
            Step::Stream(stream) => self.current = *stream,
            Step::Headers(fields) => put_headers(&mut self.unsent, current, fields, false),
            Step::HeadersEnd(fields) => self.put_last_headers(fields),
            Step::BigHeaders(size) => put_headers(&mut self.unsent, current, &big_fields(*size), false),
            Step::Data(text) => self.put_data(text.as_bytes(), false),
            Step::DataEnd(text) => self.put_data(text.as_bytes(), true),
            Step::Flood(length) => self.put_flood(*length),
            Step::Rst(code) => {
                put(&mut self.unsent, frames::RST_STREAM, 0, current, &code.0.to_be_bytes());
                if let Some(stream) = self.streams.get_mut(&current) {
                    stream.reset = true;
                }
            }
            Step::Goaway(goaway) => self.put_goaway(goaway),
            Step::Ping(opaque) => {
                self.pings += 1;
                put(&mut self.unsent, frames::PING, 0, 0, &opaque.0);
            }
            Step::OpenWindow(increment) => self.put_window_update(current, *increment),
            Step::OpenConnection(increment) => self.put_window_update(0, *increment),
            Step::Frame(frame) => {
                let stream = frame.stream.unwrap_or(current);
                put(&mut self.unsent, frame.kind, frame.flags, stream, &frame.payload_b64);
            }
            // The others wait or change what the connection does by itself.
            _ => {}
        }
    }

    async fn wait(&mut self, step: &Step) -> io::Result<()> {
        if let Step::SleepMs(milliseconds) = step {
            let taking_frames = async {
                loop {
                    self.take_frame().await?;
                }
            };
            let time = Duration::from_millis(*milliseconds);
            return tokio::time::timeout(time, taking_frames).await.unwrap_or(Ok(()));
        }
        while !self.has_come(step) {
            self.take_frame().await?;
        }
        Ok(())
    }

    fn has_come(&self, step: &Step) -> bool {
        let stream = self.streams.get(&self.current);
        match step {
            Step::ReadBody(length) => stream.is_some_and(|stream| stream.body_size >= *length),
            Step::ReadEnd(_) => stream.is_some_and(|stream| stream.request_ended),
            Step::Await(Event::PingAck) => self.pings == 0,
            Step::Await(Event::SettingsAck) => self.ours.unacknowledged.is_empty(),
            Step::Await(Event::Rst) => stream.is_some_and(|stream| stream.reset),
            Step::Await(Event::Goaway) => self.client_left,
            _ => false,
        }
    }

    /// A round in which nothing moves would go on forever, also after the client has left.
    async fn repeat_while_moving(&mut self, steps: &[Step]) -> io::Result<()> {
        loop {
            let before = self.moved;
            self.run(steps).await?;
            if self.moved == before {
                return Ok(());
            }
        }
    }

    async fn start(&mut self) -> io::Result<()> {
        if self.started {
            return Ok(());
        }
        self.settings(Vec::new()).await
    }

    /// The first SETTINGS go before what the connection has to say already.
    async fn settings(&mut self, settings: Vec<(u16, u32)>) -> io::Result<()> {
        let payload: Vec<u8> = settings
            .iter()
            .flat_map(|(number, value)| [&number.to_be_bytes()[..], &value.to_be_bytes()[..]].concat())
            .collect();
        let waiting = if self.started { BytesMut::new() } else { std::mem::take(&mut self.unsent) };
        put(&mut self.unsent, frames::SETTINGS, 0, 0, &payload);
        self.unsent.extend_from_slice(&waiting);
        self.started = true;
        self.ours.unacknowledged.push_back(settings);
        self.flush().await
    }

    async fn respond(&mut self, response: &Response) -> io::Result<()> {
        self.start().await?;
        let mut fields: Fields = vec![(":status".to_owned(), response.status.to_string())];
        fields.extend_from_slice(&response.headers);
        let is_head = self.streams.get(&self.current).is_some_and(|stream| stream.is_head);
        let has_body = !response.body.is_empty() || response.bytes > 0 || response.trailers.is_some();
        if is_head || !has_body {
            self.put_last_headers(&fields);
            return self.flush().await;
        }
        put_headers(&mut self.unsent, self.current, &fields, false);
        let trailed = response.trailers.is_some();
        self.send(response.body.as_bytes(), !trailed && response.bytes == 0).await?;
        if response.bytes > 0 {
            self.send_pattern(response.bytes, !trailed).await?;
        }
        match &response.trailers {
            Some(trailers) if self.may_send() => self.put_last_headers(trailers),
            _ => {}
        }
        self.flush().await
    }

    fn may_send(&self) -> bool {
        self.streams.get(&self.current).is_none_or(|stream| !stream.reset)
    }

    async fn send_pattern(&mut self, length: u64, end: bool) -> io::Result<()> {
        let mut pattern = Pattern::new(0, length);
        let mut left = length;
        let mut piece = vec![0; LARGEST_PAYLOAD];
        while left > 0 && self.may_send() {
            let count = pattern.read(&mut piece)?;
            left -= count as u64;
            self.send(&piece[..count], end && left == 0).await?;
        }
        Ok(())
    }

    /// Sends on the current stream within the client's windows; stops where the client has reset the stream.
    async fn send(&mut self, mut bytes: &[u8], end: bool) -> io::Result<()> {
        while self.may_send() {
            let stream_window = self.streams.get(&self.current).map_or(self.theirs.initial_window, |s| s.window);
            let room = usize::try_from(self.theirs.window.min(stream_window)).unwrap_or(0);
            let length = room.min(self.theirs.max_frame).min(bytes.len());
            if length == 0 && !bytes.is_empty() {
                self.flush().await?;
                self.take_frame().await?;
                continue;
            }
            let (now, later) = bytes.split_at(length);
            bytes = later;
            if !now.is_empty() || end {
                self.put_data(now, end && bytes.is_empty());
            }
            if bytes.is_empty() {
                break;
            }
        }
        self.flush().await
    }

    fn put_data(&mut self, bytes: &[u8], end: bool) {
        put(&mut self.unsent, frames::DATA, if end { END_STREAM } else { 0 }, self.current, bytes);
        self.theirs.window -= bytes.len() as i64;
        if let Some(stream) = self.streams.get_mut(&self.current) {
            stream.window -= bytes.len() as i64;
            stream.response_ended |= end;
        }
    }

    fn put_flood(&mut self, length: u64) {
        let mut piece = Vec::new();
        // A vector always takes what a pattern gives.
        let _ = Pattern::new(0, length).read_to_end(&mut piece);
        for piece in piece.chunks(LARGEST_PAYLOAD) {
            self.put_data(piece, false);
        }
    }

    fn put_last_headers(&mut self, fields: &[(String, String)]) {
        put_headers(&mut self.unsent, self.current, fields, true);
        if let Some(stream) = self.streams.get_mut(&self.current) {
            stream.response_ended = true;
        }
    }

    fn put_goaway(&mut self, goaway: &Goaway) {
        let last = goaway.last.unwrap_or(self.current);
        let payload = [&last.to_be_bytes()[..], &goaway.code.0.to_be_bytes()[..], goaway.debug.as_bytes()].concat();
        put(&mut self.unsent, frames::GOAWAY, 0, 0, &payload);
        self.last_served = last;
        self.waiting.retain(|stream| *stream <= last);
        for (_, stream) in self.streams.range_mut(last.saturating_add(1)..) {
            stream.reset = true;
        }
    }

    fn put_window_update(&mut self, stream: u32, increment: u32) {
        put(&mut self.unsent, frames::WINDOW_UPDATE, 0, stream, &increment.to_be_bytes());
        match self.streams.get_mut(&stream) {
            Some(stream) => stream.their_window += i64::from(increment),
            None if stream == 0 => self.ours.window += i64::from(increment),
            None => {}
        }
    }

    async fn read_request(&mut self) -> io::Result<()> {
        loop {
            if let Some(stream) = self.waiting.pop_front() {
                self.current = stream;
                return Ok(());
            }
            self.take_frame().await?;
        }
    }

    async fn read_preface(&mut self) -> io::Result<()> {
        while self.read.len() < frames::PREFACE.len() {
            self.fill().await?;
        }
        if !self.read.starts_with(frames::PREFACE) {
            self.violation("the preface is not HTTP/2's".to_owned());
            return Err(ended());
        }
        self.read.advance(frames::PREFACE.len());
        Ok(())
    }

    /// Takes in one frame of the client, and answers what answers itself.
    async fn take_frame(&mut self) -> io::Result<()> {
        loop {
            if let Some(frame) = Frame::take(&mut self.read) {
                self.moved += 1;
                self.receive(&frame);
                return self.flush().await;
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.read).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Writes what is unsent. Reads meanwhile: a client that has filled our socket may wait for us to read.
    async fn flush(&mut self) -> io::Result<()> {
        if !self.started {
            return Ok(());
        }
        let mut at_end = false;
        while !self.unsent.is_empty() {
            let (mut reader, mut writer) = tokio::io::split(&mut self.stream);
            let may_read = !at_end && self.read.len() < READ_AHEAD;
            tokio::select! {
                written = writer.write(&self.unsent) => {
                    let count = written?;
                    self.moved += count as u64;
                    self.unsent.advance(count);
                }
                read = reader.read_buf(&mut self.read), if may_read => at_end = read? == 0,
            }
        }
        self.stream.flush().await
    }

    fn receive(&mut self, frame: &Frame) {
        self.note(|record| record.frame(frame));
        if frame.payload.len() > self.ours.max_frame {
            self.violation(format!("a frame of {} bytes is too large", frame.payload.len()));
        }
        match frame.kind {
            frames::HEADERS => {
                self.block = Some((frame.stream, frame.has(END_STREAM), BytesMut::new()));
                self.receive_block(frame);
            }
            frames::CONTINUATION => self.receive_block(frame),
            frames::DATA => self.receive_data(frame),
            frames::RST_STREAM => {
                if let Some(stream) = self.streams.get_mut(&frame.stream) {
                    stream.reset = true;
                }
            }
            frames::SETTINGS if frame.has(ACK) => self.settings_acknowledged(),
            frames::SETTINGS => self.receive_settings(frame),
            frames::PING if frame.has(ACK) => self.pings = self.pings.saturating_sub(1),
            frames::PING if self.answer_pings => put(&mut self.unsent, frames::PING, ACK, 0, &frame.payload),
            frames::GOAWAY => self.client_left = true,
            frames::WINDOW_UPDATE => {
                let increment = i64::from(frame.number(0));
                match self.streams.get_mut(&frame.stream) {
                    Some(stream) => stream.window += increment,
                    None if frame.stream == 0 => self.theirs.window += increment,
                    None => self.violation(format!("WINDOW_UPDATE of the idle stream {}", frame.stream)),
                }
            }
            _ => {}
        }
    }

    fn receive_block(&mut self, frame: &Frame) {
        let Some((stream, end, mut block)) = self.block.take() else {
            return self.violation("CONTINUATION without HEADERS".to_owned());
        };
        block.extend_from_slice(&frame.content());
        if !frame.has(END_HEADERS) {
            self.block = Some((stream, end, block));
            return;
        }
        let fields: Fields = match self.decoder.decode(&block) {
            Ok(fields) => fields.into_iter().map(|(name, value)| (lossy(&name), lossy(&value))).collect(),
            Err(error) => return self.violation(format!("a header block cannot be decoded: {error:?}")),
        };
        if self.streams.contains_key(&stream) {
            self.note(|record| {
                record.request(stream).into_iter().for_each(|request| request.trailers = fields.clone())
            });
        } else {
            self.receive_request(stream, fields);
        }
        if end {
            self.end_request(stream);
        }
    }

    fn receive_request(&mut self, stream: u32, fields: Fields) {
        if stream % 2 == 0 || self.streams.last_key_value().is_some_and(|(last, _)| *last > stream) {
            self.violation(format!("{stream} cannot be a new stream"));
        }
        let value = |name| fields.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value);
        let opened = Stream {
            path: value(":path").to_owned(),
            is_head: value(":method") == "HEAD",
            window: self.theirs.initial_window,
            their_window: self.ours.initial_window,
            body_size: 0,
            request_ended: false,
            response_ended: false,
            // After GOAWAY nobody will answer it.
            reset: stream > self.last_served,
        };
        self.streams.insert(stream, opened);
        let open = self.streams.values().filter(|stream| stream.is_open()).count();
        if open > self.ours.max_streams {
            self.violation(format!("stream {stream} is the {open}th, of {} at one time", self.ours.max_streams));
        }
        if stream <= self.last_served {
            self.waiting.push_back(stream);
        }
        self.note(|record| {
            record.requests.push(Request { stream, headers: fields, ..Request::default() });
            record.max_open_streams = record.max_open_streams.max(open);
        });
    }

    fn receive_data(&mut self, frame: &Frame) {
        let length = frame.payload.len();
        self.ours.window -= length as i64;
        if self.ours.window < 0 {
            self.violation(format!("the connection's window is overrun by {} bytes", -self.ours.window));
        }
        let Some(stream) = self.streams.get_mut(&frame.stream) else {
            return self.violation(format!("DATA of the idle stream {}", frame.stream));
        };
        let content: Bytes = frame.content();
        stream.their_window -= length as i64;
        stream.body_size += content.len() as u64;
        let overrun = -stream.their_window;
        if overrun > 0 && length > 0 {
            self.violation(format!("the window of stream {} is overrun by {overrun} bytes", frame.stream));
        }
        self.note(|record| record.body(frame.stream, &content));
        if self.replenish && length > 0 {
            self.put_window_update(0, length as u32);
            if !frame.has(END_STREAM) {
                self.put_window_update(frame.stream, length as u32);
            }
        }
        if frame.has(END_STREAM) {
            self.end_request(frame.stream);
        }
    }

    fn end_request(&mut self, number: u32) {
        if let Some(stream) = self.streams.get_mut(&number) {
            stream.request_ended = true;
        }
        self.note(|record| record.request(number).into_iter().for_each(|request| request.ended = true));
    }

    fn receive_settings(&mut self, frame: &Frame) {
        for (number, value) in frame.settings() {
            match number {
                INITIAL_WINDOW => {
                    // RFC 9113 §6.9.2
                    let change = i64::from(value) - self.theirs.initial_window;
                    self.theirs.initial_window = i64::from(value);
                    self.streams.values_mut().for_each(|stream| stream.window += change);
                }
                MAX_FRAME_SIZE => self.theirs.max_frame = value as usize,
                _ => {}
            }
        }
        if self.ack_settings {
            put(&mut self.unsent, frames::SETTINGS, ACK, 0, &[]);
        }
    }

    /// From here on the client is held to what it was told. RFC 9113 §6.5.3
    fn settings_acknowledged(&mut self) {
        let Some(settings) = self.ours.unacknowledged.pop_front() else {
            return self.violation("an ACK of SETTINGS that were not sent".to_owned());
        };
        for (number, value) in settings {
            match number {
                INITIAL_WINDOW => {
                    let change = i64::from(value) - self.ours.initial_window;
                    self.ours.initial_window = i64::from(value);
                    self.streams.values_mut().for_each(|stream| stream.their_window += change);
                }
                MAX_CONCURRENT_STREAMS => self.ours.max_streams = value as usize,
                MAX_FRAME_SIZE => self.ours.max_frame = value as usize,
                _ => {}
            }
        }
    }

    /// Closes so that the client sees the end and no reset.
    async fn part(&mut self) -> io::Result<()> {
        self.stream.shutdown().await?;
        let until_client_closes = async {
            while self.fill().await.is_ok() {
                while let Some(frame) = Frame::take(&mut self.read) {
                    self.note(|record| record.frame(&frame));
                }
            }
        };
        // A client that stays is left alone.
        let _ = tokio::time::timeout(LONGEST_PARTING, until_client_closes).await;
        Err(ended())
    }

    fn violation(&self, violation: String) {
        self.note(|record| record.violations.push(violation));
    }

    fn note(&self, note: impl FnOnce(&mut Record)) {
        self.state.http2.update(self.entry, note);
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn big_fields(size: usize) -> Fields {
    const VALUE: usize = 1000;
    let mut fields = vec![(":status".to_owned(), "200".to_owned())];
    let mut listed = 0;
    while listed < size {
        let name = format!("x-filler-{}", fields.len());
        listed += name.len() + VALUE + FIELD_OVERHEAD;
        fields.push((name, "f".repeat(VALUE)));
    }
    fields
}
