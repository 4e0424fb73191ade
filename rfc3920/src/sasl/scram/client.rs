//! The client's side of SCRAM.

use std::fmt;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use wire::Rng;

use super::Keys;
use super::message::{ServerFirst, quoted, server_final, text};
use crate::sasl::{Credentials, Error, Hash, Policy, Secret};

/// Characters of our nonce: 160 bits.
const NONCE: usize = 32;

/// The least that a server adds to it.
pub(crate) const MIN_SERVER_NONCE: usize = 8;

/// What is known about the server's lists of mechanisms and bindings.
pub(crate) struct Lists {
    /// Their hash as we saw them (XEP-0474), in base64.
    pub(crate) hash: String,
    /// They look forged: go on only when the server confirms them.
    pub(crate) must_match: bool,
}

/// A SCRAM login under way.
pub(crate) struct Client {
    hash: Hash,
    /// The header of GS2, and the binding's data behind it.
    header: String,
    data: Vec<u8>,
    /// The first message without the header.
    bare: String,
    nonce: String,
    lists: Lists,
    password: Option<Secret>,
    known: Option<Keys>,
    iterations: RangeInclusive<u32>,
    last_server_nonce: Option<String>,
    state: State,
}

enum State {
    /// The first message is out.
    First,
    /// The proof is out.
    Proof(Box<Proven>),
    /// The server's signature was right.
    Verified(Box<Proven>),
    Over,
}

struct Proven {
    keys: Keys,
    auth_message: String,
    server_nonce: String,
    list_checked: bool,
}

impl Client {
    pub(crate) fn new(
        hash: Hash,
        flag: &str,
        data: &[u8],
        lists: Lists,
        credentials: &Credentials,
        policy: &Policy,
        rng: &mut Rng,
    ) -> Result<Client, Error> {
        let username = credentials.username.as_deref().ok_or(Error::Username)?;
        let authzid = credentials.authzid.as_ref().map(|jid| format!("a={}", quoted(jid.as_str()))).unwrap_or_default();
        //= rfc5802#5.1/nonce-fresh MUST
        //# 160 random bits, drawn anew for each login.
        let nonce = rng.token(NONCE);
        Ok(Client {
            hash,
            header: format!("{flag},{authzid},"),
            data: data.to_vec(),
            bare: format!("n={},r={nonce}", quoted(username)),
            nonce,
            lists,
            password: credentials.password.clone(),
            known: credentials.keys.clone(),
            iterations: policy.iterations.clone(),
            last_server_nonce: policy.pinned.as_ref().and_then(|pin| pin.server_nonce.clone()),
            state: State::First,
        })
    }

    /// The first message.
    //= rfc5802#5.1/username-sent MUST
    //# Header, user name, nonce.
    //= rfc5802#5/first-message MUST
    //# The flag of the header is n, y or p= and nothing else.
    pub(crate) fn first(&self) -> Bytes {
        format!("{}{}", self.header, self.bare).into()
    }

