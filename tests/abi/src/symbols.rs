//! The symbols that a library shows: the list and version script that it is linked with, and the check of the result.
//! The linker that rustc uses ignores a version script without a word, so only the finished file can be trusted.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

pub const VERSION: &str = "HTTPX_0";
pub const SONAME: &str = "libhttpx.so.0";

/// One name a line, for objcopy's --keep-global-symbols.
pub fn list(functions: &[&str]) -> String {
    functions.iter().map(|name| format!("{name}\n")).collect()
}

/// For the linker's --version-script.
pub fn version_script(functions: &[&str]) -> String {
    let lines: String = functions.iter().map(|name| format!("    {name};\n")).collect();
    format!("{VERSION} {{\n  global:\n{lines}  local:\n    *;\n}};\n")
}

/// What is wrong with a shared library (ELF), one sentence a line; empty if nothing is.
pub fn check_shared(library: &Path, functions: &[&str]) -> Result<Vec<String>, String> {
    let mut problems = Vec::new();
    let mut found = BTreeSet::new();
    for line in run("nm", &["-D", "--defined-only", "--with-symbol-versions"], library)?.lines() {
        let symbol = line.split_whitespace().last().unwrap_or_default();
        let (name, version) = symbol.split_once('@').unwrap_or((symbol, ""));
        // The version itself is listed too, as an absolute symbol.
        if name == VERSION {
            continue;
        }
        if version.trim_start_matches('@') != VERSION {
            let version = if version.is_empty() { "no version" } else { version };
            problems.push(format!("{name} has {version}, not {VERSION}"));
        }
        found.insert(name.to_owned());
    }
    problems.extend(compare(&found, functions));

    let dynamic = run("readelf", &["--dynamic", "--wide"], library)?;
    if !dynamic.contains(&format!("Library soname: [{SONAME}]")) {
        problems.push(format!("the SONAME is not {SONAME}"));
    }
    let flags = dynamic.lines().find(|line| line.contains("(FLAGS_1)")).unwrap_or_default();
    if !flags.split_whitespace().any(|flag| flag == "NODELETE") {
        problems.push("it is not linked with -z nodelete".to_owned());
    }
    Ok(problems)
}

/// What is wrong with a static library.
pub fn check_static(library: &Path, functions: &[&str]) -> Result<Vec<String>, String> {
    let output = run("nm", &["--extern-only", "--defined-only"], library)?;
    // Lines of symbols are "address type name"; the others name the members of the archive.
    let found = output.lines().filter(|line| line.split_whitespace().count() == 3);
    let found = found.filter_map(|line| line.split_whitespace().last()).map(str::to_owned).collect();
    Ok(compare(&found, functions))
}

fn compare(found: &BTreeSet<String>, functions: &[&str]) -> Vec<String> {
    let wanted: BTreeSet<String> = functions.iter().map(|name| (*name).to_owned()).collect();
    let missing = wanted.difference(found).map(|name| format!("{name} is in the header, but not exported"));
    let surplus = found.difference(&wanted).map(|name| format!("{name} is exported, but not in the header"));
    missing.chain(surplus).collect()
}

fn run(program: &str, arguments: &[&str], library: &Path) -> Result<String, String> {
    let output = Command::new(program).args(arguments).arg(library).env("LC_ALL", "C").output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{program} {}: {}", library.display(), String::from_utf8_lossy(&output.stderr).trim()));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("{program}: {error}"))
}
