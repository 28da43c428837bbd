//! HTTP/2 against the test server's scripted peer, which does what a library for servers would not do, and says what it
//! saw.

use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use httpx::error::{Code, Error};
use httpx::httpx::{Client, ClientBuilder, Response, SendOptions};
use serde_json::{json, Value};

use crate::support::test_server::test_server;
use crate::support::{ends, send};

fn prior_knowledge() -> Arc<Client> {
    ClientBuilder { http1: false, http2: true, ..ClientBuilder::default() }.build().unwrap()
}

/// A URL whose script the peer runs; the mark tells its record from others.
fn url(script: &Value, mark: &str) -> String {
    format!("http://{}/{script}?{mark}", test_server().address("h2_raw"))
}

fn get(client: &Arc<Client>, url: &str) -> Result<Response, Error> {
    let (client, request) = (Arc::clone(client), client.build_request("GET", url).unwrap());
    ends(move || send(&client, request))
}

fn post(client: &Arc<Client>, url: &str, size: usize) -> Result<Response, Error> {
    let (client, mut request) = (Arc::clone(client), client.build_request("POST", url).unwrap());
    request.set_bytes(Bytes::from(vec![b'x'; size]));
    ends(move || send(&client, request))
}

/// The records of the connections that saw the mark, once one of them has this text as well.
fn records(mark: &str, until: &str) -> Vec<Value> {
    let wanted = until;
    let until = until.replace('"', "%22").replace(' ', "%20");
    let list = test_server().ask("GET", &format!("/h2-recorded?contains={mark}&until={until}"), "");
    let list = list.as_array().unwrap().clone();
    assert!(list.iter().any(|record| record.to_string().contains(wanted)), "{wanted} did not come: {list:#?}");
    list
}

#[test]
fn a_request_that_goaway_leaves_out_is_sent_again_elsewhere() {
    for goodbye in
        [json!([{ "goaway": { "last": 0 } }]), json!([{ "goaway": { "last": 0, "code": 11 } }, { "close": true }])]
    {
        let script = json!([goodbye, [{ "respond": { "body": "again" } }]]);
        let mark = format!("left-out-{}", goodbye.as_array().unwrap().len());
        assert_eq!(get(&prior_knowledge(), &url(&script, &mark)).unwrap().content().unwrap(), "again");
        assert_eq!(records(&mark, "").len(), 2);
    }
}

#[test]
fn a_request_that_was_accepted_before_goaway_is_answered() {
    let client = prior_knowledge();
    let script = json!([{ "goaway": {} }, { "respond": { "body": "served" } }]);
    assert_eq!(get(&client, &url(&script, "accepted")).unwrap().content().unwrap(), "served");
    assert_eq!(get(&client, &url(&json!([{ "respond": {} }]), "afterwards")).unwrap().head().status(), 200);
    // The old connection is closed when its last stream is over.
    assert_eq!(records("accepted", "\"ended\":\"eof\"")[0]["ended"], "eof");
}

#[test]
fn an_upload_that_was_refused_is_sent_again_from_its_start() {
    let script = json!([[{ "rst": "REFUSED_STREAM" }], [{ "read_end": true }, { "respond": {} }]]);
    post(&prior_knowledge(), &url(&script, "refused-upload"), 100_000).unwrap();
    let records = records("refused-upload", "");
    let requests = records[0]["requests"].as_array().unwrap();
    assert_eq!((requests.len(), &requests[1]["body_size"]), (2, &json!(100_000)));
}

#[test]
fn a_malformed_response_is_the_servers_fault_and_later_requests_go_on() {
    let client = prior_knowledge();
    for wrong in [
        json!([{ "headers_end": [[":status", "200"], ["X-Upper", "a"]] }]),
        json!([{ "headers_end": [[":status", "200"], ["connection", "close"]] }]),
        json!([{ "headers_end": [[":status", "200"], ["transfer-encoding", "chunked"]] }]),
        json!([{ "headers_end": [["a", "no status"]] }]),
        json!([{ "headers": [[":status", "200"], ["content-length", "3"]] }, { "data_end": "four" }]),
        json!([{ "headers": [[":status", "200"], ["content-length", "5"]] }, { "data_end": "four" }]),
        json!([{ "stream": 2 }, { "data": "of an idle stream" }]),
        json!([{ "big_headers": 200_000 }, { "data_end": "" }]),
    ] {
        let error = get(&client, &url(&wrong, "malformed")).err().unwrap_or_else(|| panic!("{wrong} was accepted"));
        assert_eq!(error.code(), Code::REMOTE_PROTOCOL_ERROR, "{wrong}: {}", error.message());
        assert_eq!(get(&client, &url(&json!([{ "respond": {} }]), "")).unwrap().head().status(), 200);
    }
}

