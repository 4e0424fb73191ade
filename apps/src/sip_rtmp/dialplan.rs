//! Calls of programs that send no commands: what an ffmpeg publishes is the call.
//!
//! Whoever publishes `…/call/sip:bob@example.net` calls bob; whoever plays that name hears bob. The call ends when the
//! publisher leaves; when bob hangs up, publisher and players are told that the stream is over. A configured extension
//! is registered while the gateway runs: a call to it is answered at once if its stream is published or played.

use serde::Deserialize;

use super::offer::Word;
use crate::common::parse_address;

/// The part of the configuration about calls without commands.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct DialPlan {
    /// The application whose streams are calls. Default `call`.
    pub app: Option<String>,
    /// Who calls, as an address. Default anonymous.
    pub from: Option<String>,
    /// The user name for digest authentication, when it is not that of the address.
    pub login: Option<String>,
    /// The password that answers challenges.
    pub password: Option<Password>,
    /// Codec words for calls both ways. Default: all that can work.
    pub codecs: Vec<String>,
    /// Lines that are registered while the gateway runs.
    pub extension: Vec<Extension>,
}

/// A line that plain programs are reached at.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Extension {
    /// The address of record: `sip:100@example.net`.
    pub aor: String,
    /// The user name for digest authentication, when it is not that of the address.
    pub login: Option<String>,
    /// The password to register with.
    pub password: Password,
    /// The name that is published and played within the application.
    pub stream: String,
}

/// A password in the configuration. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Password(pub String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}

/// What a name within the application of calls stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// The extension of that number in the list.
    Extension(usize),
    /// A call to that address.
    Call(String),
}

impl DialPlan {
    /// The application whose streams are calls.
    pub fn app(&self) -> &str {
        self.app.as_deref().unwrap_or("call")
    }

    /// What a name stands for.
    ///
    /// # Errors
    /// In words, when it is neither an extension nor an address.
    pub fn named(&self, name: &str) -> Result<Named, String> {
        match self.extension.iter().position(|extension| extension.stream == name) {
            Some(at) => Ok(Named::Extension(at)),
            None => parse_address(name).map(|address| Named::Call(address.to_string())),
        }
    }

    /// The codec words, those that nobody knows left out.
    pub fn words(&self) -> Vec<Word> {
        self.codecs.iter().filter_map(|word| Word::read(word)).collect()
    }

    /// What is wrong with it, if anything.
    ///
    /// # Errors
    /// In words.
    pub fn check(&self) -> Result<(), String> {
        if self.app().is_empty() || self.app() == "sip" || self.app().contains('/') {
            return Err("dial-plan: the application must have one word other than sip".to_owned());
        }
        if let Some(word) = self.codecs.iter().find(|word| Word::read(word).is_none()) {
            return Err(format!("dial-plan: no codec has the name {word:?}"));
        }
        let addresses = self.from.iter().chain(self.extension.iter().map(|extension| &extension.aor));
        for address in addresses {
            parse_address(address).map_err(|why| format!("dial-plan: {why}"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "from = 'sip:studio@example.net'\npassword = 'very secret'\ncodecs = ['opus', 'pcmu', 'h264']\n\
        [[extension]]\naor = 'sip:100@example.net'\npassword = 'hidden'\nstream = 'studio'\n";

    #[test]
    fn a_name_is_an_extension_or_an_address() {
        let plan: DialPlan = toml::from_str(FILE).unwrap();
        assert_eq!(plan.check(), Ok(()));
        assert_eq!(plan.app(), "call");
        assert_eq!(plan.named("studio"), Ok(Named::Extension(0)));
        assert_eq!(plan.named("sip:bob@example.net"), Ok(Named::Call("sip:bob@example.net".into())));
        assert!(plan.named("http://example.net").is_err());
        assert!(plan.named("").is_err());
        assert_eq!(plan.words(), [Word::Opus, Word::Pcmu, Word::H264]);
    }

    #[test]
    fn secrets_are_not_shown() {
        let plan: DialPlan = toml::from_str(FILE).unwrap();
        let shown = format!("{plan:?}");
        assert!(!shown.contains("secret") && !shown.contains("hidden"), "{shown}");
    }

    #[test]
    fn mistakes_are_named() {
        let check = |text: &str| toml::from_str::<DialPlan>(text).unwrap().check();
        assert!(check("app = 'sip'").is_err());
        assert!(check("app = 'a/b'").is_err());
        assert!(check("codecs = ['g729']").unwrap_err().contains("g729"));
        assert!(check("from = 'http://x'").is_err());
        assert!(toml::from_str::<DialPlan>("nonsense = 1").is_err());
    }
}
