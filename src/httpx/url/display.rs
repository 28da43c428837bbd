//! How a URL is shown: whole to those who send it, without its password to those who read logs.

use std::borrow::Cow;
use std::fmt;

use super::Url;

/// C17: the username stays, so that a reader can tell the accounts apart.
pub(super) fn masked(url: &Url) -> Cow<'_, str> {
    let Some((username, _)) = url.userinfo().split_once(':') else {
        return Cow::Borrowed(url.as_str());
    };
    let before = url.slice(0, url.authority_start);
    let after = &url.as_str()[url.userinfo_end as usize..];
    Cow::Owned(format!("{before}{username}:[secure]{after}"))
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Url").field(&self.masked()).finish()
    }
}
