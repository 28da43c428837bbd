//! Tests of the library's Rust side, by floor. They use real sockets on loopback.

#[cfg(feature = "test-hooks")]
mod abi;
mod bodies;
mod client;
mod dialling;
mod flows;
mod house;
mod http11;
mod http2;
mod http2_frames;
mod http2_peer;
mod http2_scripts;
mod malformed;
mod peers;
mod pool;
mod pool_torture;
mod proxies;
mod proxy_auth;
mod proxy_routes;
mod redirects;
mod request_headers;
mod runtime;
mod runtime_faults;
mod statuses;
mod support;
mod time_limits;
mod tls;
mod tls_settings;
mod tls_support;
mod transport_faults;
