//! Resolution of references (RFC 3986 §5.2), in the manner of Python's urljoin, which HTTPX uses (C22): a reference
//! that repeats the scheme without an authority is relative (§5.2.2, "non-strict").

use super::parse::{build, Pieces};
use super::Url;
use crate::error::Error;

pub(super) fn join(base: &Url, reference: &Url) -> Result<Url, Error> {
    if base.as_str().is_empty() {
        return Ok(reference.clone());
    }
    if reference.as_str().is_empty() {
        return Ok(base.clone());
    }
    let given = reference.pieces();
    let origin = base.pieces();
    if !given.scheme.is_empty() && given.scheme != origin.scheme {
        return Ok(reference.clone());
    }
    if !reference.authority().is_empty() {
        return build(&Pieces { scheme: origin.scheme, ..given });
    }
    let fragment = given.fragment;
    if given.path.is_empty() {
        return build(&Pieces { query: given.query.or(origin.query), fragment, ..origin });
    }
    let path = resolve(origin.path, given.path, !base.authority().is_empty());
    build(&Pieces { path: &path, query: given.query, fragment, ..origin })
}

/// The path of a reference, seen from the path of a base. Merged paths lose their empty segments, as they do in
/// urljoin; dot segments go without a trace, also in relative paths.
fn resolve(base: &str, reference: &str, has_authority: bool) -> String {
    let (directory, _) = base.rsplit_once('/').unwrap_or_default();
    let is_rooted = has_authority || base.starts_with('/') || reference.starts_with('/');
    let merged: Vec<&str> = match reference.strip_prefix('/') {
        Some(path) => path.split('/').collect(),
        None => {
            let (last, folders) = split_last(reference);
            let segments = directory.split('/').chain(folders).filter(|segment| !segment.is_empty());
            segments.chain([last]).collect()
        }
    };
    let ends_in_folder = merged.last().is_some_and(|last| matches!(*last, "." | ".."));
    let mut kept: Vec<&str> = Vec::with_capacity(merged.len() + 1);
    for segment in merged {
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    if ends_in_folder {
        kept.push("");
    }
    // A path that leads nowhere else leads to the root (§5.2.4).
    let root = if is_rooted || kept.iter().all(|segment| segment.is_empty()) { "/" } else { "" };
    format!("{root}{}", kept.join("/"))
}

fn split_last(path: &str) -> (&str, impl Iterator<Item = &str>) {
    let (folders, last) = path.rsplit_once('/').unwrap_or(("", path));
    (last, folders.split('/'))
}
