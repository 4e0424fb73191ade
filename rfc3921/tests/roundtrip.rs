//! What is written is read back the same: every value, through text.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::time::Duration;

use proptest::collection::{btree_set, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::strategy::Union;
use rfc3920::jid::Jid;
use rfc3920::stanza::{Condition, StanzaError};
use rfc3920::xml::{Element, Limits};
use rfc3921::archive::{Archived, Fin, Query};
use rfc3921::avatar::{self, Metadata};
use rfc3921::blocking::{self, Blocking, Verb};
use rfc3921::bookmarks::Bookmark;
use rfc3921::caps::{Cache, Caps};
use rfc3921::carbons::{Carbon, Direction};
use rfc3921::chat_states::ChatState;
use rfc3921::delay::Delay;
use rfc3921::disco::{Identity, Info, Item as DiscoItem, Items};
use rfc3921::fallback::Fallback;
use rfc3921::form::{Field, Form, FormType};
use rfc3921::forward::Forwarded;
use rfc3921::hints::Hint;
use rfc3921::invitation::Invitation;
use rfc3921::link::Link;
use rfc3921::markers::Marker;
use rfc3921::message::{Message, MessageType};
use rfc3921::presence::{Presence, PresenceType, Show};
use rfc3921::reactions::Reactions;
use rfc3921::receipts::Receipt;
use rfc3921::reply::Reply;
use rfc3921::result_set::{Page, PageRequest, Place};
use rfc3921::retraction::{Moderation, Retraction};
use rfc3921::rooms::{Admin, Affiliation, Destroy, Invite, Item as RoomItem, Role, User};
use rfc3921::roster::{Change, Item, Query as RosterQuery, Roster, Subscription};
use rfc3921::session::Saved;
use rfc3921::stanza_id::StanzaId;
use rfc3921::time::Time;
use rfc3921::upload::{Request, Slot};
use rfc3921::vcard::Vcard;
use rfc3921::version::Version;
use rfc3921::{datetime, ns, pubsub};

/// Through text and back.
fn through(element: &Element) -> Element {
    Element::parse(&element.to_string(), &Limits::default()).expect("good XML")
}

fn same<T: PartialEq + Debug, E: Debug>(
    value: &T,
    written: Element,
    read: impl Fn(&Element) -> Result<T, E>,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(&read(&through(&written)).expect("the value"), value);
    // another element is none
    prop_assert!(read(&Element::new("urn:example:other", "other")).is_err());
    Ok(())
}

/// Text without what XML cannot carry.
fn text() -> impl Strategy<Value = String> {
    "[ -~äßя漢😀\n]{1,24}".prop_filter("blank", |text| !text.trim().is_empty())
}

fn word() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9<>&'\"._-]{1,12}"
}

fn address() -> BoxedStrategy<Jid> {
    ("[a-z]{1,8}", "[a-z]{1,8}\\.example", of("[a-zA-Z0-9 /@]{1,8}"))
        .prop_filter_map("an address", |(local, domain, resource)| {
            Jid::new(Some(&local), &domain, resource.as_deref()).ok()
        })
        .boxed()
}

fn bare() -> impl Strategy<Value = Jid> {
    address().prop_map(|jid| jid.bare())
}

fn time() -> impl Strategy<Value = Duration> {
    (0u64..4_000_000_000_000).prop_map(Duration::from_millis)
}

fn any_of<T: Copy + Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    proptest::sample::select(all)
}

fn delay() -> BoxedStrategy<Delay> {
    (of(address()), time()).prop_map(|(from, stamp)| Delay { from, stamp }).boxed()
}

fn form() -> BoxedStrategy<Form> {
    let field = (of(word()), of(word()), of(text()), any::<bool>(), vec(text(), 0..3), vec((text(), of(text())), 0..3));
    let field = field.prop_map(|(var, kind, label, required, values, options)| Field {
        var,
        kind,
        label,
        required,
        values,
        options,
    });
    (any_of(FormType::ALL), of(text()), of(text()), vec(field, 0..4))
        .prop_map(|(kind, title, instructions, fields)| Form { kind, title, instructions, fields })
        .boxed()
}

