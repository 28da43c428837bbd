//! Reads `src/codes.toml`, checks that it is a tree, and writes what is made of it: Rust source and C defines.
//!
//! A code's parent is the code with its last non-zero hex digit cleared, so the tree needs no links between its
//! entries.

use std::collections::HashSet;
use std::fmt::Write as _;

use serde::Deserialize;

/// Codes below are statuses (OK, DONE, AGAIN); from here on, the first hex digit names a root of the tree of errors.
pub const FIRST_ERROR: i32 = 0x1000_0000;

/// `max_width` of the repository's rustfmt.toml.
const LINE_LENGTH: usize = 120;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Numbers that were given once and must not be given again.
    #[serde(default)]
    pub retired: Vec<i32>,
    #[serde(rename = "code")]
    pub codes: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub number: i32,
    /// Name in the header: `HTTPX_E_READ_TIMEOUT`.
    pub c: String,
    /// Name of the constant: `READ_TIMEOUT`.
    pub rust: String,
    /// Name of the exception class: `ReadTimeout`.
    pub name: String,
    /// HTTPX has an exception of this name.
    #[serde(default)]
    pub httpx: bool,
    pub python_base: Option<String>,
    #[serde(default)]
    pub retryable: bool,
    pub description: String,
}

impl Entry {
    pub fn is_error(&self) -> bool {
        self.number >= FIRST_ERROR
    }
}

/// The code one level up; `None` for statuses and roots.
pub fn parent(number: i32) -> Option<i32> {
    if number < FIRST_ERROR {
        return None;
    }
    let last_digit = number.trailing_zeros() / 4 * 4;
    let parent = number & !(0xf << last_digit);
    (parent != 0).then_some(parent)
}

/// Parses the table. The error is the list of everything that is wrong with it.
pub fn parse(text: &str) -> Result<Table, String> {
    let table: Table = toml::from_str(text).map_err(|error| error.to_string())?;
    let problems = problems(&table);
    if problems.is_empty() {
        Ok(table)
    } else {
        Err(problems.join("\n"))
    }
}

fn problems(table: &Table) -> Vec<String> {
    let mut problems = Vec::new();
    let numbers: HashSet<i32> = table.codes.iter().map(|entry| entry.number).collect();
    let mut seen = HashSet::new();
    let mut previous = -1;
    for entry in &table.codes {
        let Entry { number, c, .. } = entry;
        if *number <= previous {
            problems.push(format!("{c}: {number:#010x} is not larger than the number before it"));
        }
        previous = *number;
        if table.retired.contains(number) {
            problems.push(format!("{c}: {number:#010x} is retired"));
        }
        if entry.is_error() != c.starts_with("HTTPX_E_") {
            problems.push(format!("{c}: HTTPX_E_ is for errors, and for all of them"));
        }
        if let Some(parent) = parent(*number).filter(|parent| !numbers.contains(parent)) {
            problems.push(format!("{c}: {number:#010x} has no parent {parent:#010x} in the table"));
        }
        if entry.is_error() && has_zero_inside(*number) {
            problems.push(format!("{c}: {number:#010x} skips a level"));
        }
        for (column, name) in [("c", &entry.c), ("rust", &entry.rust), ("name", &entry.name)] {
            if !seen.insert((column, name)) {
                problems.push(format!("{c}: the name {name} is taken"));
            }
        }
        if !entry.description.ends_with('.') || entry.description.contains(['"', '\\', '\n']) {
            problems.push(format!("{c}: the description is not one plain sentence with its full stop"));
        }
    }
    problems
}

fn has_zero_inside(number: i32) -> bool {
    format!("{number:x}").trim_end_matches('0').contains('0')
}

/// `src/codes.rs`, in rustfmt's form.
pub fn rust_source(table: &Table) -> String {
    let mut out = String::from(RUST_INTRO);
    out.push_str("impl Code {\n");
    for (index, entry) in table.codes.iter().enumerate() {
        let separator = if index == 0 { "" } else { "\n" };
        let Entry { rust, number, description, .. } = entry;
        let number = rust_literal(*number);
        write!(out, "{separator}    /// {description}\n    pub const {rust}: Code = Code({number});\n").unwrap();
    }
    out.push_str("}\n\n/// Every code, sorted by number.\npub(crate) static TABLE: &[Entry] = &[\n");
    for Entry { rust, name, retryable, description, .. } in &table.codes {
        let fields = [
            format!("code: Code::{rust}"),
            format!("name: c\"{name}\""),
            format!("retryable: {retryable}"),
            format!("description: c\"{description}\""),
        ];
        out.push_str(&literal("Entry", &fields));
    }
    out.push_str("];\n");
    out
}

const RUST_INTRO: &str = "\
//! The codes of the ABI: constants and table. Generated from codes.toml by `cargo run -p httpx-abi -- generate`;
//! don't edit. What can be asked of a code is in `error.rs`.

use std::ffi::CStr;

/// What a call came to: a status (OK, DONE, AGAIN) or an error. An error's hex digits are its path in the tree.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Code(pub i32);

/// What is known about a code.
pub(crate) struct Entry {
    pub(crate) code: Code,
    /// The exception's name, HTTPX's where it has one.
    pub(crate) name: &'static CStr,
    /// Nothing of the request can have reached the server, and a second try may succeed.
    pub(crate) retryable: bool,
    pub(crate) description: &'static CStr,
}

";

/// An element of the table, on one line where rustfmt would put it there.
fn literal(name: &str, fields: &[String]) -> String {
    let line = format!("    {name} {{ {} }},\n", fields.join(", "));
    if line.trim_end().len() <= LINE_LENGTH {
        return line;
    }
    let fields: String = fields.iter().map(|field| format!("        {field},\n")).collect();
    format!("    {name} {{\n{fields}    }},\n")
}

fn rust_literal(number: i32) -> String {
    if number < FIRST_ERROR {
        return number.to_string();
    }
    format!("{:#06x}_{:04x}", number >> 16, number & 0xffff)
}
