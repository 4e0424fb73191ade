//! The line that is being written: a cursor in it, lines written before, and what was cut.

use std::collections::VecDeque;

use rfc3921::display::safe_line;
use unicode_segmentation::UnicodeSegmentation;

use super::text::cell_width;

/// A line editor. The cursor stands between characters as a reader sees them.
#[derive(Clone, Debug, Default)]
pub struct Editor {
    text: String,
    /// In bytes.
    cursor: usize,
    before: VecDeque<String>,
    /// Where in `before` we are, counted from the end; 0: the line that is being written.
    back: usize,
    /// What was being written when looking back began.
    draft: String,
    cut: String,
}

impl Editor {
    /// What is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is written before the cursor.
    pub fn before_cursor(&self) -> &str {
        &self.text[..self.cursor]
    }

    /// What is written behind it.
    pub fn after_cursor(&self) -> &str {
        &self.text[self.cursor..]
    }

    /// Whether nothing is written.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Writes this instead, with the cursor at its end.
    pub fn set(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        self.cursor = self.text.len();
    }

    /// Writes this instead of what is before the cursor.
    pub fn set_before(&mut self, text: &str) {
        self.text.replace_range(..self.cursor, text);
        self.cursor = text.len();
    }

    /// Writes something where the cursor is; what acts on a terminal is left out. Beyond [`LONGEST`] nothing is taken.
    pub fn insert(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text: String =
            text.chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|c| *c == '\n' || !c.is_control()).collect();
        if self.text.len() + text.len() <= LONGEST {
            self.text.insert_str(self.cursor, &text);
            self.cursor += text.len();
            self.settle();
        }
    }

    /// Gives the line away and keeps it among those written before.
    pub fn take(&mut self) -> String {
        let line = std::mem::take(&mut self.text);
        (self.cursor, self.back) = (0, 0);
        if !line.is_empty() && self.before.back() != Some(&line) {
            self.before.push_back(line.clone());
            if self.before.len() > KEPT {
                self.before.pop_front();
            }
        }
        line
    }

    /// The line written before, or after, that which is shown; false: there is none.
    pub fn recall(&mut self, older: bool) -> bool {
        let back = if older { self.back + 1 } else { self.back.wrapping_sub(1) };
        if back > self.before.len() {
            return false;
        }
        if self.back == 0 {
            self.draft = self.text.clone();
        }
        self.back = back;
        let line = match back {
            0 => std::mem::take(&mut self.draft),
            back => self.before[self.before.len() - back].clone(),
        };
        self.set(&line);
        true
    }

    /// Moves by a character, or a word.
    pub fn move_by(&mut self, forward: bool, word: bool) {
        self.cursor = self.target(forward, word);
    }

    /// Moves to the beginning or the end.
    pub fn move_to(&mut self, end: bool) {
        self.cursor = if end { self.text.len() } else { 0 };
    }

    /// Deletes a character; a word is kept for [`Editor::paste`].
    pub fn delete(&mut self, forward: bool, word: bool) {
        let target = self.target(forward, word);
        self.delete_to(target, word);
    }

    /// Deletes to the beginning or the end, kept for [`Editor::paste`].
    pub fn delete_all(&mut self, forward: bool) {
        let target = if forward { self.text.len() } else { 0 };
        self.delete_to(target, true);
    }

    /// Writes what was deleted last.
    pub fn paste(&mut self) {
        let cut = self.cut.clone();
        self.insert(&cut);
    }

    fn delete_to(&mut self, target: usize, keep: bool) {
        let range = self.cursor.min(target)..self.cursor.max(target);
        self.cursor = range.start;
        let gone: String = self.text.drain(range).collect();
        if keep && !gone.is_empty() {
            self.cut = gone;
        }
        self.settle();
    }

    fn target(&self, forward: bool, word: bool) -> usize {
        match (forward, word) {
            (true, false) => self.cursor + self.after_cursor().graphemes(true).next().map_or(0, str::len),
            (false, false) => self.cursor - self.before_cursor().graphemes(true).next_back().map_or(0, str::len),
            (true, true) => {
                let rest = self.after_cursor();
                let begin = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
                self.cursor + rest[begin..].find(char::is_whitespace).map_or(rest.len(), |end| begin + end)
            }
            (false, true) => {
                let head = self.before_cursor().trim_end();
                head.rfind(char::is_whitespace).map_or(0, |at| at + head[at..].chars().next().map_or(0, char::len_utf8))
            }
        }
    }

    /// What was put together may be one character now: the cursor goes behind it.
    fn settle(&mut self) {
        let mut ends = self.text.grapheme_indices(true).map(|(at, _)| at).chain([self.text.len()]);
        self.cursor = ends.find(|at| *at >= self.cursor).unwrap_or(self.text.len());
    }

    /// The text in rows of `cells`, and where the cursor is: row and column.
    pub fn rows(&self, cells: usize) -> (Vec<String>, (usize, usize)) {
        let cells = cells.max(2);
        let (mut rows, mut used) = (vec![String::new()], 0);
        let mut cursor = (0, 0);
        for (at, grapheme) in self.text.grapheme_indices(true) {
            let shown = if grapheme == "\n" { "⏎".into() } else { safe_line(grapheme) };
            let wide = cell_width(&shown);
            if used + wide > cells {
                rows.push(String::new());
                used = 0;
            }
            if at == self.cursor {
                cursor = (rows.len() - 1, used);
            }
            if let Some(row) = rows.last_mut() {
                row.push_str(&shown);
            }
            used += wide;
        }
        if self.cursor == self.text.len() {
            if used >= cells {
                rows.push(String::new());
                used = 0;
            }
            cursor = (rows.len() - 1, used);
        }
        (rows, cursor)
    }
}

