//! Messages ([RFC 6121, 5](https://www.rfc-editor.org/rfc/rfc6121#section-5)), with all that the extensions here put into one.

use rfc3920::jid::Jid;
use rfc3920::stanza::{Condition, StanzaError};
use rfc3920::xml::Element;

use crate::chat_states::ChatState;
use crate::delay::Delay;
use crate::element::{Optional, address_if, expect, names, text_of};
use crate::fallback::Fallback;
use crate::hints::Hint;
use crate::invitation::Invitation;
use crate::link::Link;
use crate::markers::Marker;
use crate::reactions::Reactions;
use crate::receipts::Receipt;
use crate::reply::Reply;
use crate::retraction::{Retraction, is_tombstone};
use crate::stanza_id::{StanzaId, origin_id, origin_id_of};
use crate::{Error, correction, ns, occupant, rooms};

names! {
    /// In which kind of conversation a message stands.
    pub enum MessageType {
        /// In none: on its own.
        Normal = "normal",
        /// Between two.
        Chat = "chat",
        /// In a room.
        Groupchat = "groupchat",
        /// News that no answer is expected to.
        Headline = "headline",
        /// A message of ours did not arrive.
        Error = "error",
    }
}

/// A message stanza. What it holds is what its sender wrote: nothing in it has been looked at as to whether it is true.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// From whom.
    pub from: Option<Jid>,
    /// For whom.
    pub to: Option<Jid>,
    /// The sender's id, as it arrives.
    pub id: Option<String>,
    /// In which kind of conversation.
    pub kind: MessageType,
    /// The language of the stanza.
    pub lang: Option<String>,
    /// The text.
    pub body: Option<String>,
    /// What it is about; alone in a room: what the room is about.
    pub subject: Option<String>,
    /// To which exchange it belongs.
    pub thread: Option<String>,
    /// Why a message of ours did not arrive.
    pub error: Option<Box<StanzaError>>,
    /// Whether the sender is writing (XEP-0085).
    pub state: Option<ChatState>,
    /// A receipt, or the wish for one (XEP-0184).
    pub receipt: Option<Receipt>,
    /// A marker (XEP-0333).
    pub marker: Option<Marker>,
    /// The id of the message that this one corrects (XEP-0308).
    pub replaces: Option<String>,
    /// The sender's id that stays (XEP-0359).
    pub origin_id: Option<String>,
    /// The ids that others gave it (XEP-0359).
    pub stanza_ids: Vec<StanzaId>,
    /// Which occupant (XEP-0421).
    pub occupant_id: Option<String>,
    /// When it was sent (XEP-0203).
    pub delay: Option<Delay>,
    /// Which message it answers (XEP-0461).
    pub reply: Option<Reply>,
    /// What in the body stands in for extensions (XEP-0428).
    pub fallbacks: Vec<Fallback>,
    /// Reactions (XEP-0444).
    pub reactions: Option<Reactions>,
    /// A message that is taken back (XEP-0424, XEP-0425).
    pub retraction: Option<Retraction>,
    /// It stands for one that was taken back.
    pub tombstone: bool,
    /// A link to a file (XEP-0066).
    pub link: Option<Link>,
    /// An invitation (XEP-0249).
    pub invitation: Option<Invitation>,
    /// What a room says (XEP-0045).
    pub room: Option<rooms::User>,
    /// What servers should do with it (XEP-0334).
    pub hints: Vec<Hint>,
}

impl Message {
    /// An empty one.
    pub fn new(kind: MessageType, to: Option<Jid>) -> Message {
        Message {
            from: None,
            to,
            id: None,
            kind,
            lang: None,
            body: None,
            subject: None,
            thread: None,
            error: None,
            state: None,
            receipt: None,
            marker: None,
            replaces: None,
            origin_id: None,
            stanza_ids: Vec::new(),
            occupant_id: None,
            delay: None,
            reply: None,
            fallbacks: Vec::new(),
            reactions: None,
            retraction: None,
            tombstone: false,
            link: None,
            invitation: None,
            room: None,
            hints: Vec::new(),
        }
    }

