//! What the user wants, and how it changes the model.

use std::collections::BTreeSet;
use std::path::PathBuf;

use rfc3920::jid::Jid;
use rfc3921::bookmarks::Bookmark;
use rfc3921::presence::Show;
use rfc3921::reply::Reply;
use rfc3921::session::Text;

use super::action::Action;
use super::command::{COMMANDS, Command, GROUPS, KEYS, RosterChange, SubVerb, parse};
use super::conversation::{Kind, Line, Mark, Place, Who};
use super::model::{Link, Model};

impl Model {
    /// Does what a typed line says; false: it cannot be understood.
    pub fn enter(&mut self, line: &str) -> bool {
        self.hint = None;
        if let Some(key) = self.correcting.take() {
            self.correct(Some(key), line);
            return true;
        }
        if line.trim().is_empty() {
            return true;
        }
        match parse(line) {
            Ok(command) => self.run(command),
            Err(why) => {
                self.hint = Some(why);
                return false;
            }
        }
        true
    }

    /// Does what a command says; what cannot be done is said in the conversation that is shown.
    pub fn run(&mut self, command: Command) {
        if let Err(why) = self.try_run(command) {
            self.complain(&why);
        }
    }

    fn try_run(&mut self, command: Command) -> Result<(), String> {
        match command {
            Command::Say(text) => self.speak(text, None)?,
            Command::Msg(who, text) => self.msg(&who, text)?,
            Command::Join(room, nick, password) => self.join(&room, nick, password)?,
            Command::Close => self.close()?,
            Command::Window(number) => self.switch(number.checked_sub(1).ok_or("conversations begin with 1")?),
            Command::Who => self.who(),
            Command::Roster(None) => self.roster(),
            Command::Sub(verb, who) => self.sub(verb, who)?,
            Command::Presence(show, text) => {
                (self.show, self.status) = (show, text.clone());
                self.act(Action::Presence(show, text));
            }
            Command::Clear => {
                let shown = self.shown_mut();
                shown.lines.clear();
                (shown.scroll, shown.complete) = (0, false);
            }
            Command::Topic(None) => self.topic()?,
            Command::Bookmark(on) => self.bookmark(on)?,
            Command::Correct(text) => self.correct(None, &text),
            Command::Retract => self.retract()?,
            Command::React(n, emojis) => self.react(n, emojis)?,
            Command::Reply(n, text) => self.reply(n, text)?,
            Command::History => self.look_back(),
            Command::Account(name) => self.choose_account(name)?,
            Command::Connect(on) => self.act(Action::Connect(self.account_here(), on)),
            Command::Help(about) => self.help(about.as_deref()),
            Command::Quit => self.act(Action::Quit),
            command => {
                let action = self.action(command)?;
                self.act(action);
            }
        }
        Ok(())
    }

    /// The commands that change nothing here, and only name what they are about.
    fn action(&self, command: Command) -> Result<Action, String> {
        Ok(match command {
            Command::Leave(why) => Action::Leave(self.room_here()?, why),
            Command::Nick(nick) => Action::Nick(self.room_here()?, nick),
            Command::Topic(text) => Action::Topic(self.room_here()?, text.unwrap_or_default()),
            Command::Invite(who, why) => Action::Invite(self.room_here()?, self.person(Some(&who))?.with, why),
            Command::Kick(nick, why) => Action::Kick(self.room_here()?, nick, why),
            Command::Roster(Some(RosterChange::Add(who, name))) => {
                Action::Contact(self.person(Some(&who))?, name, true)
            }
            Command::Roster(Some(RosterChange::Remove(who))) => Action::Contact(self.person(Some(&who))?, None, false),
            Command::Block(who) => Action::Block(self.person(who.as_deref())?, true),
            Command::Unblock(who) => Action::Block(self.person(Some(&who))?, false),
            Command::Upload(path) => Action::Upload(self.here()?, expand(&path)),
            Command::Ping(who) => Action::Ping(self.person(who.as_deref())?),
            Command::Version(who) => Action::Version(self.person(who.as_deref())?),
            other => return Err(format!("{other:?} is done elsewhere")),
        })
    }

    fn here(&self) -> Result<Place, String> {
        self.shown().place.clone().ok_or_else(|| "this is no conversation: /msg WHO, or /join ROOM".to_owned())
    }

    fn room_here(&self) -> Result<Place, String> {
        let room = self.shown().kind == Kind::Room;
        self.here().ok().filter(|_| room).ok_or_else(|| "this is no room".to_owned())
    }

