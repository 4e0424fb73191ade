use std::collections::{BTreeMap, BTreeSet};

use amf::amf0::{self, Value};
use bytes::Bytes;
use bytestring::ByteString;

use super::{Error, Event, Form, Limits, SharedObject};
use crate::{Message, MessageType};

/// What clients may ask of a [`Store`]. The default of each field stands at the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Objects of all applications. 1,024.
    pub objects: usize,
    /// Objects that one client may use at once. 64.
    pub objects_per_client: usize,
    /// Properties of one object. 1,024.
    pub properties: usize,
    /// Bytes of one object, as its properties are written. 1 MiB.
    pub object_bytes: usize,
    /// Bytes of all objects. 64 MiB.
    pub bytes: usize,
    /// Bytes of the name of an object or property. 256.
    pub name: usize,
    /// What becomes of objects that should outlive their users. Refused.
    pub persistence: Persistence,
    /// What one message may bring.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            objects: 1024,
            objects_per_client: 64,
            properties: 1024,
            object_bytes: 1 << 20,
            bytes: 64 << 20,
            name: 256,
            persistence: Persistence::default(),
            limits: Limits::default(),
        }
    }
}

/// What becomes of objects that should outlive their users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Persistence {
    /// Their use is refused with `SharedObject.BadPersistence`.
    #[default]
    Refused,
    /// They live as long as the store. When it is full, one that nobody uses makes room.
    Memory,
}

/// All shared objects of a server. `K` names a client: the key of its connection.
///
/// The store sends nothing: what is to be sent is what [`Store::handle`] returns, in order. A change is granted to whoever
/// comes last; versions count the messages that changed something.
#[derive(Debug)]
pub struct Store<K> {
    config: Config,
    objects: BTreeMap<Key, Object<K>>,
    /// What each client uses.
    clients: BTreeMap<K, BTreeSet<Key>>,
    bytes: usize,
    ignored: u64,
}

/// The application and the name.
type Key = (ByteString, ByteString);

#[derive(Debug)]
struct Object<K> {
    persistent: bool,
    version: u32,
    properties: BTreeMap<ByteString, Property>,
    bytes: usize,
    /// Who uses it, and in which form each speaks.
    users: BTreeMap<K, Form>,
}

/// A value as it is written: that takes far less memory than the value, and is what the limits count.
#[derive(Debug)]
struct Property(Bytes);

impl Property {
    fn value(&self) -> Option<Value> {
        let limits = amf::Limits { depth: usize::MAX, items: usize::MAX, bytes: usize::MAX };
        amf0::decode(&mut self.0.clone(), &limits).ok()
    }
}

/// What a message brings about: events for its sender and events for the others.
#[derive(Default)]
struct Outcome {
    sender: Vec<Event>,
    others: Vec<Event>,
    changed: bool,
}

impl<K: Copy + Ord> Store<K> {
    /// A store without objects.
    pub fn new(config: Config) -> Store<K> {
        Store { config, objects: BTreeMap::new(), clients: BTreeMap::new(), bytes: 0, ignored: 0 }
    }

    /// Takes a message of a client of that application, and tells what to send to whom: first the client itself.
    ///
    /// # Errors
    /// Any [`Error`]; then nothing has changed.
    //= rtmp#7.1.3/store MUST
    //# Requests of users change the object and reach all others; the sender learns that it was granted.
    pub fn handle(&mut self, client: K, app: &str, message: &Message) -> Result<Vec<(K, Message)>, Error> {
        let request = SharedObject::parse(message, &self.config.limits)?;
        let form = if message.kind == MessageType::SharedObjectAmf3 { Form::Amf3 } else { Form::Amf0 };
        let key = (app.into(), ByteString::from(String::from(&*request.name)));
        let mut outcome = Outcome::default();
        for event in request.events {
            match event {
                Event::Use => self.enter(client, form, &key, request.persistent, &mut outcome),
                Event::Release => self.release(client, &key),
                event => self.event(client, &key, event, &mut outcome),
            }
        }
        Ok(self.told(client, form, &key, request.persistent, outcome))
    }

    /// A client is gone: it uses nothing any more.
    pub fn leave(&mut self, client: K) {
        for key in self.clients.remove(&client).unwrap_or_default() {
            self.drop_user(client, &key);
        }
    }

