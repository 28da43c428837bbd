//! What goes on inside a request, for those who want to hear of it: interim responses, trace events, the log.

use std::ffi::c_void;
use std::sync::Arc;
use std::task::Poll;

use super::callbacks::{httpx_destroy_fn, httpx_informational_fn, httpx_log_fn, httpx_trace_fn};
use super::client::httpx_client;
use super::client_builder::httpx_client_builder;
use super::codes::{httpx_code, HTTPX_AGAIN};
use super::error::httpx_error;
use super::kit::{borrow, guard_ok, guard_or, seconds, UserData};
use super::request::{give_field, httpx_request};
use super::text::{Fields, Text};
use super::transport::httpx_transport;
use super::{client_builder, request};
use crate::error::{Code, Error};
use crate::httpcore::{InformationalFn, Level, Log, TraceFn};
use crate::httpx::{ClientBuilder, Request};
use crate::runtime::Foreign;

/// A line of the log that tells what happens inside.
pub const HTTPX_LOG_DEBUG: i32 = 10;
/// A line of the log that a user may want to see.
pub const HTTPX_LOG_INFO: i32 = 20;

/// An interim response (100 to 199, but for 101). Lent to a callback.
pub struct httpx_informational {
    status: u16,
    fields: Fields,
    count: usize,
}

/// Has the request ask, by `Expect: 100-continue`, whether its body is wanted, and hold it back until the server says so
/// or `timeout` seconds are over. A final answer comes instead of the body, which is then not sent; after a 417 the
/// request is sent once more without asking, if its body can be read again. A request without body does not ask.
///
/// INFINITY waits as long as the read timeout allows; HTTPX_UNSET, the default, sends the body at once.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_expect_continue(
    r: *mut httpx_request,
    timeout: f64,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |request: &mut Request| {
        request.set_expect(match timeout.is_nan() {
            true => None,
            false => Some(seconds(timeout, "timeout")?.unwrap_or(std::time::Duration::MAX)),
        });
        Ok(())
    };
    // SAFETY: the caller vouches for `r`.
    unsafe { request::change(r, err, set) }
}

/// Has `fn_` told of interim responses to the request, such as 103 Early Hints, in their order, on the thread that waits
/// or dispatches. NULL: no longer.
///
/// `destroy` runs when neither the request nor anything that came of it is left, or when this call fails.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_on_informational(
    r: *mut httpx_request,
    fn_: httpx_informational_fn,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = Foreign::new(UserData::new(user_data, destroy));
    let set = |request: &mut Request| {
        request.observer.informational = fn_.map(|tell| -> Arc<InformationalFn> {
            Arc::new(move |head| {
                let (status, count) = (head.status, head.headers.len());
                let lent = httpx_informational { status, fields: Fields::new(head.headers.iter()), count };
                // SAFETY: the caller has handed both in together.
                unsafe { tell(user_data.get().pointer(), &raw const lent) }
            })
        });
        Ok(())
    };
    // SAFETY: the caller vouches for `r`.
    unsafe { request::change(r, err, set) }
}

/// The status code, 100 to 199; 0 if `i` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_informational_status_code(i: *const httpx_informational) -> i32 {
    // SAFETY: the caller vouches for it.
    guard_or(0, || unsafe { i.as_ref() }.map_or(0, |i| i32::from(i.status)))
}

/// How many header lines there are; 0 if `i` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_informational_header_count(i: *const httpx_informational) -> usize {
    // SAFETY: the caller vouches for it.
    guard_or(0, || unsafe { i.as_ref() }.map_or(0, |i| i.count))
}

/// The header line at `index`, as received. Each place may be NULL. The strings are borrowed from `i`. HTTPX_E_NOT_FOUND
/// for an index that is too high.
#[no_mangle]
pub unsafe extern "C" fn httpx_informational_header_at(
    i: *const httpx_informational,
    index: usize,
    name: *mut *const u8,
    name_len: *mut usize,
    value: *mut *const u8,
    value_len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        unsafe { give_field(borrow(i, "i")?.fields.get(index), index, [name, value], [name_len, value_len]) }
    })
}