    pub(crate) fn challenge(&mut self, message: &[u8]) -> Result<Bytes, Error> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::First => self.prove(text(message)?),
            State::Proof(proven) => {
                self.state = State::Verified(verified(proven, message)?);
                Ok(Bytes::new())
            }
            State::Verified(_) | State::Over => Err(Error::Unexpected),
        }
    }

    /// The server's part of the nonce, the keys, and whether the lists were confirmed.
    //= rfc6120#6.3.10/verify-before-trust MUST
    //# No Authenticated exists unless the server's signature was right.
    pub(crate) fn success(mut self, data: Option<&[u8]>) -> Result<(Option<String>, Option<Keys>, bool), Error> {
        let proven = match (std::mem::replace(&mut self.state, State::Over), data) {
            (State::Proof(proven), Some(message)) => verified(proven, message)?,
            (State::Verified(proven), None) => proven,
            (State::Over | State::Verified(_), _) => return Err(Error::Unexpected),
            (State::First | State::Proof(_), _) => return Err(Error::NoServerSignature),
        };
        Ok((Some(proven.server_nonce), Some(proven.keys), proven.list_checked))
    }

    /// Checks all that can be checked before anything is derived from the password, and then proves that we know it.
    fn prove(&mut self, message: &str) -> Result<Bytes, Error> {
        let first = ServerFirst::parse(message)?;
        let server_nonce = self.server_nonce(first.nonce)?;
        //= rfc7677#4/iterations SHOULD
        //# 4,096 is the least, by default.
        //= rfc5802#9/iterations-ceiling SHOULD
        //# Both ends of the range are an error with the number in it, before a single round is done.
        if !self.iterations.contains(&first.iterations.get()) {
            return Err(Error::Iterations(first.iterations.get()));
        }
        //= xep-0474#6.2/compare MUST
        //# The hash over what we saw; when it differs, nothing derived from the password is sent.
        let list_checked = match first.list_hash {
            Some(hash) if hash != self.lists.hash => return Err(Error::DowngradeHash),
            None if self.lists.must_match => return Err(Error::BindingStripped),
            hash => hash.is_some(),
        };
        let keys = self.keys(&first.salt, first.iterations)?;
        //= rfc5802#5.1/channel-binding MUST
        //# The header as it was sent, and behind it the data of the binding that it names.
        let channel = STANDARD.encode([self.header.as_bytes(), &self.data].concat());
        let without_proof = format!("c={channel},r={}", first.nonce);
        let auth_message = format!("{},{message},{without_proof}", self.bare);
        let proof = STANDARD.encode(keys.proof(auth_message.as_bytes()));
        self.state = State::Proof(Box::new(Proven { keys, auth_message, server_nonce, list_checked }));
        Ok(format!("{without_proof},p={proof}").into())
    }

    /// The server's part of a nonce that is ours and a bit.
    //= rfc5802#5.1/nonce-prefix MUST
    //# Ours must be its beginning, at least eight characters must follow, and not those of the account's last login.
    fn server_nonce(&self, nonce: &str) -> Result<String, Error> {
        let added = nonce.strip_prefix(&self.nonce).ok_or(Error::NonceMismatch)?;
        if added.len() < MIN_SERVER_NONCE {
            return Err(Error::NonceShort);
        }
        if self.last_server_nonce.as_deref() == Some(added) {
            return Err(Error::NonceReused);
        }
        Ok(added.to_owned())
    }

    /// The keys of an earlier login when they fit, or new ones.
    //= rfc5802#5.1/cache MAY
    //# Salt, rounds and hash must be the same.
    fn keys(&mut self, salt: &[u8], iterations: NonZeroU32) -> Result<Keys, Error> {
        match self.known.take() {
            Some(keys) if keys.fit(self.hash, salt, iterations) => Ok(keys),
            _ => {
                let password = self.password.as_ref().ok_or(Error::KeysStale)?;
                Ok(Keys::derive(self.hash, password, salt, iterations))
            }
        }
    }
}

