//! A hundred thousand cancels, resets, timeouts and other mishaps, at random places, against small pools: in the end no
//! place is taken, nobody waits, and requests work (checklist H13, T02).

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::RecvStream;
use httpx::error::{Code, Error};
use httpx::httpx::{Client, ClientBuilder, Request, Response, SendOptions, Timeout};
use httpx::runtime::{Call, Operation};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{ends, request, send, submit, tell, Done, TestQueue, PATIENCE};

/// Of each test in which only threads block, of which there are two.
const MISHAPS_OF_THREADS: usize = 20_000;
/// Of each test with queues, of which there are two.
const MISHAPS_WITH_QUEUES: usize = 30_000;

/// A small generator of numbers: the same seed, the same mishaps.
#[derive(Clone)]
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit
    }

    fn micros(&mut self, limit: u64) -> Duration {
        Duration::from_micros(self.below(limit))
    }
}

/// What a server does with a request, by its path.
const PATHS: [&str; 8] = ["/ok", "/ok", "/never", "/reset", "/reset", "/end", "/half", "/late"];

/// Three servers on one thread.
fn servers<F>(serve: impl Fn(TcpStream) -> F + Send + Copy + 'static) -> [SocketAddr; 3]
where
    F: std::future::Future<Output = ()> + Send + 'static,
{
    let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let addresses = listeners.each_ref().map(|listener| listener.local_addr().unwrap());
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            for listener in listeners {
                listener.set_nonblocking(true).unwrap();
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                tokio::spawn(async move {
                    while let Ok((stream, _)) = listener.accept().await {
                        tokio::spawn(serve(stream));
                    }
                });
            }
            std::future::pending::<()>().await;
        });
    });
    addresses
}

fn reset(stream: &TcpStream) {
    let _ = socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

async fn serve_http1(mut stream: TcpStream) {
    let mut received = Vec::new();
    while let Some(path) = next_path(&mut stream, &mut received).await {
        let answer: &[u8] = match &path[..] {
            b"/never" => {
                // Until the client has had enough.
                let _ = stream.read(&mut [0]).await;
                return;
            }
            b"/reset" => return reset(&stream),
            b"/end" => return,
            b"/half" => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").await;
                return reset(&stream);
            }
            b"/late" => {
                tokio::time::sleep(Duration::from_millis(1)).await;
                b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate"
            }
            _ => b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        };
        if stream.write_all(answer).await.is_err() {
            return;
        }
    }
}

/// Reads a request without a body.
async fn next_path(stream: &mut TcpStream, received: &mut Vec<u8>) -> Option<Vec<u8>> {
    loop {
        if let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") {
            let head: Vec<u8> = received.drain(..end + 4).collect();
            return head.split(|byte| *byte == b' ').nth(1).map(<[u8]>::to_vec);
        }
        if !matches!(stream.read_buf(received).await, Ok(1..)) {
            return None;
        }
    }
}

async fn serve_http2(stream: TcpStream) {
    let built = h2::server::Builder::new().max_concurrent_streams(5).handshake(stream).await;
    let Ok(mut connection): Result<h2::server::Connection<_, Bytes>, _> = built else { return };
    let mut going = false;
    while let Some(Ok((request, respond))) = connection.accept().await {
        match request.uri().path() {
            // All that the connection carries ends with it.
            "/end" => return,
            "/half" if !going => {
                going = true;
                connection.graceful_shutdown();
            }
            _ => {}
        }
        tokio::spawn(answer_http2(request, respond));
    }
}

async fn answer_http2(request: http::Request<RecvStream>, mut respond: SendResponse<Bytes>) {
    match request.uri().path() {
        "/never" => {
            let _ = std::future::poll_fn(|cx| respond.poll_reset(cx)).await;
            return;
        }
        "/reset" => return respond.send_reset(h2::Reason::INTERNAL_ERROR),
        "/late" => tokio::time::sleep(Duration::from_millis(1)).await,
        _ => {}
    }
    if let Ok(mut body) = respond.send_response(http::Response::new(()), false) {
        let _ = body.send_data(Bytes::from_static(b"ok"), true);
    }
}

/// Requests with random ends.
struct Torture {
    client: Arc<Client>,
    servers: [SocketAddr; 3],
    mishaps: AtomicUsize,
    /// How many there are to be.
    wanted: usize,
}

impl Torture {
    fn new(http2: bool, wanted: usize) -> Arc<Torture> {
        let mut builder = ClientBuilder { http1: !http2, http2, ..ClientBuilder::default() };
        builder.limits.max_connections = Some(if http2 { 2 } else { 6 });
        builder.limits.max_per_host = Some(4);
        builder.limits.max_keepalive = Some(3);
        let servers = if http2 { servers(serve_http2) } else { servers(serve_http1) };
        Arc::new(Torture { client: builder.build().unwrap(), servers, mishaps: AtomicUsize::new(0), wanted })
    }

    fn goes_on(&self) -> bool {
        self.mishaps.load(Ordering::Relaxed) < self.wanted
    }

    fn request(&self, random: &mut Random) -> (Request, SendOptions) {
        let server = self.servers[random.below(3) as usize];
        let path = PATHS[random.below(PATHS.len() as u64) as usize];
        let method = if random.below(4) == 0 { "POST" } else { "GET" };
        let mut request = self.client.build_request(method, &format!("http://{server}{path}")).unwrap();
        let mut brief = |one_of: u64, limit| match random.below(one_of) {
            0 => Timeout::Set(Some(random.micros(limit))),
            _ => Timeout::Set(Some(Duration::from_millis(20))),
        };
        let timeouts = [brief(20, 300), brief(2, 4_000), brief(50, 100), brief(2, 1_000)];
        request.set_timeouts(timeouts);
        if random.below(5) == 0 {
            request.set_total(Some(random.micros(3_000)));
        }
        (request, SendOptions { stream: random.below(2) == 0, ..SendOptions::default() })
    }

