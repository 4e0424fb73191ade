//! Entity capabilities: what a client can do, named by a hash ([XEP-0115](https://xmpp.org/extensions/xep-0115.html)).
//!
//! A hash that somebody states is taken for what it names only after the list that its owner gives has been hashed here
//! with the same outcome; otherwise one contact could say for the whole world what a popular client cannot do. The
//! string that is hashed separates its parts by `<`, so that a part with `<` in it could pass for two others: a list
//! with such a part is never accepted for a hash.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rfc3920::xml::Element;
use ring::digest;

use crate::disco::Info;
use crate::element::{expect, required};
use crate::form::{FORM_TYPE, Form};
use crate::{Error, ns};

/// What goes with presence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Caps {
    /// The hash function: `sha-1`.
    pub hash: String,
    /// The software, as an address of the Web.
    pub node: String,
    /// The hash, in Base64.
    pub ver: String,
}

impl Caps {
    /// Those of a client that can do what `info` says.
    ///
    /// ```
    /// use rfc3921::caps::Caps;
    /// use rfc3921::disco::{Identity, Info};
    /// let features = ["disco#info", "disco#items", "muc", "caps"].map(|f| format!("http://jabber.org/protocol/{f}"));
    /// let identity = Identity::new("client", "pc", Some("Exodus 0.9.1"));
    /// let info = Info { identities: vec![identity], features: features.to_vec(), ..Info::default() };
    /// // the document's own example
    /// assert_eq!(Caps::of(&info, "http://code.google.com/p/exodus").ver, "QgayPKawpkPSDYmwT/WM94uAlu0=");
    /// ```
    pub fn of(info: &Info, node: &str) -> Caps {
        Caps { hash: "sha-1".to_owned(), node: node.to_owned(), ver: hash(&digest::SHA1_FOR_LEGACY_USE_ONLY, info) }
    }

    /// The node that is asked for what these mean.
    pub fn query_node(&self) -> String {
        format!("{}#{}", self.node, self.ver)
    }

    /// Whether `info`, as its owner told it, is what these name.
    ///
    /// # Errors
    /// [`Error`]: a hash function that is not known, an ill-formed list, or another hash.
    //= xep-0115#5.4/ill-formed MUST
    //# The same identity, feature or form twice, or a form whose type is said in two ways, is never accepted.
    //= xep-0115#5.4/compare MUST
    //# The list is hashed again; only the same outcome lets it into the cache.
    pub fn verify(&self, info: &Info) -> Result<(), Error> {
        let algorithm = match self.hash.as_str() {
            "sha-1" => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            "sha-256" => &digest::SHA256,
            "sha-512" => &digest::SHA512,
            _ => return Err(Error::Value("hash")),
        };
        well_formed(info)?;
        if hash(algorithm, info) == self.ver { Ok(()) } else { Err(Error::Value("ver")) }
    }

    /// Reads `<c/>`.
    ///
    /// # Errors
    /// [`Error`], for another element, or one of the form of before 2008 without `hash`.
    pub fn from_element(element: &Element) -> Result<Caps, Error> {
        expect(element, ns::CAPS, "c")?;
        let own = |name| required(element, name).map(str::to_owned);
        Ok(Caps { hash: own("hash")?, node: own("node")?, ver: own("ver")? })
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        Element::new(ns::CAPS, "c")
            .attr("hash", self.hash.as_str())
            .attr("node", self.node.as_str())
            .attr("ver", self.ver.as_str())
    }
}

/// The verification string, hashed.
//= xep-0115#5.1/string MUST
//# Identities, features, forms, their fields and values, each sorted by octets and ended by `<`.
fn hash(algorithm: &'static digest::Algorithm, info: &Info) -> String {
    let mut parts = Vec::new();
    let mut identities: Vec<_> = info.identities.iter().collect();
    identities.sort_by_key(|identity| (&identity.category, &identity.kind, &identity.lang));
    for identity in identities {
        let (lang, name) = (identity.lang.as_deref().unwrap_or(""), identity.name.as_deref().unwrap_or(""));
        parts.push(format!("{}/{}/{lang}/{name}", identity.category, identity.kind));
    }
    let mut features = info.features.to_vec();
    features.sort();
    parts.append(&mut features);
    let mut forms: Vec<(&str, &Form)> = info.forms.iter().filter_map(|form| Some((form.form_type()?, form))).collect();
    forms.sort_by_key(|(form_type, _)| *form_type);
    for (form_type, form) in forms {
        parts.push(form_type.to_owned());
        let mut fields: Vec<_> = form
            .fields
            .iter()
            .filter_map(|f| Some((f.var.as_deref()?, f)))
            .filter(|(var, _)| *var != FORM_TYPE)
            .collect();
        fields.sort_by_key(|(var, _)| *var);
        for (var, field) in fields {
            parts.push(var.to_owned());
            let mut values = field.values.clone();
            values.sort();
            parts.append(&mut values);
        }
    }
    let mut context = digest::Context::new(algorithm);
    for part in parts {
        context.update(part.as_bytes());
        context.update(b"<");
    }
    STANDARD.encode(context.finish())
}

/// Whether the list is one that a hash may stand for.
fn well_formed(info: &Info) -> Result<(), Error> {
    let identities: BTreeSet<_> = info.identities.iter().map(|i| (&i.category, &i.kind, &i.lang)).collect();
    let features: BTreeSet<_> = info.features.iter().collect();
    if identities.len() < info.identities.len() || features.len() < info.features.len() {
        return Err(Error::Value("identities and features"));
    }
    let mut types = BTreeSet::new();
    for form in &info.forms {
        if let Some(field) = form.field(FORM_TYPE)
            && field.values.iter().any(|value| Some(value) != field.values.first())
        {
            return Err(Error::Value(FORM_TYPE));
        }
        if form.form_type().is_some_and(|form_type| !types.insert(form_type)) {
            return Err(Error::Value("forms"));
        }
    }
    let identities =
        info.identities.iter().flat_map(|i| [Some(&i.category), Some(&i.kind), i.lang.as_ref(), i.name.as_ref()]);
    let fields = info.forms.iter().flat_map(|form| &form.fields);
    let in_forms = fields.flat_map(|field| field.var.iter().chain(&field.values));
    if identities.flatten().chain(&info.features).chain(in_forms).any(|part| part.contains('<')) {
        return Err(Error::Value("a part with < in it"));
    }
    Ok(())
}

/// What hashes stand for, as far as it was verified; the oldest goes first when there are too many.
#[derive(Clone, Debug)]
pub struct Cache {
    limit: usize,
    known: BTreeMap<(String, String), Arc<Info>>,
    order: VecDeque<(String, String)>,
}

impl Cache {
    /// An empty one for at most `limit` hashes.
    pub fn new(limit: usize) -> Cache {
        Cache { limit, known: BTreeMap::new(), order: VecDeque::new() }
    }

    /// What the hash stands for, if it was verified.
    pub fn find(&self, caps: &Caps) -> Option<&Arc<Info>> {
        self.known.get(&(caps.hash.clone(), caps.ver.clone()))
    }

    /// Keeps what the owner of `caps` told, if it is true.
    ///
    /// # Errors
    /// As [`Caps::verify`].
    pub fn insert(&mut self, caps: &Caps, info: Info) -> Result<Arc<Info>, Error> {
        caps.verify(&info)?;
        let key = (caps.hash.clone(), caps.ver.clone());
        let info = Arc::new(info);
        if self.limit > 0 && self.known.insert(key.clone(), info.clone()).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > self.limit {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
        Ok(info)
    }

    /// How many hashes are known.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}
