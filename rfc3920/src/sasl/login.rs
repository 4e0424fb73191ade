//! One login, from its first message to the server's last.

use std::{fmt, mem};

use bytes::{BufMut, Bytes, BytesMut};

use super::scram::{Client, Keys};
use super::{Binding, Credentials, Error, Hash, Mechanism, Pin, Policy, Token};

/// A login under way. Send [`initial`](Login::initial), answer each challenge with [`challenge`](Login::challenge),
/// and believe a success only when [`success`](Login::success) does. After an error the login is over: abort it.
///
/// ```
/// use rfc3920::sasl::{Credentials, Mechanism, Offer, Policy, choose};
/// let alice = Credentials::new("alice", "looking-glass")?;
/// let offer = Offer::of(["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"]);
/// let (tls, mut rng) = (wire::Secured::default(), wire::Rng::from_u64(1));
/// let mut login = choose(&offer, Some(&tls), &alice, &Policy::default(), &mut rng)?;
/// assert_eq!(login.mechanism().name(), "SCRAM-SHA-256");
/// assert!(login.initial().starts_with(b"n,,n=alice,r="));
/// assert!(login.success(None).is_err()); // a server that proves nothing
/// # Ok::<(), rfc3920::sasl::Error>(())
/// ```
pub struct Login {
    mechanism: Mechanism,
    binding: Option<Binding>,
    initial: Bytes,
    pinned: Option<Pin>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Everything was said with the first message.
    Said,
    /// SCRAM goes on.
    Scram(Box<Client>),
    /// A token: the server owes its proof.
    Token(ring::hmac::Key, Vec<u8>),
    /// Broken off, or ended.
    Over,
}

impl Login {
    /// The mechanism to name to the server.
    pub fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// How the login is bound to the connection.
    pub fn binding(&self) -> Option<Binding> {
        self.binding
    }

    /// The first message. Empty is a message, too: SASL of RFC 6120 writes it as `=`.
    //= rfc6120#6.3.10/initial-response SHOULD
    //# Every mechanism here speaks first, so each login has its first message ready.
    pub fn initial(&self) -> Bytes {
        self.initial.clone()
    }

    /// The answer to a challenge. With SCRAM this hashes for as many rounds as the server asks for, up to the policy's
    /// limit, unless the credentials hold keys for the same salt and rounds.
    ///
    /// # Errors
    /// Why the login must be aborted.
    //= rfc6120#6.4.3/response MUST
    //# SCRAM alone has challenges; one for another mechanism ends the login.
    //= rfc5929#3.1/no-renegotiation SHOULD NOT
    //# The driver's TLS has no renegotiation.
    pub fn challenge(&mut self, message: &[u8]) -> Result<Bytes, Error> {
        match &mut self.state {
            State::Scram(client) => {
                let answer = client.challenge(message);
                if answer.is_err() {
                    self.state = State::Over;
                }
                answer
            }
            _ => {
                self.state = State::Over;
                Err(Error::Unexpected)
            }
        }
    }

    /// The server calls the login a success, with its last message when there is one: is it?
    ///
    /// # Errors
    /// Why the server is not to be believed; the connection must be closed, nothing sent over it.
    //= rfc6120#6.3.10/both-ways MUST
    //# Data with success is the mechanism's last message; without it, SCRAM must have had it as a challenge.
    pub fn success(&mut self, data: Option<&[u8]>) -> Result<Authenticated, Error> {
        let data = data.filter(|data| !data.is_empty());
        let (server_nonce, keys, checked) = match mem::replace(&mut self.state, State::Over) {
            State::Said if data.is_none() => (None, None, false),
            State::Scram(client) => client.success(data)?,
            State::Token(key, expected) => {
                //= sasl-ht#3/responder MUST
                //# Compared in constant time; a success without it is none.
                let proof = data.ok_or(Error::NoServerSignature)?;
                ring::hmac::verify(&key, &expected, proof).map_err(|_| Error::BadServerSignature)?;
                (None, None, false)
            }
            State::Said | State::Over => return Err(Error::Unexpected),
        };
        Ok(Authenticated {
            mechanism: self.mechanism,
            binding: self.binding,
            pin: self.pin(server_nonce),
            keys,
            list_checked: checked,
        })
    }