    /// Gives a property a value on the server's own account, or removes it, and tells what to send to whom. The object
    /// must be there: used by someone, or persistent.
    ///
    /// ```
    /// use rtmp::shared_object::{Config, Event, Form, SharedObject, Store};
    /// let mut store = Store::new(Config::default());
    /// assert!(store.set("live", "board", "x", Some(1.into())).is_empty());
    /// store.handle(7, "live", &SharedObject::new("board", vec![Event::Use]).to_message(Form::Amf0)).unwrap();
    /// assert_eq!(store.set("live", "board", "x", Some(1.into()))[0].0, 7);
    /// ```
    pub fn set(&mut self, app: &str, object: &str, name: &str, value: Option<Value>) -> Vec<(K, Message)> {
        let key = (app.into(), object.into());
        let Some(state) = self.objects.get_mut(&key) else { return Vec::new() };
        let event = match value {
            Some(value) if state.put(name, &value, &self.config, &mut self.bytes) => {
                Event::Change { name: name.into(), value }
            }
            None if state.remove(name, &mut self.bytes) => Event::Remove { name: name.into() },
            _ => return Vec::new(),
        };
        state.version = state.version.wrapping_add(1);
        let events = vec![event];
        state.broadcast(&key.1, events, None)
    }

    /// The value of a property.
    pub fn property(&self, app: &str, object: &str, name: &str) -> Option<Value> {
        self.objects.get(&(app.into(), object.into()))?.properties.get(name)?.value()
    }

    /// The application and name of each object, in order, and how many use it.
    pub fn objects(&self) -> impl Iterator<Item = (&str, &str, usize)> {
        self.objects.iter().map(|((app, name), object)| (&**app, &**name, object.users.len()))
    }

    /// Bytes of all properties, as they are written.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Events that came from clients and mean nothing from them: those that only a server sends, and requests about
    /// objects that the client does not use.
    pub fn ignored(&self) -> u64 {
        self.ignored
    }

    //= rtmp#7.1.3/use MUST
    //# The user gets the success, an empty object and every property, in one message.
    //= rtmp#7.1.3/limits MUST
    //# Objects, their names, uses of a client, properties and bytes are each limited; beyond, a status says so.
    fn enter(&mut self, client: K, form: Form, key: &Key, persistent: bool, outcome: &mut Outcome) {
        if persistent && self.config.persistence == Persistence::Refused {
            return outcome.refuse("SharedObject.BadPersistence");
        }
        let own = self.clients.get(&client);
        let more = own.is_none_or(|own| own.contains(key) || own.len() < self.config.objects_per_client.max(1));
        let named = !key.1.is_empty() && key.1.len() <= self.config.name;
        if !more || !named || (!self.objects.contains_key(key) && !self.make_room()) {
            return outcome.refuse("SharedObject.ObjectCreationFailed");
        }
        let fresh = || Object { persistent, version: 0, properties: BTreeMap::new(), bytes: 0, users: BTreeMap::new() };
        let object = self.objects.entry(key.clone()).or_insert_with(fresh);
        if object.persistent != persistent {
            return outcome.refuse("SharedObject.BadPersistence");
        }
        object.users.insert(client, form);
        self.clients.entry(client).or_default().insert(key.clone());
        outcome.sender.extend([Event::UseSuccess, Event::Clear]);
        let change = |(name, property): (&ByteString, &Property)| {
            property.value().map(|value| Event::Change { name: name.clone(), value })
        };
        outcome.sender.extend(object.properties.iter().filter_map(change));
    }

    fn release(&mut self, client: K, key: &Key) {
        let known = self.clients.get_mut(&client).is_some_and(|own| own.remove(key));
        if !known {
            self.ignored += 1;
        } else {
            self.drop_user(client, key);
        }
        if self.clients.get(&client).is_some_and(BTreeSet::is_empty) {
            self.clients.remove(&client);
        }
    }

    fn drop_user(&mut self, client: K, key: &Key) {
        let Some(object) = self.objects.get_mut(key) else { return };
        object.users.remove(&client);
        if object.users.is_empty() && !object.persistent {
            self.bytes -= object.bytes;
            self.objects.remove(key);
        }
    }

    /// A place for one more object.
    fn make_room(&mut self) -> bool {
        if self.objects.len() < self.config.objects {
            return true;
        }
        let unused = self.objects.iter().find(|(_, object)| object.users.is_empty()).map(|(key, _)| key.clone());
        let Some(object) = unused.and_then(|key| self.objects.remove(&key)) else { return false };
        self.bytes -= object.bytes;
        true
    }