#[test]
fn a_body_that_breaks_off_is_incomplete() {
    let script = json!([{ "headers": [[":status", "200"]] }, { "data": "half" }, { "close": true }]);
    assert_eq!(get(&prior_knowledge(), &url(&script, "half")).err().unwrap().code(), Code::INCOMPLETE_BODY);
    let silent = get(&prior_knowledge(), &url(&json!([{ "close": true }]), "silent")).err().unwrap();
    assert_eq!(silent.code(), Code::SERVER_DISCONNECTED);
}

#[test]
fn an_upload_waits_for_the_servers_windows_also_where_they_are_negative() {
    let script = json!([
        { "replenish": false },
        { "read_body": 65_535 },
        { "settings": { "initial_window_size": 10 } },
        { "await": "settings_ack" },
        { "open_connection": 1_000_000 },
        // From -65525 to 0: still shut.
        { "open_window": 65_525 },
        { "ping": "anything" },
        { "await": "ping_ack" },
        { "open_window": 50_000 },
        { "read_body": 115_535 },
        { "open_window": 1_000_000 },
        { "read_end": true },
        { "respond": {} }
    ]);
    post(&prior_knowledge(), &url(&script, "starved"), 300_000).unwrap();
    let record = &records("starved", "")[0];
    assert_eq!((&record["violations"], &record["requests"][0]["body_size"]), (&json!([]), &json!(300_000)));
}

#[test]
fn no_more_streams_are_open_than_the_latest_settings_allow() {
    let script = json!([
        { "settings": { "max_concurrent_streams": 3 } },
        { "repeat": { "count": 3, "steps": [{ "read_request": true }] } },
        { "settings": { "max_concurrent_streams": 1 } },
        { "await": "settings_ack" },
        { "stream": 1 }, { "respond": {} }, { "stream": 3 }, { "respond": {} }, { "stream": 5 }, { "respond": {} }
    ]);
    let port = test_server().ask("POST", "/h2-listen", &script.to_string())["port"].as_u64().unwrap();
    let client = prior_knowledge();
    thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| get(&client, &format!("http://127.0.0.1:{port}/limited")).unwrap());
        }
    });
    let records = records(&format!("%22port%22:{port},"), "");
    assert_eq!((records.len(), &records[0]["violations"]), (1, &json!([])));
    assert_eq!((&records[0]["max_open_streams"], records[0]["requests"].as_array().unwrap().len()), (&json!(3), 12));
}

#[test]
fn a_ping_is_answered_while_nobody_calls() {
    let client = prior_knowledge();
    let script = json!([{ "respond": {} }, { "ping": "anybody!" }, { "await": "ping_ack" }]);
    get(&client, &url(&script, "pinged")).unwrap();
    assert_eq!(records("pinged", "PING ACK anybody!")[0]["ended"], json!(null));
    assert_eq!(client.counts().idle, 1);
}

#[test]
fn a_response_that_is_closed_unread_cancels_its_stream_only() {
    let client = prior_knowledge();
    let script = json!([{ "headers": [[":status", "200"]] }, { "data": "unread" }, { "await": "rst" }]);
    let request = Arc::new(client.build_request("GET", &url(&script, "cancelled")).unwrap());
    let sending = client.send(request, SendOptions { stream: true, ..SendOptions::default() }).unwrap();
    let mut response = client.block_on(|call| sending.run(call)).unwrap();
    response.close();
    let record = &records("cancelled", "RST_STREAM 1")[0];
    assert_eq!((&record["resets"], &record["ended"]), (&json!({ "1": "CANCEL" }), &json!(null)));
    assert_eq!(get(&client, &url(&json!([{ "respond": {} }]), "")).unwrap().head().stream_id(), Some(3));
}
