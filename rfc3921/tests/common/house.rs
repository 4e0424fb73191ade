//! A server as small as these tests allow: logins by PLAIN, stream management, rosters, presence among its own accounts,
//! carbons, an archive for each account and each room, rooms, bookmarks, a blocking list.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::convert::Infallible;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rfc3920::jid::Jid;
use rfc3920::xml::{Element, Event, Framing, Header, Limits, Reader};
use rfc3920::{ns as core, stanza};
use rfc3921::archive::{Archived, Fin, Query};
use rfc3921::carbons::{Carbon, Direction};
use rfc3921::delay::Delay;
use rfc3921::disco::{Identity, Info, Items};
use rfc3921::form::{Form, FormType};
use rfc3921::forward::Forwarded;
use rfc3921::message::MessageType;
use rfc3921::result_set::{Page, Place};
use rfc3921::stanza_id::StanzaId;
use rfc3921::upload::Slot;
use rfc3921::{ns, pubsub};
use wire::{ConnId, Epoch, Input, Instant, Machine, Output, Transmit};

use super::jid;

pub struct House {
    /// What the server says that it can do.
    pub features: Vec<&'static str>,
    /// What accounts can do.
    pub account_features: Vec<&'static str>,
    /// What rooms can do.
    pub room_features: Vec<&'static str>,
    pub management: bool,
    /// Stream features after the login.
    pub stream_features: &'static str,
    /// Items of each account's roster, as text, and the version.
    pub rosters: BTreeMap<String, (String, Vec<String>)>,
    pub archives: BTreeMap<String, Vec<(String, Element)>>,
    pub bookmarks: Vec<pubsub::Item>,
    pub blocked: BTreeSet<String>,
    /// Every stanza that came, by account.
    pub got: Vec<(String, Element)>,
    /// Namespaces of requests that are not answered.
    pub silent: BTreeSet<&'static str>,
    /// Pages of archives that were asked for.
    pub pages: usize,
    /// How large a file may be.
    pub upload_limit: Option<u64>,
    /// Answers requests for acknowledgements.
    pub acks: bool,
    /// What the server has.
    pub services: Vec<String>,
    /// Rooms say that they are new.
    pub created: bool,
    rooms: BTreeMap<String, BTreeMap<String, Jid>>,
    conns: BTreeMap<ConnId, Conn>,
    kept: BTreeMap<String, Kept>,
    out: VecDeque<Output<Infallible>>,
    now: Instant,
    next: u64,
}

struct Conn {
    reader: Reader,
    account: Option<String>,
    jid: Option<Jid>,
    carbons: bool,
    available: bool,
    /// The id of its session, once it counts.
    session: Option<String>,
}

#[derive(Default)]
struct Kept {
    jid: Option<Jid>,
    carbons: bool,
    handled: u32,
    acked: u32,
    queue: VecDeque<String>,
}

impl House {
    pub fn new() -> House {
        House {
            features: vec![ns::CARBONS, ns::BLOCKING, ns::PING],
            account_features: vec![ns::ARCHIVE, ns::STANZA_ID],
            room_features: vec![ns::MUC, ns::ARCHIVE, ns::STANZA_ID],
            management: true,
            stream_features: "<ver xmlns='urn:xmpp:features:rosterver'/>",
            rosters: BTreeMap::new(),
            archives: BTreeMap::new(),
            bookmarks: Vec::new(),
            blocked: BTreeSet::new(),
            got: Vec::new(),
            silent: BTreeSet::new(),
            pages: 0,
            created: false,
            services: Vec::new(),
            acks: true,
            upload_limit: None,
            rooms: BTreeMap::new(),
            conns: BTreeMap::new(),
            kept: BTreeMap::new(),
            out: VecDeque::new(),
            now: Instant::ZERO,
            next: 0,
        }
    }

    /// Without archives and all that.
    pub fn plain() -> House {
        House { features: Vec::new(), account_features: Vec::new(), management: false, ..House::new() }
    }

