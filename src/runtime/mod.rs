//! Who drives the I/O, and what a call is while it waits. It knows nothing of HTTP.
//!
//! A [`Lane`] is a tokio current-thread runtime that belongs to the process. A blocking call ([`block_on`]) takes a free
//! lane and drives it on the caller's own thread. A [`Queue`] has a lane of its own, driven by whoever dispatches it,
//! or by a library thread once its descriptor was asked for. Foreign code (callbacks, destructors of user data) runs
//! only outside polls, on the thread that waits or dispatches.

mod call;
mod foreign;
mod io_thread;
mod lane;
mod operation;
mod pipe;
mod process;
mod queue;
mod resolver;
mod socket;
mod sys;
mod timer;
mod upcall;
mod wait_queue;

pub use call::{block_on, block_on_lane, Call, Interrupt};
pub use foreign::Foreign;
pub use io_thread::spawn_io;
pub use lane::Lane;
pub use operation::Operation;
pub use pipe::{pipe, pipe_of, PipeReader, PipeWriter};
pub use process::{quiesce, resolve, Quiesce};
pub use queue::Queue;
pub use socket::{Socket, SocketOption, TcpSettings};
pub use sys::{environment_variable, generation, spawn_thread, wait_readable, FileId, ForkCell, OwnedMark};
pub use timer::{CoarseTimer, SHORTEST};
pub use upcall::{answered_at_once, Attempt, Bell, Lent, UpcallWaker};
pub use wait_queue::{Granted, PutBack, WaitQueue, Waiting};
