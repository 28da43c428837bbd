//! The one error type of the library, and what can be asked of its codes. Its tree is HTTPX's tree (checklist Q01),
//! written down in `codes.toml`. An error says what happened in one sentence; who made it attaches what a program may
//! want to know beside it.

use std::any::Any;
use std::borrow::Cow;
use std::ffi::CStr;
use std::fmt;
use std::io;
use std::sync::Arc;

pub use crate::codes::Code;
use crate::codes::{Entry, TABLE};

/// A result whose error, unless another is named, is the library's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Codes below are statuses; from here on, the first hex digit names a root of the tree of errors.
const FIRST_ERROR: i32 = 0x1000_0000;

/// The questions are answered from the digits where that is possible, so that they also work for codes of a later
/// version.
impl Code {
    /// False for OK, DONE and AGAIN, and for statuses that a later version may add.
    pub const fn is_error(self) -> bool {
        self.0 < 0 || self.0 >= FIRST_ERROR
    }

    /// Whether this code is `ancestor` or lies below it. A status is only itself.
    pub const fn is_a(self, ancestor: Code) -> bool {
        if !ancestor.is_error() {
            return self.0 == ancestor.0;
        }
        (self.0 ^ ancestor.0) as u32 >> (ancestor.last_digit() * 4) == 0
    }

    /// The code one level up; `None` for statuses and for the roots of the tree.
    pub const fn parent(self) -> Option<Code> {
        if !self.is_error() {
            return None;
        }
        match self.0 & !(0xf << (self.last_digit() * 4)) {
            0 => None,
            parent => Some(Code(parent)),
        }
    }

    /// Position of the last hex digit that is not zero, counted from the right.
    const fn last_digit(self) -> u32 {
        self.0.trailing_zeros() / 4
    }

    /// The exception's name, such as `ReadTimeout`. An unknown code has the name of its nearest known ancestor.
    pub fn name(self) -> &'static str {
        utf8(self.c_name())
    }

    /// [`Code::name`], NUL-terminated.
    pub fn c_name(self) -> &'static CStr {
        self.nearest_entry().map_or(c"Unknown", |entry| entry.name)
    }

    /// One sentence; an unknown code has that of its nearest known ancestor.
    pub fn description(self) -> &'static str {
        utf8(self.c_description())
    }

    /// [`Code::description`], NUL-terminated.
    pub fn c_description(self) -> &'static CStr {
        self.nearest_entry().map_or(c"A code that this version does not know.", |entry| entry.description)
    }

    /// Whether errors of this kind usually leave a request that can be sent again: nothing of it can have reached the
    /// server, and a second try may succeed. A single error may know better, see [`Error::is_retryable`].
    pub fn is_retryable(self) -> bool {
        self.nearest_entry().is_some_and(|entry| entry.retryable)
    }

    fn nearest_entry(self) -> Option<&'static Entry> {
        std::iter::successors(Some(self), |code| code.parent())
            .find_map(|code| TABLE.binary_search_by_key(&code.0, |entry| entry.code.0).ok())
            .map(|index| &TABLE[index])
    }
}