    /// Makes two accounts contacts of each other.
    pub fn friends(mut self, one: &str, other: &str) -> House {
        for (of, who) in [(one, other), (other, one)] {
            let item = format!("<item jid='{who}' subscription='both'/>");
            self.rosters.entry(of.to_owned()).or_insert_with(|| ("v1".to_owned(), Vec::new())).1.push(item);
        }
        self
    }

    fn id(&mut self) -> String {
        self.next += 1;
        format!("h{}", self.next)
    }

    fn write(&mut self, conn: ConnId, text: String) {
        self.out.push_back(Output::Transmit(Transmit::Stream { conn, data: Bytes::from(text) }));
    }

    /// A stanza to one client, counted when it counts.
    fn give(&mut self, conn: ConnId, text: String) {
        let session = self.conns.get(&conn).and_then(|conn| conn.session.clone());
        if let Some(kept) = session.and_then(|id| self.kept.get_mut(&id)) {
            kept.queue.push_back(text.clone());
        }
        self.write(conn, text);
    }

    pub fn say_to(&mut self, account: &str, text: &str) {
        for conn in self.of(account) {
            self.give(conn, text.to_owned());
        }
    }

    fn of(&self, account: &str) -> Vec<ConnId> {
        let mine = |conn: &Conn| conn.jid.as_ref().is_some_and(|jid| jid.bare_str() == account);
        self.conns.iter().filter(|(_, conn)| mine(conn)).map(|(id, _)| *id).collect()
    }

    pub fn break_all(&mut self, forget: bool) {
        let conns: Vec<_> = self.conns.keys().copied().collect();
        for conn in conns {
            self.out.push_back(Output::Close { conn });
        }
        self.conns.clear();
        if forget {
            self.kept.clear();
            self.rooms.clear();
        }
    }

    pub fn kick_silently(&mut self, room: &str) {
        self.rooms.remove(room);
    }

    /// Puts a message into an archive, and returns what the archive calls it.
    pub fn store(&mut self, archive: &str, message: Element) -> String {
        let id = self.id();
        self.archives.entry(archive.to_owned()).or_default().push((id.clone(), message));
        id
    }

    fn received(&mut self, conn: ConnId, data: Bytes) {
        let Some(of) = self.conns.get_mut(&conn) else { return };
        of.reader.push(data);
        while let Some(event) = self.conns.get_mut(&conn).and_then(|of| of.reader.next()) {
            match event.expect("good XML from a client") {
                Event::Open(_) => self.open(conn),
                Event::Element(element) => self.element(conn, element),
                Event::Close => {
                    self.write(conn, "</stream:stream>".to_owned());
                    if let Some(id) = self.conns.get(&conn).and_then(|conn| conn.session.clone()) {
                        self.kept.remove(&id);
                    }
                }
            }
        }
    }

    fn open(&mut self, conn: ConnId) {
        let header = Header { from: Some("wonderland.example".into()), id: Some(self.id()), ..Header::client() };
        let header = header.to_bytes(Framing::Stream).expect("a header");
        let mut text = String::from_utf8(header.to_vec()).expect("text");
        text += "<stream:features>";
        match &self.conns[&conn].account {
            None => text += &format!("<mechanisms xmlns='{}'><mechanism>PLAIN</mechanism></mechanisms>", core::SASL),
            Some(_) => {
                text += &format!("<bind xmlns='{}'/>{}", core::BIND, self.stream_features);
                if self.management {
                    text += &format!("<sm xmlns='{}'/>", core::SM);
                }
            }
        }
        self.write(conn, text + "</stream:features>");
    }