    /// Whom a word means: an address, an occupant of this room, a contact's name; without one, whoever is talked to here.
    fn person(&self, who: Option<&str>) -> Result<Place, String> {
        let Some(who) = who else { return self.here() };
        let shown = self.shown();
        let account = self.account_here();
        if let (Kind::Room, Some(place)) = (shown.kind, &shown.place)
            && shown.occupants.contains_key(who)
        {
            let with = place.with.with_resource(who).map_err(|why| why.to_string())?;
            return Ok(Place { account, with });
        }
        let contacts = &self.accounts[account].contacts;
        let is = |label: &str| label.to_lowercase() == who.to_lowercase();
        let named: Vec<_> = contacts.iter().filter(|(_, contact)| is(&contact.label)).map(|(jid, _)| jid).collect();
        let named = if named.is_empty() && !who.contains('@') {
            contacts.keys().filter(|jid| jid.local().is_some_and(is)).collect()
        } else {
            named
        };
        match named[..] {
            [one] => return Ok(Place { account, with: one.clone() }),
            [one, other, ..] => return Err(format!("{who} may be {one} or {other}: write the address")),
            [] => {}
        }
        let not = |why: &dyn std::fmt::Display| format!("{who:?} is neither a contact nor an address: {why}");
        let with = Jid::parse(who).map_err(|why| not(&why))?;
        match with.local() {
            Some(_) => Ok(Place { account, with }),
            None if who.contains('.') => Ok(Place { account, with }),
            None => Err(not(&"addresses look like bob@example.org")),
        }
    }

    fn speak(&mut self, text: String, reply: Option<(Reply, String, String)>) -> Result<(), String> {
        let place = self.here()?;
        self.say_at(&place, text, reply)
    }

    /// Says something in a conversation that is open.
    fn say_at(&mut self, place: &Place, text: String, reply: Option<(Reply, String, String)>) -> Result<(), String> {
        let text = text.trim_end_matches('\n').to_owned();
        let Some(at) = self.find(place).filter(|_| !text.is_empty()) else { return Ok(()) };
        let conversation = &mut self.conversations[at];
        let name = match conversation.kind {
            Kind::Room | Kind::Private if !conversation.nick.is_empty() => conversation.nick.clone(),
            _ => self.accounts[place.account].nick.clone(),
        };
        if conversation.kind == Kind::Room && !conversation.joined {
            return Err(format!("you are not in this room: /join {}", place.with));
        }
        conversation.first_unread = None;
        conversation.scroll = 0;
        let mut line = Line { mark: Mark::Pending, ..Line::new(self.unix, Who::Me, &name, &text) };
        let mut said = Text::from(text.as_str());
        if let Some((reply, whom, quoted)) = reply {
            line.reply = Some((whom, quoted.clone()));
            (said.reply, said.quoted) = (Some(reply), Some(quoted));
        }
        let key = self.add(at, line);
        self.act(Action::Say(place.clone(), said, key));
        self.has_sent();
        self.look();
        Ok(())
    }

    /// Says that a file is at this address.
    pub fn uploaded(&mut self, place: &Place, url: &str) {
        let Some(at) = self.find(place) else { return };
        let name = self.accounts[place.account].nick.clone();
        let key = self.add(at, Line { mark: Mark::Pending, ..Line::new(self.unix, Who::Me, &name, url) });
        let link = rfc3921::link::Link { url: url.to_owned(), description: None };
        let said = Text { link: Some(link), ..Text::from(url) };
        self.act(Action::Say(place.clone(), said, key));
    }

    fn msg(&mut self, who: &str, text: Option<String>) -> Result<(), String> {
        let place = self.person(Some(who))?;
        let occupant = place.with.resource().is_some() && self.is_room(place.account, &place.with.bare());
        let (place, kind) = match occupant {
            true => (place, Kind::Private),
            false => (Place { with: place.with.bare(), ..place }, Kind::Chat),
        };
        let kind = if self.is_room(place.account, &place.with) { Kind::Room } else { kind };
        self.open(&place, kind);
        if let Some(at) = self.find(&place) {
            self.switch(at);
        }
        text.map_or(Ok(()), |text| self.say_at(&place, text, None))
    }

    fn is_room(&self, account: usize, with: &Jid) -> bool {
        let place = Place { account, with: with.clone() };
        self.find(&place).is_some_and(|at| self.conversations[at].kind == Kind::Room)
    }

    fn join(&mut self, room: &str, nick: Option<String>, password: Option<String>) -> Result<(), String> {
        let account = self.account_here();
        let jid = Jid::parse(room).map_err(|why| format!("{room:?} is no address of a room: {why}"))?;
        if jid.local().is_none() {
            return Err(format!("{room:?} is no address of a room: they look like tea@rooms.example.org"));
        }
        let nick = nick.or_else(|| jid.resource().map(str::to_owned));
        let nick = nick.unwrap_or_else(|| self.accounts[account].nick.clone());
        let place = Place { account, with: jid.bare() };
        let conversation = self.open(&place, Kind::Room);
        conversation.nick.clone_from(&nick);
        conversation.password.clone_from(&password);
        if let Some(at) = self.find(&place) {
            self.switch(at);
        }
        self.act(Action::Join(place, nick, password));
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        let place = self.here()?;
        if self.shown().joined {
            self.act(Action::Leave(place.clone(), None));
        }
        self.act(Action::Closed(place));
        let at = self.current;
        self.switch(at - 1);
        self.conversations.remove(at);
        Ok(())
    }

