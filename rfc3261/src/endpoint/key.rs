//! The keys under which server transactions are found (section 17.2.3).

use std::fmt::Write as _;

use crate::message::{Method, Name, Request, Via};

/// Writes the key of a request as if it had `method`: the method of an ACK counts as INVITE, and a CANCEL looks for
/// another method than its own.
//= rfc3261#17.2.3/cookie-match MUST
//# Branch, sent-by and method, letters in lower case, the default port written out.
pub(crate) fn write(key: &mut String, via: &Via, request: &Request, method: &Method) {
    key.clear();
    if !via.has_cookie() {
        return old(key, request, method);
    }
    let default = if via.transport().eq_ignore_ascii_case("tls") { 5061 } else { 5060 };
    let port = via.port().unwrap_or(default);
    let _ = write!(key, "{} {}:{port} {method}", via.branch().unwrap_or_default(), via.host());
    key.make_ascii_lowercase();
}

/// The key of a request from before RFC 3261. The To tag is left out: it would tell an INVITE from a later one in the
/// dialog, which CSeq does as well, and that of an ACK is not that of its INVITE.
//= rfc3261#17.2.3/old-invite MUST
//# Request-URI, From with its tag, Call-ID, the number of CSeq and the top Via.
//= rfc3261#17.2.3/old-other MUST
//# The same with the method.
fn old(key: &mut String, request: &Request, method: &Method) {
    let raw = |name| request.headers.raw(name).unwrap_or_default();
    let number = raw(Name::CSeq).split_ascii_whitespace().next().unwrap_or_default();
    let (from, call_id, via) = (raw(Name::From), raw(Name::CallId), raw(Name::Via));
    let _ = write!(key, "{}\n{from}\n{call_id}\n{number}\n{via}\n{method}", request.uri);
}