    fn element(&mut self, conn: ConnId, element: Element) {
        match (element.ns(), element.name()) {
            (core::SASL, "auth") => {
                let plain = STANDARD.decode(&*element.text()).expect("base64");
                let name = plain.split(|byte| *byte == 0).nth(1).expect("a name").to_vec();
                let name = String::from_utf8(name).expect("text");
                let of = self.conns.get_mut(&conn).expect("a connection");
                of.account = Some(format!("{name}@wonderland.example"));
                of.reader.restart();
                self.write(conn, format!("<success xmlns='{}'/>", core::SASL));
            }
            (core::SM, "enable") => {
                let id = self.id();
                let of = self.conns.get_mut(&conn).expect("a connection");
                of.session = Some(id.clone());
                self.kept.insert(id.clone(), Kept { jid: of.jid.clone(), ..Kept::default() });
                self.write(conn, format!("<enabled xmlns='{}' id='{id}' resume='true' max='300'/>", core::SM));
            }
            (core::SM, "resume") => self.resume(conn, &element),
            (core::SM, "r") if self.acks => {
                let session = self.conns[&conn].session.clone();
                let h = session.and_then(|id| self.kept.get(&id)).map_or(0, |kept| kept.handled);
                self.write(conn, format!("<a xmlns='{}' h='{h}'/>", core::SM));
            }
            (core::SM, "r") => {}
            (core::SM, "a") => self.acked(conn, &element),
            _ => {
                let session = self.conns[&conn].session.clone();
                if let Some(kept) = session.and_then(|id| self.kept.get_mut(&id)) {
                    kept.handled += 1;
                }
                self.stanza(conn, element);
            }
        }
    }

    fn acked(&mut self, conn: ConnId, element: &Element) {
        let session = self.conns[&conn].session.clone();
        let Some(kept) = session.and_then(|id| self.kept.get_mut(&id)) else { return };
        let h: u32 = element.get("h").and_then(|h| h.parse().ok()).expect("a number");
        let newly = (h - kept.acked) as usize;
        kept.acked = h;
        kept.queue.drain(..newly);
    }

    fn resume(&mut self, conn: ConnId, element: &Element) {
        let id = element.get("previd").expect("previd").to_owned();
        let Some(kept) = self.kept.get(&id) else {
            let failed = "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>";
            return self.write(conn, format!("<failed xmlns='{}'>{failed}</failed>", core::SM));
        };
        let (h, jid, carbons) = (kept.handled, kept.jid.clone(), kept.carbons);
        let of = self.conns.get_mut(&conn).expect("a connection");
        (of.session, of.jid, of.carbons, of.available) = (Some(id.clone()), jid, carbons, true);
        self.acked(conn, element);
        let queue: Vec<_> = self.kept[&id].queue.iter().cloned().collect();
        self.write(conn, format!("<resumed xmlns='{}' h='{h}' previd='{id}'/>", core::SM) + &queue.concat());
    }

    fn stanza(&mut self, conn: ConnId, stanza: Element) {
        let account = self.conns[&conn].account.clone().expect("a login");
        if let Some(bind) = stanza.find(core::BIND, "bind") {
            let wished = bind.child_text(core::BIND, "resource").map(|text| text.into_owned());
            let full = format!("{account}/{}", wished.unwrap_or_else(|| self.id()));
            self.conns.get_mut(&conn).expect("a connection").jid = Some(jid(&full));
            let bound = Element::new(core::BIND, "bind").child(Element::new(core::BIND, "jid").with_text(full));
            return self.give(conn, stanza::iq_result(&stanza, Some(bound)).to_string());
        }
        let own = self.conns[&conn].jid.clone().expect("a resource");
        let stanza = stanza.attr("from", own.as_str());
        self.got.push((account.clone(), stanza.clone()));
        match stanza.name() {
            "iq" => self.iq(conn, &account, &own, &stanza),
            "presence" => self.presence(conn, &own, stanza),
            _ => self.message(&own, stanza),
        }
    }

