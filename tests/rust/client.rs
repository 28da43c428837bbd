//! The client over its pool, against servers that do what a script says.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{mpsc, Arc, Barrier};
use std::thread;
use std::time::Duration;

use httpx::error::{Code, Error};
use httpx::httpx::{Auth, Client, ClientBuilder, Given, Request, Response, SendOptions, Timeout, Unit};
use httpx::runtime::{pipe, Operation, Queue};

use crate::support::{answering, read_head, refusing, request, send, server, OK};

fn get(client: &Arc<Client>, address: SocketAddr) -> Result<Response, Error> {
    send(client, request(client, "GET", address))
}

fn stream(client: &Arc<Client>, address: SocketAddr) -> Response {
    let request = Arc::new(request(client, "GET", address));
    let sending = client.send(request, SendOptions { stream: true, ..SendOptions::default() }).unwrap();
    client.block_on(|call| sending.run(call)).unwrap()
}

fn limited(max_connections: usize) -> ClientBuilder {
    let mut builder = ClientBuilder::default();
    builder.limits.max_connections = Some(max_connections);
    builder
}

fn counts(client: &Client) -> (usize, usize, usize) {
    let counts = client.counts();
    (counts.active, counts.idle, counts.waiting)
}

#[test]
fn a_get_is_sent_with_the_default_headers_in_their_order() {
    let (tell, heads) = mpsc::channel();
    let address = server(move |mut stream, _| {
        tell.send(read_head(&mut stream).unwrap()).unwrap();
        stream.write_all(OK.as_bytes()).unwrap();
    });
    let client = ClientBuilder::default().build().unwrap();
    let mut request = client.build_request("get", &format!("http://{address}/a?b=c")).unwrap();
    request.headers.add(b"X-One", b"1").unwrap();
    request.headers.add(b"x-one", b"2").unwrap();
    let response = send(&client, request).unwrap();
    assert_eq!(&response.content().unwrap()[..], b"ok");
    let head = heads.recv().unwrap();
    let lines: Vec<_> = head.split("\r\n").collect();
    assert_eq!(lines[0], "GET /a?b=c HTTP/1.1");
    assert_eq!(lines[1], format!("Host: {address}"));
    let names: Vec<_> = lines[2..].iter().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(names, ["Accept", "Accept-Encoding", "Connection", "User-Agent", "X-One", "x-one", "", ""]);
}

#[test]
fn a_target_of_the_users_own_is_sent_as_it_is() {
    let (tell, heads) = mpsc::channel();
    let address = server(move |mut stream, _| {
        tell.send(read_head(&mut stream).unwrap()).unwrap();
        stream.write_all(OK.as_bytes()).unwrap();
    });
    let client = ClientBuilder::default().build().unwrap();
    let mut request = request(&client, "OPTIONS", address);
    for bad in ["", "/a b", "/a\r\nX: y", "/\u{e9}"] {
        assert_eq!(request.set_target(bad.as_bytes()).unwrap_err().code(), Code::LOCAL_PROTOCOL_ERROR);
    }
    request.set_target(b"*").unwrap();
    send(&client, request).unwrap();
    assert!(heads.recv().unwrap().starts_with("OPTIONS * HTTP/1.1\r\n"));
}

