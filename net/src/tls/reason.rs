//! Why TLS failed, in words for the person who wanted the connection.
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};

/// One line, of bounded length and without control characters, whatever stands in a certificate.
pub(super) fn words(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => format!("the server's certificate {}", certificate(error)),
        Error::NoCertificatesPresented => "the server has no certificate".to_owned(),
        Error::PeerIncompatible(why) => incompatible(why),
        Error::AlertReceived(alert) => alert_words(*alert),
        Error::NoApplicationProtocol => "no application protocol (ALPN) in common".to_owned(),
        Error::InvalidMessage(_) => "what the peer sends is not TLS".to_owned(),
        other => plain(&other.to_string()),
    }
}

/// Whether the peer says, once the connection is open, that it does not take our certificate: in TLS 1.3 it looks at
/// that last.
pub(super) fn is_distrust(error: &Error) -> bool {
    use AlertDescription::*;
    let Error::AlertReceived(alert) = error else { return false };
    let about_us = [BadCertificate, UnsupportedCertificate, CertificateRevoked, CertificateExpired, CertificateUnknown];
    about_us.contains(alert) || [UnknownCA, AccessDenied, DecryptError, CertificateRequired].contains(alert)
}

fn certificate(error: &CertificateError) -> String {
    use CertificateError::*;
    match error {
        Expired => "has expired".to_owned(),
        ExpiredContext { time, not_after } => format!("expired {} ago", between(*not_after, *time)),
        NotValidYet => "is not valid yet".to_owned(),
        NotValidYetContext { time, not_before } => {
            format!("is not valid yet: only in {} (is the clock right?)", between(*time, *not_before))
        }
        Revoked => "was revoked".to_owned(),
        UnknownIssuer => "comes from an authority that is not trusted".to_owned(),
        BadSignature => "has a wrong signature".to_owned(),
        BadEncoding => "cannot be read".to_owned(),
        NotValidForName => "is for another name".to_owned(),
        NotValidForNameContext { expected, presented } => {
            let mut names: Vec<String> = presented.iter().take(MAX_NAMES).map(|name| bare(name)).collect();
            if presented.len() > MAX_NAMES {
                names.push("others".to_owned());
            }
            let names = if names.is_empty() { "no name".to_owned() } else { names.join(", ") };
            format!("is for {names}, not for {}", plain(&expected.to_str()))
        }
        InvalidPurpose | InvalidPurposeContext { .. } => "is not meant for servers".to_owned(),
        ApplicationVerificationFailure => "is not one of those that are pinned".to_owned(),
        other => plain(&format!("is not acceptable: {other}")),
    }
}

fn incompatible(why: &PeerIncompatible) -> String {
    use PeerIncompatible::*;
    match why {
        ServerDoesNotSupportTls12Or13 | ServerTlsVersionIsDisabledByOurConfig | Tls12NotOfferedOrEnabled => {
            "no version of TLS in common".to_owned()
        }
        NoCipherSuitesInCommon => "no cipher suite in common".to_owned(),
        other => plain(&format!("nothing in common: {other:?}")),
    }
}

fn alert_words(alert: AlertDescription) -> String {
    use AlertDescription::*;
    match alert {
        ProtocolVersion => "no version of TLS in common, says the peer".to_owned(),
        HandshakeFailure => "nothing in common, says the peer".to_owned(),
        NoApplicationProtocol => "no application protocol (ALPN) in common, says the peer".to_owned(),
        UnrecognisedName => "the peer does not know the name that was asked for".to_owned(),
        CertificateRequired => "the peer wants a certificate of ours".to_owned(),
        UnknownCA | BadCertificate | CertificateUnknown => "the peer does not trust our certificate".to_owned(),
        CertificateExpired => "our certificate has expired, says the peer".to_owned(),
        other => plain(&format!("the peer gave up: {other:?}")),
    }
}

/// A time between two moments, to about one digit.
fn between(from: UnixTime, to: UnixTime) -> String {
    let seconds = to.as_secs().saturating_sub(from.as_secs());
    let [minute, hour, day] = [60, 3_600, 86_400];
    let (count, unit) = match seconds {
        _ if seconds >= 2 * day => (seconds / day, "days"),
        _ if seconds >= 2 * hour => (seconds / hour, "hours"),
        _ if seconds >= 2 * minute => (seconds / minute, "minutes"),
        _ => (seconds, "seconds"),
    };
    format!("{count} {unit}")
}

/// A name without what rustls writes around it.
fn bare(name: &str) -> String {
    plain(name.split('"').nth(1).unwrap_or(name))
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(MAX_WORDS).collect()
}

const MAX_NAMES: usize = 3;
const MAX_WORDS: usize = 200;