    fn iq(&mut self, conn: ConnId, account: &str, own: &Jid, iq: &Element) {
        let to = iq.get("to").map(jid);
        let Some(payload) = iq.children().next().filter(|_| matches!(iq.get("type"), Some("get" | "set"))) else {
            return; // an answer
        };
        if self.silent.contains(payload.ns()) {
            return;
        }
        let here = to.as_ref().is_none_or(|to| to.as_str() == account);
        let answer = match (payload.ns(), payload.name()) {
            (ns::ROSTER, _) if here && iq.get("type") == Some("get") => self.roster(account, payload),
            (ns::DISCO_INFO, _) => Some(self.info(account, to.as_ref())),
            (ns::DISCO_ITEMS, _) => {
                let item = |text: &String| rfc3921::disco::Item { jid: jid(text), node: None, name: None };
                Some(Items { node: None, items: self.services.iter().map(item).collect() }.to_element())
            }
            (ns::CARBONS, _) => {
                self.conns.get_mut(&conn).expect("a connection").carbons = true;
                let session = self.conns[&conn].session.clone();
                if let Some(kept) = session.and_then(|id| self.kept.get_mut(&id)) {
                    kept.carbons = true;
                }
                None
            }
            (ns::BLOCKING, "blocklist") => {
                let items = self.blocked.iter().map(|jid| Element::new(ns::BLOCKING, "item").attr("jid", jid.as_str()));
                Some(Element::new(ns::BLOCKING, "blocklist").with(items))
            }
            (ns::PUBSUB, _) if here && payload.has(ns::PUBSUB, "items") => {
                let items = self.bookmarks.clone();
                Some(pubsub::Items { node: ns::BOOKMARKS.to_owned(), items }.to_element())
            }
            (ns::UPLOAD, _) => {
                let url = "https://up.wonderland.example/1".to_owned();
                Some(Slot { put: url.clone(), headers: Vec::new(), get: url }.to_element())
            }
            (ns::ARCHIVE, _) => Some(self.query(conn, own, to.as_ref(), payload)),
            (ns::PING, _) if to.as_ref().and_then(Jid::resource).is_some() => {
                let room = to.as_ref().map(Jid::bare_str).unwrap_or_default();
                if self.rooms.get(room).is_none_or(|room| !room.values().any(|jid| jid == own)) {
                    let error = stanza::StanzaError::from(stanza::Condition::NotAcceptable);
                    let reply = stanza::error_reply(iq, &error).expect("an error");
                    return self.give(conn, reply.attr("from", iq.get("to").expect("to")).to_string());
                }
                None
            }
            _ => None,
        };
        let mut reply = stanza::iq_result(iq, answer);
        if let Some(to) = iq.get("to") {
            reply.set("from", to);
        }
        self.give(conn, reply.to_string());
    }

    fn roster(&self, account: &str, asked: &Element) -> Option<Element> {
        let (ver, items) = self.rosters.get(account).cloned().unwrap_or_default();
        if asked.get("ver") == Some(&ver) && !ver.is_empty() {
            return None;
        }
        let text = format!("<query xmlns='{}' ver='{ver}'>{}</query>", ns::ROSTER, items.concat());
        Some(super::element(&text))
    }

    fn info(&self, account: &str, of: Option<&Jid>) -> Element {
        let (identity, features) = match of {
            Some(of) if of.as_str() == account => (("account", "registered"), &self.account_features),
            Some(of) if of.local().is_some() => (("conference", "text"), &self.room_features),
            _ => (("server", "im"), &self.features),
        };
        let mut identities = vec![Identity::new(identity.0, identity.1, None)];
        if identity.0 == "account" {
            identities.push(Identity::new("pubsub", "pep", None));
        }
        let features = features.iter().map(|feature| (*feature).to_owned()).collect();
        let limit = self.upload_limit.map(|limit| limit.to_string());
        let form = |limit: String| Form::of(FormType::Result, ns::UPLOAD).with("max-file-size", &limit);
        Info { identities, features, forms: limit.map(form).into_iter().collect(), ..Info::default() }.to_element()
    }