    /// Reads a message stanza. Children that mean nothing here, or that are ill-formed, are left out.
    ///
    /// # Errors
    /// [`Error`], for another element, and for addresses that are none.
    ///
    /// ```
    /// use rfc3920::xml::{Element, Limits};
    /// use rfc3921::message::{Message, MessageType};
    /// let text = "<message xmlns='jabber:client' from='hare@wonderland.example/table' type='chat'><body>Have some wine</body></message>";
    /// let message = Message::from_element(&Element::parse(text, &Limits::default()).unwrap()).unwrap();
    /// assert_eq!((message.kind, message.body.as_deref()), (MessageType::Chat, Some("Have some wine")));
    /// ```
    //= rfc6121#5.2.5/opaque MUST
    //# A string that is only handed on.
    //= rfc6121#5.2.2/unknown-type MUST
    //# No type, and a type that is not defined, is normal.
    //= rfc6121#5.3/unknown-ignored MUST
    //# Only children that are known are looked for; all others leave no trace.
    //= rfc6120#8.4/not-understood MUST NOT
    //# Whatever is not looked for by namespace and name is never touched.
    //= rfc6120#8.4/message MUST
    //# A message of which nothing is left is told to nobody.
    //= rfc6120#8.4/error SHOULD skip
    //# It is ignored, which is the other thing that is allowed.
    //= rfc6120#8.4/part MUST
    //# All else in it counts as if the rest was not there.
    pub fn from_element(element: &Element) -> Result<Message, Error> {
        expect(element, ns::CLIENT, "message")?;
        let find = |ns, name| element.find(ns, name);
        //= rfc6121#5.2.2/all SHOULD
        //# All five.
        let kind = element.get("type").and_then(MessageType::from_name).unwrap_or(MessageType::Normal);
        Ok(Message {
            from: address_if(element, "from")?,
            to: address_if(element, "to")?,
            id: element.get("id").filter(|id| !id.is_empty()).map(str::to_owned),
            kind,
            lang: element.lang().map(str::to_owned),
            body: text_in(element, "body"),
            subject: text_in(element, "subject"),
            thread: text_of(element, ns::CLIENT, "thread").filter(|thread| !thread.is_empty()),
            error: (kind == MessageType::Error).then(|| Box::new(error_of(element))),
            state: ChatState::within(element),
            receipt: Receipt::within(element),
            marker: Marker::within(element),
            replaces: correction::replaced_by(element),
            origin_id: origin_id_of(element),
            stanza_ids: collect(element, ns::STANZA_ID, "stanza-id", StanzaId::from_element),
            occupant_id: occupant::id_of(element),
            delay: find(ns::DELAY, "delay").and_then(|delay| Delay::from_element(delay).ok()),
            reply: find(ns::REPLY, "reply").and_then(|reply| Reply::from_element(reply).ok()),
            fallbacks: collect(element, ns::FALLBACK, "fallback", Fallback::from_element),
            reactions: find(ns::REACTIONS, "reactions").and_then(|r| Reactions::from_element(r).ok()),
            retraction: find(ns::RETRACT, "retract").and_then(|r| Retraction::from_element(r).ok()),
            tombstone: is_tombstone(element),
            link: Link::within(element),
            invitation: find(ns::CONFERENCE, "x").and_then(|x| Invitation::from_element(x).ok()),
            room: find(ns::MUC_USER, "x").and_then(|x| rooms::User::from_element(x).ok()),
            hints: Hint::within(element),
        })
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        let element = Element::new(ns::CLIENT, "message")
            .attr_opt("from", self.from.as_ref().map(Jid::as_str))
            .attr_opt("to", self.to.as_ref().map(Jid::as_str))
            .attr_opt("id", self.id.as_deref())
            //= rfc6121#5.2.2/named SHOULD
            //# All but normal, which no type means.
            //= rfc6121#5.2.2/values MUST
            //# An enum of the five.
            .attr_opt("type", (self.kind != MessageType::Normal).then_some(self.kind.name()));
        //= rfc6120#4.7.4/stanza MAY
        //# Where the application names one.
        //= rfc6120#8.1.5/stanza SHOULD skip
        //# Nobody here knows in which language somebody writes; without a name that of the stream counts.
        let element = match &self.lang {
            Some(lang) => element.attr_ns(rfc3920::ns::XML, "lang", lang.as_str()),
            None => element,
        };
        let element = element
            //= rfc6121#5.2.4/optional MAY
            //# If there is one.
            //= rfc6121#5.2.4/plain MUST NOT
            //# A text, in which markup is escaped.
            //= rfc6121#5.2.3/optional MAY
            //# Receipts and chat states have none.
            //= rfc6121#5.2.3/many MAY skip
            //# One body, in one language.
            //= rfc6121#5.2.5/optional MAY
            //# For every type, when the application gives one.
            //= rfc6121#5.2.5/one MUST NOT
            //# One field, one element.
            //= rfc6121#5.2.5/plain MUST NOT
            //# A text, in which markup is escaped.
            //= rfc6121#5.2.5/parent MAY skip
            //# Neither written nor read.
            .leaf_if(ns::CLIENT, "subject", self.subject.as_deref())
            .leaf_if(ns::CLIENT, "body", self.body.as_deref())
            .leaf_if(ns::CLIENT, "thread", self.thread.as_deref())
            .with(self.error.as_ref().map(|error| error.to_element()));
        self.extensions(element)
    }

