//! The codes for the Python package: their numbers, and an exception class for each that HTTPX has none for.
//!
//! HTTPX's own classes are written by hand, in `_exceptions.py`; the others are made below them, along the tree.

use std::fmt::Write as _;

use crate::codes::{parent, Entry, Table};

const GENERATED: &str = "Generated from src/codes.toml by `cargo run -p httpx-abi -- generate`; don't edit.";

/// `_codes.py`.
pub fn constants(table: &Table) -> String {
    let mut out = format!("\"\"\"The library's codes. {GENERATED}\"\"\"\n\nfrom __future__ import annotations\n\n");
    for Entry { rust, number, .. } in &table.codes {
        writeln!(out, "{rust} = {}", literal(*number)).unwrap();
    }
    out.push_str("\n# What a code's exception is called.\nNAMES = {\n");
    for Entry { rust, name, .. } in table.codes.iter().filter(|entry| entry.is_error()) {
        writeln!(out, "    {rust}: \"{name}\",").unwrap();
    }
    out.push_str("}\n");
    out
}

/// `errors.py`.
pub fn exceptions(table: &Table) -> String {
    let errors = || table.codes.iter().filter(|entry| entry.is_error());
    let mut imported: Vec<&str> = errors().filter(|entry| entry.httpx).map(|entry| entry.name.as_str()).collect();
    imported.sort_unstable();
    let mut out = format!("{EXCEPTIONS_INTRO}\n{GENERATED}\n\"\"\"\n\nfrom __future__ import annotations\n\n");
    out.push_str("from . import _codes\nfrom ._exceptions import (\n");
    for name in imported {
        writeln!(out, "    {name},").unwrap();
    }
    out.push_str(")\n");
    for entry in errors().filter(|entry| !entry.httpx) {
        out.push_str(&class(table, entry));
    }
    out.push_str("\n\n# The class for each code.\nCLASSES: dict[int, type[Exception]] = {\n");
    for Entry { rust, name, .. } in errors() {
        writeln!(out, "    _codes.{rust}: {name},").unwrap();
    }
    out.push_str("}\n");
    out
}

const EXCEPTIONS_INTRO: &str = "\
\"\"\"An exception for each of the library's codes that HTTPX has no exception for.

Each is below the exception that HTTPX raises in its place, so programs that know only HTTPX's catch it all the same.
";

fn class(table: &Table, entry: &Entry) -> String {
    let Entry { rust, name, description, number, python_base, .. } = entry;
    let above = parent(*number).and_then(|number| find(table, number));
    let mut bases: Vec<&str> = above.map(|above| above.name.as_str()).into_iter().collect();
    bases.extend(python_base.as_deref().filter(|base| !above.is_some_and(|above| has_base(table, above, base))));
    if bases.is_empty() {
        bases.push("Exception");
    }
    let annotation = if above.is_some() { "" } else { ": int" };
    let bases = bases.join(", ");
    format!("\n\nclass {name}({bases}):\n    \"\"\"{description}\"\"\"\n\n    code{annotation} = _codes.{rust}\n")
}

fn find(table: &Table, number: i32) -> Option<&Entry> {
    table.codes.iter().find(|entry| entry.number == number)
}

/// Whether an entry's class, or one above it, derives from a built-in exception.
fn has_base(table: &Table, entry: &Entry, base: &str) -> bool {
    entry.python_base.as_deref() == Some(base)
        || parent(entry.number).and_then(|number| find(table, number)).is_some_and(|above| has_base(table, above, base))
}

fn literal(number: i32) -> String {
    if number < crate::codes::FIRST_ERROR {
        number.to_string()
    } else {
        format!("0x{number:08X}")
    }
}
