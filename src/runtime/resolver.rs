//! Name look-ups on a small bounded set of threads. The system's resolver blocks and cannot be cancelled: a caller that
//! gave up leaves the look-up to end by itself, and its late answer is thrown away.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use super::process::lock;
use super::sys::spawn_thread;
use crate::error::{Code, Error};

const MAX_THREADS: usize = 4;
/// A thread without work goes after this time.
const IDLE: Duration = Duration::from_secs(10);

type Answer = io::Result<Vec<SocketAddr>>;

struct Job {
    host: String,
    port: u16,
    answer: oneshot::Sender<Answer>,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    idle: usize,
    /// Threads that will look for a job again.
    running: usize,
    stopping: bool,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    work: Condvar,
}

pub(super) struct Resolver {
    /// Replaced when its threads are told to stop.
    shared: Mutex<Arc<Shared>>,
}

impl Resolver {
    pub(super) fn new() -> Resolver {
        Resolver { shared: Mutex::default() }
    }

    pub(super) fn resolve(&self, host: &str, port: u16) -> Result<Resolving, Error> {
        let (answer, answered) = oneshot::channel();
        // Held, so that nobody stops these threads before they have the job.
        let shared = lock(&self.shared);
        let mut state = lock(&shared.state);
        if state.idle <= state.jobs.len() && state.running < MAX_THREADS {
            let worker = Arc::clone(&shared);
            match spawn_thread("httpx-resolver", move || worker.work()) {
                Ok(thread) => {
                    state.running += 1;
                    state.threads.retain(|thread| !thread.is_finished());
                    state.threads.push(thread);
                }
                Err(e) if state.running == 0 => {
                    return Err(Error::from_io(Code::RESOURCES, &e, "cannot start a resolver thread"));
                }
                // Those that run will do.
                Err(_) => {}
            }
        }
        state.jobs.push_back(Job { host: host.to_owned(), port, answer });
        drop(state);
        shared.work.notify_one();
        Ok(Resolving { answered })
    }

    /// Tells the threads to end after the look-up they are at, and hands them over.
    pub(super) fn stop(&self, threads: &mut Vec<JoinHandle<()>>) {
        let shared = std::mem::take(&mut *lock(&self.shared));
        let mut state = lock(&shared.state);
        state.stopping = true;
        threads.append(&mut state.threads);
        drop(state);
        shared.work.notify_all();
    }
}

impl Shared {
    fn work(&self) {
        let mut state = lock(&self.state);
        loop {
            if let Some(job) = state.jobs.pop_front() {
                drop(state);
                if !job.answer.is_closed() {
                    let found = (job.host.as_str(), job.port).to_socket_addrs().map(Iterator::collect);
                    // The asker may have given up meanwhile.
                    let _ = job.answer.send(found);
                }
                state = lock(&self.state);
                continue;
            }
            if state.stopping {
                state.running -= 1;
                return;
            }
            state.idle += 1;
            let (woken, waited) =
                self.work.wait_timeout(state, IDLE).unwrap_or_else(std::sync::PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if waited.timed_out() && state.jobs.is_empty() {
                // Said under the lock: who brings the next job starts another thread.
                state.running -= 1;
                return;
            }
        }
    }
}

/// An answer to come.
pub struct Resolving {
    answered: oneshot::Receiver<Answer>,
}

impl Future for Resolving {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        Pin::new(&mut self.answered)
            .poll(cx)
            .map(|answer| answer.unwrap_or_else(|_| Err(io::Error::other("the resolver was stopped"))))
    }
}
