//! Authentication flows, event hooks and transports from Rust: what only this side can do to them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{mpsc, Arc, Mutex};
use std::task::Poll;
use std::thread;

use httpx::error::{Code, Error};
use httpx::httpx::{
    Auth, AuthFlow, Beginning, Client, ClientBuilder, CustomAuth, CustomTransport, Headers, Reply, ReplyBody,
    ReplyHead, Request, Response, SendOptions, Transport, UrlPattern,
};
use httpx::runtime::{Attempt, Foreign, Interrupt};

use crate::support::{dispatch_all, ends, ok_server, send, submit, TestQueue};

/// Notes what becomes of its flows.
#[derive(Default)]
struct Counting {
    begun: AtomicUsize,
    dropped: Arc<AtomicUsize>,
}

struct CountingFlow {
    request: Arc<Request>,
    dropped: Arc<AtomicUsize>,
}

impl CustomAuth for Counting {
    fn requires_request_body(&self) -> bool {
        false
    }

    fn requires_response_body(&self) -> bool {
        true
    }

    fn begin(self: Arc<Self>, request: Arc<Request>, _: Option<Arc<Interrupt>>) -> Beginning {
        self.begun.fetch_add(1, Ordering::SeqCst);
        Attempt::new(move || {
            let flow = CountingFlow { request: Arc::clone(&request), dropped: Arc::clone(&self.dropped) };
            Poll::Ready(Ok(Foreign::new(Box::new(flow) as Box<dyn AuthFlow>)))
        })
    }
}

impl AuthFlow for CountingFlow {
    fn next(&mut self, response: &mut Option<Response>) -> Poll<Result<Option<Arc<Request>>, Error>> {
        if let Some(response) = response {
            // Read, as it was asked for.
            response.content()?;
            return Poll::Ready(Ok(None));
        }
        Poll::Ready(Ok(Some(Arc::clone(&self.request))))
    }
}

impl Drop for CountingFlow {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

fn counting() -> (Arc<Counting>, Arc<Client>) {
    let auth = Arc::new(Counting::default());
    let custom: Arc<dyn CustomAuth> = Arc::clone(&auth) as _;
    let builder = ClientBuilder { auth: Some(Auth::Custom(custom)), ..ClientBuilder::default() };
    (auth, builder.build().unwrap())
}

fn counts(auth: &Counting) -> (usize, usize) {
    (auth.begun.load(Ordering::SeqCst), auth.dropped.load(Ordering::SeqCst))
}

#[test]
fn a_flow_gets_responses_read_and_ends_with_its_request() {
    let (auth, client) = counting();
    let request = client.build_request("GET", &format!("http://{}/", ok_server())).unwrap();
    assert_eq!(&send(&client, request).unwrap().content().unwrap()[..], b"ok");
    assert_eq!(counts(&auth), (1, 1));
}

#[cfg(feature = "test-hooks")]
#[test]
fn a_panic_inside_ends_the_flow_of_its_request() {
    let (auth, client) = counting();
    let url = format!("http://{}/", ok_server());
    let panicking = client.build_request("PANIC", &url).unwrap();
    let run = std::panic::AssertUnwindSafe(|| drop(send(&client, panicking)));
    assert!(std::panic::catch_unwind(run).is_err());
    assert_eq!(counts(&auth), (1, 1));

    let queue = TestQueue::new().unwrap();
    let request = Arc::new(client.build_request("PANIC", &url).unwrap());
    let sending = client.send(request, SendOptions::default()).unwrap();
    let (tell, told) = mpsc::channel();
    let done = Box::new(move |result| tell.send(result).unwrap());
    submit(&queue, done, |call| async move { sending.run(call).await.map(|_| Vec::new()) }).unwrap();
    let result = Mutex::new(None);
    dispatch_all(&queue, || {
        let mut result = result.lock().unwrap();
        *result = result.take().or_else(|| told.try_recv().ok());
        result.is_some()
    });
    let error = result.into_inner().unwrap().unwrap().unwrap_err();
    assert_eq!(error.code(), Code::PANIC);
    assert_eq!(counts(&auth), (2, 2));
    queue.close();
}

/// Answers on a thread of its own, with the request's target.
struct Threaded;

impl CustomTransport for Threaded {
    fn requires_request_body(&self) -> bool {
        false
    }

    fn handle(&self, request: Arc<Request>, reply: Reply) {
        thread::spawn(move || {
            let path = request.url().path().into_owned().into_bytes();
            reply.send(200, ReplyHead::default(), ReplyBody::Bytes(path.into())).unwrap();
        });
    }

    fn close(&self) {}
}

#[test]
fn many_threads_share_a_transport_that_answers_from_other_threads() {
    let mut builder = ClientBuilder::default();
    builder.mount(UrlPattern::parse("mem://").unwrap(), Some(Transport::custom(Box::new(Threaded))));
    let client = builder.build().unwrap();
    ends(move || {
        thread::scope(|scope| {
            for number in 0..8 {
                let client = &client;
                scope.spawn(move || {
                    for turn in 0..50 {
                        let path = format!("/{number}/{turn}");
                        let request = client.build_request("GET", &format!("mem://host{path}")).unwrap();
                        assert_eq!(&send(client, request).unwrap().content().unwrap()[..], path.as_bytes());
                    }
                });
            }
        });
    });
}

/// Answers anything with a redirect.
struct Redirecting;

impl CustomTransport for Redirecting {
    fn requires_request_body(&self) -> bool {
        false
    }

    fn handle(&self, _: Arc<Request>, reply: Reply) {
        let mut headers = Headers::default();
        headers.add(b"Location", b"http://host/").unwrap();
        reply.send(302, ReplyHead { headers, ..ReplyHead::default() }, ReplyBody::Bytes(Default::default())).unwrap();
    }

    fn close(&self) {}
}

#[test]
fn a_hook_error_of_a_later_hop_is_about_that_hop() {
    let mut builder = ClientBuilder {
        transport: Some(Transport::custom(Box::new(Redirecting))),
        follow_redirects: true,
        ..ClientBuilder::default()
    };
    builder.event_hooks.request.push(Arc::new(|request, _| {
        Attempt::new(move || match request.url().path() == "/first" {
            true => Poll::Ready(Ok(Arc::clone(&request))),
            false => Poll::Ready(Err(Error::new(Code::CANCELLED, "no further"))),
        })
    }));
    let client = builder.build().unwrap();
    let request = client.build_request("GET", "http://host/first").unwrap();
    let error = send(&client, request).err().expect("an error");
    assert_eq!(error.message(), "no further");
    assert_eq!(error.request().unwrap().url, "http://host/");
}
