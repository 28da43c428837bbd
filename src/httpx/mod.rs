//! What HTTPX is: a client with its defaults, requests that are built and then sent, and responses that are read or
//! streamed. No sockets here, and no C.

mod auth;
mod base_url;
mod client;
mod content;
mod cookies;
mod decoders;
mod form;
mod headers;
mod multipart;
mod query_params;
mod redirects;
mod request;
mod response;
mod status;
mod text;
mod url;

pub use auth::{Auth, Netrc};
pub use base_url::BaseUrl;
pub use client::{Client, ClientBuilder, SendOptions, Sending};
pub use cookies::Cookies;
pub use form::Form;
pub use headers::Headers;
pub use multipart::{FilePart, Multipart, PartSource};
pub use query_params::QueryParams;
pub use request::{open_regular, Given, Request, Timeout};
pub use response::{BodyStream, Head, Response, Timing, Unit};
pub use status::reason_phrase;
pub use url::{Change, Url, UrlParts};
