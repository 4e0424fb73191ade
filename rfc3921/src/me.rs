//! `/me` ([XEP-0245](https://xmpp.org/extensions/xep-0245.html)).

/// What somebody does, if the body says so: the text after `/me `.
///
/// ```
/// # //= xep-0245#3/prefix test
/// use rfc3921::me::action;
/// assert_eq!(action("/me vanishes slowly"), Some("vanishes slowly"));
/// assert_eq!(action("/mean"), None);
/// assert_eq!(action(" /me too"), None);
/// ```
//= xep-0245#3/prefix MUST
//# Only the four characters at the very beginning of the body, followed by something.
pub fn action(body: &str) -> Option<&str> {
    body.strip_prefix("/me ").filter(|rest| !rest.is_empty())
}
