//! HTTP/2 frame by frame: what goes out, when, and what becomes of what comes in (RFC 9113, checklist J).

use std::io::Write;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{mpsc, Arc, Barrier, Mutex};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use httpx::error::{Code, Error};
use httpx::httpcore::{Http2Settings, Phase};
use httpx::httpx::{Client, ClientBuilder, Request, Response, Timeout};
use httpx::runtime::pipe;

use crate::http2_peer::*;
use crate::support::{answering, ends, request, send, OK, PATIENCE};

fn get(client: &Arc<Client>, address: SocketAddr) -> Result<Response, Error> {
    send(client, request(client, "GET", address))
}

fn post(client: &Client, address: SocketAddr, body: impl Into<Vec<u8>>) -> Request {
    let mut post = request(client, "POST", address);
    post.set_bytes(Bytes::from(body.into()));
    post
}

fn with_settings(settings: Http2Settings) -> Arc<Client> {
    ClientBuilder { http2_settings: settings, ..prior_knowledge() }.build().unwrap()
}

/// The body of a response that was read.
fn text(response: &Response) -> &str {
    std::str::from_utf8(response.content().unwrap()).unwrap()
}

// ---- J04: the first frames, and the windows ----

/// What a client says of itself: its settings and the connection's first WINDOW_UPDATE.
fn first_words(client: Arc<Client>) -> (Vec<(u16, u32)>, u32) {
    let (tell, told) = mpsc::channel();
    let address = rude_peer(move |mut peer, _| {
        let settings = peer.receive().unwrap();
        assert_eq!((settings.kind, settings.flags, settings.stream), (SETTINGS, 0, 0));
        let pairs = settings.payload.chunks(6).map(|pair| {
            let (id, value) = pair.split_at(2);
            (u16::from_be_bytes(id.try_into().unwrap()), u32::from_be_bytes(value.try_into().unwrap()))
        });
        let pairs = pairs.collect();
        peer.settings(&[]);
        let window = peer.next(WINDOW_UPDATE).unwrap();
        assert_eq!(window.stream, 0);
        tell.send((pairs, window.number())).unwrap();
        let stream = peer.request();
        peer.answer(stream, b"");
        peer.end();
    });
    ends(move || {
        get(&client, address).unwrap();
        told.recv().unwrap()
    })
}

#[test]
fn the_first_frames_carry_the_settings_and_the_connections_window() {
    let (settings, window) = first_words(prior_knowledge().build().unwrap());
    // HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE.
    assert_eq!(settings, [(1, 4096), (2, 0), (3, 100), (4, 1 << 20), (5, 16_384), (6, 65_536)]);
    assert_eq!(window, (100 << 20) - 65_535);
}

#[test]
fn windows_are_as_configured() {
    let settings = Http2Settings {
        stream_window: 70_000,
        connection_window: 200_000,
        max_frame_size: 20_000,
        max_header_list_size: 1000,
        ..Http2Settings::default()
    };
    let (settings, window) = first_words(with_settings(settings));
    assert_eq!(settings, [(1, 4096), (2, 0), (3, 100), (4, 70_000), (5, 20_000), (6, 1000)]);
    assert_eq!(window, 200_000 - 65_535);
}

#[test]
fn a_window_opens_only_as_the_body_is_read() {
    let (tell, told) = mpsc::channel();
    let address = peer(move |mut peer, _| {
        let stream = peer.request();
        peer.headers(stream, &[(":status", "200")], 0);
        for _ in 0..4 {
            peer.data(stream, &[b'x'; 15_000], 0);
        }
        let updates = peer.settle().into_iter().filter(|frame| frame.kind == WINDOW_UPDATE && frame.stream != 0);
        assert_eq!(updates.count(), 0);
        tell.send(()).unwrap();
        while peer.next(WINDOW_UPDATE).unwrap().stream != stream {}
        peer.data(stream, b"last", END_STREAM);
        peer.end();
    });
    let settings = Http2Settings { stream_window: 65_535, ..Http2Settings::default() };
    let client = with_settings(settings);
    ends(move || {
        let mut response = begin(&client, request(&client, "GET", address)).unwrap();
        told.recv().unwrap();
        assert_eq!(rest(&client, &mut raw(&mut response)).unwrap().len(), 60_004);
    });
}

#[test]
fn a_server_that_ignores_a_window_breaks_its_stream_only() {
    let address = peer(|mut peer, _| {
        let stream = peer.request();
        peer.headers(stream, &[(":status", "200")], 0);
        for _ in 0..5 {
            peer.data(stream, &[b'x'; 16_384], 0);
        }
        assert_eq!(peer.next(RST_STREAM).unwrap().number(), 3);
        let stream = peer.request();
        peer.answer(stream, b"fine");
        peer.end();
    });
    let settings = Http2Settings { stream_window: 65_535, ..Http2Settings::default() };
    let client = with_settings(settings);
    ends(move || {
        let mut response = begin(&client, request(&client, "GET", address)).unwrap();
        let mut body = raw(&mut response);
        // Not read before the server has gone too far.
        assert_eq!(text(&get(&client, address).unwrap()), "fine");
        let error = rest(&client, &mut body).unwrap_err();
        assert!(error.is_a(Code::REMOTE_PROTOCOL_ERROR), "{error:?}");
        assert_eq!(error.h2_code(), Some(3));
    });
}

// ---- J05: requests ----

