//! Which mechanism to log in with.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use wire::{Rng, Secured};

use super::scram::{Client, Lists};
use super::{Binding, Credentials, Error, Hash, Login, Mechanism, Pin, Policy};

/// What a server offers: the names as it wrote them, those that are not known here included, since XEP-0474 hashes all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// The mechanisms of the profile in use: SASL of RFC 6120, or SASL2 (XEP-0388).
    pub mechanisms: Vec<String>,
    /// The types of channel binding (XEP-0440), when the server tells them.
    pub bindings: Option<Vec<String>>,
    /// The mechanisms for tokens (XEP-0484); empty outside SASL2.
    pub fast: Vec<String>,
}

impl Offer {
    /// An offer of these mechanisms and nothing else.
    ///
    /// ```
    /// use rfc3920::sasl::{Credentials, Error, Offer, Policy, choose};
    /// let offer = Offer::of(["DIGEST-MD5", "PLAIN"]);
    /// let alice = Credentials::new("alice", "looking-glass")?;
    /// let (tls, mut rng) = (wire::Secured::default(), wire::Rng::from_u64(1));
    /// let refused = choose(&offer, Some(&tls), &alice, &Policy::default(), &mut rng);
    /// assert_eq!(refused.err(), Some(Error::OnlyPlain));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn of<'a>(mechanisms: impl IntoIterator<Item = &'a str>) -> Offer {
        Offer { mechanisms: mechanisms.into_iter().map(str::to_owned).collect(), ..Offer::default() }
    }

    /// The hash over the lists that a server puts into its first message of SCRAM (XEP-0474), in base64.
    //= xep-0474#6.1/input MUST
    //# Both lists sorted by bytes; 1E between names, 1F between the lists, no second list without XEP-0440.
    pub fn hash(&self, hash: Hash) -> String {
        let sorted = |names: &[String]| {
            let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
            names.sort_unstable();
            names.join("\u{1e}")
        };
        let mut text = sorted(&self.mechanisms);
        if let Some(bindings) = self.bindings.as_deref() {
            text.push('\u{1f}');
            text.push_str(&sorted(bindings));
        }
        STANDARD.encode(hash.digest(text.as_bytes()))
    }

    fn has(&self, mechanism: Mechanism) -> bool {
        self.mechanisms.iter().any(|name| name == mechanism.name())
    }

    /// Whether the server binds any mechanism to the connection, known here or not.
    fn has_plus(&self) -> bool {
        self.mechanisms.iter().any(|name| name.ends_with("-PLUS"))
    }
}

/// Begins the strongest login that server, connection and credentials have in common, unless that is weaker than the
/// policy or the account's earlier logins ask for. `secured` is `None` when the connection is not encrypted.
///
/// The order is: a token, EXTERNAL, SCRAM with -PLUS before SCRAM without, the larger hash first, PLAIN, ANONYMOUS.
///
/// # Errors
/// Why there is no login; nothing is to be sent then.
//= rfc6120#6.3.3/own-order MUST
//# The order of Mechanism is the preference; the server's order does not count.
//= rfc6120#6.3.3/only-listed MUST NOT
//# What is not usable, allowed and pinned is not tried; no failure leads on to the next mechanism.
//= rfc6120#6.3.4/external-first SHOULD
//# The strongest of the order, when there is a certificate.
//= rfc6120#13.8.1/scram MUST
//# Three hashes, each with and without -PLUS.
//= rfc6120#13.8.3/prefer-stronger MUST
//# PLAIN is below every SCRAM and EXTERNAL.
//= rfc6120#13.8.3/plain-last SHOULD
//# PLAIN needs a setting that is off by default, besides a server with nothing better.
//= rfc5802#6/flag-p MUST
//# A -PLUS that can be used is above all that cannot be bound, whatever its hash.
//= rfc6120#6.3.3/strongest SHOULD
//# Mechanism is ordered by strength.
//= rfc6120#6.3.3/in-order MUST
//# The greatest one that is offered and usable.
//= rfc6120#13.8.1/bind-channel SHOULD
//# Whenever both sides can.
//= rfc6120#13.9.4/prefer-plus SHOULD
//# Any -PLUS is above all without it.
pub fn choose(
    offer: &Offer,
    secured: Option<&Secured>,
    credentials: &Credentials,
    policy: &Policy,
    rng: &mut Rng,
) -> Result<Login, Error> {
    if secured.is_none() && !policy.unencrypted {
        return Err(Error::NotEncrypted);
    }
    if let Some(login) = token(offer, secured, credentials, policy) {
        return Ok(login);
    }
    let binding = secured.and_then(|secured| Binding::choose(offer.bindings.as_deref(), secured));
    let best = Mechanism::ALL
        .into_iter()
        .filter(|mechanism| offer.has(*mechanism))
        .rfind(|mechanism| usable(*mechanism, secured.is_some(), binding, credentials));
    let best = permitted(best, offer, credentials, policy)?;
    let bound = match best {
        Mechanism::ScramPlus(_) => binding.zip(secured),
        _ => None,
    };
    let flag = match bound {
        Some((binding, _)) => format!("p={binding}"),
        None => flag_unbound(offer, secured).to_owned(),
    };
    //= rfc5802#7/data MUST
    //# That of the type which the flag names.
    //= rfc5802#7/no-data MUST
    //# None without a binding.
    let data = bound.and_then(|(binding, secured)| binding.data(secured)).unwrap_or_default();
    match best {
        Mechanism::Scram(hash) | Mechanism::ScramPlus(hash) => {
            let lists = Lists { hash: offer.hash(hash), must_match: bound.is_none() && doubtful(offer, secured) };
            let client = Client::new(hash, &flag, data, lists, credentials, policy, rng)?;
            Ok(Login::scram(best, bound.map(|(binding, _)| binding), client, policy))
        }
        _ => Login::simple(best, credentials, policy),
    }
}

