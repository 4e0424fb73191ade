//! What keys do.

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::action::Action;
use super::complete::Completion;
use super::input::Editor;
use super::model::Model;

/// The line that is written, and what Tab does with it.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// The line.
    pub editor: Editor,
    completion: Completion,
}

impl Keys {
    /// Takes what the terminal tells.
    pub fn on_event(&mut self, model: &mut Model, event: Event) {
        let before = model.shown().place.clone();
        let text = self.editor.text().to_owned();
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => {
                model.hint = None;
                self.key(model, key);
            }
            Event::Paste(text) => self.editor.insert(&text),
            Event::FocusGained => model.focus(true),
            Event::FocusLost => model.focus(false),
            _ => return,
        }
        if model.shown().place != before {
            let draft = self.editor.text().to_owned();
            let left = model.conversations.iter_mut().find(|conversation| conversation.place == before);
            if let Some(left) = left {
                left.draft = draft;
            }
            let draft = std::mem::take(&mut model.shown_mut().draft);
            self.editor.set(&draft);
        } else if self.editor.text() != text && model.correcting.is_none() {
            model.wrote(self.editor.text());
        }
    }

    fn key(&mut self, model: &mut Model, key: KeyEvent) {
        let (alt, control) = (key.modifiers.contains(KeyModifiers::ALT), key.modifiers.contains(KeyModifiers::CONTROL));
        match key.code {
            KeyCode::Char(c) if control => self.control(model, c.to_ascii_lowercase()),
            KeyCode::Char(c) if alt => self.alt(model, c),
            KeyCode::Char(c) => self.editor.insert(c.encode_utf8(&mut [0; 4])),
            KeyCode::Enter if alt || key.modifiers.contains(KeyModifiers::SHIFT) => self.editor.insert("\n"),
            KeyCode::Enter => {
                let line = self.editor.take();
                if !model.enter(&line) {
                    self.editor.set(&line); // to be mended
                }
            }
            KeyCode::Tab => {
                if let Some(text) = self.completion.next(model, self.editor.before_cursor()) {
                    self.editor.set_before(&text);
                }
            }
            KeyCode::Esc => self.stop_correcting(model),
            KeyCode::Up => self.up(model),
            KeyCode::Down if model.correcting.is_some() => self.stop_correcting(model),
            KeyCode::Down => drop(self.editor.recall(false)),
            KeyCode::PageUp => model.scroll(true, (model.view.1 / 2).max(1)),
            KeyCode::PageDown => model.scroll(false, (model.view.1 / 2).max(1)),
            KeyCode::Left if alt => model.step(false),
            KeyCode::Right if alt => model.step(true),
            KeyCode::Left => self.editor.move_by(false, control),
            KeyCode::Right => self.editor.move_by(true, control),
            KeyCode::Home => self.editor.move_to(false),
            KeyCode::End => self.editor.move_to(true),
            KeyCode::Backspace => self.editor.delete(false, alt || control),
            KeyCode::Delete => self.editor.delete(true, control),
            _ => {}
        }
    }

    fn control(&mut self, model: &mut Model, c: char) {
        match c {
            'c' => model.act(Action::Quit),
            'n' => model.step(true),
            'p' => model.step(false),
            'a' => self.editor.move_to(false),
            'e' => self.editor.move_to(true),
            'b' => self.editor.move_by(false, false),
            'f' => self.editor.move_by(true, false),
            'd' => self.editor.delete(true, false),
            'h' => self.editor.delete(false, false),
            'k' => self.editor.delete_all(true),
            'u' => self.editor.delete_all(false),
            'w' => self.editor.delete(false, true),
            'y' => self.editor.paste(),
            'j' => self.editor.insert("\n"),
            _ => {}
        }
    }

    fn alt(&mut self, model: &mut Model, c: char) {
        match c {
            '1'..='9' => model.switch(usize::try_from(u32::from(c) - u32::from('1')).unwrap_or(0)),
            '0' => model.switch(9),
            'a' => model.next_active(),
            'b' => self.editor.move_by(false, true),
            'f' => self.editor.move_by(true, true),
            'd' => self.editor.delete(true, true),
            'n' => model.step(true),
            'p' => model.step(false),
            _ => {}
        }
    }

    /// On an empty line, what was said last is corrected; again, and lines written before come back.
    fn up(&mut self, model: &mut Model) {
        if self.editor.is_empty() && model.correcting.is_none() {
            let last = model.shown().last_own().map(|line| (line.key, line.text.clone()));
            if let Some((key, text)) = last {
                model.correcting = Some(key);
                model.hint = Some("Enter corrects it, Esc leaves it as it is, Up goes further back".to_owned());
                return self.editor.set(&text);
            }
        }
        if model.correcting.take().is_some() {
            self.editor.set("");
        }
        self.editor.recall(true);
    }

    fn stop_correcting(&mut self, model: &mut Model) {
        if model.correcting.take().is_some() {
            self.editor.set("");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;

    fn press(chat: &mut Fixture, keys: &mut Keys, code: KeyCode, modifiers: KeyModifiers) {
        keys.on_event(&mut chat.model, Event::Key(KeyEvent::new(code, modifiers)));
    }

    fn write(chat: &mut Fixture, keys: &mut Keys, text: &str) {
        text.chars().for_each(|c| press(chat, keys, KeyCode::Char(c), KeyModifiers::NONE));
    }

    #[test]
    fn what_is_written_waits_where_it_was_written() {
        let (mut chat, mut keys) = (Fixture::new(), Keys::default());
        chat.model.enter("/msg hare");
        write(&mut chat, &mut keys, "half a");
        press(&mut chat, &mut keys, KeyCode::Char('1'), KeyModifiers::ALT);
        assert!(keys.editor.is_empty() && chat.model.current == 0);
        press(&mut chat, &mut keys, KeyCode::Char('n'), KeyModifiers::CONTROL);
        assert_eq!((keys.editor.text(), chat.model.current), ("half a", 1));
    }

    #[test]
    fn up_corrects_and_escape_does_not() {
        let (mut chat, mut keys) = (Fixture::new(), Keys::default());
        chat.model.enter("/msg hare");
        chat.say("tee", "o1");
        press(&mut chat, &mut keys, KeyCode::Up, KeyModifiers::NONE);
        assert_eq!(keys.editor.text(), "tee");
        press(&mut chat, &mut keys, KeyCode::Esc, KeyModifiers::NONE);
        assert!(keys.editor.is_empty() && chat.model.correcting.is_none());
        press(&mut chat, &mut keys, KeyCode::Up, KeyModifiers::NONE);
        press(&mut chat, &mut keys, KeyCode::Backspace, KeyModifiers::NONE);
        write(&mut chat, &mut keys, "a");
        press(&mut chat, &mut keys, KeyCode::Enter, KeyModifiers::NONE);
        assert!(matches!(&chat.actions()[..], [Action::Correct(_, id, text, _)] if id == "o1" && text.body == "tea"));
    }

    #[test]
    fn a_command_with_a_mistake_can_be_mended() {
        let (mut chat, mut keys) = (Fixture::new(), Keys::default());
        write(&mut chat, &mut keys, "/joni x");
        press(&mut chat, &mut keys, KeyCode::Enter, KeyModifiers::NONE);
        assert_eq!(keys.editor.text(), "/joni x");
        assert!(chat.model.hint.as_deref().unwrap().contains("/join"));
        press(&mut chat, &mut keys, KeyCode::Char('u'), KeyModifiers::CONTROL);
        write(&mut chat, &mut keys, "/account home");
        press(&mut chat, &mut keys, KeyCode::Enter, KeyModifiers::NONE);
        assert!(keys.editor.is_empty() && chat.model.hint.is_some());
        press(&mut chat, &mut keys, KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(chat.actions(), [Action::Quit]);
    }
}
