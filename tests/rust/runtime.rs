//! The runtime: lanes, queues, upcalls, interruption, cancellation, forks. No HTTP here: bare sockets.

use std::future::{poll_fn, Future};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{mpsc, Arc, Mutex};
use std::task::Poll;
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use httpx::error::{Code, Error};
use httpx::runtime::{
    block_on, block_on_lane, Attempt, Call, Foreign, Granted, Lane, Socket, TcpSettings, UpcallWaker, WaitQueue,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{connect, dispatch_all, echo, in_child, io_error, submit, tell, EchoServer, Seen, TestQueue};

/// The smallest pool that can be: one connection, which whoever is next moves to his lane.
#[derive(Clone)]
struct OnePlace {
    state: Arc<Mutex<OnePlaceState>>,
    server: std::net::SocketAddr,
}

struct OnePlaceState {
    idle: Option<Socket>,
    opened: bool,
    waiting: WaitQueue<(), Place>,
}

struct Place {
    pool: OnePlace,
    socket: Option<Socket>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.pool.release(self.socket.take());
    }
}

impl OnePlace {
    fn new(server: std::net::SocketAddr) -> OnePlace {
        let state = OnePlaceState { idle: None, opened: false, waiting: WaitQueue::default() };
        OnePlace { state: Arc::new(Mutex::new(state)), server }
    }

    fn release(&self, socket: Option<Socket>) {
        let again = self.clone();
        let mut state = self.state.lock().unwrap();
        state.idle = socket;
        state.opened = state.idle.is_some();
        let next = state.waiting.next(move |waiter| {
            let mut state = again.state.lock().unwrap();
            state.waiting.put_back(waiter);
            let idle = state.idle.take();
            drop(state);
            again.release(idle);
        });
        if next.is_none() {
            return;
        }
        state.opened = true;
        let socket = state.idle.take();
        match state.waiting.grant(&(), Place { pool: self.clone(), socket }) {
            Granted::To(waker) => {
                drop(state);
                if let Some(waker) = waker {
                    waker.wake();
                }
            }
            Granted::Nobody(mut place) => {
                // The release was this one.
                state.idle = place.socket.take();
                state.opened = state.idle.is_some();
                std::mem::forget(place);
            }
        }
    }

    async fn place(&self, call: &Call) -> Place {
        let waiting = {
            let mut state = self.state.lock().unwrap();
            if !state.opened || state.idle.is_some() {
                state.opened = true;
                return Place { pool: self.clone(), socket: state.idle.take() };
            }
            state.waiting.join((), call)
        };
        call.leave_lane();
        (&waiting).await
    }

    async fn echo(&self, call: &Call, text: &[u8]) -> Result<Vec<u8>, Error> {
        let mut place = self.place(call).await;
        let hint = place.socket.as_ref().map(|socket| socket.lane().id());
        let lane = call.lane(hint).await;
        match &mut place.socket {
            Some(socket) => {
                socket.attach(&lane).map_err(io_error)?;
            }
            None => {
                place.socket =
                    Some(Socket::connect_tcp(lane, self.server, &TcpSettings::default()).await.map_err(io_error)?)
            }
        }
        echo(place.socket.as_mut().unwrap(), text).await
    }
}

#[test]
fn two_threads_and_a_queue_alternate_over_one_connection() {
    let server = EchoServer::start();
    let pool = OnePlace::new(server.address);
    let threads: Vec<_> = (0..2)
        .map(|name| {
            let pool = pool.clone();
            thread::spawn(move || {
                for round in 0..200 {
                    let text = format!("thread {name} round {round}").into_bytes();
                    let answer = block_on(None, |call| {
                        let pool = pool.clone();
                        async move { pool.echo(&call, &text).await }
                    });
                    assert!(String::from_utf8(answer.unwrap()).unwrap().starts_with(&format!("thread {name}")));
                }
            })
        })
        .collect();
    let queue = TestQueue::new().unwrap();
    let told = Arc::new(AtomicUsize::new(0));
    for round in 0..200 {
        let (pool, count) = (pool.clone(), Arc::clone(&told));
        let text = format!("queue round {round}").into_bytes();
        let expected = text.clone();
        let done = Box::new(move |answer: Result<Vec<u8>, Error>| {
            assert_eq!(answer.unwrap(), expected);
            count.fetch_add(1, Ordering::SeqCst);
        });
        assert!(submit(&queue, done, |call| async move { pool.echo(&call, &text).await }).is_some());
    }
    dispatch_all(&queue, || told.load(Ordering::SeqCst) == 200);
    for thread in threads {
        thread.join().unwrap();
    }
    queue.close();
    drop(pool);
    let seen: Vec<_> = std::iter::from_fn(|| server.seen.recv_timeout(Duration::from_millis(500)).ok()).collect();
    assert_eq!(seen, [Seen::Accepted, Seen::Fin], "everything went over one connection");
}

