//! Faults that the runtime and the handles of the ABI once had, each with what brought it to light: wake-ups that fell
//! between two threads, forks at bad moments, and things that lived too long or not long enough.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{mpsc, Arc};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use httpx::error::{Code, Error};
use httpx::runtime::{block_on, pipe};

use crate::support::{connect, echo, ends, io_error, submit, tell, EchoServer, TestQueue, PATIENCE};

#[test]
fn a_wake_up_in_the_middle_of_a_hand_over_is_not_lost() {
    let queue = TestQueue::new().unwrap();
    let ended = Arc::new(AtomicUsize::new(0));
    let counting = || {
        let count = Arc::clone(&ended);
        Box::new(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
        })
    };
    let (tell_waker, wakers) = mpsc::channel::<Waker>();
    let (go, gate) = mpsc::channel::<()>();
    let mut gate = Some(gate);
    let submitted = submit(&queue, counting(), |_| {
        poll_fn(move |cx| match gate.take() {
            Some(gate) => {
                tell_waker.send(cx.waker().clone()).unwrap();
                gate.recv().unwrap();
                Poll::Pending
            }
            None => Poll::Ready(Ok(Vec::new())),
        })
    });
    assert!(submitted.is_some());
    let (dispatched, count) = (Arc::clone(&queue), Arc::clone(&ended));
    let dispatcher = thread::spawn(move || {
        while count.load(Ordering::SeqCst) < 2 {
            if dispatched.dispatch(Some(PATIENCE), usize::MAX, tell).unwrap() == 0 {
                return false;
            }
        }
        true
    });
    // The dispatcher is inside a poll: the library's thread takes over, and sees the wake-up.
    let waker = wakers.recv().unwrap();
    queue.fd().unwrap();
    waker.wake();
    let (tell_polled, polled) = mpsc::channel();
    let submitted = submit(&queue, counting(), |_| async move {
        tell_polled.send(thread::current().id()).unwrap();
        Ok(Vec::new())
    });
    assert!(submitted.is_some());
    // What was woken before this one is off the list by now, too.
    assert_ne!(polled.recv_timeout(PATIENCE).unwrap(), dispatcher.thread().id());
    go.send(()).unwrap();
    assert!(dispatcher.join().unwrap(), "woken, and never polled again");
    queue.close();
}

#[test]
fn a_dispatch_that_waits_ends_when_its_queue_is_closed() {
    for resident in [false, true] {
        let queue = TestQueue::new().unwrap();
        if resident {
            queue.fd().unwrap();
        }
        let (tell_inside, inside) = mpsc::channel();
        let submitted = submit(&queue, Box::new(|_| {}), |call| async move {
            call.upcall(move || tell_inside.send(()).unwrap()).await;
            std::future::pending().await
        });
        assert!(submitted.is_some());
        let dispatched = Arc::clone(&queue);
        let code = ends(move || {
            let dispatcher = thread::spawn(move || dispatched.dispatch(None, usize::MAX, tell).unwrap_err().code());
            inside.recv().unwrap();
            queue.close();
            dispatcher.join().unwrap()
        });
        assert_eq!(code, Code::INVALID_STATE);
    }
}

#[test]
fn sockets_are_served_while_other_operations_are_always_ready() {
    fn again(queue: &Arc<TestQueue>) {
        let next = Arc::clone(queue);
        submit(queue, Box::new(move |_| again(&next)), |_| async { Ok(Vec::new()) });
    }
    let server = EchoServer::start();
    let address = server.address;
    let queue = TestQueue::new().unwrap();
    let answered = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&answered);
    let done = Box::new(move |answer: Result<Vec<u8>, Error>| {
        assert_eq!(answer.unwrap(), b"patient");
        flag.store(true, Ordering::SeqCst);
    });
    let submitted =
        submit(&queue, done, |call| async move { echo(&mut connect(&call, address).await?, b"patient").await });
    assert!(submitted.is_some());
    again(&queue);
    ends(move || {
        while !answered.load(Ordering::SeqCst) {
            queue.dispatch(Some(Duration::from_secs(1)), usize::MAX, tell).unwrap();
        }
        queue.close();
    });
}

#[test]
fn a_lane_that_was_just_left_can_be_had_again_at_once() {
    let server = EchoServer::start();
    let address = server.address;
    let answer = ends(move || {
        block_on(None, |call| async move {
            let mut socket = connect(&call, address).await?;
            call.leave_lane();
            let lane = call.lane(Some(socket.lane().id())).await;
            socket.attach(&lane).map_err(io_error)?;
            echo(&mut socket, b"still here").await
        })
    });
    assert_eq!(answer.unwrap(), b"still here");
}

