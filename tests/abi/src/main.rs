//! `httpx-abi generate` writes the generated files, `check` compares them, `symbols` looks into finished libraries.

use std::path::Path;
use std::process::ExitCode;

use httpx_abi::sources::Kind;
use httpx_abi::{symbols, Project};

const USAGE: &str = "\
usage: httpx-abi generate
       httpx-abi check
       httpx-abi symbols [--library FILE.so]... [--static FILE.a]...";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["generate"] => generate(),
        ["check"] => check(),
        ["symbols", files @ ..] if !files.is_empty() => check_symbols(files),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{}", message.trim_end());
            ExitCode::FAILURE
        }
    }
}

fn generate() -> Result<(), String> {
    for path in Project::here().write()? {
        println!("wrote {}", path.display());
    }
    Ok(())
}

fn check() -> Result<(), String> {
    let difference = Project::here().difference()?;
    if difference.is_empty() {
        return Ok(());
    }
    Err(format!("{difference}\nGenerated files differ; run: cargo run -p httpx-abi -- generate"))
}

fn check_symbols(files: &[&str]) -> Result<(), String> {
    let sources = Project::here().sources()?;
    let functions: Vec<&str> = sources.names(Kind::Function).collect();
    let mut problems = Vec::new();
    for pair in files.chunks(2) {
        let (file, found) = match pair {
            ["--library", file] => (file, symbols::check_shared(Path::new(file), &functions)?),
            ["--static", file] => (file, symbols::check_static(Path::new(file), &functions)?),
            _ => return Err(USAGE.to_owned()),
        };
        problems.extend(found.into_iter().map(|problem| format!("{file}: {problem}")));
        println!("{file}: compared with {} functions", functions.len());
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.join("\n"))
    }
}