/// Bytes of a line.
pub const LONGEST: usize = 64 << 10;
/// Lines that can be recalled.
const KEPT: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_and_deleting_by_what_a_reader_sees() {
        let mut editor = Editor::default();
        editor.insert("お茶 e\u{301}👩\u{200d}💻");
        editor.delete(false, false);
        assert_eq!(editor.text(), "お茶 e\u{301}");
        editor.move_by(false, false);
        assert_eq!(editor.after_cursor(), "e\u{301}");
        editor.move_to(false);
        editor.delete(true, false);
        assert_eq!(editor.text(), "茶 e\u{301}");
        editor.insert("\u{1b}[2J\u{7}x");
        assert_eq!(editor.text(), "[2Jx茶 e\u{301}");
        assert_eq!(editor.rows(4), (vec!["[2Jx".into(), "茶 e\u{301}".into()], (1, 0)));
    }

    #[test]
    fn words_are_cut_and_pasted() {
        let mut editor = Editor::default();
        editor.insert("off with her head");
        editor.delete(false, true);
        assert_eq!(editor.text(), "off with her ");
        editor.move_to(false);
        editor.paste();
        assert_eq!(editor.text(), "headoff with her ");
        editor.delete_all(true);
        assert_eq!(editor.text(), "head");
        editor.move_by(false, true);
        assert_eq!(editor.before_cursor(), "");
        editor.move_by(true, true);
        assert_eq!(editor.before_cursor(), "head");
    }

    #[test]
    fn lines_written_before() {
        let mut editor = Editor::default();
        for line in ["one", "two", "two"] {
            editor.set(line);
            assert_eq!(editor.take(), line);
        }
        editor.set("draft");
        assert!(editor.recall(true) && editor.text() == "two");
        assert!(editor.recall(true) && editor.text() == "one");
        assert!(!editor.recall(true) && editor.text() == "one");
        assert!(editor.recall(false) && editor.recall(false) && editor.text() == "draft");
        assert!(!editor.recall(false));
    }

    #[test]
    fn a_mark_joins_what_it_stands_behind() {
        let mut editor = Editor::default();
        editor.insert("e");
        editor.insert("\u{301}");
        assert_eq!(editor.rows(10).1, (0, 1));
        editor.delete(false, false);
        assert!(editor.is_empty());
    }
}
