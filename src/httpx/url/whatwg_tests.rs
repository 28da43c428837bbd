//! WHATWG's test cases for URLs, as HTTPX's own tests use them: what WHATWG writes as the result has to be read as the
//! components that WHATWG finds in it.

use serde_json::Value;

use super::*;

const CASES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust/data/whatwg/urltestdata.json"));

/// HTTPX's tests pass over these, in which WHATWG leaves a space as it is.
const UNESCAPED_SPACES: [&str; 2] = ["a: foo.com", "lolscheme:x x#x%20x"];

fn text<'a>(case: &'a Value, field: &str) -> &'a str {
    case[field].as_str().unwrap_or_else(|| panic!("{field} of {case}"))
}

/// As WHATWG shows them: a scheme with its colon, a host with its brackets, no mark before what is empty.
fn components(url: &Url) -> [String; 6] {
    let marked = |mark: &str, text: &str| if text.is_empty() { String::new() } else { format!("{mark}{text}") };
    let host = url.raw_host();
    [
        format!("{}:", url.scheme()),
        if host.contains(':') { format!("[{host}]") } else { host.to_owned() },
        url.port().map_or_else(String::new, |port| port.to_string()),
        url.encoded_path().to_owned(),
        marked("?", url.query()),
        marked("#", url.fragment_component().unwrap_or_default()),
    ]
}

#[test]
fn every_case_that_httpx_takes_for_valid_has_the_components_that_whatwg_finds() {
    let cases: Vec<Value> = serde_json::from_str(CASES).unwrap();
    let mut compared = 0;
    let mut wrong = Vec::new();
    for case in cases.iter().filter(|case| !UNESCAPED_SPACES.contains(&text(case, "href"))) {
        compared += 1;
        let mut wanted =
            ["protocol", "hostname", "port", "pathname", "search", "hash"].map(|field| text(case, field).to_owned());
        wanted[1].make_ascii_lowercase();
        match Url::parse(text(case, "href")) {
            Ok(url) if components(&url) == wanted => {}
            Ok(url) => wrong.push(format!("{:?}: {:?}, not {wanted:?}", text(case, "href"), components(&url))),
            Err(error) => wrong.push(format!("{:?}: {error}", text(case, "href"))),
        }
    }
    assert!(compared > 400, "only {compared} cases");
    assert!(wrong.is_empty(), "{} of {compared}:\n{}", wrong.len(), wrong.join("\n"));
}