#[test]
fn a_queue_that_nobody_dispatches_does_not_hold_up_blocking_calls() {
    let server = EchoServer::start();
    let pool = OnePlace::new(server.address);
    let queue = TestQueue::new().unwrap();
    let told = Arc::new(AtomicUsize::new(0));
    let held = block_on(None, |call| {
        let pool = pool.clone();
        async move { Ok(pool.place(&call).await) }
    })
    .unwrap();
    for _ in 0..3 {
        let (pool, count) = (pool.clone(), Arc::clone(&told));
        let done = Box::new(move |answer: Result<Vec<u8>, Error>| {
            answer.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
        });
        assert!(submit(&queue, done, |call| async move { pool.echo(&call, b"queued").await }).is_some());
    }
    // They join the line, and then nobody drives them.
    assert_eq!(queue.dispatch(Some(Duration::ZERO), usize::MAX, tell).unwrap(), 0);
    let blocked = {
        let pool = pool.clone();
        thread::spawn(move || block_on(None, |call| async move { pool.echo(&call, b"blocking").await }))
    };
    while pool.state.lock().unwrap().waiting.len() < 4 {
        thread::yield_now();
    }
    drop(held);
    assert_eq!(blocked.join().unwrap().unwrap(), b"blocking");
    dispatch_all(&queue, || told.load(Ordering::SeqCst) == 3);
    queue.close();
}

#[test]
fn an_upcall_runs_on_the_calling_thread_and_may_block_in_a_nested_call() {
    let server = EchoServer::start();
    let address = server.address;
    let me = thread::current().id();
    let answer = block_on(None, |call| async move {
        let mut socket = connect(&call, address).await?;
        let nested: (ThreadId, Result<Vec<u8>, Error>) = call
            .upcall(move || {
                let answer = block_on(None, |call| async move {
                    let mut socket = connect(&call, address).await?;
                    echo(&mut socket, b"inner").await
                });
                (thread::current().id(), answer)
            })
            .await;
        assert_eq!(nested.0, me);
        assert_eq!(nested.1?, b"inner");
        echo(&mut socket, b"outer").await
    });
    assert_eq!(answer.unwrap(), b"outer");
}

#[test]
fn a_call_that_waits_for_foreign_code_lends_its_lane_to_others() {
    let (tell, told) = mpsc::channel();
    let other = thread::spawn(move || {
        let (id, waker): (u64, UpcallWaker) = told.recv().unwrap();
        // What the waiting call had is free for this thread.
        let asked = Instant::now();
        while asked.elapsed() < Duration::from_secs(20) {
            let lane = Lane::take(Some(id)).unwrap();
            let found = lane.id() == id;
            lane.give_back();
            if found {
                return waker.wake();
            }
            thread::yield_now();
        }
        // Without it, the call ends with an error.
    });
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let answer = block_on(None, |call| async move {
        let id = call.lane(None).await.id();
        let answer = call.ask(Attempt::new(move || match counted.fetch_add(1, Ordering::SeqCst) {
            0 => {
                tell.send((id, UpcallWaker::current().unwrap())).unwrap();
                Poll::Pending
            }
            _ => Poll::Ready("later"),
        }));
        let answer = answer.await?;
        // And it gets another one.
        call.lane(Some(id)).await;
        Ok(answer)
    });
    assert_eq!(answer.unwrap(), "later");
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    other.join().unwrap();
}