/// Checks the server's last message.
//= rfc5802#5/server-signature MUST
//# Compared in constant time; a login whose server cannot sign is no login.
fn verified(proven: Box<Proven>, message: &[u8]) -> Result<Box<Proven>, Error> {
    let signature = server_final(text(message)?)?;
    if proven.keys.verify_server(proven.auth_message.as_bytes(), &signature) {
        Ok(proven)
    } else {
        Err(Error::BadServerSignature)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({:?}, {}, ..)", self.hash, self.header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sasl::{Binding, ServerError};

    /// A client whose nonce is known.
    fn client(hash: Hash, flag: &str, data: &[u8], nonce: &str, credentials: &Credentials) -> Client {
        let lists = Lists { hash: "xyz".into(), must_match: false };
        let rng = &mut Rng::from_u64(1);
        let mut client = Client::new(hash, flag, data, lists, credentials, &Policy::default(), rng).unwrap();
        client.bare = client.bare.replace(&client.nonce, nonce);
        nonce.clone_into(&mut client.nonce);
        client
    }

    fn user(name: &str) -> Credentials {
        Credentials::new(name, "pencil").unwrap()
    }

    //= rfc5802#2.2/hi test
    //= rfc5802#5/server-signature test
    //= rfc5802#5.1/username-sent test
    //= rfc5802#4/sha-1 test
    #[test]
    fn example_of_rfc_5802() {
        let nonce = "fyko+d2lbbFgONRv9qkxdawL";
        let mut client = client(Hash::Sha1, "n", b"", nonce, &user("user"));
        assert_eq!(client.first(), "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
        let first = b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096";
        let last = "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=";
        assert_eq!(client.challenge(first).unwrap(), last);
        let (nonce, keys, checked) = client.success(Some(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")).unwrap();
        assert_eq!((nonce.as_deref(), checked), (Some("3rfcNHYJY1ZVvWVs7j"), false));
        assert_eq!(keys.unwrap().hash(), Hash::Sha1);
    }

    //= rfc7677#3/example test
    //= rfc6120#6.4.3/response test
    #[test]
    fn example_of_rfc_7677() {
        let nonce = "rOprNGfwEbeRWgbNEkqO";
        let mut client = client(Hash::Sha256, "n", b"", nonce, &user("user"));
        let first = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let last = client.challenge(first).unwrap();
        assert!(last.ends_with(b",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="));
        assert!(client.success(Some(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")).is_ok());
    }

    /// Figures of an independent computation with PBKDF2 and HMAC of another language's library.
    //= rfc5802#5.1/channel-binding test
    //= rfc5802#5.1/quote test
    //= rfc5802#5.1/ignore-optional test
    #[test]
    fn sha_512_bound_and_with_everything_optional() {
        let nonce = "rOprNGfwEbeRWgbNEkqO";
        let flag = format!("p={}", Binding::Exporter);
        let mut bound = client(Hash::Sha512, &flag, &[7; 32], nonce, &user("user"));
        let first = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let last = bound.challenge(first).unwrap();
        assert!(last.starts_with(b"c=cD10bHMtZXhwb3J0ZXIsLAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH,r="));
        let proof = b"3jO/cTA6i7ecBc+6cfcZG/zRJ/7l4Xpedv8Bk0Zs6apxIpX4RvVsSdlU/hsvh5o316vPKEaACA4cU4KX9D8wtQ==";
        assert!(last.ends_with(proof));
        let sign = b"v=8qqsG2fya9ndIfKNQLq57tFx0N6fgMG3EJNybpblNwTi0i/KLzvYQyLt1p83nQUzyIxzA541rYKuyggTKTPCvw==";
        assert!(bound.success(Some(sign)).is_ok());

        let admin = user("us=er,").with_authzid("alice@wonderland.example".parse().unwrap());
        let mut all = client(Hash::Sha512, "y", b"", nonce, &admin);
        assert_eq!(all.first(), "y,a=alice@wonderland.example,n=us=3Der=2C,r=rOprNGfwEbeRWgbNEkqO");
        let first = [&first[..first.len() - 4], b"10000,h=xyz,x=1"].concat();
        let last = all.challenge(&first).unwrap();
        let proof = b"7q/vI2z8oUUozvP0vP4T6YJ1+voQ8yrkh6p/fylBCzC5t8LrvnvScxSiTDW8TFMssJaI4YM27fEkKELfidttmg==";
        assert!(last.ends_with(proof));
        // The last message may come as a challenge, with an attribute that nobody knows; the success is empty then.
        let sign = "v=JGYNmFm39akBmEthfS5zQsUClNnpfKlxEG1N8vOec01+icBT70ScC0dH5yOwRUELLMTv9lDJakI2SZ1JjswJQw==,y=2";
        assert_eq!(all.challenge(sign.as_bytes()).unwrap(), "");
        assert!(all.success(None).unwrap().2);
    }

    //= rfc5802#5.1/server-error test
    #[test]
    fn refusals_within_the_messages() {
        for (value, error) in [
            ("invalid-proof", Error::Rejected(ServerError::InvalidProof)),
            ("unknown-user,x=y", Error::Rejected(ServerError::UnknownUser)),
            ("tea-time", Error::Rejected(ServerError::Other)),
            ("server-does-support-channel-binding", Error::BindingStripped),
        ] {
            let mut first = client(Hash::Sha1, "y", b"", "n0nce", &user("user"));
            assert_eq!(first.challenge(format!("e={value}").as_bytes()), Err(error.clone()));
            let mut last = client(Hash::Sha1, "y", b"", "n0nce", &user("user"));
            last.challenge(b"r=n0ncefromserver,s=QSXCR+Q6sek8bf92,i=4096").unwrap();
            assert_eq!(last.success(Some(format!("e={value}").as_bytes())).err(), Some(error));
        }
    }
}
