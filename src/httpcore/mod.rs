//! What httpcore is: a pool of connections, HTTP/1.1 and HTTP/2 on them, TLS and dialling below. A request comes in with its
//! headers complete, goes out as it is, and its response comes back as received.

mod body;
mod connection;
mod connection_info;
mod connection_pool;
mod dial;
mod happy_eyeballs;
mod header_sheet;
mod headers;
mod http11;
mod http2;
mod http_proxy;
mod idle_list;
mod models;
mod network_stream;
mod pool_state;
mod proxy;
mod pull;
mod read_block;
mod response_body;
mod socks_proxy;
mod stream;
mod tls;
mod trace;
mod trace_text;

pub use body::{Body, BodyReader, Piece, PieceReader, Pieces};
pub use connection_info::{ConnectionInfo, DialTimings, TlsInfo};
pub use connection_pool::{ConnectionPool, Limits};
pub use dial::Dialer;
pub use header_sheet::{HeaderLine, HeaderLines, HeaderSheet};
pub use headers::RawHeaders;
pub(crate) use headers::{is_field_text, is_secret, is_token, quoted, same_name};
pub(crate) use http11::body_too_large;
pub use http11::{HeadLimits, ResponseHead, Version};
pub use http2::Http2Settings;
pub use http_proxy::Refusal;
pub use models::{FramingField, Origin, Request, Response, Scheme, Timeouts, Timings};
pub use network_stream::NetworkStream;
pub use pool_state::{Activity, ConnectionSnapshot, Counts};
pub use proxy::{AuthorizeFn, Proxy, ProxyKind};
pub use pull::{PullBody, PullReader, Source};
pub use response_body::{Made, ResponseBody, ToCome};
pub use tls::{RootStore, TlsConfig, TlsSettings, TlsVersion};
pub use trace::{Info, InformationalFn, Level, Log, LogFn, Observer, Phase, TraceEvent, TraceFn, UploadFn, Value};
