//! The codes of the ABI: constants and table. Generated from codes.toml by `cargo run -p httpx-abi -- generate`;
//! don't edit. What can be asked of a code is in `error.rs`.

use std::ffi::CStr;

/// What a call came to: a status (OK, DONE, AGAIN) or an error. An error's hex digits are its path in the tree.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Code(pub i32);

/// What is known about a code.
pub(crate) struct Entry {
    pub(crate) code: Code,
    /// The exception's name, HTTPX's where it has one.
    pub(crate) name: &'static CStr,
    /// Nothing of the request can have reached the server, and a second try may succeed.
    pub(crate) retryable: bool,
    pub(crate) description: &'static CStr,
}

impl Code {
    /// The call did what it was asked to do.
    pub const OK: Code = Code(0);

    /// Not an error: there is nothing more, or nothing there.
    pub const DONE: Code = Code(1);

    /// Not an error: not now, wait and call again.
    pub const AGAIN: Code = Code(2);

    /// A request failed, or its response has an error status.
    pub const HTTP_ERROR: Code = Code(0x1000_0000);

    /// The request could not be sent, or its response could not be received.
    pub const REQUEST_ERROR: Code = Code(0x1100_0000);

    /// The transport below the client failed.
    pub const TRANSPORT_ERROR: Code = Code(0x1110_0000);

    /// An operation took longer than its timeout.
    pub const TIMEOUT: Code = Code(0x1111_0000);

    /// Connecting to the host, TLS handshake included, took too long.
    pub const CONNECT_TIMEOUT: Code = Code(0x1111_1000);

    /// No data arrived from the host within the read timeout.
    pub const READ_TIMEOUT: Code = Code(0x1111_2000);

    /// The host took no data within the write timeout.
    pub const WRITE_TIMEOUT: Code = Code(0x1111_3000);

    /// No connection of the pool became free within the pool timeout.
    pub const POOL_TIMEOUT: Code = Code(0x1111_4000);

    /// The request as a whole took longer than its total deadline.
    pub const DEADLINE_EXCEEDED: Code = Code(0x1111_5000);

    /// The network failed.
    pub const NETWORK_ERROR: Code = Code(0x1112_0000);

    /// No connection to the host could be made.
    pub const CONNECT_ERROR: Code = Code(0x1112_1000);

    /// The host's name could not be resolved.
    pub const DNS_ERROR: Code = Code(0x1112_1100);

    /// The host refused the connection: nothing listens there.
    pub const CONNECTION_REFUSED: Code = Code(0x1112_1200);

    /// The TLS handshake failed.
    pub const TLS_ERROR: Code = Code(0x1112_1300);

    /// The host's certificate was not accepted.
    pub const CERTIFICATE_ERROR: Code = Code(0x1112_1310);

    /// The host's certificate has expired.
    pub const CERTIFICATE_EXPIRED: Code = Code(0x1112_1311);

    /// The host's certificate is not valid yet.
    pub const CERTIFICATE_NOT_YET_VALID: Code = Code(0x1112_1312);

    /// The host's certificate is for another name or address.
    pub const CERTIFICATE_HOSTNAME_MISMATCH: Code = Code(0x1112_1313);

    /// The host's certificate was issued by nobody who is trusted.
    pub const CERTIFICATE_UNTRUSTED: Code = Code(0x1112_1314);

    /// The host's certificate is signed by itself and not trusted.
    pub const CERTIFICATE_SELF_SIGNED: Code = Code(0x1112_1315);

    /// The host's certificate has been revoked by its issuer.
    pub const CERTIFICATE_REVOKED: Code = Code(0x1112_1316);

    /// The host's certificate has a signature that is wrong, weak or of an unknown kind.
    pub const CERTIFICATE_SIGNATURE: Code = Code(0x1112_1317);

    /// The host ended the TLS handshake with an alert.
    pub const TLS_ALERT: Code = Code(0x1112_1320);

    /// The host wants a client certificate, and there is none.
    pub const CLIENT_CERTIFICATE_REQUIRED: Code = Code(0x1112_1321);

    /// The client's rules forbid to connect to the host's address.
    pub const BLOCKED_ADDRESS: Code = Code(0x1112_1400);

    /// No route leads to the host or its network.
    pub const UNREACHABLE: Code = Code(0x1112_1500);