    fn query(&mut self, conn: ConnId, own: &Jid, to: Option<&Jid>, payload: &Element) -> Element {
        self.pages += 1;
        let query = Query::from_element(payload).expect("a query");
        let archive = to.map_or(own.bare_str(), Jid::as_str).to_owned();
        let all = self.archives.get(&archive).cloned().unwrap_or_default();
        let fits = |message: &Element| {
            let with = query.with.as_ref();
            let side = |name| message.get(name).map(jid);
            with.is_none_or(|with| ["from", "to"].iter().any(|n| side(n).is_some_and(|j| j.same_bare(with))))
        };
        let all: Vec<_> = all.into_iter().filter(|(_, message)| fits(message)).collect();
        let max = query.page.max.unwrap_or(50) as usize;
        let at = |id: &str| all.iter().position(|(of, _)| of == id);
        let (start, end) = match &query.page.place {
            Place::First => (0, all.len().min(max)),
            Place::Last => (all.len().saturating_sub(max), all.len()),
            Place::After(id) => {
                let start = at(id).map_or(0, |at| at + 1);
                (start, all.len().min(start + max))
            }
            Place::Before(id) => {
                let end = at(id).unwrap_or(all.len());
                (end.saturating_sub(max), end)
            }
        };
        let complete = match query.page.place {
            Place::First | Place::After(_) => end == all.len(),
            Place::Last | Place::Before(_) => start == 0,
        };
        let stamp = Epoch::from_unix(std::time::Duration::from_secs(1_577_836_800)).unix(self.now);
        for (id, message) in &all[start..end] {
            let delay = Some(Delay { from: None, stamp });
            let forwarded = Forwarded { delay, message: message.clone() };
            let result = Archived { queryid: Some(query.queryid.clone()), id: id.clone(), forwarded };
            let message = Element::new(ns::CLIENT, "message").attr("from", archive.as_str()).attr("to", own.as_str());
            self.give(conn, message.child(result.to_element()).to_string());
        }
        let first = all[start..end].first().map(|(id, _)| id.clone());
        let last = all[start..end].last().map(|(id, _)| id.clone());
        Fin { complete, page: Page { first, last, ..Page::default() } }.to_element()
    }

    fn presence(&mut self, conn: ConnId, own: &Jid, stanza: Element) {
        let to = stanza.get("to").map(jid);
        match to {
            Some(to) if to.domain().starts_with("rooms.") => self.room_presence(conn, own, &to, &stanza),
            Some(to) => {
                let stanza = stanza.attr("from", own.bare_str());
                self.say_to(to.bare_str(), &stanza.to_string());
            }
            None => {
                let first = !std::mem::replace(&mut self.conns.get_mut(&conn).expect("a connection").available, true);
                let others: Vec<_> =
                    self.conns.iter().filter(|(id, c)| **id != conn && c.available).map(|(id, _)| *id).collect();
                for other in others {
                    self.give(other, stanza.to_string());
                    let jid = self.conns[&other].jid.clone().filter(|_| first);
                    if let Some(jid) = jid {
                        self.give(conn, Element::new(ns::CLIENT, "presence").attr("from", jid.as_str()).to_string());
                    }
                }
                self.give(conn, stanza.to_string());
            }
        }
    }

    fn room_presence(&mut self, conn: ConnId, own: &Jid, to: &Jid, stanza: &Element) {
        let nick = to.resource().expect("a nick").to_owned();
        let created = self.created;
        let room = self.rooms.entry(to.bare_str().to_owned()).or_default();
        let unavailable = stanza.get("type") == Some("unavailable");
        if room.get(&nick).is_some_and(|jid| jid != own) {
            let error = stanza::StanzaError::from(stanza::Condition::Conflict);
            let reply = stanza::error_reply(stanza, &error).expect("an error").attr("from", to.as_str());
            return self.give(conn, reply.to_string());
        }
        let present = |nick: &str, kind: Option<&str>, own: bool| {
            let item = Element::new(ns::MUC_USER, "item").attr("affiliation", "none").attr("role", "participant");
            let codes = [Some("110"), created.then_some("201")].into_iter().flatten().filter(|_| own);
            let status = codes.map(|code| Element::new(ns::MUC_USER, "status").attr("code", code));
            let x = Element::new(ns::MUC_USER, "x").child(item).with(status);
            let from = to.bare().with_resource(nick).expect("an occupant");
            Element::new(ns::CLIENT, "presence").attr("from", from.as_str()).attr_opt("type", kind).child(x).to_string()
        };
        let before = room.clone();
        match unavailable {
            true => drop(room.remove(&nick)),
            false => drop(room.insert(nick.clone(), own.clone())),
        }
        let kind = unavailable.then_some("unavailable");
        for (other, jid) in &before {
            if !unavailable && other != &nick {
                self.give(conn, present(other, None, false));
            }
            if jid != own {
                self.give_full(jid, present(&nick, kind, false));
            }
        }
        self.give(conn, present(&nick, kind, true));
        if !unavailable {
            let subject = Element::new(ns::CLIENT, "message").attr("from", to.bare_str()).attr("type", "groupchat");
            self.give(conn, subject.child(Element::new(ns::CLIENT, "subject")).to_string());
        }
    }

