//! The test server itself is tested over real sockets: the binary is started as any language's tests start it, and its
//! answers are read as bytes.

mod byte_server;
mod digest;
mod http2;
mod http2_peer;
mod process;
mod proxy;
mod routes;
mod server;
mod socks;
mod tls;
