//! The two kinds of string that a description is made of. Neither can hold the end of a line, so that no value,
//! wherever it came from, can smuggle a line into a description that is written.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use bytestring::ByteString;

use crate::error::Invalid;

/// Free text: any characters except NUL, CR and LF, possibly none (RFC 8866 section 9, `byte-string`).
///
/// ```
/// use rfc4566::Text;
/// assert_eq!(Text::new("Call to John")?, "Call to John");
/// assert!(Text::new("x\r\na=sendonly").is_err());
/// # Ok::<(), rfc4566::Invalid>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text(ByteString);

/// One subfield: at least one character, none of them a space or a control character (RFC 8866 section 9,
/// `non-ws-string`).
///
/// ```
/// use rfc4566::Word;
/// assert_eq!(Word::new("RTP/AVP")?, "RTP/AVP");
/// assert!(Word::new("RTP AVP").is_err() && Word::new("").is_err());
/// # Ok::<(), rfc4566::Invalid>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(ByteString);

impl Text {
    /// Checks `text`.
    ///
    /// # Errors
    /// [`Invalid`] when it holds NUL, CR or LF.
    //= rfc8866#5.13/value-octets MUST NOT
    //# The only way to a Text from outside refuses the three octets; every value that is written is a Text or a Word.
    //= rfc8866#6.10/octets MUST NOT
    //# The three octets are refused whatever the charset.
    pub fn new(text: impl Into<ByteString>) -> Result<Text, Invalid> {
        let text = text.into();
        match memchr::memchr3(0, b'\r', b'\n', text.as_bytes()) {
            None => Ok(Text(text)),
            Some(_) => Err(Invalid("text with NUL, CR or LF")),
        }
    }

    /// A line's content from the parser, which has seen that no forbidden octet is in it.
    pub(crate) fn trusted(text: ByteString) -> Text {
        Text(text)
    }

    /// A literal of the program, checked when it is compiled if it stands in a constant.
    ///
    /// # Panics
    /// When it holds NUL, CR or LF.
    pub const fn from_static(text: &'static str) -> Text {
        let mut at = 0;
        while at < text.len() {
            assert!(!matches!(text.as_bytes()[at], 0 | b'\r' | b'\n'), "text with NUL, CR or LF");
            at += 1;
        }
        Text(ByteString::from_static(text))
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part of this text that `part`, a slice of it, covers, without a copy.
    pub(crate) fn slice(&self, part: &str) -> Text {
        Text(self.0.slice_ref(part))
    }

    /// Like [`Text::slice`], as a word.
    pub(crate) fn word(&self, part: &str) -> Result<Word, Invalid> {
        Word::check(part)?;
        Ok(Word(self.0.slice_ref(part)))
    }

    /// The subfields: what stands between spaces.
    pub(crate) fn words(&self) -> Words<'_> {
        Words { text: self, rest: self.as_str() }
    }
}

impl Word {
    /// Checks `word`.
    ///
    /// # Errors
    /// [`Invalid`] when it is empty or holds white space or a control character.
    pub fn new(word: impl Into<ByteString>) -> Result<Word, Invalid> {
        let word = word.into();
        Word::check(&word)?;
        Ok(Word(word))
    }

    /// A literal of the program, checked when it is compiled if it stands in a constant.
    ///
    /// ```
    /// const AUDIO: rfc4566::Word = rfc4566::Word::from_static("audio");
    /// assert_eq!(AUDIO, "audio");
    /// ```
    ///
    /// # Panics
    /// When it is empty or holds white space or a control character.
    pub const fn from_static(word: &'static str) -> Word {
        assert!(!word.is_empty(), "empty word");
        let mut at = 0;
        while at < word.len() {
            assert!(word.as_bytes()[at] > b' ' && word.as_bytes()[at] != 0x7f, "white space in a word");
            at += 1;
        }
        Word(ByteString::from_static(word))
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a `token` of RFC 8866 section 9: letters, digits and a few signs, without `/`, `:` and brackets.
    pub fn is_token(&self) -> bool {
        is_token(self)
    }

    fn check(word: &str) -> Result<(), Invalid> {
        if word.is_empty() || word.bytes().any(|b| b <= b' ' || b == 0x7f) {
            return Err(Invalid("empty word, or white space in a word"));
        }
        Ok(())
    }
}

/// Whether `text` is a `token` of RFC 8866 section 9.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| {
            b.is_ascii_alphanumeric()
                || matches!(b, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'{'..=b'~')
        })
}

/// Walks the subfields of a [`Text`]. Runs of spaces count as one, for the sake of sloppy peers.
pub(crate) struct Words<'a> {
    text: &'a Text,
    rest: &'a str,
}

impl<'a> Words<'a> {
    /// The next subfield as a slice.
    pub(crate) fn next_str(&mut self) -> Option<&'a str> {
        let rest = self.rest.trim_start_matches(' ');
        if rest.is_empty() {
            self.rest = rest;
            return None;
        }
        let end = memchr::memchr(b' ', rest.as_bytes()).unwrap_or(rest.len());
        let (word, rest) = rest.split_at(end);
        self.rest = rest;
        Some(word)
    }

    /// The next subfield, which must be there.
    pub(crate) fn need(&mut self, missing: &'static str) -> Result<Word, Invalid> {
        self.next_str().ok_or(Invalid(missing)).and_then(|word| self.text.word(word))
    }

    /// The rest of the line, which must be there, without the spaces before it.
    pub(crate) fn rest(&self) -> Text {
        self.text.slice(self.rest.trim_start_matches(' '))
    }

    /// Nothing may follow.
    pub(crate) fn end(mut self) -> Result<(), Invalid> {
        self.next_str().map_or(Ok(()), |_| Err(Invalid("more subfields than the line has")))
    }
}

impl Iterator for Words<'_> {
    type Item = Result<Word, Invalid>;
    fn next(&mut self) -> Option<Result<Word, Invalid>> {
        self.next_str().map(|word| self.text.word(word))
    }
}

/// A decimal number, `1*DIGIT`.
pub(crate) fn number<N: FromStr>(text: &str, invalid: &'static str) -> Result<N, Invalid> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Invalid(invalid)); // str::parse would let a sign pass
    }
    text.parse().map_err(|_| Invalid(invalid))
}

macro_rules! string {
    ($($name:ident),*) => {$(
        impl Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.as_str(), f)
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        impl FromStr for $name {
            type Err = Invalid;
            fn from_str(text: &str) -> Result<$name, Invalid> {
                $name::new(text)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = Invalid;
            fn try_from(text: &str) -> Result<$name, Invalid> {
                $name::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;
            fn try_from(text: String) -> Result<$name, Invalid> {
                $name::new(text)
            }
        }

        impl From<$name> for ByteString {
            fn from(text: $name) -> ByteString {
                text.0
            }
        }
    )*};
}

string!(Text, Word);

impl From<Word> for Text {
    fn from(word: Word) -> Text {
        Text(word.0)
    }
}

impl From<u64> for Word {
    fn from(number: u64) -> Word {
        Word(ByteString::from(number.to_string()))
    }
}