fn item() -> BoxedStrategy<Item> {
    (bare(), of(text()), any_of(Subscription::ALL), any::<bool>(), any::<bool>(), btree_set(text(), 0..3))
        .prop_map(|(jid, name, subscription, ask, approved, groups)| Item {
            jid,
            name,
            subscription,
            ask,
            approved,
            groups,
        })
        .boxed()
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![item().prop_map(Change::Set), bare().prop_map(Change::Removed)]
}

fn room_item() -> BoxedStrategy<RoomItem> {
    (of(any_of(Affiliation::ALL)), of(any_of(Role::ALL)), of(address()), of(text()), of(text()), of(text()))
        .prop_map(|(affiliation, role, jid, nick, actor, reason)| RoomItem {
            affiliation,
            role,
            jid,
            nick,
            actor,
            reason,
        })
        .boxed()
}

fn user() -> BoxedStrategy<User> {
    let invite =
        || (of(address()), of(address()), of(text())).prop_map(|(from, to, reason)| Invite { from, to, reason });
    let destroy = (of(address()), of(text())).prop_map(|(jid, reason)| Destroy { jid, reason });
    (of(room_item()), btree_set(any::<u16>(), 0..4), of(invite()), of(invite()), of(destroy), of(text()))
        .prop_map(|(item, statuses, invite, decline, destroy, password)| User {
            item,
            statuses,
            invite,
            decline,
            destroy,
            password,
        })
        .boxed()
}

fn caps() -> impl Strategy<Value = Caps> {
    (word(), word(), word()).prop_map(|(hash, node, ver)| Caps { hash, node, ver })
}

fn retraction() -> BoxedStrategy<Retraction> {
    let moderation = (of(address()), of(word())).prop_map(|(by, occupant_id)| Moderation { by, occupant_id });
    (word(), of(moderation), of(text()))
        .prop_map(|(id, moderated, reason)| Retraction { id, moderated, reason })
        .boxed()
}

fn fallback() -> BoxedStrategy<Fallback> {
    (word(), vec((0usize..9, 0usize..9).prop_map(|(a, b)| (a.min(b), a.max(b))), 0..3))
        .prop_map(|(of, parts)| Fallback { of, parts })
        .boxed()
}

fn reactions() -> BoxedStrategy<Reactions> {
    (word(), btree_set("[👍❤😀]{1,2}", 0..4)).prop_map(|(id, emojis)| Reactions { id, emojis }).boxed()
}

fn invitation() -> BoxedStrategy<Invitation> {
    (bare(), of(text()), of(text()), any::<bool>(), of(word()))
        .prop_map(|(room, password, reason, continues, thread)| Invitation {
            room,
            password,
            reason,
            continues,
            thread,
        })
        .boxed()
}

fn receipt() -> BoxedStrategy<Receipt> {
    prop_oneof![Just(Receipt::Request), word().prop_map(Receipt::Received)].boxed()
}

fn marker() -> BoxedStrategy<Marker> {
    prop_oneof![Just(Marker::Markable), word().prop_map(Marker::Received), word().prop_map(Marker::Displayed)].boxed()
}

fn stanza_error() -> impl Strategy<Value = StanzaError> {
    of(text()).prop_map(|text| match text {
        Some(text) => StanzaError::from(Condition::ItemNotFound).with_text(text),
        None => Condition::Conflict.into(),
    })
}