#[test]
fn two_who_wait_for_room_in_one_pipe_are_both_woken() {
    let (writer, mut reader) = pipe(1);
    let writer = Arc::new(writer);
    assert_eq!(writer.write(b"x").unwrap(), 1);
    let queue = TestQueue::new().unwrap();
    let ended = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        let (writer, count) = (Arc::clone(&writer), Arc::clone(&ended));
        let done = Box::new(move |answer: Result<Vec<u8>, Error>| {
            answer.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
        });
        let submitted = submit(&queue, done, |_| async move { writer.writable().await.map(|()| Vec::new()) });
        assert!(submitted.is_some());
    }
    assert_eq!(queue.dispatch(Some(Duration::ZERO), usize::MAX, tell).unwrap(), 0);
    assert!(reader.poll_next(&mut Context::from_waker(Waker::noop())).is_ready());
    while ended.load(Ordering::SeqCst) < 2 {
        assert_ne!(queue.dispatch(Some(PATIENCE), usize::MAX, tell).unwrap(), 0, "one of them waits for ever");
    }
    queue.close();
}

mod fork {
    #![allow(unsafe_code)]

    use httpx::runtime::generation;

    use super::*;
    use crate::support::in_child;

    #[test]
    fn a_child_that_closed_everything_keeps_what_it_then_opened() {
        let server = EchoServer::start();
        let address = server.address;
        let socket = block_on(None, |call| async move { connect(&call, address).await }).unwrap();
        let status = in_child(|| {
            let mut mine = Vec::new();
            // SAFETY: the child has its descriptors for itself, and uses none that it closes.
            unsafe {
                // What a daemon does.
                for fd in 3..1000 {
                    libc::close(fd);
                }
                // Until the numbers that the library's sockets had are taken again, or there are no more.
                while mine.len() < 990 {
                    match libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY) {
                        fd if fd >= 0 => mine.push(fd),
                        _ => break,
                    }
                }
            }
            assert!(mine.len() > 64, "only {} descriptors can be had", mine.len());
            // Any call into the library, which notices the fork.
            generation();
            for fd in mine {
                // SAFETY: only asks.
                assert!(unsafe { libc::fcntl(fd, libc::F_GETFD) } >= 0, "the library has closed {fd}");
            }
        });
        assert_eq!(status, 0);
        drop(socket);
    }

    #[test]
    fn a_child_that_a_callback_forked_tells_nothing_of_its_parents_queue() {
        for resident in [false, true] {
            let queue = TestQueue::new().unwrap();
            if resident {
                queue.fd().unwrap();
            }
            let is_child = Arc::new(AtomicBool::new(false));
            let told_in_child = Arc::new(AtomicUsize::new(0));
            let (tell_pid, pids) = mpsc::channel();
            for first in [true, false] {
                let (is_child, told, tell_pid) = (Arc::clone(&is_child), Arc::clone(&told_in_child), tell_pid.clone());
                let done = Box::new(move |_| {
                    if is_child.load(Ordering::SeqCst) {
                        told.fetch_add(1, Ordering::SeqCst);
                    }
                    if first {
                        // SAFETY: the child leaves through _exit below.
                        match unsafe { libc::fork() } {
                            0 => is_child.store(true, Ordering::SeqCst),
                            pid => tell_pid.send(pid).unwrap(),
                        }
                    }
                });
                assert!(submit(&queue, done, |_| async { Ok(Vec::new()) }).is_some());
            }
            if resident {
                // Both ends are there before one is told.
                while queue.in_flight() > 0 {
                    thread::yield_now();
                }
            }
            let dispatched = queue.dispatch(Some(PATIENCE), usize::MAX, tell);
            if is_child.load(Ordering::SeqCst) {
                let code = dispatched.err().map(|error| error.code());
                let fine = told_in_child.load(Ordering::SeqCst) == 0 && code == Some(Code::FORKED);
                // SAFETY: this is the child.
                unsafe { libc::_exit(i32::from(!fine)) };
            }
            let mut status = -1;
            // SAFETY: our own child.
            unsafe { libc::waitpid(pids.recv().unwrap(), &mut status, 0) };
            assert_eq!(status, 0, "the child told what is its parent's to tell");
            assert_eq!(dispatched.unwrap(), 2);
            queue.close();
        }
    }
}

mod handles {
    #![allow(unsafe_code)]

    use std::ffi::CStr;
    use std::io::Write;
    use std::net::SocketAddr;
    use std::ptr::{null, null_mut};

    use httpx::ffi::client::{
        httpx_client_free, httpx_client_get, httpx_client_send, HTTPX_SEND_FOLLOW_REDIRECTS, HTTPX_SEND_STREAM,
    };
    use httpx::ffi::error::{
        httpx_error_cause, httpx_error_clone, httpx_error_code, httpx_error_free, httpx_error_message,
    };
    use httpx::ffi::request::{
        httpx_request, httpx_request_deadline, httpx_request_free, httpx_request_header_at, httpx_request_header_set,
    };
    use httpx::ffi::response::httpx_response_free;

