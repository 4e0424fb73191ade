//! What is built is written and read back the same; what is edited changes there and nowhere else; URIs compare as an
//! equivalence where the rules make one.

mod invariants;

use bytes::Bytes;
use proptest::prelude::*;
use rfc3261::message::{Contact, Headers, Message, Method, Name, Request, Response, Route, Status, Uri, Via};

/// Names with known and unknown, compact and odd spellings.
const NAMES: [&str; 8] = ["Subject", "s", "Route", "rOUTE", "X-Note", "x-note", "Contact", "m"];

#[derive(Clone, Debug)]
enum Edit {
    Push(&'static str, String),
    Prepend(&'static str, String),
    Set(&'static str, String),
    Remove(&'static str),
    PopRoute,
    PopVia,
    ReplaceVia(u16),
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES[..])
}

/// A value that no header of [`NAMES`] needs to understand.
fn value() -> impl Strategy<Value = String> {
    "<sip:[a-z]{1,5}>(;lr|;x=\"a,b\")?"
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (name(), value()).prop_map(|(n, v)| Edit::Push(n, v)),
        (name(), value()).prop_map(|(n, v)| Edit::Prepend(n, v)),
        (name(), value()).prop_map(|(n, v)| Edit::Set(n, v)),
        name().prop_map(Edit::Remove),
        Just(Edit::PopRoute),
        Just(Edit::PopVia),
        any::<u16>().prop_map(Edit::ReplaceVia),
    ]
}

/// A request whose list headers are given in some mixture of lines, commas and folds.
fn received() -> impl Strategy<Value = String> {
    let list = || prop::collection::vec((value(), prop::sample::select(&[", ", ",", " ,\r\n ", "\r\n"][..])), 0..4);
    (list(), list(), 0..20usize).prop_map(|(routes, vias, body)| {
        let mut text = String::from("BYE sip:b.example SIP/2.0\r\nv: SIP/2.0/UDP a.example;branch=z9hG4bK0");
        for (at, (_, separator)) in vias.iter().enumerate() {
            text += if *separator == "\r\n" { "\r\nVia: " } else { separator };
            text += &format!("SIP / 2.0 / TCP h{at}.example;branch=z9hG4bK{at}");
        }
        text += "\r\nf: <sip:a.example>;tag=1\r\nTO  :  <sip:b.example>;tag=2\r\nCall-ID:7\r\ncseq:\r\n 1\r\n BYE\r\n";
        for (at, (route, separator)) in routes.iter().enumerate() {
            text += match (at, *separator) {
                (0, _) => "Route: ",
                (_, "\r\n") => "\r\nroute:",
                (_, separator) => separator,
            };
            text += route;
        }
        if !routes.is_empty() {
            text += "\r\n";
        }
        text += &format!("X-Note: keep\r\n this\r\nL: {body}\r\n\r\n");
        text + &"b".repeat(body)
    })
}

/// Headers as a list of name and value, edited in the most obvious way.
#[derive(Debug, PartialEq)]
struct Model(Vec<(Name, String)>);

impl Model {
    fn of(headers: &Headers) -> Model {
        Model(headers.iter().map(|(name, value)| (name, value.to_owned())).collect())
    }

    fn apply(&mut self, edit: &Edit) {
        match edit {
            Edit::Push(name, value) => self.0.push(((*name).into(), value.clone())),
            Edit::Prepend(name, value) => {
                let at = self.find(name).unwrap_or(0);
                self.0.insert(at, ((*name).into(), value.clone()));
            }
            Edit::Set(name, value) => match self.find(name) {
                Some(at) => {
                    self.0[at].1 = value.clone();
                    let mut index = 0;
                    self.0.retain(|(n, _)| {
                        index += 1;
                        *n != Name::from(*name) || index - 1 == at
                    });
                }
                None => self.0.push(((*name).into(), value.clone())),
            },
            Edit::Remove(name) => self.0.retain(|(n, _)| *n != Name::from(*name)),
            Edit::PopRoute => self.pop("Route"),
            Edit::PopVia => self.pop("Via"),
            Edit::ReplaceVia(port) => {
                self.pop_or("Via", Some(format!("SIP/2.0/UDP new.example:{port};branch=z9hG4bKnew")));
            }
        }
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|(n, _)| *n == Name::from(name))
    }

    fn pop(&mut self, name: &str) {
        self.pop_or(name, None);
    }

    fn pop_or(&mut self, name: &str, new: Option<String>) {
        let Some(at) = self.find(name) else {
            self.0.splice(0..0, new.map(|new| (name.into(), new)));
            return;
        };
        let rest = elements(&self.0[at].1).split_off(1);
        let parts: Vec<String> = new.into_iter().chain((!rest.is_empty()).then(|| rest.join(","))).collect();
        if parts.is_empty() {
            self.0.remove(at);
        } else {
            self.0[at].1 = parts.join(", ");
        }
    }
}

/// Cut at commas outside of quotes.
fn elements(value: &str) -> Vec<String> {
    let mut quoted = false;
    let cut = value.split(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    cut.map(|one| one.trim_start().to_owned()).collect()
}

fn apply(headers: &mut Headers, edit: &Edit) {
    match edit {
        Edit::Push(name, value) => headers.push((*name).into(), value),
        Edit::Prepend(name, value) => headers.prepend((*name).into(), value),
        Edit::Set(name, value) => headers.set((*name).into(), value),
        Edit::Remove(name) => drop(headers.remove((*name).into())),
        Edit::PopRoute => drop(headers.pop::<Route>().unwrap()),
        Edit::PopVia => drop(headers.pop::<Via>().unwrap()),
        Edit::ReplaceVia(port) => {
            headers.replace_first(&Via::new("udp", "new.example", Some(*port), "z9hG4bKnew").unwrap());
        }
    }
}

/// Values without the white space that stands behind them in front of a comma.
fn tidy(Model(fields): Model) -> Vec<(Name, Vec<String>)> {
    let trimmed = |value: String| elements(&value).iter().map(|one| one.trim().to_owned()).collect();
    fields.into_iter().map(|(name, value)| (name, trimmed(value))).collect()
}

proptest! {
    #[test]
    fn what_is_received_is_written_as_it_came(wire in received()) {
        let message = Message::parse(wire.clone().into()).unwrap();
        prop_assert_eq!(message.to_bytes(), wire);
        invariants::round_trip(&message);
    }

    #[test]
    fn edits_change_what_they_say_and_nothing_else(wire in received(), edits in prop::collection::vec(edit(), 0..12)) {
        let mut message = Message::parse(wire.clone().into()).unwrap();
        let before = message.clone();
        let mut model = Model::of(message.headers());
        for edit in &edits {
            apply(message.headers_mut(), edit);
            model.apply(edit);
        }
        prop_assert_eq!(tidy(Model::of(message.headers())), tidy(model));
        prop_assert_eq!(before.to_bytes(), wire, "a copy is not touched");
        // Lines that nobody edited are the bytes that came.
        let printed = String::from_utf8(message.to_bytes().to_vec()).unwrap();
        prop_assert!(printed.contains("TO  :  <sip:b.example>;tag=2\r\nCall-ID:7\r\ncseq:\r\n 1\r\n BYE\r\n"));
        if message.headers().list::<Via>().next().is_some()
            && message.headers().list::<Contact>().all(|contact| contact.is_ok())
            && message.headers().raw_all(Name::Subject).count() < 2
        {
            invariants::round_trip(&message);
        }
    }

    #[test]
    fn responses_share_the_lines_of_their_request(wire in received(), status in 100..700u16) {
        let Ok(Message::Request(request)) = Message::parse(wire.into()) else { panic!("no request") };
        let response = Response::to_request(&request, Status(status));
        prop_assert_eq!(response.headers.raw_all(Name::Via).count(), request.headers.raw_all(Name::Via).count());
        prop_assert_eq!(response.headers.from(), request.headers.from());
        prop_assert_eq!(response.headers.list::<Via>().count(), request.headers.list::<Via>().count());
        let copy = Message::Response(response);
        invariants::round_trip(&copy);
    }

    #[test]
    fn what_is_built_is_read_back(
        method in "(INVITE|MESSAGE|[A-Z]{3,8})", user in "[ -~]{1,12}", body in prop::collection::vec(any::<u8>(), 0..50),
        notes in prop::collection::vec("[!-~][ -~]{0,10}[!-~]", 0..4),
    ) {
        let uri = Uri::sip(Some(&user), "b.example", Some(5070)).unwrap();
        let mut request = Request::new(Method::from(method.as_str()), uri.clone());
        request.headers.push(Name::Via, Via::new("tcp", "[2001:db8::1]", None, "z9hG4bKx").unwrap());
        request.headers.push(Name::From, format_args!("<{uri}>;tag=1"));
        request.headers.push(Name::To, format_args!("<{uri}>"));
        request.headers.push(Name::CallId, "7");
        request.headers.push(Name::CSeq, format_args!("1 {method}"));
        for note in &notes {
            request.headers.push("X-Note".into(), note);
        }
        request.body = Bytes::from(body);
        let Ok(Message::Request(read)) = Message::parse(request.to_bytes()) else { panic!("{request:?}") };
        prop_assert_eq!(&read.method, &request.method);
        prop_assert_eq!(read.uri, uri);
        prop_assert_eq!(read.body, request.body);
        prop_assert!(read.headers.raw_all("x-note".into()).eq(&notes));
    }

    #[test]
    fn comparison_is_symmetric(a in any_uri(), b in any_uri()) {
        prop_assert_eq!(a.matches(&b), b.matches(&a));
        prop_assert!(a.matches(&a) && b.matches(&b));
        invariants::uri(&a);
    }

    #[test]
    fn comparison_sees_through_order_case_and_escapes(
        user in "[a-z]{1,5}", host in "[a-z]{1,5}", params in prop::collection::btree_map("[a-z]{1,4}", "[a-z]{1,4}", 0..4),
        escape in any::<bool>(),
    ) {
        let write = |params: Vec<String>, user: &str, host: &str| -> Uri {
            format!("sip:{user}@{host}{}", params.concat()).parse().unwrap()
        };
        let forward = params.iter().map(|(n, v)| format!(";{n}={v}")).collect();
        let backward = params.iter().rev().map(|(n, v)| format!(";{}={}", n.to_uppercase(), v.to_uppercase())).collect();
        let escaped: String = user.bytes().map(|b| format!("%{b:02x}")).collect();
        let a = write(forward, &user, &host);
        let b = write(backward, if escape { &escaped } else { &user }, &host.to_uppercase());
        prop_assert!(a.matches(&b), "{a} {b}");
        prop_assert!(!a.matches(&b.with_user(Some("other user"))));
        prop_assert!(!a.matches(&b.with_port(Some(5060))));
    }
}

fn any_uri() -> impl Strategy<Value = Uri> {
    let parts = ("(sip|SIPS|tel|name)", "(a|A|%61|1)@?", "(b|B|192\\.0\\.2\\.1)(:5060)?");
    let tail = "(;(ttl=1|lr|LR|x=(1|%31|2)|user=phone)){0,2}(\\?(a=b|A=B|a=b&c=d))?";
    (parts.0, parts.1, parts.2, tail).prop_filter_map("no URI", |(scheme, user, host, tail)| {
        match scheme.as_str() {
            "tel" => format!("tel:+1-{}{}", user.len(), tail.split('?').next().unwrap_or_default()),
            _ if user.ends_with('@') => format!("{scheme}:{user}{host}{tail}"),
            _ => format!("{scheme}:{host}{tail}"),
        }
        .parse()
        .ok()
    })
}
