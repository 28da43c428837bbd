//! Status codes (checklist R): their names, and the phrases that go with them.

use std::ffi::CStr;

/// A registered status code.
struct Status {
    code: u16,
    name: &'static CStr,
    phrase: &'static CStr,
}

const fn status(code: u16, name: &'static CStr, phrase: &'static CStr) -> Status {
    Status { code, name, phrase }
}

/// HTTPX's, with the phrases of RFC 7231's time (checklist R01, R02), in ascending order.
static TABLE: [Status; 62] = [
    status(100, c"CONTINUE", c"Continue"),
    status(101, c"SWITCHING_PROTOCOLS", c"Switching Protocols"),
    status(102, c"PROCESSING", c"Processing"),
    status(103, c"EARLY_HINTS", c"Early Hints"),
    status(200, c"OK", c"OK"),
    status(201, c"CREATED", c"Created"),
    status(202, c"ACCEPTED", c"Accepted"),
    status(203, c"NON_AUTHORITATIVE_INFORMATION", c"Non-Authoritative Information"),
    status(204, c"NO_CONTENT", c"No Content"),
    status(205, c"RESET_CONTENT", c"Reset Content"),
    status(206, c"PARTIAL_CONTENT", c"Partial Content"),
    status(207, c"MULTI_STATUS", c"Multi-Status"),
    status(208, c"ALREADY_REPORTED", c"Already Reported"),
    status(226, c"IM_USED", c"IM Used"),
    status(300, c"MULTIPLE_CHOICES", c"Multiple Choices"),
    status(301, c"MOVED_PERMANENTLY", c"Moved Permanently"),
    status(302, c"FOUND", c"Found"),
    status(303, c"SEE_OTHER", c"See Other"),
    status(304, c"NOT_MODIFIED", c"Not Modified"),
    status(305, c"USE_PROXY", c"Use Proxy"),
    status(307, c"TEMPORARY_REDIRECT", c"Temporary Redirect"),
    status(308, c"PERMANENT_REDIRECT", c"Permanent Redirect"),
    status(400, c"BAD_REQUEST", c"Bad Request"),
    status(401, c"UNAUTHORIZED", c"Unauthorized"),
    status(402, c"PAYMENT_REQUIRED", c"Payment Required"),
    status(403, c"FORBIDDEN", c"Forbidden"),
    status(404, c"NOT_FOUND", c"Not Found"),
    status(405, c"METHOD_NOT_ALLOWED", c"Method Not Allowed"),
    status(406, c"NOT_ACCEPTABLE", c"Not Acceptable"),
    status(407, c"PROXY_AUTHENTICATION_REQUIRED", c"Proxy Authentication Required"),
    status(408, c"REQUEST_TIMEOUT", c"Request Timeout"),
    status(409, c"CONFLICT", c"Conflict"),
    status(410, c"GONE", c"Gone"),
    status(411, c"LENGTH_REQUIRED", c"Length Required"),
    status(412, c"PRECONDITION_FAILED", c"Precondition Failed"),
    status(413, c"REQUEST_ENTITY_TOO_LARGE", c"Request Entity Too Large"),
    status(414, c"REQUEST_URI_TOO_LONG", c"Request-URI Too Long"),
    status(415, c"UNSUPPORTED_MEDIA_TYPE", c"Unsupported Media Type"),
    status(416, c"REQUESTED_RANGE_NOT_SATISFIABLE", c"Requested Range Not Satisfiable"),
    status(417, c"EXPECTATION_FAILED", c"Expectation Failed"),
    status(418, c"IM_A_TEAPOT", c"I'm a teapot"),
    status(421, c"MISDIRECTED_REQUEST", c"Misdirected Request"),
    status(422, c"UNPROCESSABLE_ENTITY", c"Unprocessable Entity"),
    status(423, c"LOCKED", c"Locked"),
    status(424, c"FAILED_DEPENDENCY", c"Failed Dependency"),
    status(425, c"TOO_EARLY", c"Too Early"),
    status(426, c"UPGRADE_REQUIRED", c"Upgrade Required"),
    status(428, c"PRECONDITION_REQUIRED", c"Precondition Required"),
    status(429, c"TOO_MANY_REQUESTS", c"Too Many Requests"),
    status(431, c"REQUEST_HEADER_FIELDS_TOO_LARGE", c"Request Header Fields Too Large"),
    status(451, c"UNAVAILABLE_FOR_LEGAL_REASONS", c"Unavailable For Legal Reasons"),
    status(500, c"INTERNAL_SERVER_ERROR", c"Internal Server Error"),
    status(501, c"NOT_IMPLEMENTED", c"Not Implemented"),
    status(502, c"BAD_GATEWAY", c"Bad Gateway"),
    status(503, c"SERVICE_UNAVAILABLE", c"Service Unavailable"),
    status(504, c"GATEWAY_TIMEOUT", c"Gateway Timeout"),
    status(505, c"HTTP_VERSION_NOT_SUPPORTED", c"HTTP Version Not Supported"),
    status(506, c"VARIANT_ALSO_NEGOTIATES", c"Variant Also Negotiates"),
    status(507, c"INSUFFICIENT_STORAGE", c"Insufficient Storage"),
    status(508, c"LOOP_DETECTED", c"Loop Detected"),
    status(510, c"NOT_EXTENDED", c"Not Extended"),
    status(511, c"NETWORK_AUTHENTICATION_REQUIRED", c"Network Authentication Required"),
];

