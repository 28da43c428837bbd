//! Tests of the library's Rust side, by floor. They use real sockets on loopback.

#[cfg(feature = "test-hooks")]
mod abi;
mod client;
mod house;
mod http2;
mod http2_frames;
mod http2_peer;
mod runtime;
mod runtime_faults;
mod support;
mod transport_faults;