    use super::*;
    use crate::support::abi::{client, request};
    use crate::support::{answering, read_head, read_to_end, server, OK};

    /// Answers with a whole response, on connection 0 with half of one if `half`; tells the number of each connection
    /// that ended.
    fn telling_ends(half: bool) -> (SocketAddr, mpsc::Receiver<usize>) {
        let (tell, ends) = mpsc::channel();
        let address = server(move |mut stream, number| {
            if read_head(&mut stream).is_none() {
                return;
            }
            let answer = match half && number == 0 {
                true => "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok",
                false => OK,
            };
            stream.write_all(answer.as_bytes()).unwrap();
            read_to_end(&mut stream);
            let _ = tell.send(number);
        });
        (address, ends)
    }

    #[test]
    fn freeing_a_client_closes_idle_connections_though_a_request_of_it_is_left() {
        let (address, ends) = telling_ends(false);
        let mut response = null_mut();
        unsafe {
            let client = client();
            let request = request(client, "GET", &format!("http://{address}/"));
            assert_eq!(httpx_client_send(client, request, 0, &mut response, null_mut()), 0);
            httpx_response_free(response);
            httpx_client_free(client);
            assert_eq!(ends.recv_timeout(PATIENCE), Ok(0));
            httpx_request_free(request);
        }
    }

    #[test]
    fn freeing_a_client_closes_idle_connections_though_a_response_of_it_is_open() {
        let (address, ends) = telling_ends(true);
        let url = format!("http://{address}/");
        let (mut open, mut response) = (null_mut(), null_mut());
        unsafe {
            let client = client();
            let request = request(client, "GET", &url);
            assert_eq!(httpx_client_send(client, request, HTTPX_SEND_STREAM, &mut open, null_mut()), 0);
            httpx_request_free(request);
            assert_eq!(httpx_client_get(client, url.as_ptr().cast(), url.len(), &mut response, null_mut()), 0);
            httpx_response_free(response);
            httpx_client_free(client);
            assert_eq!(ends.recv_timeout(PATIENCE), Ok(1));
            httpx_response_free(open);
            assert_eq!(ends.recv_timeout(PATIENCE), Ok(0));
        }
    }

    /// The name of the first header line, as C gets it.
    unsafe fn first_name(request: *mut httpx_request) -> (*const u8, usize) {
        let (mut name, mut length) = (null(), 0);
        let code =
            unsafe { httpx_request_header_at(request, 0, &mut name, &mut length, null_mut(), null_mut(), null_mut()) };
        assert_eq!(code, 0);
        (name, length)
    }

    #[test]
    fn header_lines_stay_where_they_are_while_something_else_of_the_request_changes() {
        unsafe {
            let client = client();
            let [asked, other] = [(); 2].map(|()| request(client, "GET", "http://a.test/"));
            let before = first_name(asked);
            assert_eq!(httpx_request_deadline(asked, 3.0, null_mut()), 0);
            // A change that fails leaves them, too.
            let (name, bad) = (c"Accept", b"a\nb");
            let code = httpx_request_header_set(asked, name.as_ptr(), 6, bad.as_ptr(), bad.len(), null_mut());
            assert_eq!(code, Code::LOCAL_PROTOCOL_ERROR.0);
            // Would take the place of what was freed.
            let another = first_name(other);
            assert_eq!(first_name(asked), before);
            assert_ne!(another.0, before.0);
            assert_eq!(std::slice::from_raw_parts(before.0, before.1), b"Host");
            for request in [asked, other] {
                httpx_request_free(request);
            }
            httpx_client_free(client);
        }
    }

    #[test]
    fn the_cause_of_an_error_can_be_kept_longer_than_the_error() {
        let address = answering("HTTP/1.1 302 Found\r\nLocation: http://[bad\r\nContent-Length: 0\r\n\r\n");
        let (mut response, mut error) = (null_mut(), null_mut());
        unsafe {
            let client = client();
            let request = request(client, "GET", &format!("http://{address}/"));
            let code = httpx_client_send(client, request, HTTPX_SEND_FOLLOW_REDIRECTS, &mut response, &mut error);
            assert_eq!(code, Code::REMOTE_PROTOCOL_ERROR.0);
            let borrowed = httpx_error_cause(error);
            assert!(!borrowed.is_null());
            let kept = httpx_error_clone(borrowed);
            httpx_error_free(error);
            assert_eq!(httpx_error_code(kept), Code::INVALID_URL.0);
            assert!(!CStr::from_ptr(httpx_error_message(kept, null_mut())).is_empty());
            httpx_error_free(kept);
            httpx_request_free(request);
            httpx_client_free(client);
        }
    }
}
