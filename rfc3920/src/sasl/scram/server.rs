//! The server's side of SCRAM, as small as it can be: for tests, and for the scripted servers of examples.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use wire::{Rng, Secured};

use super::Verifier;
use super::message::{Fields, text, unquoted};
use crate::sasl::{Binding, Mechanism, Offer, ServerError};

/// One login, seen by a server.
///
/// ```
/// use std::num::NonZeroU32;
/// use rfc3920::sasl::{Credentials, Hash, Mechanism, Offer, Policy, Secret, choose, scram::{Keys, Server}};
///
/// let (tls, mut rng) = (wire::Secured::default(), wire::Rng::from_u64(1));
/// let stored = Keys::derive(Hash::Sha256, &Secret::from("looking-glass"), b"salt", NonZeroU32::new(4096).unwrap());
/// let offer = Offer::of(["SCRAM-SHA-256"]);
/// let alice = Credentials::new("alice", "looking-glass").unwrap();
/// let mut login = choose(&offer, Some(&tls), &alice, &Policy::default(), &mut rng).unwrap();
///
/// let mut server = Server::new(login.mechanism(), &offer, &tls, &mut rng);
/// let challenge = server.first(&login.initial(), |user| (user == "alice").then(|| stored.verifier())).unwrap();
/// let last = server.last(&login.challenge(&challenge).unwrap()).unwrap();
/// assert_eq!(login.success(Some(&last)).unwrap().mechanism, Mechanism::Scram(Hash::Sha256));
/// ```
#[derive(Debug)]
pub struct Server {
    mechanism: Mechanism,
    offer: Offer,
    tell_hash: bool,
    secured: Secured,
    nonce: String,
    state: Option<State>,
}

#[derive(Debug)]
struct State {
    username: String,
    verifier: Verifier,
    /// What `c=` must be, in base64.
    channel: String,
    nonce: String,
    /// Both first messages.
    messages: String,
}

impl Server {
    /// A login by the mechanism that the client named, to a server that made this offer on this connection.
    pub fn new(mechanism: Mechanism, offer: &Offer, secured: &Secured, rng: &mut Rng) -> Server {
        Server {
            mechanism,
            offer: offer.clone(),
            tell_hash: false,
            secured: secured.clone(),
            nonce: rng.token(24),
            state: None,
        }
    }

    /// Adds the hash over the offer to the first message (XEP-0474).
    pub fn with_hash(mut self) -> Server {
        self.tell_hash = true;
        self
    }

    /// Sets the server's part of the nonce, to play a login again.
    pub fn with_nonce(mut self, nonce: &str) -> Server {
        nonce.clone_into(&mut self.nonce);
        self
    }

    /// The user who wants to log in.
    pub fn username(&self) -> Option<&str> {
        self.state.as_ref().map(|state| state.username.as_str())
    }

    /// The answer to the client's first message; `lookup` finds what is stored for a user.
    ///
    /// # Errors
    /// What to tell the client with `e=`, or with a failure.
    pub fn first(
        &mut self,
        message: &[u8],
        lookup: impl FnOnce(&str) -> Option<Verifier>,
    ) -> Result<Bytes, ServerError> {
        let message = text(message).map_err(|_| ServerError::InvalidEncoding)?;
        let (flag, after) = message.split_once(',').ok_or(ServerError::Other)?;
        let (authzid, bare) = after.split_once(',').ok_or(ServerError::Other)?;
        let data = self.bound(flag)?.to_vec();
        let mut fields = Fields::new(bare).map_err(|_| ServerError::ExtensionsNotSupported)?;
        let username = fields.next('n').ok().and_then(unquoted).ok_or(ServerError::InvalidUsernameEncoding)?;
        let client_nonce = fields.next('r').map_err(|_| ServerError::Other)?;
        let verifier = lookup(&username).ok_or(ServerError::UnknownUser)?;
        let nonce = format!("{client_nonce}{}", self.nonce);
        //= rfc5802#5.1/iterations MUST
        //# Behind the salt.
        let mut answer = format!("r={nonce},s={},i={}", STANDARD.encode(&verifier.salt), verifier.iterations);
        if self.tell_hash {
            answer.push_str(",h=");
            answer.push_str(&self.offer.hash(verifier.hash));
        }
        let header = format!("{flag},{authzid},");
        self.state = Some(State {
            username,
            channel: STANDARD.encode([header.as_bytes(), &data].concat()),
            //= rfc5802#5.1/raw-username MUST
            //# The client's message goes into the hash as it came.
            messages: format!("{bare},{answer}"),
            nonce,
            verifier,
        });
        Ok(answer.into())
    }

