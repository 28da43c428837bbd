//! A reader of `multipart/form-data` (RFC 7578) that takes a whole body and is strict about its framing, since it is
//! there to tell whether a client wrote it well.

/// One field or file of a form.
#[derive(Debug, PartialEq)]
pub struct Part<'a> {
    pub name: String,
    pub filename: Option<String>,
    pub content_type: Option<String>,
    pub body: &'a [u8],
}

/// The parts in their order, or the sentence that says what is wrong.
pub fn parse<'a>(content_type: &str, body: &'a [u8]) -> Result<Vec<Part<'a>>, String> {
    let boundary = parameter(content_type, "boundary").ok_or("the Content-Type has no boundary")?;
    let delimiter = format!("--{boundary}");
    let mut rest = body.strip_prefix(delimiter.as_bytes()).ok_or("the body does not start with its boundary")?;
    let next = format!("\r\n{delimiter}");
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        rest = rest.strip_prefix(b"\r\n").ok_or("a boundary is not followed by CRLF")?;
        let end = find(rest, next.as_bytes()).ok_or("the body does not end with its boundary")?;
        parts.push(part(&rest[..end])?);
        rest = &rest[end + next.len()..];
    }
    Ok(parts)
}

fn part(bytes: &[u8]) -> Result<Part<'_>, String> {
    let end = find(bytes, b"\r\n\r\n").ok_or("a part has no empty line after its head")?;
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| "a part's head is not UTF-8")?;
    let field = |wanted: &str| {
        let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
        lines.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim().to_owned())
    };
    let disposition = field("content-disposition").ok_or("a part has no Content-Disposition")?;
    Ok(Part {
        name: parameter(&disposition, "name").ok_or("a part's Content-Disposition has no name")?,
        filename: parameter(&disposition, "filename"),
        content_type: field("content-type"),
        body: &bytes[end + 4..],
    })
}

/// The value of `; name=value` or `; name="value"`, with browsers' escapes undone (%22 %0D %0A, backslash).
fn parameter(value: &str, wanted: &str) -> Option<String> {
    let mut rest = &value[value.find(';')? + 1..];
    loop {
        let (name, after) = rest.split_once('=')?;
        let (found, remaining) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(found);
        }
        rest = remaining.trim_start().strip_prefix(';')?;
    }
}

fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => {
                let value = value.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n");
                return Some((value, &text[at + 1..]));
            }
            '\\' => value.push(characters.next()?.1),
            _ => value.push(character),
        }
    }
    None
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_files_keep_their_bytes() {
        let body = b"--x\r\nContent-Disposition: form-data; name=\"a%22b\"\r\n\r\n1\r\n\
            --x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a;b.bin\"\r\nContent-Type: image/png\r\n\r\n\
            \x00\r\n\xff\r\n--x--\r\n";
        let parts = parse("multipart/form-data; boundary=x", body).unwrap();
        assert_eq!(parts.len(), 2);
        assert_eq!((parts[0].name.as_str(), parts[0].body, &parts[0].filename), ("a\"b", &b"1"[..], &None));
        assert_eq!(parts[1].filename.as_deref(), Some("a;b.bin"));
        assert_eq!((parts[1].content_type.as_deref(), parts[1].body), (Some("image/png"), &b"\x00\r\n\xff"[..]));
    }

    #[test]
    fn bad_framing_is_named() {
        let parse = |body: &'static [u8]| parse("multipart/form-data; boundary=x", body).unwrap_err();
        assert!(parse(b"1").contains("start"));
        assert!(parse(b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1").contains("end"));
        assert!(parse(b"--x\r\n\r\n\r\n1\r\n--x--").contains("Content-Disposition"));
    }
}