#[test]
fn a_response_read_to_its_end_gives_its_connection_back() {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    let address = server(move |mut stream, number| {
        count.fetch_max(number + 1, Ordering::SeqCst);
        while read_head(&mut stream).is_some() {
            stream.write_all(OK.as_bytes()).unwrap();
        }
    });
    let client = ClientBuilder::default().build().unwrap();
    for _ in 0..5 {
        get(&client, address).unwrap();
        assert_eq!(counts(&client), (0, 1, 0));
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[test]
fn closing_an_unread_response_closes_its_connection() {
    let (tell, ended) = mpsc::channel();
    let address = server(move |mut stream, _| {
        read_head(&mut stream).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome").unwrap();
        tell.send(stream.read(&mut [0]).map_or(0, |n| n)).unwrap();
    });
    let client = ClientBuilder::default().build().unwrap();
    let mut response = stream(&client, address);
    assert_eq!(counts(&client), (1, 0, 0));
    response.close();
    assert_eq!(counts(&client), (0, 0, 0));
    assert_eq!(ended.recv_timeout(Duration::from_secs(10)).unwrap(), 0);
    assert_eq!(response.content().unwrap_err().code(), Code::RESPONSE_NOT_READ);
}

#[test]
fn a_get_on_a_connection_that_went_stale_is_sent_again() {
    let address = server(|mut stream, number| {
        read_head(&mut stream).unwrap();
        stream.write_all(OK.as_bytes()).unwrap();
        if number == 0 {
            // Takes the next request and goes without a word.
            read_head(&mut stream);
        } else {
            while read_head(&mut stream).is_some() {
                stream.write_all(OK.as_bytes()).unwrap();
            }
        }
    });
    let client = ClientBuilder::default().build().unwrap();
    get(&client, address).unwrap();
    get(&client, address).unwrap();
    assert_eq!(counts(&client), (0, 1, 0));
}

#[test]
fn a_post_that_may_have_been_acted_on_is_not_sent_again() {
    let address = server(|mut stream, _| {
        read_head(&mut stream).unwrap();
        stream.write_all(OK.as_bytes()).unwrap();
        read_head(&mut stream);
    });
    let client = ClientBuilder::default().build().unwrap();
    get(&client, address).unwrap();
    let error = send(&client, request(&client, "POST", address)).err().unwrap();
    assert!(error.is_a(Code::REMOTE_PROTOCOL_ERROR), "{error}");
    assert_eq!(error.message(), "Server disconnected without sending a response.");
    assert_eq!(error.request().unwrap().method, "POST");
    assert_eq!(counts(&client), (0, 0, 0));
}

#[test]
fn requests_wait_for_a_place_in_their_order_and_no_longer_than_the_pool_timeout() {
    let address = answering(OK);
    let client = limited(1).build().unwrap();
    let held = stream(&client, address);
    let mut hasty = request(&client, "GET", address);
    hasty.set_timeouts([Timeout::Unset, Timeout::Unset, Timeout::Unset, Timeout::Set(Some(Duration::from_millis(50)))]);
    assert_eq!(send(&client, hasty).err().unwrap().code(), Code::POOL_TIMEOUT);
    let (tell, order) = mpsc::channel();
    let threads: Vec<_> = (0..5)
        .map(|number| {
            let (waiting_client, tell) = (Arc::clone(&client), tell.clone());
            let thread = thread::spawn(move || {
                let response = get(&waiting_client, address);
                tell.send(number).unwrap();
                response.map(|_| ()).unwrap();
            });
            while client.counts().waiting <= number {
                thread::yield_now();
            }
            thread
        })
        .collect();
    assert_eq!(counts(&client), (1, 0, 5));
    drop(held);
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(order.iter().take(5).collect::<Vec<_>>().len(), 5);
    assert_eq!((client.counts().active, client.counts().waiting), (0, 0));
}

#[test]
fn a_full_pool_gives_up_its_oldest_idle_connection_for_another_origin() {
    let (one, other) = (answering(OK), answering(OK));
    let client = limited(1).build().unwrap();
    for address in [one, other, one] {
        get(&client, address).unwrap();
        assert_eq!(counts(&client), (0, 1, 0));
    }
}

#[test]
fn no_more_connections_are_kept_than_the_limit_says_and_none_for_too_long() {
    let address = answering(OK);
    let mut builder = ClientBuilder::default();
    builder.limits.max_keepalive = Some(1);
    let client = builder.build().unwrap();
    let (mut first, mut second) = (stream(&client, address), stream(&client, address));
    for response in [&mut first, &mut second] {
        client.block_on(|call| async move { response.read(&call).await }).unwrap();
    }
    assert_eq!(counts(&client), (0, 1, 0));
    builder.limits.keepalive_expiry = Some(Duration::ZERO);
    let client = builder.build().unwrap();
    get(&client, address).unwrap();
    assert_eq!(counts(&client), (0, 0, 0));
}

#[test]
fn interim_responses_are_skipped() {
    let address = answering(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    );
    let client = ClientBuilder::default().build().unwrap();
    for _ in 0..2 {
        assert_eq!(get(&client, address).unwrap().head().status(), 200);
    }
}

#[test]
fn endless_interim_responses_are_refused() {
    let address = server(|mut stream, _| {
        read_head(&mut stream).unwrap();
        while stream.write_all(b"HTTP/1.1 102 Processing\r\n\r\n").is_ok() {}
    });
    let client = ClientBuilder::default().build().unwrap();
    assert_eq!(get(&client, address).err().unwrap().code(), Code::REMOTE_PROTOCOL_ERROR);
    assert_eq!(counts(&client), (0, 0, 0));
}

#[test]
fn a_response_that_comes_during_the_upload_ends_the_upload_and_the_connection() {
    let address = server(|mut stream, _| {
        read_head(&mut stream).unwrap();
        stream.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno").unwrap();
        // Stays, so that only the client can end this.
        while !matches!(stream.read(&mut [0; 4096]), Ok(0) | Err(_)) {}
    });
    let client = ClientBuilder::default().build().unwrap();
    let mut request = request(&client, "POST", address);
    let (writer, reader) = pipe(1024);
    request.set_pipe(reader, None);
    writer.write(b"the beginning").unwrap();
    let response = send(&client, request).unwrap();
    assert_eq!(response.head().status(), 413);
    assert_eq!(writer.write(b"more").unwrap_err().code(), Code::STREAM_CLOSED);
    assert_eq!(counts(&client), (0, 0, 0));
}

#[test]
fn a_body_of_another_length_than_declared_is_an_error_and_closes_the_connection() {
    let address = server(|mut stream, _| while !matches!(stream.read(&mut [0; 4096]), Ok(0) | Err(_)) {});
    let client = ClientBuilder::default().build().unwrap();
    for (text, message) in [("long", "Too much data"), ("", "Too little data")] {
        let mut request = request(&client, "POST", address);
        let (writer, reader) = pipe(1024);
        request.set_pipe(reader, Some(2));
        writer.write(text.as_bytes()).unwrap();
        writer.finish().unwrap();
        let error = send(&client, request).err().unwrap();
        assert_eq!(error.code(), Code::LOCAL_PROTOCOL_ERROR);
        assert!(error.message().starts_with(message), "{error}");
        assert_eq!(counts(&client), (0, 0, 0));
    }
}

#[test]
fn each_kind_of_waiting_has_its_own_timeout() {
    let silent = server(|mut stream, _| while !matches!(stream.read(&mut [0; 4096]), Ok(0) | Err(_)) {});
    let deaf = server(|stream, _| {
        // Reads nothing until the client goes.
        let _ = stream.peek(&mut [0]);
        let mut stream = stream;
        thread::park_timeout(Duration::from_millis(300));
        while !matches!(stream.read(&mut [0; 1 << 16]), Ok(0) | Err(_)) {}
    });
    let client = ClientBuilder::default().build().unwrap();
    let short = Timeout::Set(Some(Duration::from_millis(60)));
    let never = Timeout::Set(None);

    let mut reading = request(&client, "GET", silent);
    reading.set_timeouts([never, short, never, never]);
    assert_eq!(send(&client, reading).err().unwrap().code(), Code::READ_TIMEOUT);

    let mut writing = request(&client, "POST", deaf);
    writing.set_timeouts([never, never, short, never]);
    writing.set_bytes(vec![0; 64 << 20].into());
    assert_eq!(send(&client, writing).err().unwrap().code(), Code::WRITE_TIMEOUT);

    let mut whole = request(&client, "GET", silent);
    whole.set_timeouts([never; 4]);
    whole.set_total(Some(Duration::from_millis(60)));
    let error = send(&client, whole).err().unwrap();
    assert_eq!(error.code(), Code::DEADLINE_EXCEEDED);
    assert!(error.is_a(Code::TIMEOUT));

    for (index, code) in [(0, Code::CONNECT_TIMEOUT), (1, Code::READ_TIMEOUT)] {
        let mut at_once = request(&client, "GET", silent);
        let mut limits = [never; 4];
        limits[index] = Timeout::Set(Some(Duration::ZERO));
        at_once.set_timeouts(limits);
        assert_eq!(send(&client, at_once).err().unwrap().code(), code);
    }
    assert_eq!(counts(&client), (0, 0, 0));
}

#[test]
fn a_stream_gives_pieces_of_the_wanted_size_and_ends_once() {
    let address = answering(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\nX-Sum: 7\r\n\r\n",
    );
    let client = ClientBuilder::default().build().unwrap();
    let mut response = stream(&client, address);
    let mut body = response.stream(Unit::Raw, 3).unwrap();
    let mut pieces = Vec::new();
    while let Some(piece) = client
        .block_on(|call| {
            let body = &mut body;
            async move { body.next(&call).await }
        })
        .unwrap()
    {
        pieces.push(String::from_utf8(piece.to_vec()).unwrap());
    }
    assert_eq!(pieces, ["abc", "def", "g"]);
    assert_eq!(response.stream(Unit::Raw, 0).err().unwrap().code(), Code::STREAM_CONSUMED);
    assert_eq!(counts(&client), (0, 1, 0));
    body.close();
    let after = client.block_on(|call| async move { body.next(&call).await });
    assert_eq!(after.unwrap_err().code(), Code::STREAM_CLOSED);
    let whole = get(&client, address).unwrap();
    assert_eq!(whole.trailers().unwrap().get(0).unwrap(), (&b"X-Sum"[..], &b"7"[..]));
}

#[test]
fn a_connection_serves_again_as_soon_as_the_last_byte_was_read() {
    let address = answering(OK);
    let client = ClientBuilder::default().build().unwrap();
    let mut response = stream(&client, address);
    let mut body = response.stream(Unit::Bytes, 2).unwrap();
    let next = |body: &mut httpx::httpx::BodyStream| {
        client.block_on(|call| async move { body.next(&call).await }).unwrap().map(|piece| piece.to_vec())
    };
    assert_eq!(next(&mut body).as_deref(), Some(&b"ok"[..]));
    assert_eq!(counts(&client), (0, 1, 0));
    assert_eq!(next(&mut body), None);
    drop(body);
    assert_eq!(counts(&client), (0, 1, 0));
}

#[test]
fn bytes_behind_the_last_one_of_a_body_close_its_connection() {
    let address = answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n");
    let client = ClientBuilder::default().build().unwrap();
    assert_eq!(&get(&client, address).unwrap().content().unwrap()[..], b"ok");
    assert_eq!(counts(&client), (0, 0, 0));
}

#[test]
fn requests_to_one_origin_share_no_more_than_what_they_have_in_common() {
    let (tell, heads) = mpsc::channel();
    let address = server(move |mut stream, _| {
        while let Some(head) = read_head(&mut stream) {
            tell.send(head).unwrap();
            stream.write_all(OK.as_bytes()).unwrap();
        }
    });
    let client = ClientBuilder::default().build().unwrap();
    let mut first = request(&client, "GET", address);
    let second = client.build_request("POST", &format!("http://{address}/b%20 c/../d?e f#g")).unwrap();
    first.headers.set(b"Host", b"example.org").unwrap();
    first.headers.remove(b"accept");
    for request in [first, second] {
        assert_eq!(send(&client, request).unwrap().head().status(), 200);
    }
    let mut changed = ClientBuilder::clone(&client.options());
    changed.headers.set(b"Accept", b"text/html").unwrap();
    client.take_over(&changed, &[httpx::httpx::ClientOption::Headers]);
    get(&client, address).unwrap();
    let heads: Vec<_> = heads.try_iter().collect();
    assert!(heads[0].contains("\r\nHost: example.org\r\n") && !heads[0].contains("Accept: "), "{}", heads[0]);
    assert!(heads[1].starts_with(&format!("POST /d?e%20f HTTP/1.1\r\nHost: {address}\r\n")), "{}", heads[1]);
    assert!(heads[1].contains("Accept: */*\r\n") && heads[1].contains("Content-Length: 0\r\n"), "{}", heads[1]);
    assert!(heads[2].contains("Accept: text/html\r\n"), "{}", heads[2]);
}

#[test]
fn a_truncated_body_says_how_much_came() {
    let address = server(|mut stream, _| {
        read_head(&mut stream).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc").unwrap();
    });
    let client = ClientBuilder::default().build().unwrap();
    let error = get(&client, address).err().unwrap();
    assert!(error.is_a(Code::REMOTE_PROTOCOL_ERROR));
    let message = "peer closed connection without sending complete message body (received 3 bytes, expected 10)";
    assert_eq!(error.message(), message);
}

#[test]
fn closing_a_client_ends_what_waits_and_what_runs() {
    let silent = server(|mut stream, _| while !matches!(stream.read(&mut [0; 4096]), Ok(0) | Err(_)) {});
    let client = limited(1).build().unwrap();
    let barrier = Arc::new(Barrier::new(3));
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let (client, barrier) = (Arc::clone(&client), Arc::clone(&barrier));
            thread::spawn(move || {
                barrier.wait();
                get(&client, silent).err().unwrap().code()
            })
        })
        .collect();
    barrier.wait();
    while counts(&client) != (1, 0, 1) {
        thread::yield_now();
    }
    client.close(Some(Duration::from_millis(20))).unwrap();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), Code::CLIENT_CLOSED);
    }
    assert_eq!(get(&client, silent).err().unwrap().code(), Code::CLIENT_CLOSED);
    client.close(None).unwrap();
    assert_eq!(counts(&client), (0, 0, 0));
}

