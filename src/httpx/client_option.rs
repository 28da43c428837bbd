//! What of a client can be changed while it is in use (checklist A08); its cookies are a matter of their own.

use super::ClientBuilder;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientOption {
    /// The headers of every request.
    Headers,
    /// The parameters of every request, and whether they are merged.
    Params,
    /// The credentials of requests without any of their own.
    Auth,
    /// What relative URLs are appended to.
    BaseUrl,
    /// Connect, read, write and pool.
    Timeouts,
    /// Whether redirects are followed, and how many.
    Redirects,
    /// Who hears of requests and responses, and may change them.
    EventHooks,
}

impl ClientOption {
    pub(super) fn copy(self, from: &ClientBuilder, to: &mut ClientBuilder) {
        match self {
            ClientOption::Headers => to.headers.clone_from(&from.headers),
            ClientOption::Params => {
                to.params.clone_from(&from.params);
                to.merge_params = from.merge_params;
            }
            ClientOption::Auth => to.auth.clone_from(&from.auth),
            ClientOption::BaseUrl => to.base_url.clone_from(&from.base_url),
            ClientOption::Timeouts => to.timeouts = from.timeouts,
            ClientOption::EventHooks => to.event_hooks.clone_from(&from.event_hooks),
            ClientOption::Redirects => {
                to.follow_redirects = from.follow_redirects;
                to.max_redirects = from.max_redirects;
                to.redirects_keep_content_type = from.redirects_keep_content_type;
            }
        }
    }
}
