//! The loop: keys, sessions, the clock, and a screen that is drawn when something changed.

use std::io::IsTerminal;
use std::time::Duration;

use rfc3920::jid::Jid;
use rfc3921::session::{Event, Policy};
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin};
use tokio::time::{Instant, sleep_until};

use super::super::account::{self, Account, folder};
use super::super::connection::{Connection, Setup};
use super::super::options::ChatOptions;
use super::super::{Ending, Outcome, room};
use super::conversation::{Kind, Place, Who};
use super::doing::{Linked, News, World};
use super::history::History;
use super::keys::Keys;
use super::model::Model;
use super::notify::Notifier;
use super::screen;
use super::terminal::Screen;
use crate::common::Signals;

/// Chats until the user leaves.
///
/// # Errors
/// An end without success: no account can be used, or the only one cannot log in.
pub async fn chat(
    accounts: Vec<Account>,
    file: account::Chat,
    options: &ChatOptions,
    signals: &mut Signals,
) -> Result<(), Ending> {
    let plain = !has_screen(options);
    let history = match options.no_history {
        true => None,
        false => {
            let place = || folder("XDG_DATA_HOME", ".local/share").join("wireworks/xmpp");
            Some(History::open(&options.history.clone().or(file.history).unwrap_or_else(place))?)
        }
    };
    let (mut linked, mut known) = (Vec::new(), Vec::new());
    let mut continues = Vec::new();
    for account in accounts {
        let setup = Setup::new(&account, &account.password()?)?; // a question comes before the screen
        let saved = history.as_ref().and_then(|history| history.saved(&setup.stream.jid.bare())).unwrap_or_default();
        continues.push(saved.positions.keys().cloned().collect());
        let connection = Connection::begin(setup, saved, |config| {
            config.availability = Some(rfc3921::session::Availability::default());
            (config.carbons, config.bookmarks) = (true, true);
            (config.receipts, config.markers, config.states) = (Policy::Contacts, Policy::Contacts, Policy::Contacts);
        });
        let nick = room::nick(&account, None, connection.jid());
        known.push((connection.jid().clone(), account.name.clone(), nick));
        linked.push(Linked { account, connection });
    }
    let mut model = Model::new(known);
    model.east = east();
    for (account, continues) in model.accounts.iter_mut().zip(continues) {
        account.continues = continues;
    }
    let notify = options.notify.or(file.notify).unwrap_or_default();
    let notifier = Notifier::new(notify, options.notify_command.clone().or(file.notify_command));
    let mut chat = Chat { model, keys: Keys::default(), world: World::new(linked, history, notifier, plain) };
    chat.restore();
    let ended = match plain {
        true => chat.lines(signals).await,
        false => chat.screen(signals).await,
    };
    chat.close().await;
    ended
}

