//! The library and the test server, each of which says what it saw.

use httpx::httpx::ClientBuilder;

use crate::support::test_server::test_server;
use crate::support::{ends, send};

#[test]
fn two_requests_are_one_connection_on_both_sides() {
    let client = ClientBuilder::default().build().unwrap();
    let url = format!("http://{}/connection", test_server().address("http"));
    let count = |number: u64| {
        let (client, request) = (client.clone(), client.build_request("GET", &url).unwrap());
        let response = ends(move || send(&client, request).unwrap());
        let body: serde_json::Value = serde_json::from_slice(response.content().unwrap()).unwrap();
        assert_eq!(body["requests_on_connection"], number);
    };
    count(1);
    count(2);
    assert_eq!(client.counts().idle, 1);
}

#[test]
fn what_was_sent_is_what_was_received() {
    let client = ClientBuilder::default().build().unwrap();
    let script = serde_json::json!({ "peers": [{ "read_body": 4 }, { "send": crate::support::OK }] }).to_string();
    test_server().ask("POST", "/register", &script);
    let url = format!("http://{}/s/peers?sent-test", test_server().address("bytes"));
    let mut request = client.build_request("POST", &url).unwrap();
    request.set_bytes("body".into());
    ends(move || assert_eq!(send(&client, request).unwrap().content().unwrap(), "ok"));
    let records = test_server().ask("GET", "/recorded?contains=sent-test", "");
    let sent = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, records[0].as_str().unwrap()).unwrap();
    let sent = String::from_utf8(sent).unwrap();
    assert!(sent.starts_with("POST /s/peers?sent-test HTTP/1.1\r\n") && sent.ends_with("\r\n\r\nbody"), "{sent}");
}
