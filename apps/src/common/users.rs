use std::collections::HashMap;
use std::path::Path;
use std::{fmt, fs};

/// What proves that someone is a user. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// The password itself; good for every realm and every digest algorithm.
    Password(String),
    /// The digest of `user:realm:password` that RFC 7616 calls H(A1), in lower-case hexadecimal: 32 digits for MD5,
    /// 64 for SHA-256. Good for one realm and one algorithm.
    Ha1 {
        /// The realm that it was computed for.
        realm: String,
        /// 32 or 64 hexadecimal digits.
        digest: String,
    },
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Secret::Password(_) => f.write_str("Password(..)"),
            Secret::Ha1 { realm, .. } => f.debug_struct("Ha1").field("realm", realm).finish_non_exhaustive(),
        }
    }
}

/// The users of a program, read from a file with one user a line.
///
/// ```
/// use apps::common::{Secret, Users};
/// let users = Users::parse("# staff\nalice:wonderland\n\nbob:example.com:0123456789ABCDEF0123456789abcdef\n").unwrap();
/// assert_eq!(users.len(), 2);
/// assert_eq!(users.secrets("alice"), [Secret::Password("wonderland".into())]);
/// let why = Users::parse("alice:wonderland\nmallory").unwrap_err();
/// assert_eq!(why.to_string(), "line 2: expected user:password or user:realm:HA1");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Users {
    secrets: HashMap<String, Vec<Secret>>,
}

impl Users {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When the file cannot be read, or the first line that is wrong.
    pub fn read(path: &Path) -> Result<Users, UsersError> {
        let text = fs::read_to_string(path).map_err(|e| UsersError { line: None, what: e.to_string() })?;
        Users::parse(&text)
    }

    /// Reads lines of the form `user:password` or `user:realm:HA1`. Empty lines and lines that start with `#` say
    /// nothing. A user may have several HA1 lines, one for each realm and algorithm. A password cannot contain a colon,
    /// so that a mistyped HA1 is never taken for a password.
    ///
    /// # Errors
    /// The first line that is wrong, by number; never with the secret in the text.
    pub fn parse(text: &str) -> Result<Users, UsersError> {
        let mut users = Users::default();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            users.add(line).map_err(|what| UsersError { line: Some(index + 1), what })?;
        }
        Ok(users)
    }

    /// What proves that someone is `user`; empty when there is no such user. User names are case-sensitive.
    pub fn secrets(&self, user: &str) -> &[Secret] {
        self.secrets.get(user).map_or(&[], Vec::as_slice)
    }

    /// How many users there are.
    pub fn len(&self) -> usize {
        self.secrets.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    fn add(&mut self, line: &str) -> Result<(), String> {
        let mut fields = line.split(':');
        let (user, secret) = match (fields.next(), fields.next(), fields.next(), fields.next()) {
            (Some(user), Some(password), None, None) if !user.is_empty() && !password.is_empty() => {
                (user, Secret::Password(password.to_string()))
            }
            (Some(user), Some(realm), Some(digest), None) if !user.is_empty() && !realm.is_empty() => {
                let is_hex = digest.bytes().all(|b| b.is_ascii_hexdigit());
                if !is_hex || !matches!(digest.len(), 32 | 64) {
                    return Err(
                        "HA1 has 32 (MD5) or 64 (SHA-256) hexadecimal digits, and a password has no colon".into()
                    );
                }
                (user, Secret::Ha1 { realm: realm.to_string(), digest: digest.to_ascii_lowercase() })
            }
            _ => return Err("expected user:password or user:realm:HA1".into()),
        };
        let known = self.secrets.entry(user.to_string()).or_default();
        let clashes = known.iter().any(|k| match (k, &secret) {
            (Secret::Ha1 { realm: a, digest: x }, Secret::Ha1 { realm: b, digest: y }) => a == b && x.len() == y.len(),
            _ => true,
        });
        if clashes {
            return Err(format!("user {user:?} stands in the file already"));
        }
        known.push(secret);
        Ok(())
    }
}

/// Why a file of users cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsersError {
    /// The line, from 1; `None` when the file could not be read at all.
    pub line: Option<usize>,
    what: String,
}

impl fmt::Display for UsersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl std::error::Error for UsersError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let users = Users::parse("a:hunter2\nb:r:00112233445566778899aabbccddeeff").unwrap();
        let shown = format!("{users:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("0011"), "{shown}");
        let why = Users::parse("a:r:hunter2").unwrap_err();
        assert!(!format!("{why:?} {why}").contains("hunter2"));
    }

    #[test]
    fn errors_name_the_line() {
        for (text, line) in
            [("x", 1), ("\n#\n:p", 3), ("a:", 1), ("a:b\na:c", 2), ("a:r:xyz", 1), ("a:b:c:d", 1), ("a:b\na:r:0", 2)]
        {
            assert_eq!(Users::parse(text).unwrap_err().line, Some(line), "{text:?}");
        }
    }

    #[test]
    fn one_user_may_have_a_digest_for_each_algorithm() {
        let text = format!("a:r:{}\na:r:{}\r\n", "0".repeat(32), "1".repeat(64));
        assert_eq!(Users::parse(&text).unwrap().secrets("a").len(), 2);
        assert!(Users::parse(&text).unwrap().secrets("A").is_empty());
    }
}