    /// Takes note of what a request came to. A response that is dropped here has perhaps not been read.
    fn ended(&self, ended: &Result<Response, Error>, streamed: bool) {
        if let Err(error) = ended {
            let expected = error.is_a(Code::TIMEOUT)
                || error.is_a(Code::NETWORK_ERROR)
                || error.is_a(Code::PROTOCOL_ERROR)
                || [Code::CANCELLED, Code::INTERRUPTED].contains(&error.code());
            assert!(expected, "{error}");
        }
        if streamed || ended.is_err() {
            self.mishaps.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What one thread does that blocks.
    fn block(&self, seed: u64) {
        let mut random = Random(seed);
        while self.goes_on() {
            let (request, how) = self.request(&mut random);
            let sending = self.client.send(Arc::new(request), how).unwrap();
            // Asked every now and then only, so that few are interrupted.
            let interrupt = || true;
            let interrupted = random.below(500) == 0;
            let ended = httpx::runtime::block_on(interrupted.then_some(&interrupt), |call| sending.run(call));
            self.ended(&ended, how.stream);
        }
    }

    /// What one queue does: requests by the dozen, some cancelled after a few turns. With a descriptor, a thread of the
    /// library drives it, and cancels come at any moment of theirs.
    fn queue(self: &Arc<Torture>, seed: u64, resident: bool) {
        let mut random = Random(seed);
        let queue = TestQueue::new().unwrap();
        if resident {
            queue.fd().unwrap();
        }
        while self.goes_on() {
            let mut operations: Vec<_> = (0..40).map(|_| self.submit(&queue, &mut random)).collect();
            while queue.in_flight() > 0 {
                queue.dispatch(Some(random.micros(300)), 1 + random.below(20) as usize, tell).unwrap();
                if let Some(last) = operations.len().checked_sub(1) {
                    let chosen = operations.swap_remove(random.below(last as u64 + 1) as usize);
                    if random.below(3) > 0 {
                        chosen.cancel();
                    }
                }
            }
            while queue.dispatch(Some(Duration::ZERO), usize::MAX, tell).unwrap() > 0 {}
        }
        // The last ones are cancelled with their queue.
        for _ in 0..40 {
            self.submit(&queue, &mut random);
        }
        queue.dispatch(Some(Duration::ZERO), usize::MAX, tell).unwrap();
        queue.close();
    }

    fn submit(self: &Arc<Torture>, queue: &Arc<TestQueue>, random: &mut Random) -> Arc<Operation<Vec<u8>, Done>> {
        let (request, how) = self.request(random);
        let sending = self.client.send(Arc::new(request), how).unwrap();
        let (this, of_done) = (Arc::clone(self), Arc::clone(self));
        let done: Done = Box::new(move |answer| {
            if answer.is_err_and(|error| error.code() == Code::CANCELLED) {
                of_done.mishaps.fetch_add(1, Ordering::Relaxed);
            }
        });
        let run = move |call: Call| async move {
            let ended = sending.run(call).await;
            this.ended(&ended, how.stream);
            Ok(Vec::new())
        };
        submit(queue, done, run).expect("the queue takes operations")
    }

    /// What has to be true when all is over.
    fn is_clean(&self) {
        let begun = Instant::now();
        // What a thread of the library had in its hands is let go by that thread.
        loop {
            let counts = self.client.counts();
            if (counts.active, counts.waiting, counts.requests) == (0, 0, 0) {
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "{counts:?}, {:?}", self.client.connections());
            thread::yield_now();
        }
        for server in self.servers {
            let response = send(&self.client, request(&self.client, "GET", server)).unwrap();
            assert_eq!(response.content().unwrap(), "ok");
        }
        let counts = self.client.counts();
        assert_eq!((counts.active, counts.waiting, counts.requests), (0, 0, 0));
        assert!(self.mishaps.load(Ordering::Relaxed) >= self.wanted);
    }
}

/// Threads that block and queues, all at once.
fn torture(http2: bool, threads: u64, queues: u64) {
    let wanted = if queues > 0 { MISHAPS_WITH_QUEUES } else { MISHAPS_OF_THREADS };
    let torture = Torture::new(http2, wanted);
    let under_torture = Arc::clone(&torture);
    ends(move || {
        thread::scope(|scope| {
            for number in 0..threads {
                let torture = &under_torture;
                scope.spawn(move || torture.block(0x9E37_79B9 + number));
            }
            for number in 0..queues {
                let torture = &under_torture;
                scope.spawn(move || torture.queue(0x85EB_CA6B + number, number % 2 == 1));
            }
        });
    });
    torture.is_clean();
}

#[test]
fn http1_requests_of_threads_that_end_anyhow_leave_a_clean_pool() {
    torture(false, 12, 0);
}

#[test]
fn http1_requests_of_threads_and_queues_that_end_anyhow_leave_a_clean_pool() {
    torture(false, 3, 2);
}

#[test]
fn http2_requests_of_threads_that_end_anyhow_leave_a_clean_pool() {
    torture(true, 12, 0);
}

#[test]
fn http2_requests_of_threads_and_queues_that_end_anyhow_leave_a_clean_pool() {
    torture(true, 3, 2);
}