fn message() -> BoxedStrategy<Message> {
    let basic = (
        of(address()),
        of(address()),
        of(word()),
        any_of(MessageType::ALL),
        of("[a-z]{2}"),
        of(text()),
        of(text()),
        of(word()),
    )
        .boxed();
    let ids =
        (of(word()), vec((address(), word()).prop_map(|(by, id)| StanzaId { by, id }), 0..3), of(word()), of(delay()))
            .boxed();
    let small = (
        of(any_of(ChatState::ALL)),
        of(receipt()),
        of(marker()),
        of(word()),
        vec(any_of(Hint::ALL), 0..3),
        any::<bool>(),
    )
        .boxed();
    let reply = (of(address()), word()).prop_map(|(to, id)| Reply { to, id });
    let link = (word(), of(text())).prop_map(|(url, description)| Link { url, description });
    let large = (
        of(reply),
        vec(fallback(), 0..3),
        of(reactions()),
        of(retraction()),
        of(link),
        of(invitation()),
        of(user()),
        stanza_error(),
    )
        .boxed();
    (basic, ids, small, large)
        .prop_map(|(basic, ids, small, large)| {
            let (from, to, id, kind, lang, body, subject, thread) = basic;
            let (origin_id, stanza_ids, occupant_id, delay) = ids;
            let (state, receipt, marker, replaces, hints, tombstone) = small;
            let (reply, fallbacks, reactions, retraction, link, invitation, room, error) = large;
            let error = (kind == MessageType::Error).then(|| Box::new(error));
            Message {
                from,
                to,
                id,
                kind,
                lang,
                body,
                subject,
                thread,
                error,
                state,
                receipt,
                marker,
                replaces,
                origin_id,
                stanza_ids,
                occupant_id,
                delay,
                reply,
                fallbacks,
                reactions,
                retraction,
                tombstone,
                link,
                invitation,
                room,
                hints,
            }
        })
        .boxed()
}

fn presence() -> BoxedStrategy<Presence> {
    use PresenceType::*;
    let plain = [Unavailable, Subscribe, Subscribed, Unsubscribe, Unsubscribed, Probe].map(|kind| Just(kind).boxed());
    let error = stanza_error().prop_map(|error| Error(Box::new(error))).boxed();
    let others = Union::new(plain.into_iter().chain([error]));
    let common = || (of(address()), of(address()), of(word()), of(text()), of(delay()), of(user()), of(word()));
    let available = (common(), of(any_of(Show::ALL)), any::<i8>(), of(caps()));
    let other = (common(), others);
    type Common =
        (Option<Jid>, Option<Jid>, Option<String>, Option<String>, Option<Delay>, Option<User>, Option<String>);
    let make = |common: Common, kind| {
        let (from, to, id, status, delay, occupant, occupant_id) = common;
        Presence { from, to, id, status, delay, occupant, occupant_id, ..Presence::new(kind) }
    };
    prop_oneof![
        available.prop_map(move |(c, show, priority, caps)| Presence { show, priority, caps, ..make(c, Available) }),
        other.prop_map(move |(c, kind)| make(c, kind)),
    ]
    .boxed()
}

