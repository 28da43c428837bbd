//! The house's one rule about itself: arrows between its floors point one way.

use std::fs;
use std::path::{Path, PathBuf};

/// From the top to the bottom. A floor may use those below it, and what serves all of them.
const FLOORS: [&str; 4] = ["ffi", "httpx", "httpcore", "runtime"];
const FOR_ALL: [&str; 2] = ["error", "codes"];

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
