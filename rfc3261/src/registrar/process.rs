//! The steps of RFC 3261 section 10.3 that change bindings.

use std::fmt::Write;
use std::time::Duration;

use bytestring::ByteString;
use wire::{Epoch, Instant};

use super::{Binding, Bindings};
use crate::endpoint::Source;
use crate::message::{Contact, Date, Name, Request, Response, Status, TypedHeader, Uri};

/// The limits of a registrar.
#[derive(Clone, Debug)]
pub struct RegistrarConfig {
    /// The shortest binding, in seconds; shorter ones get 423, except that an hour is never too short. 60.
    pub min_expires: u32,
    /// The longest binding, in seconds; longer ones are shortened. 3600.
    pub max_expires: u32,
    /// How long a binding lasts that says nothing, in seconds. 3600.
    pub default_expires: u32,
    /// Bindings of one address of record; a request for more gets 403. 10.
    pub max_contacts: usize,
    /// Bindings in all; a request for more gets 503. 1,000,000.
    pub max_bindings: usize,
    /// Bytes of one Contact value; a longer one gets 400. 1024.
    pub max_contact_length: usize,
    /// Ties the clock to the calendar, for the Date header.
    pub epoch: Epoch,
}

impl Default for RegistrarConfig {
    fn default() -> RegistrarConfig {
        RegistrarConfig {
            min_expires: 60,
            max_expires: 3600,
            default_expires: 3600,
            max_contacts: 10,
            max_bindings: 1_000_000,
            max_contact_length: 1024,
            epoch: Epoch::default(),
        }
    }
}

/// What became of a REGISTER.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The response, without To tag.
    pub response: Response,
    /// Whether the bindings of that address of record are other than before.
    pub changed: bool,
}

/// Keeps the bindings of a domain.
#[derive(Debug, Default)]
pub struct Registrar {
    config: RegistrarConfig,
    bindings: Bindings,
}

/// Why a request changes nothing.
struct Refusal(u16, Option<(Name, String)>);

impl Registrar {
    /// A registrar without bindings.
    pub fn new(config: RegistrarConfig) -> Registrar {
        Registrar { config, bindings: Bindings::default() }
    }

    /// What it was made with.
    pub fn config(&self) -> &RegistrarConfig {
        &self.config
    }

    /// The bindings.
    pub fn bindings(&self) -> &Bindings {
        &self.bindings
    }

    /// The bindings, to restore those of an earlier run or to let them expire.
    pub fn bindings_mut(&mut self) -> &mut Bindings {
        &mut self.bindings
    }

    /// Processes a REGISTER for `aor` from a client that may send it.
    //= rfc3261#10.3/no-6xx MUST NOT
    //# Every status that leaves here is written below; none is a 6xx.
    //= rfc3261#10.3/in-order MUST
    //# One request at a time, by exclusive borrow.
    //= rfc3261#10.3/independent MUST
    //# Nothing is remembered between requests but the bindings.
    //= rfc3261#10.3/record-route-absent MUST NOT
    //# The response takes no Record-Route from the request.
    pub fn register(&mut self, now: Instant, aor: &str, request: &Request, source: &Source) -> Registered {
        let old: Vec<Binding> = self.bindings.of(aor, now).cloned().collect();
        let (response, changed) = match self.update(now, &old, request, source) {
            Ok((bindings, changed)) => {
                let response = self.answer(now, request, &bindings);
                //= rfc3261#10.3/commit MUST
                //# All changes were made to a copy; this puts it in place of the original.
                if changed {
                    self.bindings.set(aor, bindings);
                }
                (response, changed)
            }
            Err(Refusal(status, header)) => {
                let mut response = Response::to_request(request, Status(status));
                if let Some((name, value)) = header {
                    response.headers.push(name, value);
                }
                (response, false)
            }
        };
        Registered { response, changed }
    }

    /// What the bindings become.
    //= rfc3261#10.3/atomic MUST
    //# Whoever returns early leaves the original as it was.
    //= rfc3261#10.3/rollback MUST
    //# The changed copy is dropped with the error.
    fn update(
        &self,
        now: Instant,
        old: &[Binding],
        request: &Request,
        source: &Source,
    ) -> Result<(Vec<Binding>, bool), Refusal> {
        let bad_request = |_| Refusal(400, None);
        let call_id = request.headers.raw(Name::CallId).ok_or(Refusal(400, None))?;
        let call_id = ByteString::from(call_id);
        let cseq = request.headers.cseq().map_err(bad_request)?.ok_or(Refusal(400, None))?.number;
        //= rfc3261#10.3/record-route-ignored MUST
        //# Contact, Expires, Call-ID and CSeq are all that is read.
        let contacts: Vec<Contact> =
            request.headers.list::<Contact>().collect::<Result<_, _>>().map_err(bad_request)?;
        if contacts.is_empty() {
            return Ok((old.to_vec(), false));
        }
        let expires = request.headers.raw(Name::Expires).map(seconds);
        if contacts.iter().any(|contact| contact.is_star()) {
            return remove_all(old, &contacts, expires, &call_id, cseq);
        }
        let mut bindings = old.to_vec();
        for contact in contacts {
            //= rfc3261#10.3/expires-parameter MUST
            //# First.
            //= rfc3261#10.3/expires-header MUST
            //# Second.
            let wish = contact.param("expires").map(seconds).or(expires);
            let granted = self.grant(wish)?;
            let new = self.binding(now, &contact, granted, (&call_id, cseq), request, source)?;
            //= rfc3261#10.3/other-call-id MUST
            //# Only a binding of the same Call-ID asks for the order of CSeq.
            //= rfc3261#10.3/newer-cseq MUST
            //# Compared with what was bound before this request.
            //= rfc3261#10.3/stale MUST
            //# One such contact fails the whole request.
            if old.iter().any(|b| b.uri.matches(&new.uri) && b.call_id == call_id && cseq <= b.cseq) {
                return Err(Refusal(500, None));
            }
            match bindings.iter().position(|b| b.uri.matches(&new.uri)) {
                Some(at) if granted == 0 => drop(bindings.swap_remove(at)),
                Some(at) => bindings[at] = new,
                None if granted == 0 => {}
                None => bindings.push(new),
            }
        }
        if bindings.len() > self.config.max_contacts {
            return Err(Refusal(403, None));
        }
        let more = bindings.len().saturating_sub(old.len());
        if more > 0 && self.bindings.len().saturating_add(more) > self.config.max_bindings {
            return Err(Refusal(503, Some((Name::RetryAfter, "60".into()))));
        }
        Ok((bindings, true))
    }