#[test]
fn an_upcall_of_a_queued_operation_runs_on_the_dispatching_thread_also_with_a_library_thread() {
    for resident in [false, true] {
        let queue = TestQueue::new().unwrap();
        if resident {
            queue.fd().unwrap();
        }
        let me = thread::current().id();
        let told = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&told);
        let done = Box::new(move |answer: Result<Vec<u8>, Error>| {
            assert_eq!(answer.unwrap(), b"upcall");
            assert_eq!(thread::current().id(), me);
            flag.store(true, Ordering::SeqCst);
        });
        let submitted = submit(&queue, done, |call| async move {
            let thread = call.upcall(|| thread::current().id()).await;
            assert_eq!(thread, me);
            Ok(b"upcall".to_vec())
        });
        assert!(submitted.is_some());
        dispatch_all(&queue, || told.load(Ordering::SeqCst));
        queue.close();
    }
}

#[test]
fn freeing_a_warm_connection_that_nobody_drives_closes_it_at_once() {
    let server = EchoServer::start();
    let address = server.address;
    let socket = block_on(None, |call| async move {
        let mut socket = connect(&call, address).await?;
        echo(&mut socket, b"warm").await?;
        Ok(socket)
    })
    .unwrap();
    assert_eq!(server.seen.recv().unwrap(), Seen::Accepted);
    drop(socket);
    assert_eq!(server.seen.recv_timeout(Duration::from_secs(10)).unwrap(), Seen::Fin);
}

#[test]
fn a_blocked_call_is_interrupted() {
    let server = EchoServer::silent();
    let address = server.address;
    let asked = Arc::new(AtomicUsize::new(0));
    let me = thread::current().id();
    let count = Arc::clone(&asked);
    let interrupt = move || {
        assert_eq!(thread::current().id(), me);
        count.fetch_add(1, Ordering::SeqCst) == 1
    };
    let ended = block_on::<Vec<u8>, _>(Some(&interrupt), |call| async move {
        let mut socket = connect(&call, address).await?;
        echo(&mut socket, b"never answered").await
    });
    assert_eq!(ended.unwrap_err().code(), Code::INTERRUPTED);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    assert_eq!(server.seen.recv().unwrap(), Seen::Accepted);
    assert_eq!(server.seen.recv_timeout(Duration::from_secs(10)).unwrap(), Seen::Fin);
}

/// Foreign code that is asked for again at once, such as a body's function that has nothing yet.
#[test]
fn a_call_that_has_upcalls_without_a_pause_is_interrupted_too() {
    for with_lane in [false, true] {
        let ended = block_on::<(), _>(Some(&|| true), |call| async move {
            if with_lane {
                call.lane(None).await;
            }
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_secs(10) {
                call.upcall(|| ()).await;
            }
            Ok(())
        });
        assert_eq!(ended.map_err(|error| error.code()), Err(Code::INTERRUPTED), "with a lane: {with_lane}");
    }
}

#[test]
fn upcalls_without_a_pause_keep_no_socket_waiting() {
    let server = EchoServer::start();
    let answer = block_on(None, |call| async move {
        let mut socket = connect(&call, server.address).await?;
        let mut echoed = Box::pin(echo(&mut socket, b"hello"));
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(10) {
            call.upcall(|| ()).await;
            if let Poll::Ready(answer) = poll_fn(|cx| Poll::Ready(echoed.as_mut().poll(cx))).await {
                return answer;
            }
        }
        Ok(Vec::new())
    });
    assert_eq!(answer.unwrap(), b"hello");
}

#[test]
fn a_call_that_waits_without_a_lane_is_interrupted_too() {
    let pool = OnePlace::new(EchoServer::start().address);
    let held = block_on(None, |call| {
        let pool = pool.clone();
        async move { Ok(pool.place(&call).await) }
    })
    .unwrap();
    let ended = block_on(Some(&|| true), |call| {
        let pool = pool.clone();
        async move { pool.echo(&call, b"never").await }
    });
    assert_eq!(ended.unwrap_err().code(), Code::INTERRUPTED);
    drop(held);
}

