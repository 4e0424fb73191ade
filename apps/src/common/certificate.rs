use net::Identity;

use super::Failure;

/// A certificate for these names that nobody has signed, with a key of its own, new at each call.
///
/// # Errors
/// [`Failure::Runtime`] when a name cannot stand in a certificate.
pub fn self_signed(names: Vec<String>) -> Result<Identity, Failure> {
    let failed = |why: String| Failure::runtime(format!("cannot make a certificate: {why}; give one with --cert"));
    let made = rcgen::generate_simple_self_signed(names).map_err(|e| failed(e.to_string()))?;
    let identity = Identity::from_der([made.cert.der().to_vec()], made.signing_key.serialize_der());
    identity.map_err(|e| failed(e.to_string()))
}