    fn give_full(&mut self, to: &Jid, text: String) {
        let conn = self.conns.iter().find(|(_, conn)| conn.jid.as_ref() == Some(to)).map(|(id, _)| *id);
        if let Some(conn) = conn {
            self.give(conn, text);
        }
    }

    fn message(&mut self, own: &Jid, stanza: Element) {
        let to = stanza.get("to").map_or(own.bare(), jid);
        if stanza.get("type") == Some(MessageType::Groupchat.name()) {
            let Some(room) = self.rooms.get(to.bare_str()).cloned() else { return };
            let Some(nick) = room.iter().find(|(_, jid)| *jid == own).map(|(nick, _)| nick.clone()) else { return };
            let from = to.with_resource(&nick).expect("an occupant");
            let stanza = stanza.attr("from", from.as_str());
            let id = self.store(to.bare_str(), stanza.clone());
            let stanza = stanza.child(StanzaId { by: to.bare(), id }.to_element());
            return room
                .values()
                .for_each(|jid| self.give_full(jid, stanza.clone().attr("to", jid.as_str()).to_string()));
        }
        let kept = self.account_features.contains(&ns::ARCHIVE) && stanza.has(ns::CLIENT, "body");
        let with_id = |house: &mut House, account: &Jid| match kept {
            true => {
                let id = house.store(account.as_str(), stanza.clone());
                stanza.clone().child(StanzaId { by: account.clone(), id }.to_element())
            }
            false => stanza.clone(),
        };
        let sent = with_id(self, &own.bare());
        let received = with_id(self, &to.bare());
        self.route(&to, &received);
        self.carbon(own, Direction::Sent, own, sent);
    }

    /// To the full address, or to all clients; copies to the others.
    pub fn route(&mut self, to: &Jid, stanza: &Element) {
        match to.resource() {
            Some(_) => {
                self.give_full(to, stanza.to_string());
                self.carbon(&to.bare(), Direction::Received, to, stanza.clone());
            }
            None => self.say_to(to.as_str(), &stanza.to_string()),
        }
    }

    fn carbon(&mut self, account: &Jid, direction: Direction, except: &Jid, message: Element) {
        for conn in self.of(account.bare_str()) {
            let of = &self.conns[&conn];
            let Some(jid) = of.jid.clone().filter(|jid| jid != except && of.carbons) else { continue };
            let carbon = Carbon { direction, forwarded: Forwarded { delay: None, message: message.clone() } };
            self.give(conn, carbon.to_message(&account.bare(), &jid).to_string());
        }
    }
}

impl Machine for House {
    type Event = Infallible;

    fn handle(&mut self, now: Instant, input: Input) {
        self.now = now;
        match input {
            Input::Opened { conn, .. } => {
                let reader = Reader::new(Limits::default(), Framing::Stream);
                let (account, jid, session) = (None, None, None);
                self.conns.insert(conn, Conn { reader, account, jid, carbons: false, available: false, session });
            }
            Input::Stream { conn, data } => self.received(conn, data),
            Input::Closed { conn, .. } => drop(self.conns.remove(&conn)),
            _ => {}
        }
    }

    fn poll(&mut self) -> Option<Output<Infallible>> {
        self.out.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        None
    }
}
