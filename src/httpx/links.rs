//! The Link header, by HTTPX's rules (checklist N15): what RFC 8288 writes down, and what servers make of it.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::HashMap;

/// One link of a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// The URL under the name `url`, then the parameters in their order, each name once: a later value takes an earlier
    /// one's place.
    pub fields: Vec<(String, String)>,
}

impl Link {
    /// What it is found by: its relation, or its URL if it has none.
    pub fn key(&self) -> &str {
        self.get("rel").filter(|rel| !rel.is_empty()).unwrap_or_else(|| self.url())
    }

    /// Where it leads, as the header says it: perhaps relative.
    pub fn url(&self) -> &str {
        self.get("url").unwrap_or_default()
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The links of all Link lines, each key once: a later link takes an earlier one's place.
pub(super) fn parse<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Vec<Link> {
    let lines: Vec<Cow<'a, str>> = lines.map(text).collect();
    let mut links: Vec<Link> = Vec::new();
    let joined = lines.join(", ");
    let trimmed = joined.trim_matches([' ', '\'', '"']);
    if trimmed.is_empty() {
        return links;
    }
    // A server may send thousands: they are not compared one by one.
    let mut places = HashMap::new();
    for part in split_links(trimmed) {
        let link = parse_link(part);
        match places.entry(link.key().to_owned()) {
            Entry::Occupied(known) => links[*known.get()] = link,
            Entry::Vacant(place) => {
                place.insert(links.len());
                links.push(link);
            }
        }
    }
    links
}

/// UTF-8 where it is that, else Latin-1 (checklist D04).
fn text(line: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(line) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(line.iter().copied().map(char::from).collect()),
    }
}

/// Between links stands a comma, spaces, and the next one's `<`.
fn split_links(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (comma, _) in text.match_indices(',') {
        let behind = text[comma + 1..].trim_start_matches(' ');
        if let Some(next) = behind.strip_prefix('<') {
            parts.push(&text[start..comma]);
            start = text.len() - next.len();
        }
    }
    parts.push(&text[start..]);
    parts
}

fn parse_link(text: &str) -> Link {
    let (url, parameters) = text.split_once(';').unwrap_or((text, ""));
    let url = url.trim_matches(['<', '>', ' ', '\'', '"']);
    let mut fields = vec![("url".to_owned(), url.to_owned())];
    let mut places = HashMap::from([("url", 0)]);
    for parameter in parameters.split(';') {
        // HTTPX gives up at the first that is not one name and one value.
        let Some((name, value)) = parameter.split_once('=').filter(|(_, value)| !value.contains('=')) else { break };
        let [name, value] = [name, value].map(|text| text.trim_matches([' ', '\'', '"']));
        match places.entry(name) {
            Entry::Occupied(known) => fields[*known.get()].1 = value.to_owned(),
            Entry::Vacant(place) => {
                place.insert(fields.len());
                fields.push((name.to_owned(), value.to_owned()));
            }
        }
    }
    Link { fields }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(header: &str) -> String {
        let links = parse(std::iter::once(header.as_bytes()));
        let fields = |link: &Link| {
            link.fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
        };
        links.iter().map(|link| format!("{}: {}", link.key(), fields(link))).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn links_are_found_by_relation_or_url() {
        for (header, expected) in [
            ("", ""),
            (" '\" ", ""),
            (
                "<http:/.../front.jpeg>; rel=front; type=\"image/jpeg\"",
                "front: url=http:/.../front.jpeg&rel=front&type=image/jpeg",
            ),
            ("<http:/.../front.jpeg>", "http:/.../front.jpeg: url=http:/.../front.jpeg"),
            ("<http:/.../front.jpeg>;", "http:/.../front.jpeg: url=http:/.../front.jpeg"),
            ("<a>; rel=\"next\", <b>;rel='last'", "next: url=a&rel=next | last: url=b&rel=last"),
            ("<a>; type=\"image/jpeg\",<b>;", "a: url=a&type=image/jpeg | b: url=b"),
            // A comma that starts no link is the URL's.
            ("<a,b>; rel=x,   <c>", "x: url=a,b&rel=x | c: url=c"),
            // The later one wins, in the earlier one's place.
            ("<a>; rel=x, <b>; rel=y, <c>; rel=x", "x: url=c&rel=x | y: url=b&rel=y"),
            ("<a>; rel=x; rel=y", "y: url=a&rel=y"),
            ("<a>; rel=", "a: url=a&rel="),
            // HTTPX stops at what is not one name and one value.
            ("<a>; x=1; y=2=3; rel=z", "a: url=a&x=1"),
            ("<a>; nothing; rel=z", "a: url=a"),
            ("<a>; url=b", "b: url=b"),
        ] {
            assert_eq!(shown(header), expected, "{header:?}");
        }
    }

    /// With each compared to all before it, this would take minutes.
    #[test]
    fn many_links_and_parameters_are_no_burden() {
        let links: Vec<_> = (0..100_000).map(|n| format!("<{n}>")).collect();
        assert_eq!(parse(std::iter::once(links.join(",").as_bytes())).len(), 100_000);
        let parameters: Vec<_> = (0..100_000).map(|n| format!("{n}=")).collect();
        let link = parse_link(&format!("<a>;{}", parameters.join(";")));
        assert_eq!(link.fields.len(), 100_001);
    }

    #[test]
    fn several_lines_are_one_list_and_bytes_that_are_no_utf_8_are_latin_1() {
        let lines = [&b"<a>; rel=one"[..], b"<\xe9>; rel=two"];
        let links = parse(lines.into_iter());
        assert_eq!(links.iter().map(Link::url).collect::<Vec<_>>(), ["a", "é"]);
        assert_eq!(links[1].get("rel"), Some("two"));
    }
}