/// Ready after it was polled `polls` times.
async fn after_polls(polls: usize) {
    let mut left = polls;
    std::future::poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[test]
fn an_operation_cancelled_at_any_await_ends_once_and_closes_its_connection() {
    for resident in [false, true] {
        for turns in 0..12 {
            let server = EchoServer::start();
            let address = server.address;
            let queue = TestQueue::new().unwrap();
            if resident {
                queue.fd().unwrap();
            }
            let ends = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&ends);
            let done = Box::new(move |_answer| {
                count.fetch_add(1, Ordering::SeqCst);
            });
            let operation = submit(&queue, done, |call| async move {
                let mut socket = connect(&call, address).await?;
                for _ in 0..4 {
                    after_polls(1).await;
                    echo(&mut socket, b"step").await?;
                }
                std::future::pending().await
            })
            .expect("the queue takes operations");
            for _ in 0..turns {
                queue.dispatch(Some(Duration::ZERO), usize::MAX, tell).unwrap();
            }
            operation.cancel();
            operation.cancel();
            dispatch_all(&queue, || ends.load(Ordering::SeqCst) > 0);
            assert_eq!(queue.dispatch(Some(Duration::ZERO), usize::MAX, tell).unwrap(), 0);
            assert_eq!(ends.load(Ordering::SeqCst), 1);
            assert_eq!(queue.in_flight(), 0);
            // Whatever was opened is closed, though nobody drives the queue now.
            while let Ok(seen) = server.seen.recv_timeout(Duration::from_millis(20)) {
                if seen == Seen::Accepted {
                    let end = server.seen.recv_timeout(Duration::from_secs(10)).unwrap();
                    assert!(end == Seen::Fin || end == Seen::Reset);
                }
            }
            queue.close();
        }
    }
}

#[test]
fn a_cancelled_operation_is_told_though_nobody_drives_the_queue() {
    let queue = TestQueue::new().unwrap();
    let fd = queue.fd().unwrap();
    assert!(!readable(fd));
    let done = Box::new(|answer: Result<Vec<u8>, Error>| assert_eq!(answer.unwrap_err().code(), Code::CANCELLED));
    let operation = submit(&queue, done, |_call| std::future::pending()).expect("the queue takes operations");
    operation.cancel();
    assert!(readable(fd));
    assert_eq!(queue.dispatch(None, usize::MAX, tell).unwrap(), 1);
    assert!(!readable(fd));
    queue.close();
}

#[test]
fn the_descriptor_stays_readable_while_a_bounded_poll_leaves_something() {
    let queue = TestQueue::new().unwrap();
    let fd = queue.fd().unwrap();
    for _ in 0..3 {
        assert!(submit(&queue, Box::new(|_| {}), |_call| async { Ok(Vec::new()) }).is_some());
    }
    while queue.in_flight() > 0 {
        thread::yield_now();
    }
    for left in [2, 1, 0] {
        assert!(readable(fd));
        assert_eq!(queue.dispatch(Some(Duration::ZERO), 1, tell).unwrap(), 1);
        assert_eq!(readable(fd), left > 0);
    }
    queue.close();
}

#[test]
fn foreign_values_are_dropped_on_the_waiting_thread_outside_polls() {
    struct TellsWhere(Arc<Mutex<Vec<(ThreadId, bool)>>>);
    impl Drop for TellsWhere {
        fn drop(&mut self) {
            let inside = tokio::runtime::Handle::try_current().is_ok();
            self.0.lock().unwrap().push((thread::current().id(), inside));
        }
    }
    let me = thread::current().id();
    let dropped = Arc::new(Mutex::new(Vec::new()));

    let foreign = Foreign::new(TellsWhere(Arc::clone(&dropped)));
    block_on(None, |call| async move {
        call.lane(None).await;
        drop(foreign);
        Ok(())
    })
    .unwrap();
    for resident in [false, true] {
        let queue = TestQueue::new().unwrap();
        if resident {
            queue.fd().unwrap();
        }
        let foreign = Foreign::new(TellsWhere(Arc::clone(&dropped)));
        let submitted = submit(&queue, Box::new(|_| {}), |_call| async move {
            drop(foreign);
            Ok(Vec::new())
        });
        assert!(submitted.is_some());
        while queue.dispatch(Some(Duration::from_secs(10)), usize::MAX, tell).unwrap() == 0 {}
        queue.dispatch(Some(Duration::ZERO), usize::MAX, tell).unwrap();
        // Freed while its future still holds a foreign value.
        let foreign = Foreign::new(TellsWhere(Arc::clone(&dropped)));
        let submitted = submit(&queue, Box::new(|_| {}), |_call| async move {
            let _held = foreign;
            std::future::pending().await
        });
        assert!(submitted.is_some());
        queue.close();
    }
    assert_eq!(*dropped.lock().unwrap(), [(me, false); 5]);
}

