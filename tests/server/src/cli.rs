//! The command line: seven flags, read by hand so that the test server brings in no argument parser.

use std::path::PathBuf;

pub const HELP: &str = "\
httpx-test-server: an origin server, scripted byte and HTTP/2 servers, and recording proxies, on loopback only.

Usage: httpx-test-server [--ca-dir DIR] [OPTIONS]

Prints one line of JSON with its ports on stdout, then serves until its stdin reaches EOF.

Options:
  --ca-dir DIR            write ca.pem, server.pem, server.key and the unix socket into DIR
                          (made if missing; a temporary folder when not given)
  --stay                  ignore stdin and serve until killed
  --script-file FILE      JSON map of name to script; the byte server answers /s/NAME with it
  --accept-script JSON    script that the bytes_accept listener runs as soon as it accepts
  --proxy-auth USER:PASS  all proxies ask for these Basic credentials, but `socks`; without it those
                          whose names end in _auth ask for user:pass
  -h, --help              print this text
  -V, --version           print the version
";

#[derive(Debug, Default, PartialEq)]
pub struct Options {
    pub ca_dir: Option<PathBuf>,
    pub stay: bool,
    pub script_file: Option<PathBuf>,
    pub accept_script: Option<String>,
    pub proxy_auth: Option<String>,
}

#[derive(Debug, PartialEq)]
pub enum Command {
    Serve(Options),
    Help,
    Version,
}

/// Reads the arguments that follow the program's name; `--flag VALUE` and `--flag=VALUE` are the same.
pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command, String> {
    let mut options = Options::default();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let (flag, mut inline) = match argument.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (flag.to_owned(), Some(value.to_owned())),
            _ => (argument, None),
        };
        let mut value =
            || inline.take().or_else(|| arguments.next()).ok_or_else(|| format!("{flag} needs a value, see --help"));
        match flag.as_str() {
            "--ca-dir" => options.ca_dir = Some(value()?.into()),
            "--script-file" => options.script_file = Some(value()?.into()),
            "--accept-script" => options.accept_script = Some(value()?),
            "--proxy-auth" => {
                let credentials = value()?;
                if !credentials.contains(':') {
                    return Err("--proxy-auth wants USER:PASS".to_owned());
                }
                options.proxy_auth = Some(credentials);
            }
            "--stay" => options.stay = true,
            "-h" | "--help" => return Ok(Command::Help),
            "-V" | "--version" => return Ok(Command::Version),
            _ => return Err(format!("unknown argument {flag:?}, see --help")),
        }
        if inline.is_some() {
            return Err(format!("{flag} takes no value, see --help"));
        }
    }
    Ok(Command::Serve(options))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn values_follow_a_space_or_an_equals_sign() {
        let expected =
            Options { ca_dir: Some("d".into()), stay: true, proxy_auth: Some("u:p=q".into()), ..Options::default() };
        assert_eq!(words("--ca-dir d --stay --proxy-auth u:p=q"), Ok(Command::Serve(expected)));
        assert!(matches!(words("--ca-dir=d"), Ok(Command::Serve(Options { ca_dir: Some(_), .. }))));
    }

    #[test]
    fn mistakes_are_named() {
        assert!(words("--ca-dir").unwrap_err().contains("--ca-dir needs a value"));
        assert!(words("--stay=yes").unwrap_err().contains("takes no value"));
        assert!(words("--prot 1").unwrap_err().contains("unknown argument"));
        assert!(words("--proxy-auth user").unwrap_err().contains("USER:PASS"));
    }
}
