/// The text without what steers a terminal: control characters become spaces, and the characters that turn the direction
/// of writing, hide or break a line disappear. What comes from the network must not move the cursor, colour the screen or
/// show a sentence in another order than it was written.
///
/// ```
/// use apps::common::clean;
/// assert_eq!(clean("a\u{1b}]0;x\u{7}\nb"), "a ]0;x  b");
/// assert_eq!(clean("user\u{202e}gpj.exe"), "usergpj.exe");
/// ```
pub fn clean(text: &str) -> String {
    text.chars().filter(|&c| !is_hidden(c)).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// JSON without what steers a terminal: such characters, which can only stand within its strings, as `\\u` and their numbers.
/// Programs read the same.
///
/// ```
/// use apps::common::clean_json;
/// assert_eq!(clean_json("{\"a\":\"\u{9b}2J é\"}"), "{\"a\":\"\\u009b2J é\"}");
/// ```
pub fn clean_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_control() || is_hidden(c) {
            let units = &mut [0; 2];
            out.extend(c.encode_utf16(units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    out
}

/// Marks, embeddings, overrides and isolates of direction, line and paragraph separators, the byte order mark, and the
/// tags that nobody sees. Joiners stay: scripts and emoji need them.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_that_steers_a_terminal_is_left() {
        let hostile = "\u{1b}[2J\u{9b}31m\u{8}\r\u{85}\u{2066}x\u{2069}\u{feff}";
        assert_eq!(super::clean(hostile), " [2J 31m   x");
    }

    #[test]
    fn json_says_the_same() {
        let text = "\u{9b}2J\u{202e}\u{e0041}\n\t\u{7f}é";
        let json = serde_json::Value::from(text).to_string();
        let shown = super::clean_json(&json);
        assert!(!shown.chars().any(|c| c.is_control() || super::is_hidden(c)), "{shown:?}");
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
    }

    #[test]
    fn writing_stays_as_it_is() {
        for text in ["Grüße", "👩\u{200d}💻", "می\u{200c}خواهم", "x = \\n"] {
            assert_eq!(super::clean(text), text);
        }
    }
}