/// The flag of GS2 for a login that is not bound.
//= rfc5802#6/flag-y MUST NOT
//# "y" whenever this connection could be bound and no -PLUS was offered, so that a server whose list was cut notices.
//= rfc5802#6/flag-n MUST
//# "n" when the connection has no binding, or none that the server shares (XEP-0440).
fn flag_unbound(offer: &Offer, secured: Option<&Secured>) -> &'static str {
    let able = secured.is_some_and(Binding::any);
    if able && !offer.has_plus() { "y" } else { "n" }
}

/// Whether the list of binding types is one that no honest server sends: -PLUS without the type that every server has to
/// have. Such a list was made up to keep us from binding, unless the server confirms it in its first message.
//= xep-0474#7/confirm-types SHOULD
//# The login goes on unbound up to the server's first message, and no further unless that holds the right hash.
fn doubtful(offer: &Offer, secured: Option<&Secured>) -> bool {
    let names = offer.bindings.as_deref().unwrap_or_default();
    let listed = |binding: Binding| names.iter().any(|name| name == binding.name());
    offer.bindings.is_some() && offer.has_plus() && secured.is_some_and(Binding::any) && !listed(Binding::EndPoint)
}

/// Whether our side has what a mechanism needs.
fn usable(mechanism: Mechanism, encrypted: bool, binding: Option<Binding>, credentials: &Credentials) -> bool {
    let proof = |hash| {
        credentials.username.is_some()
            && (credentials.password.is_some() || credentials.keys.as_ref().is_some_and(|keys| keys.hash() == hash))
    };
    match mechanism {
        //= rfc6120#13.8.4/external SHOULD
        //# When the driver has a certificate to show.
        Mechanism::External => encrypted && credentials.certificate,
        Mechanism::ScramPlus(hash) => binding.is_some() && proof(hash),
        Mechanism::Scram(hash) => proof(hash),
        //= rfc6120#13.8.3/plain-tls MUST NOT
        //# Not a candidate without encryption, whatever the policy says.
        //= rfc4616#1/not-without-tls SHOULD NOT
        //# Likewise.
        //= rfc6120#13.8.3/plain SHOULD
        //# Known, and used where a setting allows it.
        Mechanism::Plain => encrypted && credentials.username.is_some() && credentials.password.is_some(),
        Mechanism::Anonymous => credentials.anonymous,
        Mechanism::Token(_) => false, // offered in a list of its own
    }
}

/// The best mechanism, unless something speaks against it.
//= xep-0474#7/no-plain-after-scram MUST NOT
//# What is weaker than the strongest earlier login aborts, with BindingStripped when it is -PLUS that is gone.
//= xep-0474#7/no-concrete-pin SHOULD NOT skip
//# A pin here is stricter: the document relies on a hash that most servers do not send. Clearing the pin is the way out.
fn permitted(
    best: Option<Mechanism>,
    offer: &Offer,
    credentials: &Credentials,
    policy: &Policy,
) -> Result<Mechanism, Error> {
    if let Some(pinned) = pinned(credentials, policy).filter(|pinned| best.is_none_or(|best| best < *pinned)) {
        let hidden = is_plus(pinned) && !offer.has_plus() && matches!(best, Some(Mechanism::Scram(_)));
        return Err(if hidden { Error::BindingStripped } else { Error::Downgraded { pinned, best } });
    }
    match best.ok_or_else(|| Error::NoMechanism(offer.mechanisms.clone()))? {
        Mechanism::Plain if !policy.allow_plain => Err(Error::OnlyPlain),
        //= rfc5802#6/required MUST
        //# Without one there is no login.
        Mechanism::Plain | Mechanism::Scram(_) if policy.require_plus => Err(Error::BindingRequired),
        best => Ok(best),
    }
}

/// The strongest earlier mechanism; a certificate that is not there any more cannot be asked for.
fn pinned(credentials: &Credentials, policy: &Policy) -> Option<Mechanism> {
    let mechanism = policy.pinned.as_ref().map(|pin: &Pin| pin.mechanism)?;
    Some(mechanism).filter(|mechanism| *mechanism != Mechanism::External || credentials.certificate)
}

/// A login with a token, when there is one that fits.
//= xep-0484#3.4/bound SHOULD
//# A token without binding is not used where the policy or an earlier login was bound.
fn token(offer: &Offer, secured: Option<&Secured>, credentials: &Credentials, policy: &Policy) -> Option<Login> {
    let (secured, username, token) = (secured?, credentials.username.as_deref()?, credentials.token.as_ref()?);
    let Mechanism::Token(binding) = token.mechanism else { return None };
    //= xep-0484#3.4/mechanism MUST
    //# The one that the token was given out for, and only when the server offers it now.
    if !offer.fast.iter().any(|name| name == token.mechanism.name()) {
        return None;
    }
    let data = match binding {
        Some(binding) => binding.data(secured)?,
        None if policy.require_plus || pinned(credentials, policy).is_some_and(is_plus) => return None,
        None => &[],
    };
    Some(Login::token(username, token, binding, data, policy))
}

fn is_plus(mechanism: Mechanism) -> bool {
    matches!(mechanism, Mechanism::ScramPlus(_))
}