/// The table is made from a UTF-8 file; codes.toml's tool refuses anything else.
fn utf8(text: &'static CStr) -> &'static str {
    text.to_str().unwrap_or_default()
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({:#010x})", self.name(), self.0)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The request that an error belongs to, as far as a message or a log needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestInfo {
    /// In upper case: `GET`.
    pub method: String,
    /// The URL as text.
    pub url: String,
}

type AnyArc = Arc<dyn Any + Send + Sync>;

/// What went wrong. One pointer wide, cheap to clone, immutable once it has been handed on.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    code: Code,
    message: Cow<'static, str>,
    cause: Option<Error>,
    os_errno: Option<i32>,
    tls_alert: Option<u8>,
    h2_code: Option<u32>,
    retryable: bool,
    request: Option<Arc<RequestInfo>>,
    full_request: Option<AnyArc>,
    response: Option<AnyArc>,
}

impl Error {
    /// `message` is the sentence that the user needs: "proxy answered 407 to CONNECT example.org:443".
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Error {
        debug_assert!(code.is_error(), "{code:?} is no error");
        Error(Arc::new(Inner {
            code,
            message: message.into(),
            cause: None,
            os_errno: None,
            tls_alert: None,
            h2_code: None,
            retryable: code.is_retryable(),
            request: None,
            full_request: None,
            response: None,
        }))
    }

    /// An error of the operating system, in the words of Python's OSError, as HTTPX users know them (checklist Q03):
    /// "[Errno 111] Connection refused". A `context`, such as a path, follows after a colon; it may be empty.
    ///
    /// An [`Error`] that has travelled inside an [`io::Error`] comes out as it was.
    pub fn from_io(code: Code, error: &io::Error, context: &str) -> Error {
        if let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            return inner.clone();
        }
        let separator = if context.is_empty() { "" } else { ": " };
        match error.raw_os_error() {
            Some(errno) => {
                let kind = if cfg!(windows) { "WinError" } else { "Errno" };
                let text = os_text(error, errno);
                Error::new(code, format!("[{kind} {errno}] {text}{separator}{context}")).with_os_errno(errno)
            }
            None => Error::new(code, format!("{error}{separator}{context}")),
        }
    }

    /// What led to this error.
    pub fn with_cause(self, cause: Error) -> Error {
        self.with(|inner| inner.cause = Some(cause))
    }

    /// The errno of the failed system call, or getaddrinfo's (negative) error.
    pub fn with_os_errno(self, errno: i32) -> Error {
        self.with(|inner| inner.os_errno = Some(errno))
    }

    /// The alert that ended the TLS connection, sent by either side (RFC 8446 §6).
    pub fn with_tls_alert(self, alert: u8) -> Error {
        self.with(|inner| inner.tls_alert = Some(alert))
    }

    /// The error code of an RST_STREAM or GOAWAY frame (RFC 9113 §7).
    pub fn with_h2_code(self, code: u32) -> Error {
        self.with(|inner| inner.h2_code = Some(code))
    }

    /// Overrides what [`Code::is_retryable`] says for this one error.
    pub fn retryable(self, retryable: bool) -> Error {
        self.with(|inner| inner.retryable = retryable)
    }

    /// The request that the error belongs to.
    pub fn with_request(self, request: Arc<RequestInfo>) -> Error {
        self.with(|inner| inner.request = Some(request))
    }

    /// The request itself; this module does not know its type.
    pub fn with_full_request<T: Any + Send + Sync>(self, request: Arc<T>) -> Error {
        self.with(|inner| inner.full_request = Some(request))
    }

    /// The response of an HTTPStatusError; this module does not know its type.
    pub fn with_response<T: Any + Send + Sync>(self, response: Arc<T>) -> Error {
        self.with(|inner| inner.response = Some(response))
    }

    /// Copies what is shared with a clone, so that an error in other hands never changes.
    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Error {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// What kind of error it is.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// Whether its code is `ancestor` or lies below it.
    pub fn is_a(&self, ancestor: Code) -> bool {
        self.0.code.is_a(ancestor)
    }

    /// One sentence for the user.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What led to it.
    pub fn cause(&self) -> Option<&Error> {
        self.0.cause.as_ref()
    }

    /// See [`Error::with_os_errno`].
    pub fn os_errno(&self) -> Option<i32> {
        self.0.os_errno
    }

    /// See [`Error::with_tls_alert`].
    pub fn tls_alert(&self) -> Option<u8> {
        self.0.tls_alert
    }

    /// See [`Error::with_h2_code`].
    pub fn h2_code(&self) -> Option<u32> {
        self.0.h2_code
    }

    /// Whether the same request may be sent again without being processed twice, and with a hope of success.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// `None` for errors that happen before there is a request (checklist Q02).
    pub fn request(&self) -> Option<&Arc<RequestInfo>> {
        self.0.request.as_ref()
    }

    /// The request itself, if one of type `T` is attached.
    pub fn full_request<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        downcast(&self.0.full_request)
    }

    /// The response, if one of type `T` is attached.
    pub fn response<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        downcast(&self.0.response)
    }
}

fn downcast<T: Any + Send + Sync>(slot: &Option<AnyArc>) -> Option<Arc<T>> {
    Arc::clone(slot.as_ref()?).downcast().ok()
}

/// The system's text alone: std appends " (os error 111)" to it.
fn os_text(error: &io::Error, errno: i32) -> String {
    let text = error.to_string();
    match text.strip_suffix(&format!(" (os error {errno})")) {
        Some(stripped) => stripped.to_owned(),
        None => text,
    }
}

