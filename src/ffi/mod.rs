//! The C ABI: one file per handle, one section of the header each. A function here converts, calls, converts; whatever
//! decides anything is on the floors below. The only unsafe code of the crate but for `runtime::sys`.
//!
//! The doc comments of exported items are the header's text: they are written for C programmers.
#![allow(unsafe_code, non_camel_case_types, clippy::missing_safety_doc)]

pub mod auth;
pub mod auth_by_hand;
pub mod callbacks;
pub mod client;
pub mod client_builder;
pub mod client_builder_http2;
pub mod client_builder_reading;
pub mod client_options;
pub mod codes;
pub mod connections;
pub mod cookies;
pub mod counters;
pub mod custom_transport;
pub mod error;
pub mod event_hooks;
pub mod form;
pub mod form_parts;
mod handle;
pub mod headers;
mod kit;
mod lent;
pub mod library;
pub mod network_stream;
pub mod op;
pub mod pipe;
pub mod proxy;
pub mod query_params;
pub mod queue;
pub mod request;
pub mod request_hooks;
pub mod request_options;
pub mod request_upload;
pub mod requests;
pub mod response;
pub mod response_builder;
pub mod response_connection;
pub mod response_links;
pub mod response_saved;
pub mod response_state;
pub mod response_text;
pub mod response_timings;
pub mod status;
pub mod stream;
mod text;
pub mod tls;
pub mod transport;
pub mod url;
pub mod url_parts;
pub mod url_pattern;
pub mod waker;
