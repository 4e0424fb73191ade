/// How strictly a description is read, and how much of it.
///
/// [`Config::default`] reads what real peers send: any order of lines, stray spaces, missing `s=` and `t=`. It follows
/// every MUST that binds a reader. [`Config::strict`] accepts the grammar of RFC 8866 section 9 and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Whether the order, the count and the form of lines must be what the grammar says.
    pub strict: bool,
    /// Whether lines with an unknown type letter are kept aside instead of failing the description.
    pub keep_unknown_lines: bool,
    /// Largest description in bytes.
    pub max_size: usize,
    /// Most lines.
    pub max_lines: usize,
    /// Most media descriptions.
    pub max_media: usize,
}

impl Default for Config {
    /// Tolerant; 64 KiB, 4096 lines, 256 media descriptions.
    fn default() -> Config {
        Config { strict: false, keep_unknown_lines: false, max_size: 64 * 1024, max_lines: 4096, max_media: 256 }
    }
}

impl Config {
    /// Tolerant, and keeps lines with unknown type letters, for programs that pass descriptions on.
    pub fn lenient() -> Config {
        Config { keep_unknown_lines: true, ..Config::default() }
    }

    /// The grammar and nothing else.
    pub fn strict() -> Config {
        Config { strict: true, ..Config::default() }
    }
}