#[test]
fn a_second_dispatcher_and_a_dispatch_from_a_callback_get_errors() {
    let queue = TestQueue::new().unwrap();
    let codes = Arc::new(Mutex::new(Vec::new()));
    let (inner, seen) = (Arc::clone(&queue), Arc::clone(&codes));
    let done = Box::new(move |_| {
        let again = inner.dispatch(Some(Duration::ZERO), usize::MAX, tell).unwrap_err().code();
        let queue = Arc::clone(&inner);
        let other = thread::spawn(move || queue.dispatch(Some(Duration::ZERO), usize::MAX, tell).unwrap_err().code());
        seen.lock().unwrap().extend([again, other.join().unwrap()]);
    });
    assert!(submit(&queue, done, |_call| async { Ok(Vec::new()) }).is_some());
    dispatch_all(&queue, || !codes.lock().unwrap().is_empty());
    assert_eq!(*codes.lock().unwrap(), [Code::REENTRANT, Code::CONCURRENT_USE]);
    queue.close();
}

#[test]
fn a_panicking_operation_ends_with_an_error_and_its_queue_lives() {
    let queue = TestQueue::new().unwrap();
    let codes = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&codes);
    let done = Box::new(move |answer: Result<Vec<u8>, Error>| {
        seen.lock().unwrap().push(answer.unwrap_err().code());
    });
    assert!(submit(&queue, done, |_call| async { panic!("a bug") }).is_some());
    dispatch_all(&queue, || !codes.lock().unwrap().is_empty());
    assert_eq!(*codes.lock().unwrap(), [Code::PANIC]);
    let told = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&told);
    let done = Box::new(move |answer: Result<Vec<u8>, Error>| flag.store(answer.is_ok(), Ordering::SeqCst));
    assert!(submit(&queue, done, |_call| async { Ok(Vec::new()) }).is_some());
    dispatch_all(&queue, || told.load(Ordering::SeqCst));
    queue.close();
}

#[test]
fn a_blocking_call_inside_an_asynchronous_runtime_is_refused() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let ended = runtime.block_on(async { block_on(None, |_call| async { Ok(()) }) });
    assert_eq!(ended.unwrap_err().code(), Code::NESTED_RUNTIME);
}

#[test]
fn a_socket_moves_between_lanes_with_what_it_has_received() {
    let server = EchoServer::start();
    let address = server.address;
    let mut socket = block_on(None, |call| async move {
        let mut socket = connect(&call, address).await?;
        socket.write_all(b"kept").await.map_err(io_error)?;
        Ok(socket)
    })
    .unwrap();
    let before = socket.lane().id();
    // Taken away, so that the next call gets another one.
    let taken = Lane::take(Some(before)).unwrap();
    let answer = block_on(None, |call| async move {
        let lane = call.lane(Some(before)).await;
        assert!(socket.attach(&lane).map_err(io_error)?);
        let mut answer = [0; 4];
        socket.read_exact(&mut answer).await.map_err(io_error)?;
        Ok(answer)
    });
    assert_eq!(&answer.unwrap(), b"kept");
    taken.give_back();
}

/// Asks the system whether a descriptor is readable, without waiting.
#[allow(unsafe_code)]
fn readable(fd: i32) -> bool {
    let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    // SAFETY: one valid pollfd.
    unsafe { libc::poll(&mut poll, 1, 0) == 1 }
}

mod fork {
    #![allow(unsafe_code)]

    use super::*;