#[test]
fn randomly_placed_cancels_leak_no_place() {
    type Ops = Queue<Response, ()>;
    let address = server(|mut stream, number| {
        while read_head(&mut stream).is_some() {
            match number % 7 {
                5 => return,
                6 => drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok")),
                _ => drop(stream.write_all(OK.as_bytes())),
            }
        }
    });
    let client = limited(3).build().unwrap();
    let queue = Ops::new().unwrap();
    let mut random = 88_172_645_463_325_252_u64;
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    let mut running: Vec<Arc<Operation<Response, ()>>> = Vec::new();
    for _ in 0..3_000 {
        let request = Arc::new(request(&client, "GET", address));
        let how = SendOptions { stream: next() % 3 == 0, ..SendOptions::default() };
        let sending = client.send(request, how).unwrap();
        let taken = queue.submit((), |operation| running.push(Arc::clone(operation)), |call| sending.run(call));
        assert!(taken.is_ok());
        for _ in 0..next() % 3 {
            queue.dispatch(Some(Duration::ZERO), usize::MAX, |_| {}).unwrap();
        }
        if running.len() > 12 {
            let index = (next() % running.len() as u64) as usize;
            let operation = running.swap_remove(index);
            operation.cancel();
            drop(operation.take());
        }
    }
    for operation in &running {
        operation.cancel();
    }
    running.clear();
    queue.dispatch(Some(Duration::ZERO), usize::MAX, |_| {}).unwrap();
    assert_eq!(queue.in_flight(), 0);
    let counts = client.counts();
    assert_eq!((counts.active, counts.waiting), (0, 0));
    queue.close();
    let fine = answering(OK);
    assert_eq!(get(&client, fine).unwrap().head().status(), 200);
}