    /// How many seconds a binding gets whose client wishes for so many.
    fn grant(&self, wish: Option<u32>) -> Result<u32, Refusal> {
        //= rfc3261#10.3/expires-default MUST
        //# A configured value for clients that say nothing.
        let wish = wish.unwrap_or(self.config.default_expires);
        //= rfc3261#10.3/too-brief MAY
        //# All three conditions; 0 is a removal and never too brief.
        if wish > 0 && wish < 3600 && wish < self.config.min_expires {
            //= rfc3261#10.3/min-expires MUST
            //# The same number that the wish was compared with.
            return Err(Refusal(423, Some((Name::MinExpires, self.config.min_expires.to_string()))));
        }
        //= rfc3261#10.3/expires-shorter MAY
        //# Longer wishes are cut.
        Ok(wish.min(self.config.max_expires))
    }

    fn binding(
        &self,
        now: Instant,
        contact: &Contact,
        seconds: u32,
        (call_id, cseq): (&ByteString, u32),
        request: &Request,
        source: &Source,
    ) -> Result<Binding, Refusal> {
        let mut text = format!("<{}>", contact.uri());
        for (name, value) in contact.params().filter(|(name, _)| !name.eq_ignore_ascii_case("expires")) {
            let _ = match value {
                Some(value) => write!(text, ";{name}={value}"),
                None => write!(text, ";{name}"),
            };
        }
        if text.len() > self.config.max_contact_length {
            return Err(Refusal(400, None));
        }
        let q = contact.q().unwrap_or(1000);
        // Parsed again, so that it holds on to these few bytes and not to the whole request.
        let kept = Contact::parse(ByteString::from(text)).map_err(|_| Refusal(400, None))?;
        let uri = kept.uri().clone();
        Ok(Binding {
            behind_nat: is_behind_nat(&uri, request, source),
            contact: kept.to_string().into(),
            uri,
            q,
            expires: now + Duration::from_secs(u64::from(seconds)),
            call_id: call_id.clone(),
            cseq,
            flow: source.target(),
        })
    }

    fn answer(&self, now: Instant, request: &Request, bindings: &[Binding]) -> Response {
        let mut response = Response::to_request(request, Status(200));
        //= rfc3261#10.3/lists-all MUST
        //# All that are current, not only those of this request.
        //= rfc3261#10.3/lists-expires MUST
        //# What is left, rounded up, so that it is never 0.
        for binding in bindings {
            let left = (binding.expires - now).as_millis().div_ceil(1000);
            response.headers.push(Name::Contact, format!("{};expires={left}", binding.contact));
        }
        //= rfc3261#10.3/date SHOULD
        //# From the calendar that the configuration ties the clock to.
        response.headers.push(Name::Date, Date::from_unix(self.config.epoch.unix(now).as_secs()));
        response
    }
}

/// Removes every binding for the Contact `*`.
fn remove_all(
    bindings: &[Binding],
    contacts: &[Contact],
    expires: Option<u32>,
    call_id: &ByteString,
    cseq: u32,
) -> Result<(Vec<Binding>, bool), Refusal> {
    //= rfc3261#10.3/star-invalid MUST
    //# Anything but a single star with Expires 0.
    if contacts.len() != 1 || expires != Some(0) {
        return Err(Refusal(400, None));
    }
    //= rfc3261#10.3/star-other-call-id MUST
    //# Those are no obstacle and go with the rest.
    //= rfc3261#10.3/star-newer-cseq MUST
    //# One binding that is as new as the request stops it.
    //= rfc3261#10.3/star-stale MUST
    //# And then nothing is removed at all.
    if bindings.iter().any(|b| b.call_id == *call_id && cseq <= b.cseq) {
        return Err(Refusal(500, None));
    }
    Ok((Vec::new(), !bindings.is_empty()))
}

/// An expiration in seconds.
//= rfc3261#10.1/co-located MAY
//# A function over bindings; the proxy calls it, and looks into the same bindings.
//= rfc3261#10.2/huge-expires MAY
//# What is all digits and does not fit is the greatest there is.
//= rfc3261#10.2/bad-expires SHOULD
//# Everything else counts as an hour.
fn seconds(text: &str) -> u32 {
    let text = text.trim();
    match text.parse() {
        Ok(seconds) => seconds,
        Err(_) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => u32::MAX,
        Err(_) => 3600,
    }
}

/// Whether a contact cannot be reached by its address: it differs from the one that the REGISTER came from, and so does
/// the one that the client wrote into its Via. A client that knows its address may register another one.
fn is_behind_nat(uri: &Uri, request: &Request, source: &Source) -> bool {
    let Some(host) = uri.host() else { return true };
    let Some(contact) = host.ip() else { return host.as_str().ends_with(".invalid") };
    let seen = source.remote.ip();
    let wrote = request.headers.via().ok().flatten().and_then(|via| via.host().ip());
    contact != seen && wrote != Some(seen)
}