    /// Reading from the connection failed.
    pub const READ_ERROR: Code = Code(0x1112_2000);

    /// Writing to the connection failed.
    pub const WRITE_ERROR: Code = Code(0x1112_3000);

    /// Closing the connection failed.
    pub const CLOSE_ERROR: Code = Code(0x1112_4000);

    /// The rules of the protocol were broken.
    pub const PROTOCOL_ERROR: Code = Code(0x1113_0000);

    /// The request breaks the rules of HTTP, so it was not sent or not completed.
    pub const LOCAL_PROTOCOL_ERROR: Code = Code(0x1113_1000);

    /// The host's answer breaks the rules of HTTP.
    pub const REMOTE_PROTOCOL_ERROR: Code = Code(0x1113_2000);

    /// The host closed the connection without sending a response.
    pub const SERVER_DISCONNECTED: Code = Code(0x1113_2100);

    /// The host closed the connection before the response's body was complete.
    pub const INCOMPLETE_BODY: Code = Code(0x1113_2200);

    /// The response's headers are larger than the client's limit.
    pub const HEADERS_TOO_LARGE: Code = Code(0x1113_2300);

    /// The host reset the HTTP/2 stream of the request.
    pub const STREAM_RESET: Code = Code(0x1113_2400);

    /// The host ended the HTTP/2 connection with a GOAWAY.
    pub const GOAWAY: Code = Code(0x1113_2500);

    /// The proxy refused to pass the request on.
    pub const PROXY_ERROR: Code = Code(0x1114_0000);

    /// The URL has a scheme that is not supported, or has none.
    pub const UNSUPPORTED_PROTOCOL: Code = Code(0x1115_0000);

    /// The response's body is not valid in its content encoding.
    pub const DECODING_ERROR: Code = Code(0x1120_0000);

    /// The decoded body is larger than the client's limit.
    pub const DECODED_TOO_LARGE: Code = Code(0x1121_0000);

    /// The body expands beyond the client's limit when decoded.
    pub const RATIO_EXCEEDED: Code = Code(0x1122_0000);

    /// The body has more content encodings on top of each other than are allowed.
    pub const TOO_MANY_ENCODINGS: Code = Code(0x1123_0000);

    /// A line of the response's text is longer than the client's limit.
    pub const LINE_TOO_LONG: Code = Code(0x1124_0000);

    /// There were more redirects than the client follows.
    pub const TOO_MANY_REDIRECTS: Code = Code(0x1130_0000);

    /// The response's body is larger than the client's limit.
    pub const BODY_TOO_LARGE: Code = Code(0x1140_0000);

    /// The response has an error status, and the caller asked for an error then.
    pub const HTTP_STATUS_ERROR: Code = Code(0x1200_0000);

    /// The URL could not be parsed.
    pub const INVALID_URL: Code = Code(0x2000_0000);

    /// More than one cookie has the name that was asked for.
    pub const COOKIE_CONFLICT: Code = Code(0x3000_0000);

    /// A body was used in a way that its state does not allow.
    pub const STREAM_ERROR: Code = Code(0x4000_0000);

    /// The body was streamed already and cannot be streamed again.
    pub const STREAM_CONSUMED: Code = Code(0x4100_0000);

    /// The response or its stream has been closed.
    pub const STREAM_CLOSED: Code = Code(0x4200_0000);

    /// The response's content was asked for before it was read.
    pub const RESPONSE_NOT_READ: Code = Code(0x4300_0000);

    /// The request's content was asked for before it was read.
    pub const REQUEST_NOT_READ: Code = Code(0x4400_0000);

    /// A file that the caller named could not be used.
    pub const IO_ERROR: Code = Code(0x5000_0000);

    /// A file that the caller named does not exist.
    pub const FILE_NOT_FOUND: Code = Code(0x5100_0000);

    /// The caller may not use a file that it named.
    pub const PERMISSION_DENIED: Code = Code(0x5200_0000);

    /// The library was called in a way that it does not allow.
    pub const MISUSE: Code = Code(0x6000_0000);

    /// A pointer that must not be NULL is NULL.
    pub const NULL_POINTER: Code = Code(0x6100_0000);

    /// An argument has a value that is not allowed.
    pub const INVALID_ARGUMENT: Code = Code(0x6200_0000);

    /// A string is not valid UTF-8.
    pub const INVALID_UTF8: Code = Code(0x6210_0000);