fn find(status: u16) -> Option<&'static Status> {
    TABLE.binary_search_by_key(&status, |known| known.code).ok().map(|index| &TABLE[index])
}

/// The phrase that goes with a status code, with a NUL behind it; empty for one that is not registered.
pub fn c_reason_phrase(status: u16) -> &'static CStr {
    find(status).map_or(c"", |status| status.phrase)
}

/// The same for Rust.
pub fn reason_phrase(status: u16) -> &'static str {
    c_reason_phrase(status).to_str().unwrap_or_default()
}

/// A status code's name, `NOT_FOUND`; empty for one that is not registered.
pub fn status_name(status: u16) -> &'static CStr {
    find(status).map_or(c"", |status| status.name)
}

/// The status code of a name, in upper or lower case.
pub fn status_named(name: &str) -> Option<u16> {
    let same = |status: &&Status| status.name.to_bytes().eq_ignore_ascii_case(name.as_bytes());
    TABLE.iter().find(same).map(|status| status.code)
}

/// What kind of answer a status is, in the words of raise_for_status (checklist N04).
pub(super) fn kind(status: u16) -> &'static str {
    match status / 100 {
        1 => "Informational response",
        2 => "Success",
        3 => "Redirect response",
        4 => "Client error",
        5 => "Server error",
        _ => "Invalid status code",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_those_of_httpx() {
        for (status, phrase) in [
            (200, "OK"),
            (203, "Non-Authoritative Information"),
            (413, "Request Entity Too Large"),
            (414, "Request-URI Too Long"),
            (416, "Requested Range Not Satisfiable"),
            (418, "I'm a teapot"),
            (422, "Unprocessable Entity"),
            (511, "Network Authentication Required"),
            (0, ""),
            (306, ""),
            (600, ""),
        ] {
            assert_eq!(reason_phrase(status), phrase);
        }
    }

    #[test]
    fn codes_are_found_by_names_of_either_case() {
        assert_eq!(status_named("NOT_FOUND"), Some(404));
        assert_eq!(status_named("not_found"), Some(404));
        assert_eq!(status_named("im_a_teapot"), Some(418));
        assert_eq!(status_named("nothing"), None);
        for status in &TABLE {
            assert_eq!(status_named(status_name(status.code).to_str().unwrap()), Some(status.code));
        }
        assert!(status_name(299).is_empty());
    }

    #[test]
    fn the_table_is_in_order() {
        assert!(TABLE.windows(2).all(|pair| pair[0].code < pair[1].code));
    }
}