impl From<Code> for Error {
    /// For errors that have nothing to add to their code's description.
    fn from(code: Code) -> Error {
        Error::new(code, code.description())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("code", &self.code()).field("message", &self.message());
        if let Some(request) = self.request() {
            out.field("request", &format_args!("{} {}", request.method, without_password(&request.url)));
        }
        if let Some(errno) = self.os_errno() {
            out.field("os_errno", &errno);
        }
        if let Some(alert) = self.tls_alert() {
            out.field("tls_alert", &alert);
        }
        if let Some(code) = self.h2_code() {
            out.field("h2_code", &code);
        }
        if let Some(cause) = self.cause() {
            out.field("cause", cause);
        }
        out.finish_non_exhaustive()
    }
}

/// The URL as it is shown.
fn without_password(url: &str) -> Cow<'_, str> {
    let start = url.find("://").map_or(0, |at| at + "://".len());
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    let userinfo = url[start..end].rfind('@').map(|at| &url[start..start + at]);
    match userinfo.and_then(|userinfo| userinfo.find(':').map(|at| (start + at, start + userinfo.len()))) {
        Some((colon, at)) => Cow::Owned(format!("{}:[secure]{}", &url[..colon], &url[at..])),
        None => Cow::Borrowed(url),
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause().map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn statuses_are_not_errors() {
        for status in [Code::OK, Code::DONE, Code::AGAIN, Code(3)] {
            assert!(!status.is_error(), "{status:?}");
            assert_eq!(status.parent(), None);
        }
        assert!(Code::HTTP_ERROR.is_error());
        assert!(Code(-1).is_error());
    }

    #[test]
    fn a_read_timeout_is_everything_above_it_and_nothing_beside_it() {
        let above = [Code::TIMEOUT, Code::TRANSPORT_ERROR, Code::REQUEST_ERROR, Code::HTTP_ERROR];
        assert!(Code::READ_TIMEOUT.is_a(Code::READ_TIMEOUT));
        assert!(above.into_iter().all(|code| Code::READ_TIMEOUT.is_a(code)));
        assert!(above.into_iter().all(|code| !code.is_a(Code::READ_TIMEOUT)));
        assert!(std::iter::successors(Code::READ_TIMEOUT.parent(), |code| code.parent()).eq(above));
        for beside in [Code::WRITE_TIMEOUT, Code::NETWORK_ERROR, Code::DECODING_ERROR, Code::STREAM_ERROR, Code::OK] {
            assert!(!Code::READ_TIMEOUT.is_a(beside), "{beside:?}");
        }
    }

    #[test]
    fn a_status_is_only_itself() {
        assert!(Code::DONE.is_a(Code::DONE));
        assert!(!Code::HTTP_ERROR.is_a(Code::OK));
        assert!(!Code::OK.is_a(Code::HTTP_ERROR));
        assert!(!Code::AGAIN.is_a(Code::DONE));
    }

    #[test]
    fn a_code_of_a_later_version_takes_after_its_nearest_known_ancestor() {
        let future = Code(0x1112_12ef);
        assert!(future.is_a(Code::CONNECTION_REFUSED) && future.is_a(Code::CONNECT_ERROR));
        assert!(!future.is_a(Code::DNS_ERROR));
        assert_eq!(future.name(), "ConnectionRefused");
        assert_eq!(future.description(), Code::CONNECTION_REFUSED.description());
        assert!(future.is_retryable());
        assert_eq!(future.parent(), Some(Code(0x1112_12e0)));
    }

    #[test]
    fn a_code_without_known_ancestors_still_has_a_name() {
        for code in [Code(7), Code(-1), Code(i32::MIN)] {
            assert_eq!(code.name(), "Unknown");
            assert!(!code.description().is_empty());
            assert!(!code.is_retryable());
            assert!(code.is_a(code));
        }
    }

    #[test]
    fn every_code_of_the_table_is_found_and_has_its_parent_there() {
        assert!(TABLE.windows(2).all(|pair| pair[0].code.0 < pair[1].code.0));
        for entry in TABLE {
            assert_eq!(entry.code.c_name(), entry.name);
            if let Some(parent) = entry.code.parent() {
                assert!(TABLE.iter().any(|other| other.code == parent), "{:?} has no parent", entry.code);
            }
        }
    }

    #[test]
    fn the_numbers_that_the_abi_promises() {
        assert_eq!(Code::HTTP_ERROR, Code(0x1000_0000));
        assert_eq!(Code::REQUEST_ERROR, Code(0x1100_0000));
        assert_eq!(Code::TRANSPORT_ERROR, Code(0x1110_0000));
        assert_eq!(Code::TIMEOUT, Code(0x1111_0000));
        assert_eq!(Code::READ_TIMEOUT, Code(0x1111_2000));
    }

    #[test]
    fn a_system_error_reads_as_in_python() {
        let refused = io::Error::from_raw_os_error(111);
        let error = Error::from_io(Code::CONNECTION_REFUSED, &refused, "");
        assert_eq!(error.os_errno(), Some(111));
        assert!(error.is_retryable());
        if cfg!(target_os = "linux") {
            assert_eq!(error.message(), "[Errno 111] Connection refused");
            let missing = Error::from_io(Code::FILE_NOT_FOUND, &io::Error::from_raw_os_error(2), "'/no/where'");
            assert_eq!(missing.to_string(), "[Errno 2] No such file or directory: '/no/where'");
        }
    }

    #[test]
    fn an_error_comes_out_of_an_io_error_as_it_went_in() {
        let inside = Error::new(Code::READ_TIMEOUT, "timed out").with_os_errno(110);
        let outside = Error::from_io(Code::READ_ERROR, &io::Error::other(inside), "reading");
        assert_eq!(outside.code(), Code::READ_TIMEOUT);
        assert_eq!(outside.message(), "timed out");

        let foreign = Error::from_io(Code::READ_ERROR, &io::Error::other("odd"), "reading");
        assert_eq!((foreign.code(), foreign.message()), (Code::READ_ERROR, "odd: reading"));
        assert_eq!(foreign.os_errno(), None);
    }

    #[test]
    fn an_error_carries_what_was_attached() {
        let request = RequestInfo { method: "GET".into(), url: "http://example.org/".into() };
        let error = Error::new(Code::STREAM_RESET, "stream 1 was reset")
            .with_h2_code(7)
            .with_tls_alert(40)
            .with_os_errno(104)
            .retryable(true)
            .with_request(Arc::new(request.clone()))
            .with_full_request(Arc::new(String::from("the request")))
            .with_response(Arc::new(404_u16))
            .with_cause(Error::from(Code::GOAWAY));
        assert_eq!((error.h2_code(), error.tls_alert(), error.os_errno()), (Some(7), Some(40), Some(104)));
        assert!(error.is_retryable() && !Code::STREAM_RESET.is_retryable());
        assert_eq!(**error.request().unwrap(), request);
        assert_eq!(*error.full_request::<String>().unwrap(), "the request");
        assert_eq!(error.response::<u16>().as_deref(), Some(&404));
        assert!(error.response::<String>().is_none());
        assert_eq!(error.source().unwrap().to_string(), Code::GOAWAY.description());
        let debug = format!("{error:?}");
        assert!(debug.contains("StreamReset(0x11132400)") && debug.contains("GET http://example.org/"), "{debug}");
    }

    #[test]
    fn an_error_is_shown_without_the_password_of_its_url() {
        for (url, shown) in [
            ("http://u:secret@h/a@b:c", "http://u:[secret]@h/a@b:c"),
            ("http://u:se@cret@h", "http://u:[secret]@h"),
            ("http://u@h:80/?a:b@c", "http://u@h:80/?a:b@c"),
            ("http://h/u:p@h", "http://h/u:p@h"),
        ] {
            assert_eq!(without_password(url), shown.replace("[secret]", "[secure]"));
        }
    }

    #[test]
    fn attaching_to_a_clone_leaves_the_original_as_it_was() {
        let original = Error::new(Code::READ_ERROR, "reset");
        let changed = original.clone().with_os_errno(104);
        assert_eq!(original.os_errno(), None);
        assert_eq!(changed.os_errno(), Some(104));
    }

    #[test]
    fn an_error_is_one_pointer_wide_and_goes_to_any_thread() {
        fn to_any_thread<T: Send + Sync + 'static>() {}
        to_any_thread::<Error>();
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }
}