#[test]
fn eight_threads_share_a_client() {
    let address = answering(OK);
    let client = limited(4).build().unwrap();
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let client = Arc::clone(&client);
            thread::spawn(move || {
                for _ in 0..200 {
                    assert_eq!(&get(&client, address).unwrap().content().unwrap()[..], b"ok");
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let counts = client.counts();
    assert_eq!((counts.active, counts.waiting), (0, 0));
    assert!(counts.idle <= 4);
}

/// Answers `/N` with a redirect to `/N-1`, `/0` with 200; tells each head.
fn countdown(tell: mpsc::Sender<String>, status: u16) -> SocketAddr {
    let tell = std::sync::Mutex::new(tell);
    server(move |mut stream, _| {
        while let Some(head) = read_head(&mut stream) {
            let number: u32 = head.split(['/', ' ']).nth(2).unwrap().parse().unwrap();
            tell.lock().unwrap().send(head).unwrap();
            let answer = match number {
                0 => OK.to_owned(),
                n => format!("HTTP/1.1 {status} Over There\r\nLocation: /{}\r\nContent-Length: 3\r\n\r\nhop", n - 1),
            };
            stream.write_all(answer.as_bytes()).unwrap();
        }
    })
}

fn following(max_redirects: usize) -> Arc<Client> {
    ClientBuilder { follow_redirects: true, max_redirects, ..ClientBuilder::default() }.build().unwrap()
}

#[test]
fn redirects_are_followed_over_one_connection_and_stand_in_the_history() {
    let (tell, heads) = mpsc::channel();
    let address = countdown(tell, 302);
    let client = following(20);
    let mut request = client.build_request("POST", &format!("http://{address}/2")).unwrap();
    request.set_json("{}").unwrap();
    request.headers.add(b"Authorization", b"secret").unwrap();
    request.headers.add(b"Cookie", b"a=b").unwrap();
    let response = send(&client, request).unwrap();
    assert_eq!(response.head().url().unwrap().as_str(), format!("http://{address}/0"));
    let hops: Vec<_> =
        response.history().iter().map(|hop| (hop.head().status(), hop.content().unwrap().len())).collect();
    assert_eq!(hops, [(302, 3), (302, 3)]);
    assert_eq!(counts(&client), (0, 1, 0));
    let heads: Vec<_> = heads.try_iter().collect();
    let lines: Vec<_> = heads.iter().map(|head| head.trim_start_matches("{}").lines().next().unwrap()).collect();
    assert_eq!(lines, ["POST /2 HTTP/1.1", "GET /1 HTTP/1.1", "GET /0 HTTP/1.1"]);
    for head in &heads[1..] {
        assert!(head.contains("Authorization: secret"), "{head}");
        assert!(!head.contains("Cookie") && !head.contains("Content-"), "{head}");
    }
}

#[test]
fn a_redirect_to_another_origin_gets_no_credentials() {
    let (tell, heads) = mpsc::channel();
    let other = countdown(tell, 302);
    let first = server(move |mut stream, _| {
        read_head(&mut stream).unwrap();
        let answer = format!("HTTP/1.1 307 There\r\nLocation: http://{other}/0\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let client = following(20);
    let mut request = request(&client, "POST", first);
    request.set_bytes("body".into());
    request.headers.add(b"Authorization", b"secret").unwrap();
    request.headers.add(b"Proxy-Authorization", b"secret").unwrap();
    send(&client, request).unwrap();
    let head = heads.recv().unwrap();
    assert!(head.starts_with("POST /0 ") && head.contains("Content-Length: 4"), "{head}");
    assert!(head.contains(&format!("Host: {other}\r\n")) && !head.contains("secret"), "{head}");
}

#[test]
fn a_redirect_to_another_origin_that_the_program_follows_gets_no_credentials() {
    let (tell, heads) = mpsc::channel();
    let other = countdown(tell, 302);
    let first = server(move |mut stream, _| {
        read_head(&mut stream).unwrap();
        let answer = format!("HTTP/1.1 302 There\r\nLocation: http://{other}/0\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let auth = Auth::basic(b"me", b"secret");
    let client = ClientBuilder { auth: Some(auth.clone()), ..ClientBuilder::default() }.build().unwrap();
    for of_the_request in [Given::Unset, Given::Set(auth)] {
        let mut request = request(&client, "GET", first);
        request.auth = of_the_request;
        let response = send(&client, request).unwrap();
        send(&client, Request::clone(response.next_request().unwrap())).unwrap();
        let head = heads.recv().unwrap();
        assert!(!head.contains("Authorization"), "{head}");
    }
}

#[test]
fn an_error_of_a_later_hop_is_about_that_hop() {
    let (_kept, refused) = refusing();
    let first = server(move |mut stream, _| {
        read_head(&mut stream).unwrap();
        let answer = format!("HTTP/1.1 302 There\r\nLocation: http://{refused}/x\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let client = following(20);
    let error = get(&client, first).err().unwrap();
    assert_eq!(error.request().unwrap().url, format!("http://{refused}/x"));
}

#[test]
fn what_was_taken_and_has_not_begun_ends_when_its_client_is_closed() {
    type Ops = Queue<Response, ()>;
    let address = answering(OK);
    let client = ClientBuilder::default().build().unwrap();
    let queue = Ops::new().unwrap();
    let sending = client.send(Arc::new(request(&client, "GET", address)), SendOptions::default()).unwrap();
    let mut operation = None;
    assert!(queue.submit((), |taken| operation = Some(Arc::clone(taken)), |call| sending.run(call)).is_ok());
    client.close(Some(Duration::ZERO)).unwrap();
    while queue.dispatch(Some(Duration::from_secs(10)), usize::MAX, |_| {}).unwrap() == 0 {}
    assert_eq!(operation.unwrap().take().unwrap().err().unwrap().code(), Code::CLIENT_CLOSED);
    queue.close();
}

#[test]
fn a_redirect_that_is_not_followed_says_what_would_follow() {
    let (tell, _heads) = mpsc::channel();
    let address = countdown(tell, 301);
    let client = ClientBuilder::default().build().unwrap();
    let request = client.build_request("GET", &format!("http://{address}/1")).unwrap();
    let response = send(&client, request).unwrap();
    assert!(response.head().has_redirect_location() && response.history().is_empty());
    let next = response.next_request().unwrap();
    assert_eq!(next.url().as_str(), format!("http://{address}/0"));
    assert_eq!(send(&client, Request::clone(next)).unwrap().head().status(), 200);
}

#[test]
fn more_redirects_than_allowed_are_an_error_after_exactly_that_many() {
    for (max_redirects, sent) in [(3, 4), (0, 1)] {
        let (tell, heads) = mpsc::channel();
        let address = countdown(tell, 303);
        let client = following(max_redirects);
        let request = client.build_request("GET", &format!("http://{address}/9")).unwrap();
        let error = send(&client, request).err().unwrap();
        assert_eq!(error.code(), Code::TOO_MANY_REDIRECTS);
        assert_eq!(error.message(), "Exceeded maximum allowed redirects.");
        assert_eq!(heads.try_iter().count(), sent);
    }
}

/// An address where connections are neither made nor refused: a listener whose backlog is full.
fn unanswering() -> (TcpListener, Vec<TcpStream>) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
    socket.listen(0).unwrap();
    let listener = TcpListener::from(socket);
    let address = listener.local_addr().unwrap();
    let mut held = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
        held.push(stream);
    }
    (listener, held)
}

#[test]
fn an_address_that_does_not_answer_holds_up_the_next_one_only_for_a_moment() {
    let (silent, _held) = unanswering();
    let port = silent.local_addr().unwrap().port();
    // Another loopback address, on the same port, that answers.
    let listener = TcpListener::bind(("127.0.0.2", port)).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            while read_head(&mut stream).is_some() {
                stream.write_all(OK.as_bytes()).unwrap();
            }
        }
    });
    let mut builder = ClientBuilder::default();
    for address in ["127.0.0.1", "127.0.0.2"] {
        builder.add_override("two.test", u32::from(port), address).unwrap();
    }
    let client = builder.build().unwrap();
    let request = client.build_request("GET", &format!("http://two.test:{port}/")).unwrap();
    assert_eq!(send(&client, request).unwrap().head().status(), 200);
}

#[test]
fn a_connect_timeout_covers_all_addresses_together() {
    let (silent, _held) = unanswering();
    let client = ClientBuilder::default().build().unwrap();
    let mut request = request(&client, "GET", silent.local_addr().unwrap());
    request.set_timeouts([
        Timeout::Set(Some(Duration::from_millis(50))),
        Timeout::Unset,
        Timeout::Unset,
        Timeout::Unset,
    ]);
    assert_eq!(send(&client, request).err().unwrap().code(), Code::CONNECT_TIMEOUT);
    assert_eq!(counts(&client), (0, 0, 0));
}

#[test]
fn a_connection_that_cannot_be_made_is_tried_again_as_often_as_wanted() {
    // Listens later.
    let (socket, address) = refusing();
    let client = ClientBuilder::default().build().unwrap();
    assert_eq!(get(&client, address).err().unwrap().code(), Code::CONNECTION_REFUSED);
    let client = ClientBuilder { retries: 3, ..ClientBuilder::default() }.build().unwrap();
    let sender = thread::spawn(move || get(&client, address).map(|response| response.head().status()));
    socket.listen(1).unwrap();
    let (mut stream, _) = TcpListener::from(socket).accept().unwrap();
    read_head(&mut stream).unwrap();
    stream.write_all(OK.as_bytes()).unwrap();
    assert_eq!(sender.join().unwrap().unwrap(), 200);
}

#[test]
fn an_override_of_what_is_no_address_is_refused() {
    let mut builder = ClientBuilder::default();
    for (name, port, address) in [("a.test", 80, "b.test"), ("a.test", 65_536, "::1"), ("a/c", 80, "::1")] {
        assert!(builder.add_override(name, port, address).is_err(), "{name} {port} {address}");
    }
    assert!(builder.overrides.is_empty());
}
