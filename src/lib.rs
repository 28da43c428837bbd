//! The HTTPX client for every language: a Rust engine behind a stable C ABI.
//!
//! The house has four floors, and arrows point one way: `ffi → httpx → httpcore → runtime`.
//!
//! - `ffi`: the C ABI, one file per handle. It converts, calls, converts.
//! - `httpx`: what HTTPX is: client, requests, responses.
//! - `httpcore`: what httpcore is: connection pool, HTTP/1.1, TLS, dialling.
//! - `runtime`: who drives the I/O: lanes, queues, operations, cancellation, pipes, forks.
//!
//! `error`, `codes` and `counters` serve all of them. See ARCHITECTURE.md for a request's way through the floors.

mod codes;
pub mod counters;
pub mod error;
pub mod ffi;
pub mod httpcore;
pub mod httpx;
pub mod runtime;
