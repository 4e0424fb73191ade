//! Messaging over XMPP ([RFC 6121](https://www.rfc-editor.org/rfc/rfc6121)) and the extensions of a modern client.
//!
//! Each extension is a file of values that are read from elements and written to them; [`session::Session`] is the
//! machine that uses them: one account online, with its roster, presence, messages that are told exactly once whichever
//! way they come, archives, rooms, bookmarks and whatever else the user of a chat program expects. It owns the stream of
//! [`rfc3920`] below, opens no socket and reads no clock.
//!
//! A bot that says what is said to it, in a world of one scripted server:
//!
//! ```
//! use std::time::Duration;
//! use rfc3920::{jid::Jid, sasl::Credentials, stream};
//! use rfc3921::session::{Config, Event, Saved, Session};
//! use wire::{Epoch, Instant, Rng};
//!
//! /// The bot, all of it.
//! fn echo(bot: &mut Session, now: Instant, event: &Event) {
//!     if let Event::Message(message) = event && !message.own {
//!         bot.say(now, &message.with, message.text.as_str().into()).expect("to be heard");
//!     }
//! }
//!
//! let jid = Jid::parse("dodo@wonderland.example")?;
//! let mut stream = stream::Config::new(jid, Credentials::new("dodo", "caucus")?);
//! stream.targets = vec![stream::Target::new("10.0.0.1", 5223, stream::Kind::DirectTls)];
//! stream.policy.allow_plain = true; // as the script below can do no better
//! let epoch = Epoch::from_unix(Duration::from_secs(1_600_000_000));
//! let bot = Session::new(Config::new(stream, epoch), Saved::default(), Rng::from_u64(1));
//! # use sim::{Came, Link, Network, Node, Script};
//! # struct Said(Event);
//! # impl From<Event> for Said { fn from(event: Event) -> Said { Said(event) } }
//! # impl From<std::convert::Infallible> for Said { fn from(never: std::convert::Infallible) -> Said { match never {} } }
//! # let open = |features: &str| format!("<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
//! #     xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0' from='wonderland.example'>\
//! #     <stream:features>{features}</stream:features>");
//! # let sasl = "urn:ietf:params:xml:ns:xmpp-sasl";
//! # let bind = "urn:ietf:params:xml:ns:xmpp-bind";
//! # let result = |came: &Came| format!("<iq type='result' id='{}'/>", came.between("id='", "'"));
//! # let script = Script::new().expect("<stream:stream").restart();
//! # let script = script.answer(open(&format!("<mechanisms xmlns='{sasl}'><mechanism>PLAIN</mechanism></mechanisms>")));
//! # let script = script.expect("</auth>").answer(format!("<success xmlns='{sasl}'/>"));
//! # let script = script.expect("<stream:stream").restart().answer(open(&format!("<bind xmlns='{bind}'/>")));
//! # let script = script.expect("</iq>").answer_with(move |came| format!("<iq type='result' id='{}'><bind xmlns='{bind}'>\
//! #     <jid>dodo@wonderland.example/1</jid></bind></iq>", came.between("id='", "'")));
//! # let script = (0..3).fold(script, |script, _| script.expect("</iq>").answer_with(result)).expect("</presence>");
//!
//! let server = script
//!     .answer("<message from='alice@wonderland.example/1' type='chat'><body>Who won?</body></message>")
//!     .expect("<body>Who won?</body>");
//! # let mut net = Network::<Node<Said>>::new(1);
//! # net.set_default_link(Link { recut: false, ..Link::default() });
//! # let host = net.add_at(Node::new(bot), "10.0.0.2:1".parse()?);
//! # let house = net.add_at(Node::new(server), "10.0.0.1:1".parse()?);
//! # net.listen(house, wire::Transport::Tls, "10.0.0.1:5223".parse()?)?;
//! # net.command(host, |node, now| node.downcast_mut::<Session>().unwrap().connect(now)).unwrap();
//! # net.run_with(Instant::from_millis(5_000), |net, from, Said(event)| {
//! #     net.command(from, |node, now| echo(node.downcast_mut().unwrap(), now, &event));
//! # });
//! # let script: &Script = net.machine(house).downcast_ref().unwrap();
//! assert_eq!(script.waits_for(), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | what | where |
//! |---|---|
//! | the core of RFC 6121 | [`roster`], [`presence`], [`message`] |
//! | what a message can hold beside its text | [`receipts`], [`chat_states`], [`markers`], [`correction`], [`retraction`], [`reactions`], [`reply`], [`fallback`], [`hints`], [`stanza_id`], [`delay`], [`link`], [`me`] |
//! | messages by other ways | [`carbons`], [`archive`], [`forward`] |
//! | rooms | [`rooms`], [`invitation`], [`occupant`], [`bookmarks`] |
//! | what others are and can do | [`disco`], [`caps`], [`version`], [`time`], [`ping`], [`vcard`], [`avatar`] |
//! | the account's services | [`blocking`], [`pubsub`], [`upload`] |
//! | forms and formats | [`form`], [`result_set`], [`datetime`] |
//! | for terminals | [`display`] |
//!
//! Values say what their sender wrote. Whether it is to be believed is the session's business: it looks who sent what,
//! and tells only what that one may say.
#![forbid(unsafe_code)]

mod element;
mod error;

pub mod archive;
pub mod avatar;
pub mod blocking;
pub mod bookmarks;
pub mod caps;
pub mod carbons;
pub mod chat_states;
pub mod correction;
pub mod datetime;
pub mod delay;
pub mod disco;
pub mod display;
pub mod fallback;
pub mod form;
pub mod forward;
pub mod hints;
pub mod invitation;
pub mod link;
pub mod markers;
pub mod me;
pub mod message;
pub mod ns;
pub mod occupant;
pub mod ping;
pub mod presence;
pub mod pubsub;
pub mod reactions;
pub mod receipts;
pub mod reply;
pub mod result_set;
pub mod retraction;
pub mod rooms;
pub mod roster;
pub mod session;
pub mod stanza_id;
pub mod time;
pub mod upload;
pub mod vcard;
pub mod version;

pub use error::Error;

#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/xmpp-im.md")]
mod guide {}
