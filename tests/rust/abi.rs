//! What only the ABI does: no panic crosses it, and what panicked is answered for.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::ptr::null_mut;

use httpx::error::Code;
use httpx::ffi::client::{httpx_client_free, httpx_client_get, httpx_client_send, httpx_client_send_async};
use httpx::ffi::error::{httpx_error, httpx_error_code, httpx_error_free};
use httpx::ffi::queue::{httpx_queue_dispatch, httpx_queue_free, httpx_queue_new};
use httpx::ffi::request::httpx_request_free;
use httpx::ffi::response::{httpx_response, httpx_response_free};

use crate::support::abi::{client, request};
use crate::support::ok_server;

#[test]
fn a_panic_inside_is_an_error_and_the_next_call_works() {
    let url = format!("http://{}/", ok_server());
    unsafe {
        let client = client();
        let request = request(client, "PANIC", &url);
        let (mut response, mut error) = (null_mut(), null_mut());
        let code = httpx_client_send(client, request, 0, &mut response, &mut error);
        assert_eq!(code, Code::PANIC.0);
        assert!(response.is_null());
        assert_eq!(httpx_error_code(error), Code::PANIC.0);
        httpx_error_free(error);
        httpx_request_free(request);
        for _ in 0..3 {
            let code = httpx_client_get(client, url.as_ptr().cast(), url.len(), &mut response, null_mut());
            assert_eq!(code, 0);
            httpx_response_free(response);
        }
        httpx_client_free(client);
    }
}

unsafe extern "C" fn record(user_data: *mut c_void, code: i32, response: *mut httpx_response, error: *mut httpx_error) {
    unsafe {
        (*user_data.cast::<Vec<i32>>()).push(code);
        httpx_response_free(response);
        httpx_error_free(error);
    }
}

#[test]
fn a_panic_inside_an_operation_is_told_and_its_queue_goes_on() {
    let url = format!("http://{}/", ok_server());
    let mut codes: Vec<i32> = Vec::new();
    unsafe {
        let client = client();
        let mut queue = null_mut();
        assert_eq!(httpx_queue_new(&mut queue, null_mut()), 0);
        for method in ["PANIC", "GET"] {
            let request = request(client, method, &url);
            let told = std::ptr::from_mut(&mut codes).cast();
            let code =
                httpx_client_send_async(client, request, 0, queue, Some(record), told, None, null_mut(), null_mut());
            assert_eq!(code, 0);
            httpx_request_free(request);
        }
        let mut told = 0;
        while told < 2 {
            let mut ran = 0;
            assert_eq!(httpx_queue_dispatch(queue, 10_000, &mut ran, null_mut()), 0);
            told += ran;
        }
        httpx_queue_free(queue);
        httpx_client_free(client);
    }
    codes.sort_unstable();
    assert_eq!(codes, [0, Code::PANIC.0]);
}
