#![doc = include_str!("../README.md")]
//!
//! # A bot in forty lines
//!
//! It sends every message back to who wrote it. Here it runs on a virtual network against a server from a script; on
//! sockets it is the same loop over `net`'s driver.
//!
//! ```
//! use rfc3920::{jid::Jid, ns, sasl::Credentials, stanza::Kind, xml::Element};
//! use rfc3920::stream::{self, Client, Config, Event, Target};
//! use wire::Instant;
//!
//! fn echo(client: &mut Client, now: Instant, event: Event) -> Result<(), stream::CommandError> {
//!     match event {
//!         Event::Online(online) if !online.resumed => {
//!             client.send(now, Element::new(ns::CLIENT, "presence"))?;
//!         }
//!         Event::Stanza(message) if Kind::of(&message) == Some(Kind::Message) && message.get("type") == Some("chat") => {
//!             let (from, body) = (message.get("from"), message.child_text(ns::CLIENT, "body"));
//!             if let (Some(from), Some(body)) = (from, body) {
//!                 let body = Element::new(ns::CLIENT, "body").with_text(body.into_owned());
//!                 let echo = Element::new(ns::CLIENT, "message").attr("to", from.to_owned()).attr("type", "chat");
//!                 client.send(now, echo.child(body))?;
//!             }
//!         }
//!         Event::Offline { error, again: None } => eprintln!("{error}"),
//!         _ => {}
//!     }
//!     Ok(())
//! }
//!
//! # use std::num::NonZeroU32;
//! # use std::sync::{Arc, Mutex};
//! # use base64::{Engine, engine::general_purpose::STANDARD};
//! # use rfc3920::sasl::{Hash, Mechanism, Offer, Secret, scram::{Keys, Server}};
//! # use sim::{Came, Network, Node, Script};
//! # const SASL: &str = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
//! # fn opened(features: &str) -> Script {
//! #     let header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' id='7'>";
//! #     Script::new().expect("<stream:stream").expect(">").answer(format!("{header}<stream:features>{features}</stream:features>"))
//! # }
//! # let text = |came: &Came| STANDARD.decode(came.between(">", "<")).unwrap();
//! # let scram: Arc<Mutex<Option<Server>>> = Arc::default();
//! # let (first, last) = (scram.clone(), scram);
//! # let script = opened("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
//! #     .expect("<starttls")
//! #     .expect("/>")
//! #     .answer("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
//! #     .secure()
//! #     .and(opened(&format!("<mechanisms {SASL}><mechanism>SCRAM-SHA-256</mechanism></mechanisms>")))
//! #     .expect("<auth")
//! #     .expect("</auth>")
//! #     .answer_with(move |came| {
//! #         let keys = Keys::derive(Hash::Sha256, &Secret::from("looking-glass"), b"salt", NonZeroU32::new(4096).unwrap());
//! #         let (offer, mut rng) = (Offer::of(["SCRAM-SHA-256"]), wire::Rng::from_u64(2));
//! #         let mut server = Server::new(Mechanism::Scram(Hash::Sha256), &offer, came.session.unwrap(), &mut rng);
//! #         let challenge = server.first(&text(came), |_| Some(keys.verifier())).unwrap();
//! #         *first.lock().unwrap() = Some(server);
//! #         format!("<challenge {SASL}>{}</challenge>", STANDARD.encode(challenge))
//! #     })
//! #     .expect("<response")
//! #     .expect("</response>")
//! #     .answer_with(move |came| {
//! #         let done = last.lock().unwrap().as_mut().unwrap().last(&text(came)).unwrap();
//! #         format!("<success {SASL}>{}</success>", STANDARD.encode(done))
//! #     })
//! #     .and(opened("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"))
//! #     .expect("<iq")
//! #     .expect("</iq>")
//! #     .answer_with(|came| {
//! #         let jid = "<jid>echo@wonderland.example/bot</jid>";
//! #         let bind = format!("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>{jid}</bind>");
//! #         format!("<iq type='result' id='{}'>{bind}</iq>", came.between("id='", "'"))
//! #     })
//! #     .expect("<presence/>")
//! #     .answer("<message type='chat' from='alice@wonderland.example/garden'><body>Curiouser &amp; curiouser!</body></message>")
//! #     .expect("<message to='alice@wonderland.example/garden' type='chat'><body>Curiouser &amp; curiouser!</body></message>")
//! #     .answer("</stream:stream>");
//! let mut config = Config::new(Jid::parse("echo@wonderland.example")?, Credentials::new("echo", "looking-glass")?);
//! config.targets = vec![Target::new("10.0.0.2", 5222, stream::Kind::StartTls)];
//! config.reconnect = false;
//! let mut net = Network::new(1);
//! let bot = net.add_at(Node::new(Client::new(config, wire::Rng::from_u64(1))), "10.0.0.1:1".parse()?);
//! let server = net.add_at(Node::<Event>::new(script), "10.0.0.2:5222".parse()?);
//! net.command(bot, |node, now| node.downcast_mut::<Client>().expect("the bot").connect(now))?;
//! while let Some(happened) = net.next(Instant::from_millis(60_000)) {
//!     net.command(bot, |node, now| echo(node.downcast_mut().expect("the bot"), now, happened.event))?;
//! }
//! assert_eq!(net.machine(server).downcast_ref::<Script>().expect("the server").waits_for(), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Modules
//!
//! | module | what it is |
//! |---|---|
//! | [`xml`] | elements, and the reader that cuts them out of bytes |
//! | [`stanza`] | messages, presence, iq, and the errors of stanzas and streams |
//! | [`jid`] | addresses |
//! | [`sasl`] | logging in |
//! | [`stream`] | the client: from a connection to a session, and on |
//! | [`ns`] | names of namespaces |
#![forbid(unsafe_code)]

pub mod jid;
pub mod ns;
pub mod sasl;
pub mod stanza;
pub mod stream;
pub mod xml;

#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/xmpp-core.md")]
mod guide {}
