//! What HTTPX is: a client with its defaults, requests that are built and then sent, and responses that are read or
//! streamed. No sockets here, and no C.

mod auth;
mod base_url;
mod client;
mod content;
mod cookies;
mod custom_transport;
mod decoders;
mod event_hooks;
mod form;
mod headers;
mod ip_network;
mod multipart;
mod proxy;
mod proxy_environment;
mod proxy_url;
mod query_params;
mod redirects;
mod request;
mod response;
mod status;
mod text;
mod transport;
mod url;
mod url_pattern;

pub use auth::{Auth, AuthFlow, CustomAuth, Netrc};
pub use base_url::BaseUrl;
pub use client::{Client, ClientBuilder, SendOptions, Sending};
pub use cookies::{Cookie, Cookies, SameSite};
pub use custom_transport::{CustomTransport, Reply, ReplyBody};
pub use event_hooks::{EventHooks, RequestHook, ResponseHook};
pub use form::Form;
pub use headers::{HeaderEncoding, Headers};
pub use multipart::{FilePart, Multipart, PartSource};
pub use proxy::Proxy;
pub use proxy_environment::proxy_environment;
pub use proxy_url::{ProxyScheme, ProxyUrl};
pub use query_params::QueryParams;
pub use request::{open_regular, Given, Request, Timeout};
pub use response::{BodyStream, Head, Response, Timing, Unit};
pub use status::reason_phrase;
pub use transport::Transport;
pub use url::{Change, Url, UrlParts};
pub use url_pattern::UrlPattern;
