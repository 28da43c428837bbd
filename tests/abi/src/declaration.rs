//! One declaration of the header, as cbindgen printed it, brought into the form of the header or of cffi.

/// Columns of the repository's .clang-format.
const LINE_LENGTH: usize = 120;

pub struct Declaration {
    /// `/** … */`, or empty.
    comment: String,
    /// The declaration without comments, functions and callbacks on one line.
    code: String,
    pub name: String,
}

impl Declaration {
    /// `text` is one block of cbindgen's output: a doc comment, if any, and what it belongs to.
    pub fn parse(text: &str) -> Result<Declaration, String> {
        let (comment, code) = match text.find("*/\n") {
            Some(end) if text.starts_with("/**") => text.split_at(end + 3),
            _ => ("", text),
        };
        let name = declared_name(code).ok_or_else(|| format!("what does this declare?\n{code}"))?.to_owned();
        // With `style = "type"` the struct itself stays without a name; C programs want one to declare it ahead.
        let code = code.replacen("typedef struct {", &format!("typedef struct {name} {{"), 1);
        // Rust's isize is C's intptr_t; cbindgen can only print it as ptrdiff_t if usize is to be size_t.
        let code = code.replace("ptrdiff_t", "intptr_t");
        Ok(Declaration { comment: tidy_comment(comment), code: tidy_members(code.trim_end()), name })
    }

    pub fn for_header(&self) -> String {
        format!("{}{}\n", self.comment, wrap(&self.code))
    }

    /// `#define NAME 12`
    pub fn is_integer_define(&self) -> bool {
        let value = self.code.strip_prefix("#define ").and_then(|define| define.split_once(' '));
        value.is_some_and(|(_, value)| value.parse::<i64>().is_ok())
    }

    /// Without the comments of struct members, which are part of the code.
    pub fn for_cdef(&self) -> String {
        let mut out = String::new();
        let mut rest = self.code.as_str();
        while let Some((before, comment)) = rest.split_once("/*") {
            out.push_str(before.trim_end());
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
        }
        out + rest + "\n"
    }
}

/// The name that a line such as `typedef void (*httpx_waker_fn)(void *user_data);` gives to something.
fn declared_name(code: &str) -> Option<&str> {
    let name = if let Some(define) = code.strip_prefix("#define ") {
        define.split_whitespace().next()?
    } else if code.starts_with('#') {
        return None;
    } else if code.starts_with("typedef struct {") || !code.contains('(') {
        code.trim_end().strip_suffix(';')?.rsplit([' ', '*']).next()?
    } else if code.starts_with("typedef ") {
        code.split_once("(*")?.1.split_once(')')?.0
    } else {
        code.split_once('(')?.0.rsplit([' ', '*']).next()?
    };
    (!name.is_empty()).then_some(name)
}

/// One line if the sentence fits into one. cbindgen keeps the space before the text of a Rust doc comment.
fn tidy_comment(comment: &str) -> String {
    let lines: Vec<&str> = comment
        .lines()
        .map(|line| line.trim().trim_start_matches("/**").trim_end_matches("*/").trim_start_matches('*'))
        .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
        .collect();
    let text = lines.join("\n");
    let text = text.trim_matches('\n');
    match text {
        "" => String::new(),
        _ if !text.contains('\n') && text.len() + "/**  */".len() <= LINE_LENGTH => format!("/** {text} */\n"),
        _ => {
            let body: String = text.lines().map(|line| format!(" * {line}").trim_end().to_owned() + "\n").collect();
            format!("/**\n{body} */\n")
        }
    }
}

/// Gives the comments of struct members the form of the others.
fn tidy_members(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    while let Some((before, comment)) = rest.split_once("/**\n") {
        let (comment, after) = comment.split_once("*/\n").unwrap_or((comment, ""));
        let indent = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
        out.push_str(&before[..before.len() - indent.len()]);
        out.extend(tidy_comment(comment).lines().map(|line| format!("{indent}{line}\n")));
        rest = after;
    }
    out + rest
}

/// Breaks a long parameter list as clang-format does: filled lines, aligned after the opening parenthesis.
fn wrap(code: &str) -> String {
    if code.contains('\n') || code.len() <= LINE_LENGTH {
        return code.to_owned();
    }
    let Some(open) = code.find(")(").map(|at| at + 1).or_else(|| code.find('(')) else {
        return code.to_owned();
    };
    let (head, parameters) = code.split_at(open + 1);
    let mut out = head.to_owned();
    let mut column = head.len();
    for parameter in parameters.split_inclusive(", ") {
        let width = parameter.trim_end().len();
        if column + width > LINE_LENGTH {
            out.truncate(out.trim_end().len());
            out.push('\n');
            out.push_str(&" ".repeat(head.len()));
            column = head.len();
        }
        out.push_str(parameter);
        column += parameter.len();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_declaration_has_its_name_found() {
        for (code, name) in [
            ("#define HTTPX_SEND_STREAM 1", "HTTPX_SEND_STREAM"),
            ("typedef int32_t httpx_code;", "httpx_code"),
            ("typedef struct httpx_client httpx_client;", "httpx_client"),
            ("typedef void (*httpx_destroy_fn)(void *user_data);", "httpx_destroy_fn"),
            ("typedef struct {\n    size_t size;\n    void (*call)(void);\n} httpx_event;", "httpx_event"),
            ("const char *httpx_version(void);", "httpx_version"),
            ("httpx_code httpx_queue_new(httpx_queue **out, httpx_error **err);", "httpx_queue_new"),
        ] {
            assert_eq!(declared_name(code), Some(name));
        }
        assert_eq!(declared_name("#if defined(X)"), None);
    }

    #[test]
    fn a_sentence_takes_one_line_and_a_paragraph_several() {
        let parse = |comment: &str| Declaration::parse(&format!("{comment}int32_t f(void);")).unwrap();
        assert_eq!(parse("/**\n * One.\n */\n").for_header(), "/** One. */\nint32_t f(void);\n");
        let two = "/**\n * One.\n *\n * Two.\n */\nint32_t f(void);\n";
        assert_eq!(parse("/**\n * One.\n *\n * Two.\n */\n").for_header(), two);
        assert_eq!(parse("/**\n * One.\n */\n").for_cdef(), "int32_t f(void);\n");
    }

    #[test]
    fn a_struct_gets_its_name_and_loses_its_comments_for_cffi() {
        let text =
            "typedef struct {\n    /**\n     * Bytes.\n     */\n    size_t size;\n    ptrdiff_t fd;\n} httpx_event;";
        let declaration = Declaration::parse(text).unwrap();
        let fields = "    size_t size;\n    intptr_t fd;\n} httpx_event;\n";
        let start = "typedef struct httpx_event {\n";
        assert_eq!(declaration.for_header(), format!("{start}    /** Bytes. */\n{fields}"));
        assert_eq!(declaration.for_cdef(), format!("{start}{fields}"));
    }

    #[test]
    fn a_long_parameter_list_is_filled_and_aligned() {
        let code = format!("httpx_code httpx_f({}httpx_error **err);", "const uint8_t *value, ".repeat(6));
        let wrapped = wrap(&code);
        let lines: Vec<&str> = wrapped.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line.len() <= LINE_LENGTH && !line.ends_with(' ')));
        assert_eq!(lines[1].find(|c| c != ' '), Some("httpx_code httpx_f(".len()));
        assert_eq!(wrapped.split_whitespace().collect::<Vec<_>>(), code.split_whitespace().collect::<Vec<_>>());
    }
}