#[test]
fn a_request_without_a_body_ends_with_its_head_and_one_with_a_body_with_empty_data() {
    let address = peer(|mut peer, _| {
        let head = peer.next(HEADERS).unwrap();
        assert!(head.ends_stream());
        peer.answer(head.stream, b"");
        for body in [&b""[..], b"body"] {
            let head = peer.next(HEADERS).unwrap();
            assert!(!head.ends_stream());
            let mut received = Vec::new();
            let last = loop {
                let data = peer.next(DATA).unwrap();
                received.extend_from_slice(&data.payload);
                if data.ends_stream() {
                    break data;
                }
            };
            assert_eq!((&received[..], last.payload.len()), (body, 0));
            peer.answer(head.stream, b"");
        }
        peer.end();
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || {
        get(&client, address).unwrap();
        // It usually has a body, so that this one says that it has none.
        send(&client, request(&client, "POST", address)).unwrap();
        send(&client, post(&client, address, "body")).unwrap();
    });
}

// ---- J06: how many streams there may be ----

/// Sends `count` requests at once; each must be answered by its stream's number.
fn send_at_once(client: &Arc<Client>, address: SocketAddr, count: usize) {
    thread::scope(|scope| {
        for _ in 0..count {
            scope.spawn(|| {
                let response = get(client, address).unwrap();
                assert_eq!(text(&response), response.head().stream_id().unwrap().to_string());
            });
        }
    });
}

#[test]
fn one_stream_is_open_until_the_settings_have_come_and_then_as_many_as_they_allow() {
    let address = rude_peer(|mut peer, _| {
        let first = peer.request();
        assert_eq!(first, 1);
        // Nothing but the answer to this comes: the others wait.
        peer.send(PING, 0, 0, b"settle!!");
        assert_eq!(peer.next(PING).unwrap().flags, ACK);
        peer.settings(&[(MAX_CONCURRENT_STREAMS, 3)]);
        assert_eq!([peer.request(), peer.request()], [3, 5]);
        peer.settle();
        // Two more may come now, but no third one before one of those three has ended.
        peer.settings(&[(MAX_CONCURRENT_STREAMS, 5)]);
        assert_eq!([peer.request(), peer.request()], [7, 9]);
        // Fewer than there are: all of these end before another one comes.
        peer.settings(&[(MAX_CONCURRENT_STREAMS, 1)]);
        peer.settle();
        for stream in [1, 3, 5, 7] {
            peer.answer(stream, stream.to_string().as_bytes());
        }
        peer.settle();
        peer.answer(9, b"9");
        for expected in [11, 13] {
            assert_eq!(peer.request(), expected);
            peer.settle();
            peer.answer(expected, expected.to_string().as_bytes());
        }
        peer.end();
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || send_at_once(&client, address, 7));
}

#[test]
fn no_more_streams_are_open_than_the_client_wants() {
    let address = peer(|mut peer, _| {
        for streams in [[1, 3], [5, 7]] {
            assert_eq!([peer.request(), peer.request()], streams);
            peer.settle();
            for stream in streams {
                peer.answer(stream, stream.to_string().as_bytes());
            }
        }
        peer.end();
    });
    let client = with_settings(Http2Settings { max_streams: 2, ..Http2Settings::default() });
    ends(move || send_at_once(&client, address, 4));
}

#[test]
fn a_server_that_allows_no_stream_is_waited_for() {
    let client = prior_knowledge().build().unwrap();
    let waiting = Arc::clone(&client);
    let (tell, told) = mpsc::channel();
    let address = peer(move |mut peer, _| {
        let first = peer.request();
        peer.settings(&[(MAX_CONCURRENT_STREAMS, 0)]);
        peer.answer(first, b"");
        peer.settle();
        tell.send(()).unwrap();
        // Whoever has a place already, since the pool hears of settings a little later, is held back by h2.
        while waiting.counts().waiting + waiting.counts().requests < 2 {
            thread::yield_now();
        }
        peer.settle();
        peer.settings(&[(MAX_CONCURRENT_STREAMS, 1)]);
        for _ in 0..2 {
            let stream = peer.request();
            peer.answer(stream, stream.to_string().as_bytes());
        }
        peer.end();
    });
    ends(move || {
        get(&client, address).unwrap();
        told.recv().unwrap();
        send_at_once(&client, address, 2);
    });
}

// ---- J07: streams and connections that end ----

#[test]
fn a_reset_stream_names_its_code_whenever_it_comes() {
    let address = peer(|mut peer, _| {
        let stream = peer.request();
        peer.headers(stream, &[(":status", "200"), ("content-length", "9")], 0);
        peer.data(stream, b"four", 0);
        peer.reset(stream, 2);
        let stream = peer.request();
        peer.answer(stream, b"fine");
        peer.end();
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || {
        let mut response = begin(&client, request(&client, "GET", address)).unwrap();
        let mut body = raw(&mut response);
        assert_eq!(piece(&client, &mut body).unwrap().unwrap(), b"four");
        let error = piece(&client, &mut body).unwrap_err();
        assert_eq!((error.code(), error.h2_code()), (Code::STREAM_RESET, Some(2)));
        assert_eq!(error.message(), "<StreamReset stream_id:1, error_code:2, remote_reset:True>");
        assert_eq!(text(&get(&client, address).unwrap()), "fine");
    });
}

/// A peer whose first connection answers two requests as `first` does, and whose others echo their stream's number.
fn peer_whose_first_connection(first: impl Fn(Peer) + Send + Sync + 'static) -> SocketAddr {
    peer(move |mut peer, number| {
        if number == 0 {
            return first(peer);
        }
        while let Some(head) = peer.next(HEADERS) {
            peer.answer(head.stream, format!("connection {number}").as_bytes());
        }
    })
}

#[test]
fn a_goaway_sends_what_it_leaves_out_elsewhere_and_lets_the_rest_end() {
    let address = peer_whose_first_connection(|mut peer| {
        assert_eq!([peer.request(), peer.request()], [1, 3]);
        // Each has its body and an empty frame behind it.
        for _ in 0..4 {
            peer.next(DATA).unwrap();
        }
        // As a graceful end begins (RFC 9113 §6.8): nothing is left out yet.
        peer.goaway(0x7fff_ffff, 0);
        peer.settle();
        peer.goaway(1, 0);
        peer.settle();
        peer.answer(1, b"connection 0");
        peer.end();
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || {
        thread::scope(|scope| {
            // Even a request that could not be sent twice: it was not looked at.
            let posts: Vec<_> =
                (0..2).map(|_| scope.spawn(|| send(&client, post(&client, address, "body")).unwrap())).collect();
            let mut answers: Vec<_> = posts.into_iter().map(|post| text(&post.join().unwrap()).to_owned()).collect();
            answers.sort();
            assert_eq!(answers, ["connection 0", "connection 1"]);
        });
        assert_eq!(text(&get(&client, address).unwrap()), "connection 1");
    });
}

#[test]
fn a_connection_that_is_terminated_ends_what_it_may_have_processed() {
    let address = peer_whose_first_connection(|mut peer| {
        peer.request();
        peer.goaway(1, 11);
        peer.hang_up();
    });
    let client = prior_knowledge().build().unwrap();
    let error = ends(move || get(&client, address).err().unwrap());
    assert_eq!((error.code(), error.h2_code()), (Code::GOAWAY, Some(11)));
    assert_eq!(error.message(), "<ConnectionTerminated error_code:11, last_stream_id:1, additional_data:None>");
    assert!(!error.is_retryable());
}

#[test]
fn a_later_goaway_cannot_take_in_what_an_earlier_one_left_out() {
    let address = peer_whose_first_connection(|mut peer| {
        peer.request();
        let both = [1u32, 0, 3, 0].map(u32::to_be_bytes).concat();
        let (one, other) = both.split_at(8);
        let frames = [frame(GOAWAY, 0, 0, &[0; 8]), frame(GOAWAY, 0, 0, one), frame(GOAWAY, 0, 0, other)].concat();
        peer.wire.write_all(&frames).unwrap();
        peer.end();
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || assert_eq!(text(&send(&client, post(&client, address, "body")).unwrap()), "connection 1"));
}

#[test]
fn a_server_that_refuses_for_ever_is_left_alone_in_the_end() {
    let refused = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&refused);
    let address = peer(move |mut peer, _| {
        while let Some(head) = peer.next(HEADERS) {
            counted.fetch_add(1, Ordering::SeqCst);
            peer.reset(head.stream, 7);
        }
    });
    let client = prior_knowledge().build().unwrap();
    let error = ends(move || get(&client, address).err().unwrap());
    assert_eq!((error.code(), error.h2_code(), error.is_retryable()), (Code::STREAM_RESET, Some(7), true));
    assert_eq!(refused.load(Ordering::SeqCst), 6);
}

/// The first connection answers one request, and ends in the middle of the second.
fn peer_that_goes_stale() -> SocketAddr {
    peer_whose_first_connection(|mut peer| {
        let stream = peer.request();
        peer.answer(stream, b"connection 0");
        peer.request();
        peer.hang_up();
    })
}

#[test]
fn an_idempotent_request_survives_a_connection_that_had_gone_stale() {
    let address = peer_that_goes_stale();
    let client = prior_knowledge().build().unwrap();
    ends(move || {
        assert_eq!(text(&get(&client, address).unwrap()), "connection 0");
        assert_eq!(text(&get(&client, address).unwrap()), "connection 1");
    });
}

#[test]
fn a_request_that_may_have_been_processed_is_not_sent_twice() {
    let address = peer_that_goes_stale();
    let client = prior_knowledge().build().unwrap();
    ends(move || {
        get(&client, address).unwrap();
        let error = send(&client, post(&client, address, "body")).err().unwrap();
        assert_eq!((error.code(), error.message()), (Code::SERVER_DISCONNECTED, "Server disconnected"));
        assert_eq!(text(&get(&client, address).unwrap()), "connection 1");
    });
}

#[test]
fn a_pipe_that_was_read_is_not_sent_twice() {
    let address = peer_whose_first_connection(|mut peer| {
        let stream = peer.request();
        peer.next(DATA);
        peer.reset(stream, 7);
        peer.end();
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || {
        let mut post = request(&client, "POST", address);
        let (writer, reader) = pipe(1000);
        writer.write(b"once").unwrap();
        post.set_pipe(reader, None);
        let error = send(&client, post).err().unwrap();
        assert_eq!(error.h2_code(), Some(7));
    });
}

#[test]
fn a_server_that_ends_the_connection_at_once_is_not_asked_again() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let address = peer(move |mut peer, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        peer.request();
        peer.hang_up();
    });
    let client = prior_knowledge().build().unwrap();
    let error = ends(move || get(&client, address).err().unwrap());
    assert_eq!((error.code(), error.message()), (Code::SERVER_DISCONNECTED, "Server disconnected"));
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[test]
fn a_body_that_the_connections_end_cuts_off_is_incomplete() {
    let address = peer(|mut peer, _| {
        let stream = peer.request();
        peer.headers(stream, &[(":status", "200")], 0);
        peer.data(stream, b"half", 0);
        peer.hang_up();
    });
    let client = prior_knowledge().build().unwrap();
    let error = ends(move || get(&client, address).err().unwrap());
    assert_eq!(error.code(), Code::INCOMPLETE_BODY);
}

// ---- J08: stream numbers, idle connections, outgoing windows ----

#[test]
fn a_connection_without_stream_numbers_left_gives_way_to_another() {
    let address = peer_whose_first_connection(|mut peer| {
        let stream = peer.request();
        // A stream that depends on itself is reset, and the client's numbers go on behind it.
        peer.send(PRIORITY, 0, 0x7fff_ffff, &[0x7f, 0xff, 0xff, 0xff, 0]);
        assert_eq!(peer.next(RST_STREAM).unwrap().stream, 0x7fff_ffff);
        peer.answer(stream, b"connection 0");
        peer.end();
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || {
        assert_eq!(text(&get(&client, address).unwrap()), "connection 0");
        assert_eq!(text(&send(&client, post(&client, address, "body")).unwrap()), "connection 1");
        let mut post = request(&client, "POST", address);
        let (writer, reader) = pipe(1000);
        writer.write(b"once").unwrap();
        writer.finish().unwrap();
        post.set_pipe(reader, None);
        assert_eq!(text(&send(&client, post).unwrap()), "connection 1");
    });
}

#[test]
fn a_pipe_that_nobody_has_read_finds_another_connection() {
    let address = peer_whose_first_connection(|mut peer| {
        let stream = peer.request();
        peer.send(PRIORITY, 0, 0x7fff_ffff, &[0x7f, 0xff, 0xff, 0xff, 0]);
        peer.next(RST_STREAM);
        peer.answer(stream, b"connection 0");
        peer.end();
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || {
        get(&client, address).unwrap();
        let mut post = request(&client, "POST", address);
        let (writer, reader) = pipe(1000);
        writer.write(b"once").unwrap();
        writer.finish().unwrap();
        post.set_pipe(reader, None);
        assert_eq!(text(&send(&client, post).unwrap()), "connection 1");
    });
}

#[test]
fn an_idle_connection_is_closed_when_its_time_is_over() {
    let (tell, ended) = mpsc::channel();
    let address = peer(move |mut peer, _| {
        let stream = peer.request();
        peer.answer(stream, b"");
        tell.send(peer.end()).unwrap();
    });
    let mut builder = prior_knowledge();
    builder.limits.keepalive_expiry = Some(Duration::from_millis(20));
    let client = builder.build().unwrap();
    ends(move || {
        get(&client, address).unwrap();
        // Whoever comes next finds it too old.
        while ended.try_recv().is_err() {
            let other = peer(|mut peer, _| {
                let stream = peer.request();
                peer.answer(stream, b"");
                peer.end();
            });
            get(&client, other).unwrap();
        }
    });
}

#[test]
fn a_body_goes_out_in_what_fits_the_windows_and_the_frames() {
    let address = rude_peer(|mut peer, _| {
        peer.settings(&[(INITIAL_WINDOW_SIZE, 10)]);
        let first = peer.request();
        peer.answer(first, b"");
        let stream = peer.request();
        assert_eq!(peer.next(DATA).unwrap().payload.len(), 10);
        peer.settle();
        peer.window(stream, 20_000);
        let sizes = [peer.next(DATA).unwrap().payload.len(), peer.next(DATA).unwrap().payload.len()];
        assert_eq!(sizes.iter().sum::<usize>(), 20_000);
        assert!(sizes[0] <= 16_384);
        peer.window(stream, 1 << 20);
        let mut received = 20_010;
        loop {
            let data = peer.next(DATA).unwrap();
            assert!(data.payload.len() <= 16_384);
            received += data.payload.len();
            if data.ends_stream() {
                break;
            }
        }
        peer.answer(stream, received.to_string().as_bytes());
        peer.end();
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || {
        // The first request goes out before the settings have come.
        get(&client, address).unwrap();
        // More would be held back by the connection's window.
        assert_eq!(text(&send(&client, post(&client, address, vec![7; 60_000])).unwrap()), "60000");
    });
}

#[test]
fn a_window_that_settings_make_negative_is_waited_for() {
    let address = rude_peer(|mut peer, _| {
        peer.settings(&[(INITIAL_WINDOW_SIZE, 100)]);
        let first = peer.request();
        peer.answer(first, b"");
        let stream = peer.request();
        assert_eq!(peer.next(DATA).unwrap().payload.len(), 100);
        // The window is -60 now.
        peer.settings(&[(INITIAL_WINDOW_SIZE, 40)]);
        peer.window(stream, 59);
        peer.settle();
        peer.window(stream, 11);
        assert_eq!(peer.next(DATA).unwrap().payload.len(), 10);
        peer.window(stream, 1000);
        assert_eq!(peer.next(DATA).unwrap().payload.len(), 90);
        assert!(peer.next(DATA).unwrap().ends_stream());
        peer.answer(stream, b"all");
        peer.end();
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || {
        // The first request goes out before the settings have come.
        get(&client, address).unwrap();
        assert_eq!(text(&send(&client, post(&client, address, vec![7; 200])).unwrap()), "all");
    });
}

// ---- J09: heads and trailers ----

#[test]
fn space_around_a_value_is_taken_off_and_trailers_are_kept() {
    let address = peer(|mut peer, _| {
        let stream = peer.request();
        peer.headers(stream, &[(":status", "404"), ("a", "  spaced\t "), ("b", "1"), ("a", "again")], 0);
        peer.data(stream, b"body", 0);
        peer.headers(stream, &[("checksum", " 42 ")], END_STREAM);
        peer.end();
    });
    let client = prior_knowledge().build().unwrap();
    let response = ends(move || get(&client, address).unwrap());
    let headers: Vec<_> = response.head().headers().iter().collect();
    assert_eq!(headers, [(&b"a"[..], &b"spaced"[..]), (b"a", b"again"), (b"b", b"1")]);
    assert_eq!((response.head().reason(), response.head().version()), (&b"Not Found"[..], "HTTP/2"));
    assert_eq!(response.head().stream_id(), Some(1));
    assert_eq!(text(&response), "body");
    assert_eq!(response.trailers().unwrap().find_all(b"checksum").next(), Some(&b"42"[..]));
}

#[test]
fn responses_without_a_body_may_say_how_long_it_would_be() {
    let address = peer(|mut peer, _| {
        for status in ["200", "304"] {
            let stream = peer.request();
            peer.headers(stream, &[(":status", status), ("content-length", "1000000")], END_STREAM);
        }
        let stream = peer.request();
        peer.headers(stream, &[(":status", "204")], END_STREAM);
        peer.end();
    });
    let client = ClientBuilder { max_body: Some(1000), ..prior_knowledge() }.build().unwrap();
    ends(move || {
        for (method, status) in [("HEAD", 200), ("GET", 304), ("GET", 204)] {
            let response = send(&client, request(&client, method, address)).unwrap();
            assert_eq!((response.head().status(), text(&response)), (status, ""));
        }
    });
}

#[test]
fn interim_responses_are_told_and_a_flood_of_them_ends_the_request() {
    let (cancelled, was_cancelled) = mpsc::channel();
    let address = peer(move |mut peer, _| {
        let stream = peer.request();
        peer.headers(stream, &[(":status", "103"), ("link", "<a>")], 0);
        peer.headers(stream, &[(":status", "102")], 0);
        peer.answer(stream, b"final");
        let stream = peer.request();
        for _ in 0..101 {
            peer.headers(stream, &[(":status", "103")], 0);
        }
        cancelled.send(peer.next(RST_STREAM).unwrap().number()).unwrap();
        peer.end();
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || {
        let (tell, told) = mpsc::channel();
        let mut first = request(&client, "GET", address);
        first.observer.informational = Some(Arc::new(move |head| tell.send(head.status).unwrap()));
        assert_eq!(text(&send(&client, first).unwrap()), "final");
        assert_eq!(told.try_iter().collect::<Vec<_>>(), [103, 102]);
        let error = get(&client, address).err().unwrap();
        assert_eq!(error.code(), Code::REMOTE_PROTOCOL_ERROR);
        assert_eq!(was_cancelled.recv().unwrap(), 8);
    });
}

// ---- what breaks the rules ----

/// What a request ends with when `serve` answers it, and whether its connection serves another one after that. A request
/// beside it, which came first, is not to be harmed, and no place is to be left taken.
fn after(serve: impl Fn(&mut Peer, u32) + Send + Sync + 'static) -> (Error, bool) {
    let (tell, there) = mpsc::channel();
    let address = peer(move |mut peer, number| {
        if number == 0 {
            let beside = peer.request();
            tell.send(()).unwrap();
            let stream = peer.request();
            serve(&mut peer, stream);
            peer.answer(beside, b"beside");
        }
        while let Some(head) = peer.next(HEADERS) {
            peer.answer(head.stream, format!("connection {number}").as_bytes());
        }
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || {
        thread::scope(|scope| {
            let beside = scope.spawn(|| get(&client, address).unwrap());
            there.recv().unwrap();
            let error = get(&client, address).err().expect("an error");
            // Which rule it was stays inside of h2.
            let named = error.message().contains("HTTP/2 stream 3");
            assert!(named || error.code() == Code::HEADERS_TOO_LARGE, "{error:?}");
            assert_eq!(text(&beside.join().unwrap()), "beside");
            let after = get(&client, address).unwrap();
            let counts = client.counts();
            assert_eq!((counts.active, counts.idle, counts.waiting, counts.requests), (0, 1, 0, 0));
            (error, text(&after) == "connection 0")
        })
    })
}

#[test]
fn a_malformed_response_ends_its_request_and_nothing_else() {
    let heads: [&[(&str, &str)]; 6] = [
        &[("a", "no status")],
        &[(":status", "200"), (":status", "200")],
        &[("a", "b"), (":status", "200")],
        &[(":status", "200"), ("connection", "close")],
        &[(":status", "200"), ("transfer-encoding", "chunked")],
        &[(":status", "200"), ("content-length", "1"), ("content-length", "2")],
    ];
    for head in heads {
        let fields: Vec<(String, String)> = head.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let (error, goes_on) = after(move |peer, stream| {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (&**n, &**v)).collect();
            peer.headers(stream, &fields, 0);
        });
        assert_eq!(error.code(), Code::REMOTE_PROTOCOL_ERROR, "{head:?}: {error:?}");
        assert_eq!((error.h2_code(), goes_on), (Some(1), true), "{head:?}");
    }
}

#[test]
fn a_body_that_is_not_as_long_as_it_says_ends_its_request_and_nothing_else() {
    for body in [&b"too long"[..], b"no"] {
        let (error, goes_on) = after(move |peer, stream| {
            peer.headers(stream, &[(":status", "200"), ("content-length", "4")], 0);
            peer.data(stream, body, END_STREAM);
        });
        assert!(error.is_a(Code::REMOTE_PROTOCOL_ERROR) && goes_on, "{error:?}");
    }
    let (error, goes_on) = after(|peer, stream| {
        peer.headers(stream, &[(":status", "200")], 0);
        // Trailers that do not end the stream.
        peer.headers(stream, &[("a", "b")], 0);
    });
    assert!(error.is_a(Code::REMOTE_PROTOCOL_ERROR) && goes_on, "{error:?}");
}

#[test]
fn a_head_that_is_too_large_ends_its_request_and_nothing_else() {
    let large = "x".repeat(10_000);
    let (error, goes_on) = after(move |peer, stream| {
        let block = block(&[(":status", "200"), ("a", &large), ("b", &large), ("c", &large), ("d", &large)]);
        let block = [block, self::block(&[("e", &large), ("f", &large), ("g", &large)])].concat();
        let pieces: Vec<_> = block.chunks(16_384).collect();
        for (number, piece) in pieces.iter().enumerate() {
            let last = if number + 1 == pieces.len() { END_HEADERS } else { 0 };
            peer.send(if number == 0 { HEADERS } else { CONTINUATION }, last, stream, piece);
        }
    });
    assert!(error.is_a(Code::REMOTE_PROTOCOL_ERROR) && goes_on, "{error:?}");
    let mut many = vec![(":status", "200")];
    many.resize(1500, ("a", "b"));
    let (error, goes_on) = after(move |peer, stream| peer.headers(stream, &many, END_STREAM));
    assert!(error.is_a(Code::REMOTE_PROTOCOL_ERROR) && goes_on, "{error:?}");
}

/// Frames that end a whole connection, and the code that the client says goodbye with.
#[test]
fn a_connection_whose_rules_are_broken_ends_and_says_why() {
    let breaches: [(&str, Vec<u8>, u32); 12] = [
        ("data on a stream that was never opened", frame(DATA, 0, 99, b"x"), 1),
        ("data on stream 0", frame(DATA, 0, 0, b""), 1),
        ("a head that cannot be decoded", frame(HEADERS, END_HEADERS, 1, &[0xff; 20]), 1),
        ("a frame that is too large", frame(DATA, 0, 1, &[0; 16_385]), 6),
        ("a window that opens by nothing", frame(WINDOW_UPDATE, 0, 0, &[0; 4]), 1),
        ("a window that is too large", frame(WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff]), 3),
        ("a push", frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2, 0x82]), 1),
        ("a continuation of nothing", frame(CONTINUATION, END_HEADERS, 1, b""), 1),
        ("a name in upper case", frame(HEADERS, END_HEADERS, 1, &block(&[(":status", "200"), ("Upper", "case")])), 1),
        ("a status that is none", frame(HEADERS, END_HEADERS, 1, &block(&[(":status", "abc")])), 1),
        ("a setting out of range", frame(SETTINGS, 0, 0, &[0, 4, 0xff, 0xff, 0xff, 0xff]), 1),
        ("data within a head", [frame(HEADERS, 0, 1, b""), frame(DATA, 0, 1, b"")].concat(), 1),
    ];
    for (what, frames, code) in breaches {
        let (tell, told) = mpsc::channel();
        let address = peer_whose_first_connection(move |mut peer| {
            peer.request();
            peer.wire.write_all(&frames).unwrap();
            tell.send(peer.end()).unwrap();
        });
        // What goes on over another connection is not to be harmed.
        let (let_go, held) = mpsc::channel::<()>();
        let held = Mutex::new(held);
        let elsewhere = peer(move |mut peer, _| {
            let stream = peer.request();
            held.lock().unwrap().recv().unwrap();
            peer.answer(stream, b"elsewhere");
            peer.end();
        });
        let client = prior_knowledge().build().unwrap();
        let (error, said) = ends(move || {
            thread::scope(|scope| {
                let beside = scope.spawn(|| get(&client, elsewhere).unwrap());
                while client.counts().requests == 0 {
                    thread::yield_now();
                }
                let failed = (get(&client, address).err().expect("an error"), told.recv().unwrap());
                assert_eq!((client.counts().active, client.counts().idle), (1, 0));
                assert_eq!(text(&get(&client, address).unwrap()), "connection 1");
                let_go.send(()).unwrap();
                assert_eq!(text(&beside.join().unwrap()), "elsewhere");
                assert_eq!((client.counts().active, client.counts().idle), (0, 2));
                failed
            })
        });
        assert!(error.message().starts_with("the HTTP/2 connection broke: "), "{what}: {error:?}");
        assert_eq!(error.code(), Code::REMOTE_PROTOCOL_ERROR, "{what}: {error:?}");
        assert_eq!((error.h2_code(), said), (Some(code), Some(code)), "{what}");
    }
}

#[test]
fn a_server_that_speaks_http1_to_prior_knowledge_is_an_error() {
    let address = answering(OK);
    let client = prior_knowledge().build().unwrap();
    // It takes the preface for a head, and answers that.
    let error = ends(move || get(&client, address).err().unwrap());
    assert!(error.is_a(Code::REMOTE_PROTOCOL_ERROR), "{error:?}");
}

// ---- floods ----

#[test]
fn a_flood_of_continuations_ends_the_connection() {
    let (tell, told) = mpsc::channel();
    let address = peer(move |mut peer, _| {
        let stream = peer.request();
        peer.send(HEADERS, 0, stream, &block(&[(":status", "200")]));
        for _ in 0..1000 {
            peer.send(CONTINUATION, 0, stream, &block(&[("a", "b")]));
        }
        tell.send(peer.end()).unwrap();
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || {
        let error = get(&client, address).err().unwrap();
        assert!(error.is_a(Code::TRANSPORT_ERROR), "{error:?}");
        // The connection is closed while more comes, which may tear its last words.
        assert!(matches!(told.recv().unwrap(), Some(11) | None));
    });
}

#[test]
fn pings_and_settings_are_answered_and_unknown_frames_are_not() {
    let address = peer(|mut peer, _| {
        let stream = peer.request();
        for number in 0..1000u64 {
            peer.send(PING, 0, 0, &number.to_be_bytes());
            peer.settings(&[(MAX_CONCURRENT_STREAMS, 100)]);
            peer.send(0xfa, 0xff, stream, b"unknown");
            assert_eq!(peer.next(PING).unwrap().payload, number.to_be_bytes());
        }
        peer.answer(stream, b"fine");
        peer.end();
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || assert_eq!(text(&get(&client, address).unwrap()), "fine"));
}

#[test]
fn empty_data_does_no_harm_unless_it_floods() {
    let (tell, told) = mpsc::channel();
    let address = peer(move |mut peer, _| {
        for _ in 0..3 {
            let stream = peer.request();
            peer.headers(stream, &[(":status", "200")], 0);
            for _ in 0..200 {
                peer.data(stream, b"", 0);
            }
            peer.data(stream, b"fine", END_STREAM);
        }
        let stream = peer.request();
        peer.headers(stream, &[(":status", "200")], 0);
        for _ in 0..2000 {
            peer.data(stream, b"", 0);
        }
        tell.send(peer.end()).unwrap();
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || {
        for _ in 0..3 {
            assert_eq!(text(&get(&client, address).unwrap()), "fine");
        }
        let error = get(&client, address).err().unwrap();
        assert!(error.is_a(Code::TRANSPORT_ERROR), "{error:?}");
        assert!(matches!(told.recv().unwrap(), Some(11) | None));
    });
}

#[test]
fn many_small_pieces_wait_for_a_reader_who_is_slow() {
    let address = peer(|mut peer, _| {
        let slow = peer.request();
        peer.headers(slow, &[(":status", "200")], 0);
        let quick = peer.request();
        // As much as the window allows, byte by byte.
        let byte = frame(DATA, 0, slow, b"x");
        peer.wire.write_all(&byte.repeat(60_000)).unwrap();
        peer.answer(quick, b"quick");
        peer.data(slow, b"", END_STREAM);
        peer.end();
    });
    let settings = Http2Settings { stream_window: 65_535, connection_window: 65_535, ..Http2Settings::default() };
    let client = with_settings(settings);
    ends(move || {
        let mut slow = begin(&client, request(&client, "GET", address)).unwrap();
        assert_eq!(text(&get(&client, address).unwrap()), "quick");
        assert_eq!(rest(&client, &mut raw(&mut slow)).unwrap().len(), 60_000);
    });
}

// ---- the body while the response comes ----

#[test]
fn an_early_response_ends_the_upload() {
    let address = peer(|mut peer, number| {
        let stream = peer.request();
        peer.next(DATA);
        match number {
            // As RFC 9113 §8.1 has it.
            0 => {
                peer.headers(stream, &[(":status", "413")], 0);
                peer.data(stream, b"too much", END_STREAM);
                peer.reset(stream, 0);
                let again = peer.request();
                peer.headers(again, &[(":status", "413"), ("content-length", "8")], 0);
                peer.data(again, b"too much", END_STREAM);
                // Without a word: the client sees for itself that nobody will want the rest.
                assert_eq!(peer.next(RST_STREAM).unwrap().number(), 0);
                let last = peer.request();
                peer.headers(last, &[(":status", "413"), ("content-length", "8")], 0);
                peer.data(last, b"too much", END_STREAM);
                // And in the middle of it, the connection's end.
                peer.hang_up();
            }
            _ => unreachable!("one connection is enough"),
        }
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || {
        for _ in 0..3 {
            // More than the windows allow, so that it cannot be out.
            let response = send(&client, post(&client, address, vec![7; 1 << 20])).unwrap();
            assert_eq!((response.head().status(), text(&response)), (413, "too much"));
            assert_eq!(response.head().timings().sent, None);
        }
    });
}

#[test]
fn an_upload_goes_on_while_the_response_is_read() {
    let address = peer(|mut peer, _| {
        let stream = peer.request();
        peer.headers(stream, &[(":status", "200")], 0);
        loop {
            let data = peer.next(DATA).unwrap();
            peer.data(stream, &data.payload, data.flags);
            if data.ends_stream() {
                break;
            }
        }
        peer.end();
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || {
        let (writer, reader) = pipe(1000);
        let mut post = request(&client, "POST", address);
        post.set_pipe(reader, None);
        let mut response = begin(&client, post).unwrap();
        let mut body = raw(&mut response);
        for word in [&b"one"[..], b"two", b"three"] {
            writer.write(word).unwrap();
            assert_eq!(piece(&client, &mut body).unwrap().unwrap(), word);
        }
        writer.finish().unwrap();
        assert_eq!(piece(&client, &mut body).unwrap(), None);
    });
}

/// A POST whose body waits for the server's leave, so long at most.
fn expecting(client: &Client, address: SocketAddr, at_most: Duration) -> Request {
    let mut post = post(client, address, "body");
    post.set_expect(Some(at_most));
    post
}

#[test]
fn a_body_waits_for_the_servers_leave() {
    let address = peer(|mut peer, _| {
        let stream = peer.request();
        // No body has come.
        peer.settle();
        peer.headers(stream, &[(":status", "103")], 0);
        peer.settle();
        peer.headers(stream, &[(":status", "100")], 0);
        assert_eq!(peer.next(DATA).unwrap().payload, b"body");
        peer.answer(stream, b"fine");
        peer.end();
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || {
        let response = send(&client, expecting(&client, address, PATIENCE)).unwrap();
        assert_eq!(text(&response), "fine");
    });
}

#[test]
fn a_body_waits_no_longer_than_wanted() {
    let address = peer(|mut peer, _| {
        let stream = peer.request();
        assert_eq!(peer.next(DATA).unwrap().payload, b"body");
        peer.answer(stream, b"fine");
        peer.end();
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || {
        let response = send(&client, expecting(&client, address, Duration::from_millis(20))).unwrap();
        assert_eq!(text(&response), "fine");
    });
}

#[test]
fn a_body_that_a_final_response_comes_before_is_not_sent() {
    let (tell, told) = mpsc::channel();
    let address = peer(move |mut peer, _| {
        let stream = peer.request();
        peer.headers(stream, &[(":status", "403")], 0);
        peer.data(stream, b"no", END_STREAM);
        let reset = peer.next(RST_STREAM).unwrap();
        assert_eq!((reset.stream, reset.number()), (stream, 0));
        // And nothing of the body before that.
        peer.settle();
        tell.send(()).unwrap();
        peer.end();
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || {
        let response = send(&client, expecting(&client, address, PATIENCE)).unwrap();
        assert_eq!((response.head().status(), text(&response)), (403, "no"));
        told.recv().unwrap();
    });
}

#[test]
fn a_body_that_is_not_as_long_as_declared_is_not_passed_off_as_complete() {
    let (tell, told) = mpsc::channel();
    let address = peer(move |mut peer, _| {
        for _ in 0..2 {
            let stream = peer.request();
            let reset = peer.next(RST_STREAM).unwrap();
            tell.send((reset.stream == stream, reset.number())).unwrap();
        }
        peer.end();
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || {
        for declared in [3, 5] {
            let (writer, reader) = pipe(1000);
            writer.write(b"four").unwrap();
            writer.finish().unwrap();
            let mut post = request(&client, "POST", address);
            post.set_pipe(reader, Some(declared));
            assert_eq!(send(&client, post).err().unwrap().code(), Code::LOCAL_PROTOCOL_ERROR);
            assert_eq!(told.recv().unwrap(), (true, 8));
        }
    });
}

// ---- G06, and other limits: each is its stream's own ----

#[test]
fn a_limit_ends_its_own_request_and_the_connection_goes_on() {
    let (tell, arrived) = mpsc::channel();
    let address = peer(move |mut peer, _| {
        let others = peer.request();
        tell.send(()).unwrap();
        for _ in 0..4 {
            let stream = peer.request();
            let reset = peer.next(RST_STREAM).unwrap();
            assert_eq!((reset.stream, reset.number()), (stream, 8));
        }
        peer.answer(others, b"fine");
        peer.end();
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || {
        thread::scope(|scope| {
            let other = scope.spawn(|| {
                let mut patient = request(&client, "GET", address);
                let none = Timeout::Set(None);
                patient.set_timeouts([Timeout::Unset, none, none, none]);
                send(&client, patient)
            });
            arrived.recv().unwrap();
            let short = Duration::from_millis(20);
            let with = |timeout| {
                let mut get = request(&client, "GET", address);
                get.set_timeouts([Timeout::Unset, timeout, Timeout::Unset, Timeout::Unset]);
                send(&client, get).err().unwrap().code()
            };
            assert_eq!(with(Timeout::Set(Some(short))), Code::READ_TIMEOUT);
            assert_eq!(with(Timeout::Set(Some(Duration::ZERO))), Code::READ_TIMEOUT);
            let mut get = request(&client, "GET", address);
            // Long enough to be sent: unlike the others this limit counts from the beginning.
            get.set_total(Some(Duration::from_millis(500)));
            assert_eq!(send(&client, get).err().unwrap().code(), Code::DEADLINE_EXCEEDED);
            let mut post = post(&client, address, vec![7; 1 << 20]);
            post.set_timeouts([Timeout::Unset, Timeout::Unset, Timeout::Set(Some(short)), Timeout::Unset]);
            assert_eq!(send(&client, post).err().unwrap().code(), Code::WRITE_TIMEOUT);
            assert_eq!(text(&other.join().unwrap().unwrap()), "fine");
        });
    });
}

#[test]
fn a_body_that_is_too_large_ends_its_request_and_nothing_else() {
    for declared in [true, false] {
        let address = peer(move |mut peer, _| {
            let stream = peer.request();
            match declared {
                true => peer.headers(stream, &[(":status", "200"), ("content-length", "11")], 0),
                false => peer.headers(stream, &[(":status", "200")], 0),
            }
            peer.data(stream, b"eleven byte", 0);
            assert_eq!(peer.next(RST_STREAM).unwrap().number(), 8);
            let stream = peer.request();
            peer.answer(stream, b"ten bytes!");
            peer.end();
        });
        let client = ClientBuilder { max_body: Some(10), ..prior_knowledge() }.build().unwrap();
        ends(move || {
            assert_eq!(get(&client, address).err().unwrap().code(), Code::BODY_TOO_LARGE);
            assert_eq!(text(&get(&client, address).unwrap()), "ten bytes!");
        });
    }
}

// ---- ends of ours ----

#[test]
fn a_response_that_is_let_go_is_cancelled_and_the_connection_serves_on() {
    let address = peer(|mut peer, _| {
        let stream = peer.request();
        peer.headers(stream, &[(":status", "200")], 0);
        peer.data(stream, b"some", 0);
        let reset = peer.next(RST_STREAM).unwrap();
        assert_eq!((reset.stream, reset.number()), (stream, 8));
        // What was on its way meanwhile is ignored.
        peer.data(stream, b"more", 0);
        let stream = peer.request();
        peer.answer(stream, b"fine");
        peer.end();
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || {
        drop(begin(&client, request(&client, "GET", address)).unwrap());
        assert_eq!(text(&get(&client, address).unwrap()), "fine");
    });
}

#[test]
fn a_connection_ends_with_the_last_that_needs_it() {
    let (tell, told) = mpsc::channel();
    let address = peer(move |mut peer, _| {
        let stream = peer.request();
        peer.headers(stream, &[(":status", "200")], 0);
        peer.data(stream, b"some", 0);
        tell.send(peer.end()).unwrap();
    });
    ends(move || {
        let client = prior_knowledge().build().unwrap();
        let mut response = begin(&client, request(&client, "GET", address)).unwrap();
        let mut body = raw(&mut response);
        drop(response);
        drop(client);
        let other = prior_knowledge().build().unwrap();
        assert_eq!(piece(&other, &mut body).unwrap().unwrap(), b"some");
        drop(body);
        // In order: it said goodbye.
        assert_eq!(told.recv().unwrap(), Some(0));
    });
}

#[test]
fn a_client_that_is_closed_ends_what_runs() {
    let (tell, told) = mpsc::channel();
    let running = Arc::new(Barrier::new(2));
    let there = Arc::clone(&running);
    let address = peer(move |mut peer, _| {
        peer.request();
        there.wait();
        tell.send(peer.end()).unwrap();
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || {
        thread::scope(|scope| {
            let one = scope.spawn(|| get(&client, address).err().unwrap().code());
            running.wait();
            client.close(Some(Duration::ZERO)).unwrap();
            assert_eq!(one.join().unwrap(), Code::CLIENT_CLOSED);
        });
        assert_eq!(told.recv().unwrap(), Some(0));
    });
}

#[test]
fn a_client_that_is_closed_gently_lets_what_runs_end() {
    let running = Arc::new(Barrier::new(2));
    let there = Arc::clone(&running);
    let address = peer(move |mut peer, _| {
        let stream = peer.request();
        there.wait();
        peer.answer(stream, b"fine");
        peer.end();
    });
    let client = prior_knowledge().build().unwrap();
    ends(move || {
        thread::scope(|scope| {
            let one = scope.spawn(|| get(&client, address));
            running.wait();
            client.close(Some(Duration::from_secs(30))).unwrap();
            assert_eq!(text(&one.join().unwrap().unwrap()), "fine");
        });
    });
}

#[test]
fn a_peer_that_does_not_listen_cannot_keep_a_connection_open() {
    let (tell, told) = mpsc::channel();
    let address = rude_peer(move |mut peer, _| {
        // So large a window that the socket fills up first.
        peer.settings(&[(INITIAL_WINDOW_SIZE, 0x7fff_ffff)]);
        peer.window(0, 0x7f00_0000);
        // Never reads again; its writes fail once the client has closed.
        while peer.wire.write_all(&frame(PING, ACK, 0, &[0; 8])).is_ok() {}
        tell.send(()).unwrap();
    });
    ends(move || {
        let client = prior_knowledge().build().unwrap();
        let mut post = post(&client, address, vec![7; 64 << 20]);
        let short = Timeout::Set(Some(Duration::from_millis(500)));
        post.set_timeouts([Timeout::Unset, Timeout::Unset, short, Timeout::Unset]);
        assert_eq!(send(&client, post).err().unwrap().code(), Code::WRITE_TIMEOUT);
        drop(client);
        told.recv().unwrap();
    });
}

// ---- PINGs of ours ----

fn pinging() -> Arc<Client> {
    with_settings(Http2Settings {
        ping_interval: Some(Duration::from_millis(20)),
        ping_timeout: Duration::from_secs(20),
        ..Http2Settings::default()
    })
}

#[test]
fn a_peer_that_is_silent_is_asked_whether_it_lives() {
    let address = peer(|mut peer, _| {
        let stream = peer.request();
        for _ in 0..3 {
            let ping = peer.next(PING).unwrap();
            assert_eq!(ping.flags, 0);
            peer.send(PING, ACK, 0, &ping.payload);
        }
        peer.answer(stream, b"fine");
        peer.end();
    });
    ends(move || assert_eq!(text(&get(&pinging(), address).unwrap()), "fine"));
}

#[test]
fn a_peer_that_does_not_answer_is_given_up() {
    let (tell, told) = mpsc::channel();
    let address = peer(move |mut peer, _| {
        peer.request();
        tell.send(peer.end()).unwrap();
    });
    let settings = Http2Settings {
        ping_interval: Some(Duration::from_millis(20)),
        ping_timeout: Duration::from_millis(20),
        ..Http2Settings::default()
    };
    let client = with_settings(settings);
    ends(move || {
        let mut post = post(&client, address, "body");
        post.set_timeouts([Timeout::Unset, Timeout::Set(None), Timeout::Set(None), Timeout::Set(None)]);
        let error = send(&client, post).err().unwrap();
        assert_eq!(error.code(), Code::READ_ERROR);
        assert_eq!(error.message(), "the server did not answer a PING: the HTTP/2 connection is dead");
        told.recv().unwrap();
        assert_eq!(client.counts().idle, 0);
    });
}

// ---- P04 ----

#[test]
fn the_steps_of_a_request_are_told_in_httpcores_order() {
    let address = peer(|mut peer, _| {
        while let Some(head) = peer.next(HEADERS) {
            peer.answer(head.stream, b"body");
        }
    });
    let client = prior_knowledge().build().unwrap();
    let (tell, told) = mpsc::channel();
    ends(move || {
        for _ in 0..2 {
            let mut traced = request(&client, "GET", address);
            let tell = tell.clone();
            traced.observer.trace = Some(Arc::new(move |event| {
                tell.send((event.step, event.phase)).unwrap();
                Poll::Ready(Ok(()))
            }));
            send(&client, traced).unwrap();
        }
    });
    let all: Vec<_> = told.iter().collect();
    let started = |all: &[(&'static str, Phase)]| -> Vec<&'static str> {
        let begun = |(step, phase): &(&'static str, _)| (*phase == Phase::Started).then_some(*step);
        all.iter().filter_map(begun).filter(|step| step.starts_with("http2.")).collect()
    };
    let exchange = [
        "http2.send_request_headers",
        "http2.send_request_body",
        "http2.receive_response_headers",
        "http2.receive_response_body",
        "http2.response_closed",
    ];
    let mut steps = started(&all);
    // When the settings come is the server's affair, but they come once.
    let settings = steps.iter().position(|step| *step == "http2.receive_remote_settings").expect("settings");
    steps.remove(settings);
    assert_eq!(steps, [&["http2.send_connection_init"][..], &exchange, &exchange].concat());
    let ended = all.iter().filter(|(_, phase)| *phase == Phase::Complete).count();
    assert_eq!(2 * ended, all.len(), "{all:?}");
}