fn info() -> BoxedStrategy<Info> {
    let identity = (word(), word(), of("[a-z]{2}"), of(text())).prop_map(|(category, kind, lang, name)| Identity {
        category,
        kind,
        lang,
        name,
    });
    (of(word()), vec(identity, 0..3), vec(word(), 0..5), vec(form(), 0..2))
        .prop_map(|(node, identities, features, forms)| Info { node, identities, features, forms })
        .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    //= rfc6121#5.2.2/unknown-type test
    //= rfc6121#5.2.3/plain test
    //= rfc6121#5.2.5/opaque test
    //= xep-0203#2/stamp test
    //= xep-0085#5.1/one test
    //= rfc6121#5.2.2/values test
    //= rfc6121#5.2.4/plain test
    //= rfc6121#5.2.5/one test
    //= rfc6121#5.2.5/plain test
    #[test]
    fn messages(value in message()) {
        same(&value, value.to_element(), Message::from_element)?;
        let element = value.to_element();
        prop_assert!(element.get("type").is_none_or(|name| MessageType::from_name(name).is_some()));
        for name in ["subject", "body", "thread"] {
            prop_assert!(element.find_all(ns::CLIENT, name).count() <= 1);
            prop_assert!(element.find_all(ns::CLIENT, name).all(|child| child.children().next().is_none()));
        }
        let odd = value.to_element().attr("type", "odd").child(Element::new("urn:example:odd", "odd").attr("odd", "1"));
        prop_assert_eq!(Message::from_element(&odd).unwrap().kind, MessageType::Normal);
        let two = value.to_element().child(ChatState::Gone.to_element()).child(ChatState::Active.to_element());
        prop_assert_eq!(Message::from_element(&two).unwrap().state, None);
        let mut rich = Element::new(ns::CLIENT, "message");
        rich.push(Element::new(ns::CLIENT, "body").with_text("a").child(Element::new(ns::CLIENT, "b").with_text("c")));
        let rich = Message::from_element(&rich).unwrap();
        prop_assert_eq!(rich.body.as_deref(), Some("a"));
    }

    //= rfc6121#4.7.1/types test
    //= rfc6121#4.7.2.1/show-values test
    //= rfc6121#4.7.2.3/priority test
    //= rfc6121#4.7.2/subscription-bare test
    //= rfc6121#4.5.1/no-show test
    //= rfc6121#4.7.2.1/one test
    //= rfc6121#4.7.2.1/plain test
    //= rfc6121#4.7.2.2/plain test
    //= rfc6121#4.7.2.3/one test
    //= rfc6121#4.7.2.3/plain test
    //= rfc6121#4.7.1/error-child test
    #[test]
    fn presences(value in presence()) {
        same(&value, value.to_element(), Presence::from_element)?;
        prop_assert!(Presence::from_element(&value.to_element().attr("type", "odd")).is_err());
        let odd = Element::new(ns::CLIENT, "presence")
            .child(Element::new(ns::CLIENT, "show").with_text("odd"))
            .child(Element::new(ns::CLIENT, "priority").with_text("200"));
        let odd = Presence::from_element(&odd).unwrap();
        prop_assert_eq!((odd.show, odd.priority), (None, 0));
        let element = value.to_element();
        if !value.is_available() {
            prop_assert!(!element.has(ns::CLIENT, "show") && !element.has(ns::CLIENT, "priority"));
        }
        for name in ["show", "status", "priority"] {
            prop_assert!(element.find_all(ns::CLIENT, name).count() <= 1);
            prop_assert!(element.find_all(ns::CLIENT, name).all(|child| child.children().next().is_none()));
        }
        let is_error = matches!(value.kind, PresenceType::Error(_));
        prop_assert_eq!(element.has(ns::CLIENT, "error"), is_error);
    }

    //= rfc6121#2.1.2.5/unknown-subscription test
    //= rfc6121#2.1.2.1/never-sent test
    //= rfc6121#2.1.2.2/no-ask test
    //= rfc6121#2.1.2.3/required test
    //= rfc6121#2.6.3/replace test
    //= rfc6121#2.1.2.5/push test
    #[test]
    fn rosters(value in vec(change(), 0..5), ver in of(word())) {
        let query = RosterQuery { ver, items: value };
        same(&query, query.to_element(), RosterQuery::from_element)?;
        for change in &query.items {
            let request = change.to_request();
            prop_assert!(request.get("ask").is_none() && request.get("approved").is_none());
            prop_assert!(request.get("subscription").is_none_or(|value| value == "remove"));
            let odd = Change::from_element(&change.to_element().attr("subscription", "odd")).unwrap();
            let none = matches!(&odd, Change::Set(item) if item.subscription == Subscription::None);
            prop_assert!(none || change.to_element().get("subscription") == Some("remove"));
        }
        prop_assert!(Change::from_element(&Element::new(ns::ROSTER, "item")).is_err());
        let mut roster = Roster::default();
        roster.replace(query.clone(), 2);
        prop_assert!(roster.len() <= 2);
        prop_assert_eq!(&roster.ver, &query.ver);
        let saved = Saved { roster, seen: vec![0, u128::MAX], ..Saved::default() };
        prop_assert_eq!(Saved::parse(&saved.to_text()).unwrap(), saved);
    }

    //= xep-0004#3.2/field-var test
    //= xep-0030#3.1/identity test
    #[test]
    fn forms_and_discovery(form in form(), info in info(), jid in address(), node in of(word()), name in of(text())) {
        same(&form, form.to_element(), Form::from_element)?;
        same(&info, info.to_element(), Info::from_element)?;
        let items = Items { node: node.clone(), items: vec![DiscoItem { jid, node, name }] };
        same(&items, items.to_element(), Items::from_element)?;
        for name in ["identity", "feature"] {
            prop_assert!(Info::from_element(&info.to_element().child(Element::new(ns::DISCO_INFO, name))).is_err());
        }
    }

    //= xep-0115#5.1/string test
    //= xep-0115#5.4/compare test
    //= xep-0115#5.4/ill-formed test
    #[test]
    fn capabilities(info in info(), caps in caps()) {
        same(&caps, caps.to_element(), Caps::from_element)?;
        let stated = Caps::of(&info, "https://wonderland.example");
        let mut shuffled = info.clone();
        shuffled.identities.reverse();
        shuffled.features.reverse();
        shuffled.forms.reverse();
        let verified = stated.verify(&info).is_ok();
        prop_assert_eq!(stated.verify(&shuffled).is_ok(), verified); // the order of the list is nothing
        let other = Caps { ver: "x".into(), ..stated.clone() };
        prop_assert!(other.verify(&info).is_err());
        let mut doubled = info.clone();
        doubled.features.extend(["urn:x".to_owned(), "urn:x".to_owned()]);
        prop_assert!(Caps::of(&doubled, "n").verify(&doubled).is_err());
        let mut joined = info.clone();
        joined.features.push("urn:a<urn:b".to_owned());
        prop_assert!(Caps::of(&joined, "n").verify(&joined).is_err());
        let mut cache = Cache::new(2);
        for n in 0..4 {
            let info = Info { features: vec![n.to_string()], ..Info::default() };
            cache.insert(&Caps::of(&info, "n"), info).unwrap();
        }
        prop_assert_eq!(cache.len(), 2);
    }

    //= xep-0059#2.5/last-page test
    //= xep-0313#4.1/form test
    //= xep-0068#3/form-type test
    #[test]
    fn archives(
        queryid in word(), with in of(address()), start in of(time()), end in of(time()), max in of(any::<u32>()), id in word(),
        page in (of(word()), of(any::<u32>()), of(word()), of(any::<u32>())), complete in any::<bool>(), which in 0..4,
        message in message(), delay in of(delay()),
    ) {
        let place = [Place::First, Place::Last, Place::After(id.clone()), Place::Before(id.clone())][which as usize].clone();
        let query = Query { queryid: queryid.clone(), with, start, end, page: PageRequest { max, place } };
        same(&query, query.to_element(), Query::from_element)?;
        if let Some(form) = query.to_element().find(ns::FORMS, "x") {
            let form = Form::from_element(form).unwrap();
            prop_assert_eq!(form.form_type(), Some(ns::ARCHIVE));
        }
        let (first, index, last, count) = page;
        let page = Page { index: index.filter(|_| first.is_some()), first, last, count };
        let fin = Fin { complete, page };
        same(&fin, fin.to_element(), Fin::from_element)?;
        let forwarded = Forwarded { delay, message: message.to_element() };
        same(&forwarded, forwarded.to_element(), Forwarded::from_element)?;
        let result = Archived { queryid: Some(queryid), id, forwarded };
        same(&result, result.to_element(), Archived::from_element)?;
    }

    //= xep-0297#3.1/one-stanza test
    #[test]
    fn copies(message in message(), account in bare(), resource in "[a-z]{1,5}", sent in any::<bool>()) {
        let direction = if sent { Direction::Sent } else { Direction::Received };
        let side = if sent { "from" } else { "to" };
        let forwarded = Forwarded { delay: None, message: message.to_element().attr(side, account.as_str()) };
        let carbon = Carbon { direction, forwarded };
        let to = account.with_resource(&resource).unwrap();
        let written = through(&carbon.to_message(&account, &to));
        prop_assert_eq!(Carbon::within(&written, &account).unwrap(), Some(carbon.clone()));
        prop_assert!(Carbon::within(&written.attr("from", to.as_str()), &account).is_err());
        let none = Element::new(ns::FORWARD, "forwarded");
        let two = carbon.forwarded.to_element().child(message.to_element());
        prop_assert!(Forwarded::from_element(&none).is_err() && Forwarded::from_element(&two).is_err());
    }

    //= xep-0092#3/name-version test
    //= xep-0202#3/utc-tzo test
    #[test]
    fn versions_and_times(name in text(), version in text(), os in of(text()), utc in time(), offset in -1439i16..=1439) {
        let version = Version { name, version, os };
        same(&version, version.to_element(), Version::from_element)?;
        let time = Time { utc, offset };
        same(&time, time.to_element(), Time::from_element)?;
        prop_assert_eq!(datetime::parse(&datetime::format(utc)), Ok(utc));
    }

    //= xep-0054#3.1/names test
    //= xep-0292#3.1/xml test
    #[test]
    fn cards(texts in vec(of("[a-zA-Z<&]{1,12}"), 7), emails in vec("[a-z<]{1,9}", 0..3), phones in vec("[0-9]{1,9}", 0..3)) {
        let mut texts = texts.into_iter();
        let mut next = || texts.next().flatten();
        let card = Vcard {
            full_name: next(), nickname: next(), emails, phones, url: next(), organization: next(), title: next(),
            birthday: next(), note: next(),
        };
        same(&card, card.to_temp(), Vcard::from_element)?;
        same(&card, card.to_four(), Vcard::from_element)?;
    }

    //= xep-0084#4.2.1/info test
    //= xep-0084#4.2.1/hash test
    #[test]
    fn pictures(bytes in vec(any::<u8>(), 0..64), kind in word(), width in of(any::<u16>()), url in of(word())) {
        let id = avatar::id_of(&bytes);
        let data = through(&avatar::data_to_element(&bytes));
        prop_assert_eq!(&avatar::data_from_element(&data, &id).unwrap()[..], &bytes[..]);
        prop_assert!(avatar::data_from_element(&data, "0000").is_err());
        let metadata = Metadata { id, bytes: bytes.len() as u32, kind, width, height: width, url };
        let value = Some(metadata);
        same(&value, Metadata::to_element(value.as_ref()), Metadata::from_element)?;
        same(&None, Metadata::to_element(None), Metadata::from_element)?;
        let short = Metadata::to_element(None).child(Element::new(ns::AVATAR_METADATA, "info").attr("id", "x"));
        prop_assert!(Metadata::from_element(&short).is_err());
    }

    //= xep-0191#3.5/push test
    //= xep-0191#5/match test
    #[test]
    fn blocking(jids in btree_set(address(), 0..4), verb in any_of(Verb::ALL), who in address()) {
        let value = Blocking { verb, jids: jids.clone() };
        prop_assert_eq!(Blocking::from_element(&through(&value.to_element())), Some(value.clone()));
        let mut list = BTreeSet::from([who.bare()]);
        value.apply(&mut list, 3);
        prop_assert!(list.len() <= 3);
        if verb == Verb::Unblock {
            prop_assert_eq!(list.is_empty(), jids.is_empty() || jids.contains(&who.bare()));
        }
        for blocked in [who.clone(), who.bare(), who.to_domain()] {
            prop_assert!(blocking::covers(&BTreeSet::from([blocked]), &who));
        }
        let other = Jid::parse("nobody@elsewhere.test").unwrap();
        prop_assert!(!blocking::covers(&BTreeSet::from([who]), &other));
    }

    //= xep-0060#7.1.5/publish-options test
    //= xep-0402#3/item-id test
    //= xep-0402#3/extensions test
    #[test]
    fn published(room in bare(), name in of(text()), autojoin in any::<bool>(), nick in of(text()), password in of(text()), ids in vec(word(), 1..3)) {
        let extensions = Some(Element::new(ns::BOOKMARKS, "extensions").child(Element::new("urn:example:odd", "odd")));
        let value = Bookmark { room, name, autojoin, nick, password, extensions };
        let item = value.to_item();
        prop_assert_eq!(Bookmark::from_item(&item).unwrap(), value);
        let bad = pubsub::Item { id: Some("@".into()), ..item.clone() };
        prop_assert!(Bookmark::from_item(&bad).is_err());
        let items = pubsub::Items { node: ns::BOOKMARKS.to_owned(), items: vec![item.clone()] };
        same(&items, items.to_element(), pubsub::Items::from_element)?;
        let node = ids[0].clone();
        for event in [
            pubsub::Event::Published { node: node.clone(), items: vec![item.clone()] },
            pubsub::Event::Retracted { node: node.clone(), ids },
            pubsub::Event::Emptied { node: node.clone() },
        ] {
            same(&event, event.to_element(), pubsub::Event::from_element)?;
        }
        let publish = pubsub::publish(&node, &item, Some((pubsub::Access::Private, Some(3)))).to_string();
        prop_assert!(publish.contains("whitelist") && publish.contains(ns::PUBLISH_OPTIONS));
    }

    //= xep-0363#5/headers test
    //= xep-0363#11/https test
    #[test]
    fn uploads(filename in text(), size in any::<u64>(), kind in of(word()), path in "[a-z0-9]{1,9}", value in "[ -~]{1,9}") {
        let request = Request { filename, size, kind };
        same(&request, request.to_element(), Request::from_element)?;
        let url = format!("https://up.example/{path}");
        let headers = vec![("Authorization".to_owned(), value.clone()), ("Cookie".to_owned(), value.clone())];
        let slot = Slot { put: url.clone(), headers, get: url };
        same(&slot, slot.to_element(), Slot::from_element)?;
        let bad = Slot { headers: vec![("Host".into(), "h".into()), ("Cookie".into(), format!("{value}\r\nX: y"))], ..slot.clone() };
        let read = Slot::from_element(&bad.to_element()).unwrap();
        prop_assert_eq!(read.headers, vec![("Cookie".to_owned(), format!("{value}X: y"))]);
        for url in ["http://up.example/1", "file:///etc/passwd", "https://up.example/\r\nHost: x", ""] {
            let bad = Slot { put: url.into(), ..slot.clone() };
            prop_assert!(Slot::from_element(&bad.to_element()).is_err());
        }
    }

    //= xep-0249#2/jid test
    #[test]
    fn rooms(user in user(), items in vec(room_item(), 0..4), invitation in invitation()) {
        same(&user, user.to_element(), User::from_element)?;
        let admin = Admin { items };
        same(&admin, admin.to_element(), Admin::from_element)?;
        same(&invitation, invitation.to_element(), Invitation::from_element)?;
        prop_assert!(Invitation::from_element(&Element::new(ns::CONFERENCE, "x")).is_err());
    }

    //= xep-0184#5.3/id test
    //= xep-0333#5/id test
    //= xep-0444#3.1/distinct test
    //= xep-0428#3/range test
    #[test]
    fn small_ones(reactions in reactions(), retraction in retraction(), fallback in fallback(), body in "[a-zé😀]{0,12}") {
        same(&reactions, reactions.to_element(), Reactions::from_element)?;
        same(&retraction, retraction.to_element(), Retraction::from_element)?;
        same(&fallback, fallback.to_element(), Fallback::from_element)?;
        let left = fallback.strip(&body).chars().count();
        prop_assert!(left <= body.chars().count());
        let message = |child: Element| Element::new(ns::CLIENT, "message").child(child);
        prop_assert_eq!(Receipt::within(&message(Element::new(ns::RECEIPTS, "received"))), None);
        prop_assert_eq!(Marker::within(&message(Element::new(ns::MARKERS, "displayed"))), None);
        let many = (0..99).map(|n| Element::new(ns::REACTIONS, "reaction").with_text(n.to_string()));
        let many = Element::new(ns::REACTIONS, "reactions").attr("id", "1").with(many);
        prop_assert!(Reactions::from_element(&many).unwrap().emojis.len() <= rfc3921::reactions::MOST);
    }

    /// No element that may come panics, whatever it is.
    #[test]
    fn any_text_is_read_or_refused(inner in "(<[a-z]{1,3}( [a-z]{1,4}='[ -;=-~]{0,6}')?/>|[a-z ]){0,8}") {
        for (ns, name) in [(ns::CLIENT, "message"), (ns::CLIENT, "presence"), (ns::ROSTER, "query"), (ns::VCARD4, "vcard"), (ns::UPLOAD, "slot")] {
            if let Ok(element) = Element::parse(&format!("<{name} xmlns='{ns}'>{inner}</{name}>"), &Limits::default()) {
                let _ = (Message::from_element(&element), Presence::from_element(&element), RosterQuery::from_element(&element));
                let _ = (Vcard::from_element(&element), Slot::from_element(&element), User::from_element(&element));
            }
        }
    }
}