    /// A length is larger than allowed.
    pub const TOO_LONG: Code = Code(0x6220_0000);

    /// The client's settings are not valid, or not valid together.
    pub const INVALID_CONFIG: Code = Code(0x6230_0000);

    /// A private key is encrypted, and its password is wrong or missing.
    pub const KEY_PASSWORD: Code = Code(0x6231_0000);

    /// A private key does not belong to its certificate.
    pub const KEY_MISMATCH: Code = Code(0x6232_0000);

    /// A text is not valid JSON.
    pub const INVALID_JSON: Code = Code(0x6240_0000);

    /// The handle's state does not allow this call.
    pub const INVALID_STATE: Code = Code(0x6300_0000);

    /// Cannot send a request, as the client has been closed.
    pub const CLIENT_CLOSED: Code = Code(0x6310_0000);

    /// The handle was in use when a panic happened, so it can only be freed.
    pub const POISONED: Code = Code(0x6320_0000);

    /// The handle is in use by another thread at this moment.
    pub const CONCURRENT_USE: Code = Code(0x6400_0000);

    /// The call was made from within itself, by a callback.
    pub const REENTRANT: Code = Code(0x6500_0000);

    /// A blocking call was made inside an async runtime.
    pub const NESTED_RUNTIME: Code = Code(0x6600_0000);

    /// The call must be made on another thread.
    pub const WRONG_THREAD: Code = Code(0x6700_0000);

    /// There is no entry with this key.
    pub const NOT_FOUND: Code = Code(0x6800_0000);

    /// This build or platform does not have the feature.
    pub const UNSUPPORTED: Code = Code(0x6900_0000);

    /// The library could not go on with the operation.
    pub const RUNTIME: Code = Code(0x7000_0000);

    /// A bug in the library was caught; please report it.
    pub const PANIC: Code = Code(0x7100_0000);

    /// The operation was cancelled.
    pub const CANCELLED: Code = Code(0x7200_0000);

    /// The interrupt function asked to end the blocking call.
    pub const INTERRUPTED: Code = Code(0x7300_0000);

    /// The handle belongs to the process that this one was forked from.
    pub const FORKED: Code = Code(0x7400_0000);

    /// The system has no more memory, threads or file descriptors to give.
    pub const RESOURCES: Code = Code(0x7500_0000);

    /// The library met a state that should not exist; please report it.
    pub const INTERNAL: Code = Code(0x7600_0000);
}