    fn topic(&mut self) -> Result<(), String> {
        self.room_here()?;
        let subject = self.shown().subject.clone();
        self.tell(if subject.is_empty() { "this room says nothing about itself" } else { &subject });
        Ok(())
    }

    fn bookmark(&mut self, on: bool) -> Result<(), String> {
        let place = self.room_here()?;
        let shown = self.shown();
        let bookmark = Bookmark {
            autojoin: true,
            password: shown.password.clone(),
            ..Bookmark::new(place.with.clone(), &shown.nick)
        };
        self.act(Action::Bookmark(place, on.then_some(bookmark)));
        Ok(())
    }

    fn sub(&mut self, verb: SubVerb, who: Option<String>) -> Result<(), String> {
        let place = match (&who, verb) {
            (None, SubVerb::Allow | SubVerb::Deny) if self.shown().place.is_none() => {
                let account = self.account_here();
                match &self.accounts[account].asking[..] {
                    [one] => Place { account, with: one.clone() },
                    [] => return Err("nobody asks".to_owned()),
                    several => {
                        let all: Vec<_> = several.iter().map(Jid::as_str).collect();
                        return Err(format!("who? {}", all.join(", ")));
                    }
                }
            }
            _ => self.person(who.as_deref())?,
        };
        if matches!(verb, SubVerb::Allow | SubVerb::Deny) {
            self.accounts[place.account].asking.retain(|jid| *jid != place.with);
        }
        self.act(Action::Sub(place, verb));
        Ok(())
    }

    /// What was said last, or in that line, is this instead.
    fn correct(&mut self, key: Option<u64>, text: &str) {
        let shown = self.shown_mut();
        let last = match key {
            Some(key) => shown.lines.iter().find(|line| line.key == key),
            None => shown.last_own(),
        };
        let Some((key, id, old)) = last.and_then(|line| Some((line.key, line.id.clone()?, line.text.clone()))) else {
            return self.complain("there is nothing of yours to correct here");
        };
        let Ok(place) = self.here() else { return };
        if old == text || text.trim().is_empty() {
            self.hint = Some("nothing changed; /retract takes it back".to_owned());
            return;
        }
        if let Some(line) = self.shown_mut().line_mut(key) {
            text.clone_into(&mut line.text);
            (line.edited, line.mark) = (true, Mark::Pending);
        }
        self.act(Action::Correct(place, id, Text::from(text), key));
        self.has_sent();
    }

    fn retract(&mut self) -> Result<(), String> {
        let place = self.here()?;
        let shown = self.shown_mut();
        let room = shown.kind == Kind::Room;
        let line = shown.last_own().ok_or("there is nothing of yours to take back here")?;
        let reference = if room { line.stanza_id.clone() } else { line.id.clone() };
        let key = line.key;
        let reference = reference.ok_or("the room has not passed it on yet")?;
        if let Some(line) = self.shown_mut().line_mut(key) {
            line.retracted = true;
        }
        self.act(Action::Retract(place.clone(), reference));
        self.act(Action::Keep(place, key));
        Ok(())
    }

    /// The message of others that is meant, and the id by which others speak of it.
    fn other(&self, n: usize) -> Result<(&Line, String), String> {
        let shown = self.shown();
        let line = shown.others(n).ok_or("there is no such message here")?;
        let id = if shown.kind == Kind::Room { &line.stanza_id } else { &line.id };
        Ok((line, id.clone().ok_or("that message has no id to speak of it")?))
    }

    fn react(&mut self, n: usize, emojis: Vec<String>) -> Result<(), String> {
        let place = self.here()?;
        let (line, id) = self.other(n)?;
        let key = line.key;
        let emojis: BTreeSet<String> = emojis.into_iter().collect();
        let name = self.accounts[place.account].nick.clone();
        if let Some(line) = self.shown_mut().line_mut(key) {
            line.reactions.insert(name, emojis.clone());
        }
        self.act(Action::React(place.clone(), id, emojis));
        self.act(Action::Keep(place, key));
        Ok(())
    }

    fn reply(&mut self, n: usize, text: String) -> Result<(), String> {
        let place = self.here()?;
        let (line, id) = self.other(n)?;
        let (whom, quoted) = (line.name.clone(), line.text.clone());
        let to = match self.shown().kind {
            Kind::Room => place.with.with_resource(&whom).ok(),
            _ => Some(place.with.clone()),
        };
        self.speak(text, Some((Reply { to, id }, whom, quoted)))
    }

