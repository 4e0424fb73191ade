//! The terminal: taken over, watched for keys, and given back whatever happens.

use std::io::{Stdout, Write, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{
    self, DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange, Event,
};
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, SetTitle, disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{cursor, execute};
use tokio::sync::mpsc::{Receiver, channel};

use crate::common::Failure;

/// The screen, as long as it is ours.
pub struct Screen {
    /// To draw on.
    pub terminal: Terminal<CrosstermBackend<Stdout>>,
    keys: Receiver<Event>,
    over: Arc<AtomicBool>,
}

impl Screen {
    /// Takes the terminal. A panic gives it back before it is told.
    ///
    /// # Errors
    /// As the terminal says.
    pub fn take() -> Result<Screen, Failure> {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            hook(panic);
        }));
        enable_raw_mode().map_err(Failure::runtime)?;
        TAKEN.store(true, Ordering::SeqCst);
        let entered = execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, EnableFocusChange);
        let terminal = entered.and_then(|()| Terminal::new(CrosstermBackend::new(stdout())));
        let terminal = terminal.map_err(|why| {
            restore();
            Failure::runtime(why)
        })?;
        let (over, (sender, keys)) = (Arc::new(AtomicBool::new(false)), channel(256));
        let until = over.clone();
        std::thread::spawn(move || {
            while !until.load(Ordering::Relaxed) {
                let read = |is_there| if is_there { event::read().map(Some) } else { Ok(None) };
                match event::poll(PATIENCE).and_then(read) {
                    Ok(None) => {}
                    Ok(Some(event)) => {
                        if sender.blocking_send(event).is_err() {
                            break;
                        }
                    }
                    Err(_) => break,
                }
            }
        });
        Ok(Screen { terminal, keys, over })
    }

    /// What the terminal tells next; `None`: there is none any more. May be cancelled without losing any.
    pub async fn next(&mut self) -> Option<Event> {
        self.keys.recv().await
    }

    /// Names the window: with how many messages there are to read.
    pub fn title(&mut self, unread: u32) {
        let name = if unread == 0 { "xmpp".to_owned() } else { format!("({unread}) xmpp") };
        let _no_harm = execute!(stdout(), SetTitle(name));
    }

    /// What it has told already.
    pub fn ready(&mut self) -> Option<Event> {
        self.keys.try_recv().ok()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        restore();
    }
}

/// Leaves the terminal as it was. Once: to leave the other screen again would move the cursor over what is there.
fn restore() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = stdout();
    let _gone_already = execute!(out, DisableFocusChange, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
    let _gone_already = disable_raw_mode();
    let _gone_already = out.flush();
}

/// The terminal is ours.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// How long a look for keys may take.
const PATIENCE: Duration = Duration::from_millis(200);