    /// What to remember: a token says nothing about the strength of passwords.
    fn pin(&self, server_nonce: Option<String>) -> Option<Pin> {
        let old = self.pinned.clone();
        if matches!(self.mechanism, Mechanism::Token(_)) {
            return old;
        }
        let mechanism = old.as_ref().map_or(self.mechanism, |pin| pin.mechanism.max(self.mechanism));
        Some(Pin { mechanism, server_nonce: server_nonce.or(old.and_then(|pin| pin.server_nonce)) })
    }

    /// PLAIN, EXTERNAL or ANONYMOUS.
    //= rfc4616#2/message MUST
    //# The account to act as when it is another, NUL, the user name, NUL, the password, both prepared.
    //= rfc6120#6.3.8/authzid-when-acting MUST
    //# What the credentials hold as the account to act as; SCRAM has it in its header.
    //= rfc6120#6.3.8/no-authzid MUST NOT
    //# Credentials hold none unless the caller asked to act as another account.
    //= rfc4616#2/no-nul MUST NOT
    //# Neither profile lets a control character pass.
    pub(super) fn simple(mechanism: Mechanism, credentials: &Credentials, policy: &Policy) -> Result<Login, Error> {
        let authzid = credentials.authzid.as_ref().map_or("", |jid| jid.as_str());
        let mut initial = BytesMut::new();
        match mechanism {
            Mechanism::Plain => {
                let username = credentials.username.as_deref().ok_or(Error::Username)?;
                let password = credentials.password.as_ref().ok_or(Error::Password)?;
                initial.put_slice(authzid.as_bytes());
                initial.put_u8(0);
                initial.put_slice(username.as_bytes());
                initial.put_u8(0);
                initial.put_slice(password.expose());
            }
            Mechanism::External => initial.put_slice(authzid.as_bytes()),
            _ => {}
        }
        Ok(Login::begun(mechanism, None, initial.freeze(), policy, State::Said))
    }

    /// HT-SHA-256: proves the token at once.
    //= sasl-ht#3/initiator MUST
    //# User name, NUL, HMAC-SHA-256 with the token over the word Initiator and the binding's data.
    pub(super) fn token(
        username: &str,
        token: &Token,
        binding: Option<Binding>,
        data: &[u8],
        policy: &Policy,
    ) -> Login {
        let key = Hash::Sha256.key(token.secret.expose());
        let proof = ring::hmac::sign(&key, &[b"Initiator", data].concat());
        let initial = [username.as_bytes(), b"\0", proof.as_ref()].concat().into();
        let state = State::Token(key, [b"Responder", data].concat());
        Login::begun(token.mechanism, binding, initial, policy, state)
    }

    /// SCRAM.
    pub(super) fn scram(mechanism: Mechanism, binding: Option<Binding>, client: Client, policy: &Policy) -> Login {
        Login::begun(mechanism, binding, client.first(), policy, State::Scram(Box::new(client)))
    }

    fn begun(mechanism: Mechanism, binding: Option<Binding>, initial: Bytes, policy: &Policy, state: State) -> Login {
        Login { mechanism, binding, initial, pinned: policy.pinned.clone(), state }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The first message stays out: with PLAIN it is the password.
        f.debug_struct("Login").field("mechanism", &self.mechanism).field("state", &self.state).finish_non_exhaustive()
    }
}

/// A login that ended well: what to remember of it.
#[derive(Clone, Debug)]
pub struct Authenticated {
    /// The mechanism it was done with.
    pub mechanism: Mechanism,
    /// How it is bound to the connection.
    pub binding: Option<Binding>,
    /// What to keep as [`Policy::pinned`] from now on.
    pub pin: Option<Pin>,
    /// Keys of SCRAM for [`Credentials::with_keys`].
    pub keys: Option<Keys>,
    /// Whether the server confirmed the lists of mechanisms and bindings (XEP-0474).
    pub list_checked: bool,
}
