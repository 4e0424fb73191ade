//! What the SIP programs read in the same way: addresses as people write them, descriptions and keys in bodies.

use rfc3261::message::NameAddr;
use rfc3261::ua::Body;
use rfc4566::Session;

/// Reads who to call: a URI, one without its scheme, or one with a name.
///
/// ```
/// use apps::common::parse_address;
/// assert_eq!(parse_address("bob@example.net").unwrap().uri().to_string(), "sip:bob@example.net");
/// assert!(parse_address("http://example.net").is_err());
/// ```
///
/// # Errors
/// In words, when it is none.
pub fn parse_address(text: &str) -> Result<NameAddr, String> {
    let text = text.trim();
    let known = ["sip:", "sips:", "tel:"]
        .iter()
        .any(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    let full = if known || text.contains('<') { text.to_owned() } else { format!("sip:{text}") };
    let address = NameAddr::parse(full).map_err(|_| format!("{text:?} is not a SIP address"))?;
    match address.uri().host() {
        Some(_) => Ok(address),
        None => Err(format!("{text:?} is not a SIP address")),
    }
}

/// The session description in a body.
///
/// # Errors
/// In words, when it is none.
pub fn read_sdp(body: &Body) -> Result<Session, String> {
    let text = str::from_utf8(&body.data).map_err(|_| "the session description is no UTF-8".to_owned())?;
    text.parse().map_err(|e| format!("bad session description: {e}"))
}

/// The key in the body of an INFO, and for how many milliseconds it was pressed, 0 when that is not said. Some peers send
/// keys so: `Signal=5` and `Duration=160`, or the bare key.
///
/// ```
/// use apps::common::info_key;
/// use rfc3261::ua::Body;
/// let body = |data: &'static str| Body { content_type: "application/dtmf-relay".into(), data: data.into() };
/// assert_eq!(info_key(&body("Signal= 5\r\nDuration=160\r\n")), Some(('5', 160)));
/// assert_eq!(info_key(&body("#")), Some(('#', 0)));
/// assert_eq!(info_key(&body("Signal=55\r\n")), None);
/// ```
pub fn info_key(body: &Body) -> Option<(char, u64)> {
    if !body.content_type.to_ascii_lowercase().starts_with("application/dtmf") {
        return None;
    }
    let text = String::from_utf8_lossy(&body.data);
    let field = |name: &str| {
        let mut fields = text.lines().filter_map(|line| line.split_once('='));
        fields.find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    };
    let signal = field("Signal").unwrap_or_else(|| text.trim().to_owned());
    let key = signal.chars().next().filter(|key| is_key(*key) && signal.len() == 1)?;
    Some((key, field("Duration").and_then(|ms| ms.parse().ok()).unwrap_or(0)))
}

/// Whether a telephone may have that key: the digits, `*`, `#` and `A` to `D` in either case.
pub fn is_key(key: char) -> bool {
    key.is_ascii_digit() || matches!(key, '*' | '#' | 'A'..='D' | 'a'..='d')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_to_call_is_written_in_many_ways() {
        for text in ["sip:bob@h", "bob@h", "SIPS:bob@h", "\"Bob\" <sip:bob@h>", "h", "127.0.0.1:5080", "sip:[::1]:5060"]
        {
            assert!(parse_address(text).is_ok(), "{text}");
        }
        for text in ["", "sip:", "bob@", "<", "sip:bob@h\r\nX: y", "http://h"] {
            assert!(parse_address(text).is_err(), "{text}");
        }
    }
}
