//! What a request must be like to be forwarded (RFC 3261 section 16.3, RFC 5393 section 4.2).

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

use super::us::Us;
use crate::message::{MaxForwards, Method, Name, Request, Via};

/// Why a request is not forwarded: the status, and a header for the response.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Invalid(pub u16, pub Option<(Name, String)>);

/// Checks a request. What is not checked here is not looked at and goes on as it came.
//= rfc3261#16.3/validate MUST
//# Runs before anything else is done with a request.
//= rfc3261#16.3/well-formed MUST
//# The headers that routing reads are parsed once here; one that cannot be read is a 400.
//= rfc3261#16.3/unknown-forwarded MUST NOT
//# The method is asked for only where ACK, CANCEL and OPTIONS are special.
//= rfc3261#16.3/rest-untouched SHOULD
//# Headers that no step reads are not even parsed.
//= rfc5393#4.1/single MAY
//# This one takes no notice of how many targets there are.
//= rfc5393#4.1/forking MUST
//# Every request is tested, one target or many.
//= rfc5393#4.1/this-way SHOULD
//# By the mark in our Vias.
//= rfc5393#4.2.2/test MUST
//# Before the router is asked.
pub(super) fn validate(request: &Request, us: &Us, mark: &str) -> Result<(), Invalid> {
    let headers = &request.headers;
    match headers.first::<MaxForwards>() {
        //= rfc3261#16.3/max-forwards-zero MUST NOT
        //# It ends here, whatever it is.
        //= rfc3261#16.3/too-many-hops MUST
        //# All but OPTIONS, which the machine answers itself.
        Ok(Some(MaxForwards(0))) if request.method != Method::Options => return Err(Invalid(483, None)),
        Ok(_) => {}
        Err(_) => return Err(Invalid(400, None)),
    }
    //= rfc3261#16.3/proxy-require MUST
    //# No option is known that a proxy would have to do something for.
    //= rfc3261#16.3/proxy-require-list MUST
    //# So all of them are listed.
    let required: Vec<String> = headers.raw_all(Name::ProxyRequire).map(|v| v.to_string()).collect();
    if !required.is_empty() && !matches!(request.method, Method::Ack | Method::Cancel) {
        return Err(Invalid(420, Some((Name::Unsupported, required.join(", ")))));
    }
    //= rfc3261#16.3/loop-check MAY
    //# By the mark in the branch of our own Vias.
    //= rfc3261#16.3/loop-482 MAY
    //# The strong form of RFC 5393 below.
    //= rfc5393#4.2.2/loop-482 MUST
    //# Before anything is forwarded.
    if has_looped(request, us, mark) {
        return Err(Invalid(482, None));
    }
    Ok(())
}

/// Whether a Via of ours carries the same mark.
//= rfc5393#4.2.2/own-vias MUST
//# Each Via whose sent-by is one of our addresses.
//= rfc5393#4.2.2/compare MUST
//# The mark is what stands behind the last dot of our branches.
fn has_looped(request: &Request, us: &Us, mark: &str) -> bool {
    request.headers.list::<Via>().map_while(Result::ok).any(|via| {
        us.is_sent_by(via.host(), via.port())
            && via.branch().and_then(|b| b.rsplit_once('.')).is_some_and(|(_, m)| mark.get(1..) == Some(m))
    })
}

/// The part of the branch that reflects all that decides where a request goes: a dot and 16 hexadecimal digits.
//= rfc5393#4.2.1/second-depends MUST
//# Request-URI and Route values as received.
//= rfc5393#4.2.1/second-varies MUST
//# Routers see the request and its source; of the request, these fields decide.
//= rfc5393#4.2.1/second-without-method MUST NOT
//# Of CSeq only the number is taken.
//= rfc5393#4.2.4/hash-varies SHOULD
//# Call-ID and CSeq number are in it.
//= rfc3261#16.6/branch-depends MUST
//# Request-URI, Route, Proxy-Require, Proxy-Authorization, Call-ID, both tags.
//= rfc3261#16.6/branch-without-method MUST NOT
//# Of CSeq only the number is taken.
pub(super) fn mark(request: &Request, key: u64) -> String {
    let mut hasher = FixedState::with_seed(key).build_hasher();
    let mut take = |text: &str| {
        hasher.write(text.as_bytes());
        hasher.write_u8(0xff);
    };
    take(request.uri.as_str());
    for name in [Name::Route, Name::ProxyRequire, Name::ProxyAuthorization, Name::CallId, Name::From, Name::To] {
        for value in request.headers.raw_all(name) {
            take(value);
        }
    }
    if let Ok(Some(cseq)) = request.headers.cseq() {
        hasher.write_u32(cseq.number);
    }
    format!(".{:016x}", hasher.finish())
}

/// The Max-Breadth of a request, or the greatest there is.
//= rfc5393#5.3.3/added MUST
//# A request without it counts as one with our maximum, and its copies carry that.
//= rfc5393#5.3.3/added-60 SHOULD
//# Which is 60 by default.
//= rfc5393#5.3.3/overwrite MUST
//# More than the maximum is cut.
//= rfc5393#5.3.3/overwrite-value SHOULD
//# To the maximum.
//= rfc5393#5.3.3/no-hop-count MUST NOT
//# Nothing is taken off on the way.
pub(super) fn breadth(request: &Request, max: u32) -> u32 {
    let value = request.headers.raw(Name::MaxBreadth).and_then(|text| text.trim().parse::<u32>().ok());
    value.map_or(max, |breadth| breadth.min(max))
}