    fn choose_account(&mut self, name: Option<String>) -> Result<(), String> {
        let Some(name) = name else {
            let all: Vec<_> =
                self.accounts.iter().map(|account| format!("{} ({})", account.name, account.jid)).collect();
            self.tell(&all.join(", "));
            return Ok(());
        };
        let is = |account: &super::model::Account| account.name == name || account.jid.as_str() == name;
        self.account = self.accounts.iter().position(is).ok_or_else(|| format!("there is no account {name:?}"))?;
        self.hint = Some(format!("new conversations are those of {}", self.accounts[self.account].jid));
        Ok(())
    }
}

/// What is only told.
impl Model {
    fn who(&mut self) {
        let shown = self.shown();
        let text = match (shown.kind, &shown.place) {
            (Kind::Room, _) => {
                let names: Vec<_> = shown.occupants.keys().map(String::as_str).collect();
                format!("{} here: {}", names.len(), names.join(", "))
            }
            (_, Some(place)) => self.about(place),
            (_, None) => return self.roster(),
        };
        self.tell(&text);
    }

    fn about(&self, place: &Place) -> String {
        let Some(contact) = self.accounts[place.account].contacts.get(&place.with.bare()) else {
            return format!("{} is no contact: /sub request asks to become one", place.with);
        };
        let clients: Vec<_> = contact
            .resources
            .iter()
            .map(|(name, resource)| {
                let status = resource.status.as_ref().map(|status| format!(" ({status})")).unwrap_or_default();
                format!("{name} {}{status}", show_name(Some(resource.show)))
            })
            .collect();
        let clients = if clients.is_empty() { "offline".to_owned() } else { clients.join(", ") };
        format!("{} is {}: {clients}; presence goes {}", contact.label, place.with, direction(contact.subscription))
    }

    fn roster(&mut self) {
        let account = self.account_here();
        let mut text = Vec::new();
        for (jid, contact) in &self.accounts[account].contacts {
            let show = show_name(contact.best().map(|resource| resource.show));
            let ask = if contact.ask { ", asked" } else { "" };
            text.push(format!("{}: {jid}, {show}, presence {}{ask}", contact.label, direction(contact.subscription)));
        }
        let jid = &self.accounts[account].jid;
        text.insert(
            0,
            match text.len() {
                0 => format!("{jid} has no contacts: /sub request WHO, or /roster add WHO"),
                count => format!("the contacts of {jid}: {count}"),
            },
        );
        self.tell(&text.join("\n"));
    }

    fn help(&mut self, about: Option<&str>) {
        if let Some(about) = about {
            return match COMMANDS.iter().find(|entry| entry.0 == about) {
                Some((name, args, what)) => self.tell(&format!("/{name} {args}\n{what}")),
                None => self.complain(&format!("there is no /{about}")),
            };
        }
        let groups = GROUPS.iter().map(|(group, names)| format!("{group}: {names}"));
        let more =
            "/help COMMAND tells more of one. // begins a message with a slash, /me says what you do.".to_owned();
        let keys = KEYS.iter().map(|(key, what)| format!("{key}: {what}"));
        let text: Vec<_> = groups.chain([more]).chain(keys).collect();
        self.tell(&text.join("\n"));
    }

    /// The state of an account in a few words.
    pub fn link_text(&self, account: usize) -> String {
        match &self.accounts[account].link {
            Link::Connecting => "connecting".to_owned(),
            Link::Online => show_name(Some(self.show)).to_owned(),
            Link::Offline(_, Some(again)) => {
                let left = again.saturating_sub(self.unix).as_secs_f64().ceil();
                if left > 0.0 { format!("no connection, again in {left} s") } else { "connecting".to_owned() }
            }
            Link::Offline(_, None) => "offline".to_owned(),
        }
    }
}

/// How available; `None`: not at all.
pub fn show_name(show: Option<Option<Show>>) -> &'static str {
    match show {
        None => "offline",
        Some(None) => "online",
        Some(Some(Show::Chat)) => "free to chat",
        Some(Some(Show::Away)) => "away",
        Some(Some(Show::Xa)) => "not there",
        Some(Some(Show::Dnd)) => "do not disturb",
    }
}

fn direction(subscription: rfc3921::roster::Subscription) -> &'static str {
    use rfc3921::roster::Subscription;
    match subscription {
        Subscription::None => "neither way",
        Subscription::To => "from them to you",
        Subscription::From => "from you to them",
        Subscription::Both => "both ways",
    }
}

/// A path as a user writes it: with `~` and perhaps with quotes.
fn expand(path: &str) -> PathBuf {
    let path = path.trim_matches(['"', '\'']);
    match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(path),
    }
}
