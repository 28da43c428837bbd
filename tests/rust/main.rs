//! Tests of the library's Rust side, by floor. They use real sockets on loopback.

mod runtime;
mod support;