/// Every code, sorted by number.
pub(crate) static TABLE: &[Entry] = &[
    Entry { code: Code::OK, name: c"Ok", retryable: false, description: c"The call did what it was asked to do." },
    Entry {
        code: Code::DONE,
        name: c"Done",
        retryable: false,
        description: c"Not an error: there is nothing more, or nothing there.",
    },
    Entry {
        code: Code::AGAIN,
        name: c"Again",
        retryable: false,
        description: c"Not an error: not now, wait and call again.",
    },
    Entry {
        code: Code::HTTP_ERROR,
        name: c"HTTPError",
        retryable: false,
        description: c"A request failed, or its response has an error status.",
    },
    Entry {
        code: Code::REQUEST_ERROR,
        name: c"RequestError",
        retryable: false,
        description: c"The request could not be sent, or its response could not be received.",
    },
    Entry {
        code: Code::TRANSPORT_ERROR,
        name: c"TransportError",
        retryable: false,
        description: c"The transport below the client failed.",
    },
    Entry {
        code: Code::TIMEOUT,
        name: c"TimeoutException",
        retryable: false,
        description: c"An operation took longer than its timeout.",
    },
    Entry {
        code: Code::CONNECT_TIMEOUT,
        name: c"ConnectTimeout",
        retryable: true,
        description: c"Connecting to the host, TLS handshake included, took too long.",
    },
    Entry {
        code: Code::READ_TIMEOUT,
        name: c"ReadTimeout",
        retryable: false,
        description: c"No data arrived from the host within the read timeout.",
    },
    Entry {
        code: Code::WRITE_TIMEOUT,
        name: c"WriteTimeout",
        retryable: false,
        description: c"The host took no data within the write timeout.",
    },
    Entry {
        code: Code::POOL_TIMEOUT,
        name: c"PoolTimeout",
        retryable: true,
        description: c"No connection of the pool became free within the pool timeout.",
    },
    Entry {
        code: Code::DEADLINE_EXCEEDED,
        name: c"DeadlineExceeded",
        retryable: false,
        description: c"The request as a whole took longer than its total deadline.",
    },
    Entry { code: Code::NETWORK_ERROR, name: c"NetworkError", retryable: false, description: c"The network failed." },
    Entry {
        code: Code::CONNECT_ERROR,
        name: c"ConnectError",
        retryable: true,
        description: c"No connection to the host could be made.",
    },
    Entry {
        code: Code::DNS_ERROR,
        name: c"DNSError",
        retryable: true,
        description: c"The host's name could not be resolved.",
    },
    Entry {
        code: Code::CONNECTION_REFUSED,
        name: c"ConnectionRefused",
        retryable: true,
        description: c"The host refused the connection: nothing listens there.",
    },
    Entry { code: Code::TLS_ERROR, name: c"TLSError", retryable: false, description: c"The TLS handshake failed." },
    Entry {
        code: Code::CERTIFICATE_ERROR,
        name: c"CertificateError",
        retryable: false,
        description: c"The host's certificate was not accepted.",
    },
    Entry {
        code: Code::CERTIFICATE_EXPIRED,
        name: c"CertificateExpired",
        retryable: false,
        description: c"The host's certificate has expired.",
    },
    Entry {
        code: Code::CERTIFICATE_NOT_YET_VALID,
        name: c"CertificateNotYetValid",
        retryable: false,
        description: c"The host's certificate is not valid yet.",
    },
    Entry {
        code: Code::CERTIFICATE_HOSTNAME_MISMATCH,
        name: c"CertificateHostnameMismatch",
        retryable: false,
        description: c"The host's certificate is for another name or address.",
    },
    Entry {
        code: Code::CERTIFICATE_UNTRUSTED,
        name: c"CertificateUntrusted",
        retryable: false,
        description: c"The host's certificate was issued by nobody who is trusted.",
    },
    Entry {
        code: Code::CERTIFICATE_SELF_SIGNED,
        name: c"CertificateSelfSigned",
        retryable: false,
        description: c"The host's certificate is signed by itself and not trusted.",
    },
    Entry {
        code: Code::CERTIFICATE_REVOKED,
        name: c"CertificateRevoked",
        retryable: false,
        description: c"The host's certificate has been revoked by its issuer.",
    },
    Entry {
        code: Code::CERTIFICATE_SIGNATURE,
        name: c"CertificateSignature",
        retryable: false,
        description: c"The host's certificate has a signature that is wrong, weak or of an unknown kind.",
    },
    Entry {
        code: Code::TLS_ALERT,
        name: c"TLSAlert",
        retryable: false,
        description: c"The host ended the TLS handshake with an alert.",
    },
    Entry {
        code: Code::CLIENT_CERTIFICATE_REQUIRED,
        name: c"ClientCertificateRequired",
        retryable: false,
        description: c"The host wants a client certificate, and there is none.",
    },
    Entry {
        code: Code::BLOCKED_ADDRESS,
        name: c"BlockedAddress",
        retryable: false,
        description: c"The client's rules forbid to connect to the host's address.",
    },
    Entry {
        code: Code::UNREACHABLE,
        name: c"Unreachable",
        retryable: true,
        description: c"No route leads to the host or its network.",
    },
    Entry {
        code: Code::READ_ERROR,
        name: c"ReadError",
        retryable: false,
        description: c"Reading from the connection failed.",
    },
    Entry {
        code: Code::WRITE_ERROR,
        name: c"WriteError",
        retryable: false,
        description: c"Writing to the connection failed.",
    },
    Entry {
        code: Code::CLOSE_ERROR,
        name: c"CloseError",
        retryable: false,
        description: c"Closing the connection failed.",
    },
    Entry {
        code: Code::PROTOCOL_ERROR,
        name: c"ProtocolError",
        retryable: false,
        description: c"The rules of the protocol were broken.",
    },
    Entry {
        code: Code::LOCAL_PROTOCOL_ERROR,
        name: c"LocalProtocolError",
        retryable: false,
        description: c"The request breaks the rules of HTTP, so it was not sent or not completed.",
    },
    Entry {
        code: Code::REMOTE_PROTOCOL_ERROR,
        name: c"RemoteProtocolError",
        retryable: false,
        description: c"The host's answer breaks the rules of HTTP.",
    },
    Entry {
        code: Code::SERVER_DISCONNECTED,
        name: c"ServerDisconnected",
        retryable: false,
        description: c"The host closed the connection without sending a response.",
    },
    Entry {
        code: Code::INCOMPLETE_BODY,
        name: c"IncompleteBody",
        retryable: false,
        description: c"The host closed the connection before the response's body was complete.",
    },
    Entry {
        code: Code::HEADERS_TOO_LARGE,
        name: c"HeadersTooLarge",
        retryable: false,
        description: c"The response's headers are larger than the client's limit.",
    },
    Entry {
        code: Code::STREAM_RESET,
        name: c"StreamReset",
        retryable: false,
        description: c"The host reset the HTTP/2 stream of the request.",
    },
    Entry {
        code: Code::GOAWAY,
        name: c"ConnectionTerminated",
        retryable: false,
        description: c"The host ended the HTTP/2 connection with a GOAWAY.",
    },
    Entry {
        code: Code::PROXY_ERROR,
        name: c"ProxyError",
        retryable: false,
        description: c"The proxy refused to pass the request on.",
    },
    Entry {
        code: Code::UNSUPPORTED_PROTOCOL,
        name: c"UnsupportedProtocol",
        retryable: false,
        description: c"The URL has a scheme that is not supported, or has none.",
    },
    Entry {
        code: Code::DECODING_ERROR,
        name: c"DecodingError",
        retryable: false,
        description: c"The response's body is not valid in its content encoding.",
    },
    Entry {
        code: Code::DECODED_TOO_LARGE,
        name: c"DecodedTooLarge",
        retryable: false,
        description: c"The decoded body is larger than the client's limit.",
    },
    Entry {
        code: Code::RATIO_EXCEEDED,
        name: c"RatioExceeded",
        retryable: false,
        description: c"The body expands beyond the client's limit when decoded.",
    },
    Entry {
        code: Code::TOO_MANY_ENCODINGS,
        name: c"TooManyEncodings",
        retryable: false,
        description: c"The body has more content encodings on top of each other than are allowed.",
    },
    Entry {
        code: Code::LINE_TOO_LONG,
        name: c"LineTooLong",
        retryable: false,
        description: c"A line of the response's text is longer than the client's limit.",
    },
    Entry {
        code: Code::TOO_MANY_REDIRECTS,
        name: c"TooManyRedirects",
        retryable: false,
        description: c"There were more redirects than the client follows.",
    },
    Entry {
        code: Code::BODY_TOO_LARGE,
        name: c"BodyTooLarge",
        retryable: false,
        description: c"The response's body is larger than the client's limit.",
    },
    Entry {
        code: Code::HTTP_STATUS_ERROR,
        name: c"HTTPStatusError",
        retryable: false,
        description: c"The response has an error status, and the caller asked for an error then.",
    },
    Entry {
        code: Code::INVALID_URL,
        name: c"InvalidURL",
        retryable: false,
        description: c"The URL could not be parsed.",
    },
    Entry {
        code: Code::COOKIE_CONFLICT,
        name: c"CookieConflict",
        retryable: false,
        description: c"More than one cookie has the name that was asked for.",
    },
    Entry {
        code: Code::STREAM_ERROR,
        name: c"StreamError",
        retryable: false,
        description: c"A body was used in a way that its state does not allow.",
    },
    Entry {
        code: Code::STREAM_CONSUMED,
        name: c"StreamConsumed",
        retryable: false,
        description: c"The body was streamed already and cannot be streamed again.",
    },
    Entry {
        code: Code::STREAM_CLOSED,
        name: c"StreamClosed",
        retryable: false,
        description: c"The response or its stream has been closed.",
    },
    Entry {
        code: Code::RESPONSE_NOT_READ,
        name: c"ResponseNotRead",
        retryable: false,
        description: c"The response's content was asked for before it was read.",
    },
    Entry {
        code: Code::REQUEST_NOT_READ,
        name: c"RequestNotRead",
        retryable: false,
        description: c"The request's content was asked for before it was read.",
    },
    Entry {
        code: Code::IO_ERROR,
        name: c"IOError",
        retryable: false,
        description: c"A file that the caller named could not be used.",
    },
    Entry {
        code: Code::FILE_NOT_FOUND,
        name: c"FileNotFound",
        retryable: false,
        description: c"A file that the caller named does not exist.",
    },
    Entry {
        code: Code::PERMISSION_DENIED,
        name: c"PermissionDenied",
        retryable: false,
        description: c"The caller may not use a file that it named.",
    },
    Entry {
        code: Code::MISUSE,
        name: c"Misuse",
        retryable: false,
        description: c"The library was called in a way that it does not allow.",
    },
    Entry {
        code: Code::NULL_POINTER,
        name: c"NullPointer",
        retryable: false,
        description: c"A pointer that must not be NULL is NULL.",
    },
    Entry {
        code: Code::INVALID_ARGUMENT,
        name: c"InvalidArgument",
        retryable: false,
        description: c"An argument has a value that is not allowed.",
    },
    Entry {
        code: Code::INVALID_UTF8,
        name: c"InvalidUTF8",
        retryable: false,
        description: c"A string is not valid UTF-8.",
    },
    Entry {
        code: Code::TOO_LONG,
        name: c"TooLong",
        retryable: false,
        description: c"A length is larger than allowed.",
    },
    Entry {
        code: Code::INVALID_CONFIG,
        name: c"InvalidConfig",
        retryable: false,
        description: c"The client's settings are not valid, or not valid together.",
    },
    Entry {
        code: Code::KEY_PASSWORD,
        name: c"KeyPassword",
        retryable: false,
        description: c"A private key is encrypted, and its password is wrong or missing.",
    },
    Entry {
        code: Code::KEY_MISMATCH,
        name: c"KeyMismatch",
        retryable: false,
        description: c"A private key does not belong to its certificate.",
    },
    Entry {
        code: Code::INVALID_JSON,
        name: c"InvalidJSON",
        retryable: false,
        description: c"A text is not valid JSON.",
    },
    Entry {
        code: Code::INVALID_STATE,
        name: c"InvalidState",
        retryable: false,
        description: c"The handle's state does not allow this call.",
    },
    Entry {
        code: Code::CLIENT_CLOSED,
        name: c"ClientClosed",
        retryable: false,
        description: c"Cannot send a request, as the client has been closed.",
    },
    Entry {
        code: Code::POISONED,
        name: c"Poisoned",
        retryable: false,
        description: c"The handle was in use when a panic happened, so it can only be freed.",
    },
    Entry {
        code: Code::CONCURRENT_USE,
        name: c"ConcurrentUse",
        retryable: false,
        description: c"The handle is in use by another thread at this moment.",
    },
    Entry {
        code: Code::REENTRANT,
        name: c"Reentrant",
        retryable: false,
        description: c"The call was made from within itself, by a callback.",
    },
    Entry {
        code: Code::NESTED_RUNTIME,
        name: c"NestedRuntime",
        retryable: false,
        description: c"A blocking call was made inside an async runtime.",
    },
    Entry {
        code: Code::WRONG_THREAD,
        name: c"WrongThread",
        retryable: false,
        description: c"The call must be made on another thread.",
    },
    Entry {
        code: Code::NOT_FOUND,
        name: c"NotFound",
        retryable: false,
        description: c"There is no entry with this key.",
    },
    Entry {
        code: Code::UNSUPPORTED,
        name: c"Unsupported",
        retryable: false,
        description: c"This build or platform does not have the feature.",
    },
    Entry {
        code: Code::RUNTIME,
        name: c"RuntimeFailure",
        retryable: false,
        description: c"The library could not go on with the operation.",
    },
    Entry {
        code: Code::PANIC,
        name: c"Panic",
        retryable: false,
        description: c"A bug in the library was caught; please report it.",
    },
    Entry { code: Code::CANCELLED, name: c"Cancelled", retryable: false, description: c"The operation was cancelled." },
    Entry {
        code: Code::INTERRUPTED,
        name: c"Interrupted",
        retryable: false,
        description: c"The interrupt function asked to end the blocking call.",
    },
    Entry {
        code: Code::FORKED,
        name: c"Forked",
        retryable: false,
        description: c"The handle belongs to the process that this one was forked from.",
    },
    Entry {
        code: Code::RESOURCES,
        name: c"OutOfResources",
        retryable: false,
        description: c"The system has no more memory, threads or file descriptors to give.",
    },
    Entry {
        code: Code::INTERNAL,
        name: c"InternalError",
        retryable: false,
        description: c"The library met a state that should not exist; please report it.",
    },
];