    fn event(&mut self, client: K, key: &Key, event: Event, outcome: &mut Outcome) {
        let Some(object) = self.objects.get_mut(key).filter(|object| object.users.contains_key(&client)) else {
            self.ignored += 1;
            return;
        };
        match event {
            Event::RequestChange { name, value } if value.is_nothing() => {
                outcome.sender.push(Event::Success { name: name.clone() });
                if object.remove(&name, &mut self.bytes) {
                    outcome.others.push(Event::Remove { name });
                    outcome.changed = true;
                }
            }
            Event::RequestChange { name, value } => {
                if !object.put(&name, &value, &self.config, &mut self.bytes) {
                    return outcome.refuse("SharedObject.NoWriteAccess");
                }
                outcome.sender.push(Event::Success { name: name.clone() });
                outcome.others.push(Event::Change { name, value });
                outcome.changed = true;
            }
            Event::RequestRemove { name } => {
                if object.remove(&name, &mut self.bytes) {
                    outcome.others.push(Event::Remove { name: name.clone() });
                    outcome.changed = true;
                }
                outcome.sender.push(Event::Remove { name });
            }
            Event::RequestClear => {
                self.bytes -= object.bytes;
                object.bytes = 0;
                object.properties.clear();
                outcome.changed = true;
                outcome.sender.push(Event::Clear);
                outcome.others.push(Event::Clear);
            }
            //= rtmp#7.1.3/send MUST
            //# To all who use the object, its sender among them.
            Event::SendMessage(values) => {
                outcome.sender.push(Event::SendMessage(values.clone()));
                outcome.others.push(Event::SendMessage(values));
            }
            _ => self.ignored += 1, // what only a server says
        }
    }

    fn told(&mut self, client: K, form: Form, key: &Key, persistent: bool, outcome: Outcome) -> Vec<(K, Message)> {
        let mut told = Vec::new();
        let object = self.objects.get_mut(key);
        if let Some(object) = object {
            //= rtmp#7.1.3/version MUST
            //# Raised once for a message, however much it changes.
            object.version = object.version.wrapping_add(u32::from(outcome.changed));
            if !outcome.sender.is_empty() {
                let answer = object.says(&key.1, outcome.sender);
                told.push((client, answer.to_message(form)));
            }
            if !outcome.others.is_empty() {
                told.extend(object.broadcast(&key.1, outcome.others, Some(client)));
            }
        } else if !outcome.sender.is_empty() {
            let answer = SharedObject { persistent, ..SharedObject::new(key.1.clone(), outcome.sender) };
            told.push((client, answer.to_message(form)));
        }
        told
    }
}

impl Outcome {
    fn refuse(&mut self, code: &'static str) {
        self.sender.push(Event::Status { code: ByteString::from_static(code), level: "error".into() });
    }
}

impl<K: Copy + Ord> Object<K> {
    fn says(&self, name: &ByteString, events: Vec<Event>) -> SharedObject {
        SharedObject { name: name.clone(), version: self.version, persistent: self.persistent, events }
    }

    /// The same bytes for all who speak the same form.
    fn broadcast(&self, name: &ByteString, events: Vec<Event>, but: Option<K>) -> Vec<(K, Message)> {
        let news = self.says(name, events);
        let (mut amf0, mut amf3) = (None, None);
        let others = self.users.iter().filter(|(user, _)| Some(**user) != but);
        let message = |(user, form): (&K, &Form)| {
            let made = if *form == Form::Amf3 { &mut amf3 } else { &mut amf0 };
            (*user, made.get_or_insert_with(|| news.to_message(*form)).clone())
        };
        others.map(message).collect()
    }

    /// Gives a property a value, unless that would be too much.
    fn put(&mut self, name: &str, value: &Value, config: &Config, total: &mut usize) -> bool {
        let property = Property(Bytes::copy_from_slice(&amf0::encode_all(std::slice::from_ref(value))));
        let bytes = name.len() + property.0.len();
        let old = self.properties.get(name).map(|old| name.len() + old.0.len());
        let grown = |now: usize| now - old.unwrap_or(0) + bytes;
        let count = self.properties.len() + usize::from(old.is_none());
        let fits = count <= config.properties && grown(self.bytes) <= config.object_bytes;
        if !fits || grown(*total) > config.bytes || name.is_empty() || name.len() > config.name {
            return false;
        }
        (self.bytes, *total) = (grown(self.bytes), grown(*total));
        self.properties.insert(String::from(name).into(), property); // a name that keeps no message alive
        true
    }

    fn remove(&mut self, name: &str, total: &mut usize) -> bool {
        let Some(property) = self.properties.remove(name) else { return false };
        let bytes = name.len() + property.0.len();
        self.bytes -= bytes;
        *total -= bytes;
        true
    }
}