    #[test]
    fn a_thread_begins_on_its_last_lane_and_goes_to_the_one_that_a_connection_is_on() {
        // In a child, whose lanes nobody else takes.
        let status = in_child(|| {
            let last = block_on(None, |call| async move { Ok(call.lane(None).await.id()) }).unwrap();
            let another = Lane::take(Some(last)).unwrap();
            let other = Lane::take(None).unwrap();
            let other_id = other.id();
            another.give_back();
            other.give_back();
            let asked = |hint: Option<u64>| {
                let ids = block_on_lane(None, |call| async move {
                    let at_hand = call.lane_at_hand(hint).map(|lane| lane.id());
                    Ok((at_hand, call.lane(hint).await.id()))
                });
                ids.unwrap()
            };
            assert_eq!(asked(None), (Some(last), last));
            assert_eq!(asked(Some(last)), (Some(last), last));
            assert_eq!(asked(Some(other_id)), (None, other_id));
            assert_eq!(asked(None), (Some(other_id), other_id));
            let at_first = block_on(None, |call| async move { Ok(call.lane_at_hand(None).is_none()) });
            assert!(at_first.unwrap());
        });
        assert_eq!(status, 0);
    }

    #[test]
    fn a_child_opens_its_own_connections_and_the_parents_are_unharmed() {
        let server = EchoServer::start();
        let address = server.address;
        let mut socket = block_on(None, |call| async move {
            let mut socket = connect(&call, address).await?;
            echo(&mut socket, b"before").await?;
            Ok(socket)
        })
        .unwrap();
        let inherited = &mut socket;
        let status = in_child(move || {
            let answer = block_on(None, |call| async move {
                let mut socket = connect(&call, address).await?;
                echo(&mut socket, b"child").await
            });
            assert_eq!(answer.unwrap(), b"child");
            // Dropping what was inherited must not reach the parent's epoll set or socket.
            drop(std::mem::replace(inherited, {
                block_on(None, |call| async move { connect(&call, address).await }).unwrap()
            }));
        });
        assert_eq!(status, 0);
        for round in 0..3 {
            let hint = socket.lane().id();
            let answer = block_on(None, |call| {
                let socket = &mut socket;
                async move {
                    let lane = call.lane(Some(hint)).await;
                    socket.attach(&lane).map_err(io_error)?;
                    echo(socket, format!("after {round}").as_bytes()).await
                }
            });
            assert_eq!(answer.unwrap(), format!("after {round}").into_bytes());
        }
    }

    #[test]
    fn a_fork_inside_a_call_ends_that_call_in_the_child_only() {
        let server = EchoServer::start();
        let address = server.address;
        let status = Arc::new(AtomicUsize::new(usize::MAX));
        let seen = Arc::clone(&status);
        let answer = block_on(None, |call| async move {
            let mut socket = connect(&call, address).await?;
            // SAFETY: the child leaves through the assertion below and _exit.
            let pid = call.upcall(|| unsafe { libc::fork() }).await;
            if pid > 0 {
                let mut child = 0;
                // SAFETY: our own child.
                unsafe { libc::waitpid(pid, &mut child, 0) };
                seen.store(child as usize, Ordering::SeqCst);
            }
            echo(&mut socket, b"parent").await
        });
        if answer.as_ref().is_err_and(|e| e.code() == Code::FORKED) {
            // SAFETY: this is the child.
            unsafe { libc::_exit(0) };
        }
        assert_eq!(answer.unwrap(), b"parent");
        assert_eq!(status.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn a_closed_connection_is_seen_by_the_peer_though_a_child_has_a_copy() {
        let server = EchoServer::start();
        let address = server.address;
        let socket = block_on(None, |call| async move { connect(&call, address).await }).unwrap();
        assert_eq!(server.seen.recv().unwrap(), Seen::Accepted);
        // SAFETY: the child only waits for the pipe's end.
        let (pid, release) = unsafe {
            let mut ends = [0; 2];
            assert_eq!(libc::pipe(ends.as_mut_ptr()), 0);
            let pid = libc::fork();
            if pid == 0 {
                libc::close(ends[1]);
                let mut byte = 0u8;
                libc::read(ends[0], std::ptr::from_mut(&mut byte).cast(), 1);
                libc::_exit(0);
            }
            libc::close(ends[0]);
            (pid, ends[1])
        };
        drop(socket);
        assert_eq!(server.seen.recv_timeout(Duration::from_secs(10)).unwrap(), Seen::Fin);
        // SAFETY: our own descriptor and child.
        unsafe {
            libc::close(release);
            libc::waitpid(pid, std::ptr::null_mut(), 0);
        }
    }
}