/// A function that hears of steps, as the floors below call it.
fn tracing(fn_: httpx_trace_fn, user_data: Foreign<UserData>) -> Option<Arc<TraceFn>> {
    let tell = fn_?;
    Some(Arc::new(move |event| {
        let texts = [Text::default(), Text::default()];
        let (name, name_len) = texts[0].get(|| event.name());
        let (info, info_len) = texts[1].get(|| event.info_json());
        // SAFETY: the caller has handed both in together.
        match unsafe { tell(user_data.get().pointer(), name, name_len, info, info_len) } {
            0 => Poll::Ready(Ok(())),
            HTTPX_AGAIN => Poll::Pending,
            _ => Poll::Ready(Err(Error::new(Code::CANCELLED, "the trace function ended the request"))),
        }
    }))
}

/// Has `fn_` told of each step of the request, as httpcore's `trace` extension is: connecting, TLS, what is sent and what
/// is received, with arguments and results; on the thread that waits or dispatches, or that frees a response early.
/// NULL: no longer; then the client's counts.
///
/// `destroy` runs when neither the request nor anything that came of it is left, or when this call fails.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_trace(
    r: *mut httpx_request,
    fn_: httpx_trace_fn,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = Foreign::new(UserData::new(user_data, destroy));
    let set = |request: &mut Request| {
        request.observer.trace = tracing(fn_, user_data);
        Ok(())
    };
    // SAFETY: the caller vouches for `r`.
    unsafe { request::change(r, err, set) }
}

/// Has `fn_` told of the steps of every request that has no trace function of its own. See httpx_request_trace. NULL: no
/// longer.
///
/// `destroy` runs when neither the builder nor a client nor a response of it is left, or when this call fails.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_trace(
    b: *mut httpx_client_builder,
    fn_: httpx_trace_fn,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = Foreign::new(UserData::new(user_data, destroy));
    let set = |builder: &mut ClientBuilder| {
        builder.trace = tracing(fn_, user_data);
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { client_builder::change(b, err, set) }
}

/// Has `fn_` told what HTTPX and httpcore would log: for each response a line of logger "httpx" at HTTPX_LOG_INFO
/// (`HTTP Request: GET https://example.org/ "HTTP/1.1 200 OK"`, without the URL's password), and for each step a line of
/// a logger like "httpcore.connection" at HTTPX_LOG_DEBUG (`connect_tcp.started host='example.org' port=443 ...`). On the
/// thread that waits or dispatches, or that frees a response early. NULL: no longer.
///
/// The values of Authorization, Proxy-Authorization, Cookie and Set-Cookie, and passwords in URLs, are "[secure]" in all
/// lines. `destroy` runs when neither the builder nor a client nor a response of it is left, or when this call fails.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_log(
    b: *mut httpx_client_builder,
    fn_: httpx_log_fn,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = Foreign::new(UserData::new(user_data, destroy));
    let set = |builder: &mut ClientBuilder| {
        builder.log = fn_.map(|tell| {
            Log::new(Arc::new(move |level: Level, logger: &str, message: &str| {
                let texts = [Text::default(), Text::default()];
                let (logger, logger_len) = texts[0].get(|| logger);
                let (message, message_len) = texts[1].get(|| message);
                // SAFETY: the caller has handed both in together.
                unsafe {
                    tell(user_data.get().pointer(), level as i32, logger, logger_len, message, message_len);
                }
            }))
        });
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { client_builder::change(b, err, set) }
}

/// Has the log of a client tell no lines below `level` (HTTPX_LOG_DEBUG, HTTPX_LOG_INFO, or any number; 0, as at first, is
/// all of them): they are not made, and cost nothing. Any thread may change it at any time. Nothing happens where there is
/// no log.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_log_level(
    c: *mut httpx_client,
    level: i32,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        unsafe { borrow(c, "c") }?.client().set_log_level(level);
        Ok(())
    })
}

/// As httpx_client_log_level, of what a transport is sent without a client.
#[no_mangle]
pub unsafe extern "C" fn httpx_transport_log_level(
    t: *mut httpx_transport,
    level: i32,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        unsafe { borrow(t, "t") }?.transport().set_log_level(level);
        Ok(())
    })
}