/// Whether there is a terminal to draw on.
pub fn has_screen(options: &ChatOptions) -> bool {
    !options.plain && std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

struct Chat {
    model: Model,
    keys: Keys,
    world: World,
}

impl Chat {
    /// The conversations of the last time.
    fn restore(&mut self) {
        self.model.unix = self.unix();
        let mut windows = Vec::new();
        for (account, linked) in self.world.linked.iter().enumerate() {
            let kept = self.world.history.as_ref().map(|history| history.windows(linked.connection.jid()));
            windows.extend(kept.into_iter().flatten().map(|window| (window.order, account, window)));
        }
        windows.sort_by_key(|(order, ..)| *order);
        for (_, account, window) in windows {
            let Ok(with) = Jid::parse(&window.with) else { continue };
            let conversation = self.model.open(&Place { account, with }, window.kind);
            (conversation.nick, conversation.unread) = (window.nick, window.unread);
            conversation.important = window.unread > 0 && window.kind != Kind::Room;
        }
        self.model.say(None, Who::Notice, "Welcome. /help shows what there is; /msg WHO begins a conversation.");
        self.world.act(&mut self.model);
    }

    async fn screen(&mut self, signals: &mut Signals) -> Result<(), Ending> {
        let mut screen = Screen::take()?;
        let mut tick = tokio::time::interval(TICK);
        let mut title = 0;
        let (mut stale, mut next_draw) = (true, Instant::now());
        loop {
            if stale && Instant::now() >= next_draw {
                let area = screen.terminal.size().map_err(crate::common::Failure::runtime)?.into();
                self.model.view = screen::view(area, &self.model, &self.keys.editor);
                let drawn = screen.terminal.draw(|frame| screen::draw(frame, &self.model, &self.keys.editor));
                drawn.map_err(crate::common::Failure::runtime)?;
                if title != self.model.unread() + 1 {
                    title = self.model.unread() + 1;
                    screen.title(self.model.unread());
                }
                (stale, next_draw) = (false, Instant::now() + FRAME);
            }
            tokio::select! {
                event = screen.next() => {
                    let Some(event) = event else { return Ok(()) };
                    self.terminal_event(event, &mut screen)?;
                    while let Some(event) = screen.ready() {
                        self.terminal_event(event, &mut screen)?;
                    }
                    stale = true;
                }
                news = self.world.next() => {
                    self.on_news(news)?;
                    stale = true;
                }
                _ = tick.tick() => stale |= self.tick(),
                () = sleep_until(next_draw), if stale => {}
                _ = signals.next() => return Ok(()),
            }
            if self.world.act(&mut self.model) {
                return Ok(());
            }
        }
    }

    fn terminal_event(&mut self, event: ratatui::crossterm::event::Event, screen: &mut Screen) -> Result<(), Ending> {
        use ratatui::crossterm::event::{Event, KeyCode, KeyModifiers};
        if let Event::Key(key) = &event
            && key.code == KeyCode::Char('l')
            && key.modifiers.contains(KeyModifiers::CONTROL)
        {
            screen.terminal.clear().map_err(crate::common::Failure::runtime)?;
        }
        self.model.unix = self.unix();
        self.keys.on_event(&mut self.model, event);
        // one key after the other: what one does, the next one finds done
        match self.world.act(&mut self.model) {
            true => Err(Outcome::Done.because("")),
            false => Ok(()),
        }
    }

    /// Without a terminal: typed lines in, lines out.
    async fn lines(&mut self, signals: &mut Signals) -> Result<(), Ending> {
        let mut lines: Lines<BufReader<Stdin>> = BufReader::new(tokio::io::stdin()).lines();
        let mut tick = tokio::time::interval(TICK);
        let mut open = true;
        loop {
            tokio::select! {
                line = lines.next_line(), if open => match line {
                    Ok(Some(line)) => {
                        self.model.unix = self.unix();
                        self.model.enter(&line);
                        if let Some(hint) = self.model.hint.take() {
                            self.model.complain(&hint);
                        }
                    }
                    _ => open = false,
                },
                news = self.world.next() => self.on_news(news)?,
                _ = tick.tick() => drop(self.tick()),
                _ = signals.next() => return Ok(()),
            }
            if self.world.act(&mut self.model) || !open && !self.is_pending() {
                return Ok(());
            }
        }
    }

    /// Something that was typed is not at the server yet.
    fn is_pending(&self) -> bool {
        let lines = self.model.conversations.iter().flat_map(|conversation| &conversation.lines);
        lines.rev().take(1000).any(|line| line.mark == super::conversation::Mark::Pending)
    }

    fn on_news(&mut self, news: News) -> Result<(), Ending> {
        self.model.unix = self.unix();
        match news {
            News::Uploaded(place, Ok(url)) => self.model.uploaded(&place, &url),
            News::Uploaded(place, Err(end)) => self.model.say(Some(&place), Who::Error, &end.why),
            News::Event(account, event) => match *event {
                Event::Answer { request, result } => {
                    self.world.answered(&mut self.model, account, request, result);
                }
                Event::Offline { error, again } => {
                    let connection = &self.world.linked[account].connection;
                    let end = connection.explain(&error);
                    if again.is_none() && !connection.was_online() && self.world.linked.len() == 1 {
                        return Err(end);
                    }
                    let again = again.map(|again| connection.session().config().epoch.unix(again));
                    self.model.went_offline(account, end.why, again);
                }
                Event::Ready => self.ready(account),
                event => {
                    let session = self.world.linked[account].connection.session();
                    self.model.on_event(account, event, session);
                }
            },
        }
        Ok(())
    }

    /// A session is complete: the rooms of the last time are entered again, and empty conversations filled.
    fn ready(&mut self, account: usize) {
        for at in 1..self.model.conversations.len() {
            let conversation = &self.model.conversations[at];
            let Some(place) = conversation.place.clone().filter(|place| place.account == account) else { continue };
            let known = self.world.linked[account].connection.session().room(&place.with).is_some();
            match conversation.kind {
                Kind::Room if !conversation.joined && !known => {
                    let (nick, password) = (conversation.nick.clone(), conversation.password.clone());
                    self.model.act(super::action::Action::Join(place, nick, password));
                }
                Kind::Chat if !conversation.lines.iter().any(super::conversation::Line::is_message) => {
                    self.model.act(super::action::Action::Older(place));
                }
                _ => {}
            }
        }
    }

    /// A second goes by.
    fn tick(&mut self) -> bool {
        self.world.flush(&mut self.model);
        let unix = self.unix();
        self.model.tick(unix)
    }

    /// The time since 1970.
    fn unix(&self) -> Duration {
        self.world.linked.first().map_or(self.model.unix, |linked| linked.connection.unix())
    }

    async fn close(mut self) {
        self.world.act(&mut self.model);
        self.world.flush(&mut self.model);
        for linked in self.world.linked {
            linked.connection.close().await;
        }
    }
}

/// Minutes that the user's clock is east of Greenwich, as the system says.
fn east() -> i16 {
    let printed = std::process::Command::new("date").arg("+%z").output();
    let zone = printed.ok().and_then(|out| String::from_utf8(out.stdout).ok()).unwrap_or_default();
    minutes(zone.trim()).unwrap_or(0)
}

/// `+0530`.
fn minutes(zone: &str) -> Option<i16> {
    let number: i16 = zone.parse().ok()?;
    (zone.len() == 5).then_some(number / 100 * 60 + number % 100)
}

/// Between two looks at the clock.
const TICK: Duration = Duration::from_secs(1);
/// Between two drawings.
const FRAME: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use super::minutes;

    #[test]
    fn the_users_clock() {
        let zones = [("+0000", Some(0)), ("+0530", Some(330)), ("-0330", Some(-210)), ("", None), ("CET", None)];
        for (zone, expected) in zones {
            assert_eq!(minutes(zone), expected, "{zone}");
        }
    }
}