    /// The answer to the client's proof: our signature.
    ///
    /// # Errors
    /// As [`Server::first`]; above all [`ServerError::InvalidProof`].
    pub fn last(&mut self, message: &[u8]) -> Result<Bytes, ServerError> {
        let state = self.state.take().ok_or(ServerError::Other)?;
        let message = text(message).map_err(|_| ServerError::InvalidEncoding)?;
        let mut fields = Fields::new(message).map_err(|_| ServerError::ExtensionsNotSupported)?;
        //= rfc5802#6/check-binding MUST
        //# With what header and data make of it here.
        if fields.next('c').map_err(|_| ServerError::Other)? != state.channel {
            return Err(ServerError::ChannelBindingsDontMatch);
        }
        //= rfc5802#5.1/server-nonce MUST
        //# All of it, the server's part too.
        if fields.next('r').map_err(|_| ServerError::Other)? != state.nonce {
            return Err(ServerError::Other);
        }
        let proof = fields.rest().next_back().filter(|(name, _)| *name == 'p').ok_or(ServerError::Other)?;
        let proof = STANDARD.decode(proof.1).map_err(|_| ServerError::InvalidEncoding)?;
        let (without_proof, _) = message.rsplit_once(",p=").ok_or(ServerError::Other)?;
        let auth_message = format!("{},{without_proof}", state.messages);
        if !state.verifier.verify_client(auth_message.as_bytes(), &proof) {
            return Err(ServerError::InvalidProof);
        }
        let signature = state.verifier.signature(auth_message.as_bytes());
        self.state = Some(state);
        Ok(format!("v={}", STANDARD.encode(signature)).into())
    }

    /// The data that the client's flag asks for.
    //= rfc5802#6/server-flags MUST
    //# p= only with -PLUS and a type that the connection has; y only when no -PLUS was offered.
    fn bound(&self, flag: &str) -> Result<&[u8], ServerError> {
        let plus = matches!(self.mechanism, Mechanism::ScramPlus(_));
        match flag.split_once('=') {
            Some(("p", name)) if plus => Binding::from_name(name)
                .and_then(|binding| binding.data(&self.secured))
                .ok_or(ServerError::UnsupportedChannelBindingType),
            Some(("p", _)) => Err(ServerError::ChannelBindingNotSupported),
            None if plus => Err(ServerError::Other),
            None if flag == "y" && self.offer.mechanisms.iter().any(|name| name.ends_with("-PLUS")) => {
                Err(ServerError::ServerDoesSupportChannelBinding)
            }
            None if flag == "y" || flag == "n" => Ok(&[]),
            _ => Err(ServerError::Other),
        }
    }

    /// The last message of a login that is refused.
    ///
    /// ```
    /// use rfc3920::sasl::{ServerError, scram::Server};
    /// # //= rfc5802#5.1/refusal test
    /// assert_eq!(Server::refusal(ServerError::InvalidProof), "e=invalid-proof");
    /// ```
    //= rfc5802#5.1/refusal MUST
    //# It is all that such a message has.
    pub fn refusal(why: ServerError) -> Bytes {
        format!("e={}", why.value()).into()
    }
}