    fn extensions(&self, element: Element) -> Element {
        element
            .with(self.state.map(ChatState::to_element))
            .with(self.receipt.as_ref().map(Receipt::to_element))
            .with(self.marker.as_ref().map(Marker::to_element))
            .with(self.replaces.as_deref().map(correction::replace))
            .with(self.reply.as_ref().map(Reply::to_element))
            .with(self.fallbacks.iter().map(Fallback::to_element))
            .with(self.reactions.as_ref().map(Reactions::to_element))
            .with(self.retraction.as_ref().map(Retraction::to_element))
            .with(self.tombstone.then(|| Element::new(ns::RETRACT, "retracted")))
            .with(self.link.as_ref().map(Link::to_element))
            .with(self.invitation.as_ref().map(Invitation::to_element))
            .with(self.room.as_ref().map(rooms::User::to_element))
            .with(self.hints.iter().map(|hint| hint.to_element()))
            .with(self.origin_id.as_deref().map(origin_id))
            .with(self.stanza_ids.iter().map(StanzaId::to_element))
            .with(self.occupant_id.as_deref().map(occupant::element))
            .with(self.delay.as_ref().map(Delay::to_element))
    }

    /// The body without what stands in for extensions that are understood here (replies); `None` when nothing is left.
    ///
    /// ```
    /// use rfc3921::message::{Message, MessageType};
    /// use rfc3921::{reply, reply::Reply};
    /// let mut message = Message::new(MessageType::Chat, None);
    /// let (body, fallback) = reply::quote("Who stole the tarts?", "Not I");
    /// (message.body, message.fallbacks) = (Some(body), vec![fallback]);
    /// assert_eq!(message.text().as_deref(), Some("> Who stole the tarts?\nNot I")); // a fallback for nothing
    /// message.reply = Some(Reply { to: None, id: "1".into() });
    /// assert_eq!(message.text().as_deref(), Some("Not I"));
    /// ```
    //= xep-0428#3/understood SHOULD
    //# Only the fallback of an extension that is there and understood is taken out of the body.
    pub fn text(&self) -> Option<String> {
        let mut text = self.body.clone()?;
        let understood = |fallback: &&Fallback| match fallback.of.as_str() {
            ns::REPLY => self.reply.is_some(),
            ns::REACTIONS => self.reactions.is_some(),
            ns::RETRACT => self.retraction.is_some(),
            _ => false,
        };
        // positions are those of the whole body, so that only one of them can be taken out
        if let Some(fallback) = self.fallbacks.iter().find(understood) {
            text = fallback.strip(&text);
        }
        (!text.is_empty()).then_some(text)
    }
}

/// The text of a child in the language of the stanza, or else the first one.
//= rfc6121#5.2.3/plain MUST NOT
//# Only the body's own text is read, and only text is written into one: markup shows as the characters it is made of.
//= rfc6121#5.2.3/languages MUST
//# Of several the one without a language, or in that of the stanza; else the first.
//= rfc6120#8.1.5/child MAY
//# Looked at where there are several.
fn text_in(element: &Element, name: &'static str) -> Option<String> {
    let all = || element.children().filter(move |child| child.is(ns::CLIENT, name));
    let own = all().find(|child| child.lang().is_none() || child.lang() == element.lang());
    own.or_else(|| all().next()).map(|child| child.text().into_owned())
}

fn collect<T>(element: &Element, ns: &str, name: &str, read: impl Fn(&Element) -> Result<T, Error>) -> Vec<T> {
    element.children().filter(|child| child.is(ns, name)).filter_map(|child| read(child).ok()).take(MOST).collect()
}

/// Elements of one kind that are looked at in a message.
const MOST: usize = 16;

/// The error that a stanza of type error carries; one without a word is an undefined condition.
pub(crate) fn error_of(stanza: &Element) -> StanzaError {
    StanzaError::of(stanza).unwrap_or_else(|| Condition::UndefinedCondition.into())
}
