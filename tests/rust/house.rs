//! The house's rules about itself: arrows between its floors point one way, and its table of tests is true.

use std::fs;
use std::path::{Path, PathBuf};

/// From the top to the bottom. A floor may use those below it, and what serves all of them.
const FLOORS: [&str; 4] = ["ffi", "httpx", "httpcore", "runtime"];
const FOR_ALL: [&str; 3] = ["error", "codes", "counters"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The top modules of the crate that a source names.
fn modules_named(source: &str) -> Vec<String> {
    let mut named = Vec::new();
    for (at, _) in source.match_indices("crate::") {
        let rest = &source[at + "crate::".len()..];
        let names = match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap_or("").split(',').map(str::trim).collect(),
            None => vec![rest],
        };
        for name in names {
            named.push(name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    named
}

#[test]
fn arrows_between_the_floors_point_one_way() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    let mut looked_at = 0;
    for (level, floor) in FLOORS.iter().enumerate() {
        for path in sources(&src.join(floor)) {
            looked_at += 1;
            for module in modules_named(&fs::read_to_string(&path).unwrap()) {
                let below = FLOORS[level..].contains(&module.as_str()) || FOR_ALL.contains(&module.as_str());
                if !below {
                    wrong.push(format!("{} uses {module}", path.display()));
                }
            }
        }
    }
    assert!(looked_at > 30, "only {looked_at} sources were found");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_the_abi_and_the_system_calls_are_unsafe() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut unsafe_ones: Vec<_> = sources(&src)
        .into_iter()
        .filter(|path| fs::read_to_string(path).unwrap().contains("allow(unsafe_code"))
        .map(|path| path.strip_prefix(&src).unwrap().to_owned())
        .collect();
    unsafe_ones.sort();
    assert_eq!(unsafe_ones, [PathBuf::from("ffi/mod.rs"), PathBuf::from("runtime/sys.rs")]);
}

/// A row of the table in tests/README.md: a line of the checklist, and the tests that show it, each with its file.
struct Row {
    line: String,
    tests: Vec<(String, String)>,
    /// What stands in place of tests.
    reason: String,
}

fn rows(table: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for text in table.lines().filter(|text| text.starts_with("| ")) {
        let cells: Vec<_> = text.trim_matches('|').split(" | ").map(str::trim).collect();
        let [line, _what, shown] = cells[..] else { panic!("not three cells: {text}") };
        if line == "line" {
            continue;
        }
        let (mut file, mut tests) = (None, Vec::new());
        let quoted = shown.split('`').skip(1).step_by(2);
        for name in quoted {
            match name.contains('/') {
                true => file = Some(name.to_owned()),
                false => tests.push((file.clone().expect("a file before its tests"), name.to_owned())),
            }
        }
        let reason = if tests.is_empty() { shown.to_owned() } else { String::new() };
        rows.push(Row { line: line.to_owned(), tests, reason });
    }
    rows
}

/// Whether a source has a test of that name: one that is run, not just a function.
fn has_test(source: &str, name: &str) -> bool {
    if source.contains(&format!("TEST({name})")) {
        return true;
    }
    source.match_indices(&format!("fn {name}(")).any(|(at, _)| {
        let before = source[..at].trim_end().lines().rev();
        before.take_while(|line| line.trim().starts_with("#[")).any(|line| line.trim() == "#[test]")
    })
}

#[test]
fn every_test_that_the_table_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rows = rows(&fs::read_to_string(root.join("tests/README.md")).unwrap());
    assert!(rows.len() > 100, "only {} rows were found", rows.len());
    let mut wrong = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        if rows[..number].iter().any(|other| other.line == row.line) {
            wrong.push(format!("{} stands there twice", row.line));
        }
        if row.tests.is_empty() && row.reason.len() < 10 {
            wrong.push(format!("{} has neither a test nor a reason", row.line));
        }
        for (file, name) in &row.tests {
            match fs::read_to_string(root.join(file)) {
                Ok(source) if has_test(&source, name) => {}
                Ok(_) => wrong.push(format!("{}: {file} has no test {name}", row.line)),
                Err(error) => wrong.push(format!("{}: {file}: {error}", row.line)),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
