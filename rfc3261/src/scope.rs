//! What the documents ask of others than this room, and what is left out on purpose.

// Transports. Multicast has no user left, and TLS, names and sockets are the driver's.

//= rfc3261#18.1.1/multicast-maddr MUST skip
//# No request is ever sent to a group.
//= rfc3261#18.1.1/multicast-ttl SHOULD skip
//# No request is ever sent to a group.
//= rfc3261#18.1.1/response-multicast MUST skip
//# No request is ever sent to a group.
//= rfc3261#18.2.2/maddr-ttl SHOULD skip
//# The driver has no multicast sockets.
//= rfc3261#19.1.1/ttl-multicast MUST skip
//# No code here adds a ttl; one that a URI holds is kept as it is.
//= rfc3261#10.2.6/multicast MAY skip
//# No multicast.
//= rfc3261#18.2.1/listen-handed-out SHOULD skip
//# Which addresses are bound, and which names are given out, is the choice of the program.
//= rfc3261#18.2.1/default-ports SHOULD skip
//# The choice of the program; one without options binds 5060.
//= rfc3261#18.2.1/tcp-beside-udp MUST skip
//# The program binds both, the machine takes requests from either.
//= rfc3261#26.3.1/tls MUST skip
//# The machines know secure transports, and the driver has TLS; which programs bind it is their choice.
//= rfc3261#26.3.1/tls-ua SHOULD skip
//# TLS is the driver's (room net, feature tls), and turned on by programs; those for telephones do not.
//= rfc3261#26.3.1/tls-ua-server MAY skip
//# TLS is the driver's (room net, feature tls), and turned on by programs; those for telephones do not.
//= rfc3261#26.3.1/certificate SHOULD skip
//# TLS is the driver's (room net, feature tls), and turned on by programs; those for telephones do not.
//= rfc3261#26.3.1/ua-certificate MAY skip
//# TLS is the driver's (room net, feature tls), and turned on by programs; those for telephones do not.
//= rfc3261#26.3.1/validate MUST skip
//# TLS is the driver's (room net, feature tls), and turned on by programs; those for telephones do not.
//= rfc3261#26.3.1/ipsec MAY skip
//# Below every socket.
//= rfc3261#26.3.1/prefer-tls SHOULD skip
//# The URI and the user decide.
//= rfc3261#26.3.1/accept-tls MAY skip
//# TLS is the driver's (room net, feature tls), and turned on by programs; those for telephones do not.
//= rfc3261#26.4.4/secure-ports-only MAY skip
//# The program binds what its user asks for.

// What a program shows to its user, or its user decides.

//= rfc3261#7.2/reason-free MAY skip
//# Standard phrases by default; any text can be set.
//= rfc3261#20.4/disable SHOULD skip
//# No code here plays Alert-Info.
//= rfc3261#20.9/trusted-only SHOULD skip
//# No code here shows Call-Info.
//= rfc3261#7.1/translate MAY skip
//# Only sip and sips URIs are known.
//= rfc3261#8.1.1.2/any-scheme MAY skip
//# As above.
//= rfc3261#8.1.1.4/local-at-host MAY skip
//# A Call-ID is random alone, and tells nothing of the host.
//= rfc3261#8.1.2/other-server MAY skip
//# The route set decides.
//= rfc3261#8.1.3.4/append MAY skip
//# A redirected request is the one from before.
//= rfc3261#8.1.3.4/from-sips MAY skip
//# A sips request stays one.
//= rfc3261#8.1.3.4/new-call-id MAY skip
//# The Call-ID stays.
//= rfc3261#8.2.2.1/to-policy MAY skip
//# The Request-URI decides.
//= rfc3261#8.2.4/421 MAY skip
//# No extension is insisted on.
//= rfc3261#8.2.6.2/to-tag-100 MAY skip
//# A 100 has none.
//= rfc3261#8.3/other-resource MAY skip
//# What a redirection names is the choice of the program.
//= rfc3261#10.2.4/combine MAY skip
//# A registration is one binding.
//= rfc3261#10.2.5/date MAY skip
//# The driver has the clock.
//= rfc3261#10.3/redirect MAY skip
//# It never makes sense here.
//= rfc3261#10.3/trust-from MAY skip
//# Without a guard everybody may register; From is not looked at.
//= rfc3261#11/in-dialog MAY skip
//# Programs send OPTIONS out of dialogs.
//= rfc3261#11.2/body MAY skip
//# The answer has no body.
//= rfc3261#11.2/contacts MAY skip
//# It has no Contact.
//= rfc3261#11.2/warning MAY skip
//# No code here writes a Warning.
//= rfc3261#12.1/other-means MAY skip
//# INVITE alone starts dialogs.
//= rfc3261#12.2/record-route MAY skip
//# Requests within a dialog have no Record-Route of ours.
//= rfc3261#12.2.2/unknown-dialog MAY skip
//# It is answered by 481.
//= rfc3261#13.3.1/same-session MAY skip
//# Left to programs, which see the description.
//= rfc3261#13.3.1/same-session-silent MAY skip
//# Left to programs.
//= rfc3261#13.3.1.4/accept MAY skip
//# The answer has none.
//= rfc3261#16.6/add-headers MAY skip
//# Nothing else is added.
//= rfc3261#16.7/manipulate MAY skip
//# Nothing else is changed.
//= rfc3261#16.7/timer-c-value MAY skip
//# It starts anew with the value that it had.
//= rfc3261#16.10/any-time MAY skip
//# Branches are cancelled when their context is.
//= rfc3261#18.1.1/another-connection MAY skip
//# A connection that is there is used.
//= rfc3261#19.1.1/password-in-user MAY skip
//# Both parts are read by themselves.
//= rfc3261#19.1.1/phone-unmarked MAY skip
//# A user is a name unless it is marked.
//= rfc3261#20/optional MAY skip
//# Which optional headers there are is told header by header.
//= rfc3261#21.1.3/forwarded MAY skip
//# No proxy here says 181.
//= rfc3261#21.1.4/details MAY skip
//# Nobody here queues calls.
//= rfc3261#21.3.1/body MAY skip
//# A redirection has no body.
//= rfc3261#21.3.3/cache MAY skip
//# Each call is looked up anew.
//= rfc3261#21.3.3/retry-original MAY skip
//# Nothing is remembered that could fail.
//= rfc3261#21.4.9/repeat MAY skip
//# Left to programs.
//= rfc3261#21.4.11/close MAY skip
//# The limits of the message reader close a connection whose message is too large.
//= rfc3261#21.4.11/retry MAY skip
//# Left to programs.
//= rfc3261#21.4.18/retry-after MAY skip
//# Refusals of the user agent have no further headers.
//= rfc3261#21.4.23/contacts MAY skip
//# Users are found by their whole name or not at all.
//= rfc3261#21.4.24/retry-after MAY skip
//# Refusals of the user agent have no further headers.
//= rfc3261#21.4.26/capabilities MAY skip
//# Refusals of the user agent have no body.
//= rfc3261#21.4.28/public-key MAY skip
//# Bodies are not encrypted.
//= rfc3261#21.5.1/retry MAY skip
//# Left to programs.
//= rfc3261#21.5.1/retry-after MAY skip
//# Errors are not known to pass.
//= rfc3261#21.5.4/drop MAY skip
//# The driver has limits for connections, and tells programs what it refused.
//= rfc3261#21.5.4/retry-after MAY skip
//# Nobody knows when an overload ends.
//= rfc3261#21.6.1/retry-after MAY skip
//# Refusals of the user agent have no further headers.
//= rfc3261#21.6.2/retry-after MAY skip
//# As above.
//= rfc3261#21.6.4/capabilities MAY skip
//# Refusals of the user agent have no body.
//= rfc3261#21.6.4/warning MAY skip
//# No code here writes a Warning.
//= rfc3261#22.1/anonymous MAY skip
//# Where no authentication is needed none is asked for.
//= rfc3261#22.2/try-anonymous MAY skip
//# Without an account the program hears of the challenge.
//= rfc3261#22.3/try-anonymous MAY skip
//# As above.
//= rfc3261#22.3/outbound-realm MAY skip
//# Credentials stay with their dialog or registration.
//= rfc3261#17.2.1/trying-anyway MAY skip
//# It waits 200 ms to see whether one is needed.
//= rfc3261#14.1/without-offer MAY skip
//# A change comes with its offer.
//= rfc3261#20.6/on-2xx MAY skip
//# Neither proxy nor registrar writes it; room rfc2617 can.
//= rfc3261#20.18/as-redirect MAY skip
//# No code here follows Error-Info.
//= rfc3261#20.18/render MAY skip
//# No code here shows Error-Info.
//= rfc3261#20.25/filter MAY skip
//# Left to programs.
//= rfc3261#20.26/default-normal SHOULD skip
//# No code here sorts calls by urgency.
//= rfc3261#20.26/emergency SHOULD skip
//# Left to programs; nothing here sends Priority.
//= rfc3261#20.31/return-call MAY skip
//# Left to programs.
//= rfc3261#20.31/anonymous SHOULD skip
//# Nothing here sends Reply-To.
//= rfc3261#20.43/399-no-action MUST NOT skip
//# No code here acts on a Warning at all.
//= rfc3261#21.1.2/ringback MAY skip
//# Left to programs, which see each provisional response.
//= rfc3261#21.4.23/suppress MUST skip
//# No code here answers 485.
//= rfc3261#8.1.3.4/from-sips-tell SHOULD skip
//# A redirect is an event; whoever follows it sees the URI.
//= rfc3261#26.4.4/compare-to SHOULD skip
//# Left to programs, which see the whole request.
//= rfc3261#26.4.4/via-chain MAY skip
//# Left to programs, which see the whole request.
//= rfc3261#26.4.4/warn-user SHOULD skip
//# Left to programs, which see the whole request.
//= rfc3261#26.5/restrict SHOULD skip
//# Left to programs; nothing here tells of presence.
//= rfc3261#26.5/to-differs MAY skip
//# To and Request-URI can be set apart.

// Bodies pass through as they are: no coding is undone, no multipart taken apart.

//= rfc3261#7.4.1/content-encoding MUST skip
//# Nothing here encodes a body; the header is the sender's.
//= rfc3261#7.4.1/multipart-refused MUST skip
//# Nothing here makes a multipart body.
//= rfc3261#20.12/decode MUST skip
//# The program gets body and header.
//= rfc3261#20.12/order MUST skip
//# Nothing here encodes a body.
//= rfc3261#20.12/apply MAY skip
//# Nothing here encodes a body.
//= rfc3261#20.12/accepted-only MUST skip
//# Nothing here encodes a body.

// Telephone numbers: tel URIs are read and kept, never converted.

//= rfc3261#19.1.6/fold-telephone SHOULD skip
//# No conversion between tel and sip.

// Messages (RFC 3428): a program that sends or shows them keeps these.

//= rfc3428#2/no-message-dialogs SHOULD NOT skip
//# No code here starts a dialog for a MESSAGE.
//= rfc3428#4/200-not-read MUST NOT skip
//# What a status means to a person is for the program to say.
//= rfc3428#4/202-not-delivered MUST NOT skip
//# Left to programs.
//= rfc3428#4/maybe-forked MUST NOT skip
//# Left to programs.
//= rfc3428#4/in-dialog MAY skip
//# Messages go out by themselves; the program may send one through a dialog of its own.
//= rfc3428#4/expires MAY skip
//# Any header can be added.
//= rfc3428#4/expires-date SHOULD skip
//# Left to programs.
//= rfc3428#5/resolve-im SHOULD skip
//# No code here knows im URIs.
//= rfc3428#5/leave-im MAY skip
//# They are kept as any other scheme.
//= rfc3428#5/sip-identities SHOULD skip
//# From and To are the program's.
//= rfc3428#5/im-identities MAY skip
//# Left to programs.
//= rfc3428#7/relay-202 SHOULD skip
//# Nothing here stores messages.
//= rfc3428#7/expires-from-date SHOULD skip
//# Nothing here shows messages.
//= rfc3428#7/expires-from-receipt SHOULD skip
//# Left to programs.
//= rfc3428#7/expired-policy SHOULD skip
//# Left to programs.
//= rfc3428#7/expired-shown SHOULD skip
//# Left to programs.
//= rfc3428#8/safe-transport SHOULD skip
//# The program names the transport; large requests go to TCP of themselves.
//= rfc3261#18.2.2/reconnect-lookup SHOULD skip
//# The layer looks up no names; the core hears of the failure.
//= rfc3261#18.2.2/to-received-fails SHOULD skip
//# The layer looks up no names; the core hears of the failure.
//= rfc3261#18.4/icmp-ignored SHOULD skip
//# The driver reports nothing but addresses out of reach.
//= rfc3581#3/keep-binding SHOULD skip
//# An INVITE that rings is not repeated; a client behind a NAT keeps its binding by other means (RFC 5626).
//= rfc3261#19.1.1/host-name SHOULD skip
//# The program names itself, and addresses what it calls.
//= rfc3261#19.1.1/user-phone SHOULD skip
//# Left to programs that dial numbers.
//= rfc3261#19.1.2/header-reserved MUST skip
//# Nothing here writes headers into a URI.

// Proxies: what a stateful one without forced routes and recursion has no use for.

//= rfc3261#16.11/no-100 MUST NOT skip
//# The proxy keeps state for every request; an ACK to a 2xx alone passes without.
//= rfc3261#16.11/validate MUST skip
//# The proxy keeps state for every request; an ACK to a 2xx alone passes without.
//= rfc3261#16.11/routes-and-targets MUST skip
//# The proxy keeps state for every request; an ACK to a 2xx alone passes without.
//= rfc3261#16.11/one-target MUST skip
//# The proxy keeps state for every request; an ACK to a 2xx alone passes without.
//= rfc3261#16.11/stable-choice MUST skip
//# The proxy keeps state for every request; an ACK to a 2xx alone passes without.
//= rfc3261#16.11/same-on-repeat MUST skip
//# The proxy keeps state for every request; an ACK to a 2xx alone passes without.
//= rfc3261#16.11/cancel-and-ack MUST skip
//# The proxy keeps state for every request; an ACK to a 2xx alone passes without.
//= rfc3261#16.11/forward MUST skip
//# The proxy keeps state for every request; an ACK to a 2xx alone passes without.
//= rfc3261#16.11/branch-repeats MUST skip
//# The proxy keeps state for every request; an ACK to a 2xx alone passes without.
//= rfc3261#16.11/branch-computed MUST skip
//# The proxy keeps state for every request; an ACK to a 2xx alone passes without.
//= rfc3261#16.11/branch-free MAY skip
//# The proxy keeps state for every request; an ACK to a 2xx alone passes without.
//= rfc3261#16.11/branch-hash SHOULD skip
//# The proxy keeps state for every request; an ACK to a 2xx alone passes without.
//= rfc3261#16.11/same-changes MUST skip
//# The proxy keeps state for every request; an ACK to a 2xx alone passes without.
//= rfc3261#16.11/same-routes MUST skip
//# The proxy keeps state for every request; an ACK to a 2xx alone passes without.
//= rfc3261#16.11/invariant-only MUST skip
//# The proxy keeps state for every request; an ACK to a 2xx alone passes without.
//= rfc3261#16.11/cancel-ordinary MUST NOT skip
//# The proxy keeps state for every request; an ACK to a 2xx alone passes without.
//= rfc3261#16.11/response-sent-by MUST skip
//# The proxy keeps state for every request; an ACK to a 2xx alone passes without.
//= rfc3261#16.11/response-pop MUST skip
//# The proxy keeps state for every request; an ACK to a 2xx alone passes without.
//= rfc3261#16.11/response-body MUST NOT skip
//# The proxy keeps state for every request; an ACK to a 2xx alone passes without.
//= rfc3261#16.11/response-headers MUST NOT skip
//# The proxy keeps state for every request; an ACK to a 2xx alone passes without.
//= rfc3261#16.11/response-foreign MUST skip
//# The proxy keeps state for every request; an ACK to a 2xx alone passes without.
//= rfc3261#16.1/stateless-streams MAY skip
//# The proxy keeps state for every request; an ACK to a 2xx alone passes without.
//= rfc3261#16.1/become-stateless MAY skip
//# The proxy keeps state for every request; an ACK to a 2xx alone passes without.
//= rfc3261#16.1/stateless-no-cancel SHOULD NOT skip
//# The proxy keeps state for every request; an ACK to a 2xx alone passes without.
//= rfc3261#16.5/ambiguous SHOULD skip
//# Users are found by their whole name or not at all.
//= rfc3261#16.5/ambiguous-contacts SHOULD skip
//# Users are found by their whole name or not at all.
//= rfc3261#16.5/add-later MAY skip
//# The target set is complete when the router has answered.
//= rfc3261#16.5/watch SHOULD skip
//# A client that registers while a call rings gets the next one.
//= rfc3261#16.5/watch-add SHOULD skip
//# A client that registers while a call rings gets the next one.
//= rfc3261#16.6/record-route-distinct MUST skip
//# Nothing is rewritten: two values say both sides (RFC 5658).
//= rfc3261#16.6/forced-route MAY skip
//# There is no such policy.
//= rfc3261#16.6/forced-loose MUST skip
//# There is no policy that forces routes.
//= rfc3261#16.6/forced-pushed MUST skip
//# There is no policy that forces routes.
//= rfc3261#16.6/forced-bypass-loose MUST NOT skip
//# There is no policy that forces routes.
//= rfc3261#16.6/forced-bypass MAY skip
//# There is no policy that forces routes.
//= rfc3261#16.6/forced-tls MUST skip
//# There is no policy that forces routes.
//= rfc3261#16.6/fixed-next-hop MAY skip
//# Only towards the client itself, over the flow that it registered by.
//= rfc3261#16.6/fixed-next-hop-loose MUST NOT skip
//# A flow ends at the client that it belongs to, which routes nothing.
//= rfc3261#16.6/fixed-next-hop-unwise SHOULD NOT skip
//# A flow is the only way to a client behind a NAT.
//= rfc3261#16.7/recursed-contacts MUST skip
//# Redirects go back to the caller, who decides.
//= rfc3261#16.7/recurse-sips SHOULD NOT skip
//# Redirects go back to the caller, who decides.
//= rfc3261#16.7/recursed-all SHOULD NOT skip
//# Redirects go back to the caller, who decides.
//= rfc3261#16.7/416-retry SHOULD skip
//# The proxy never puts another scheme in place of sip.
//= rfc3261#16.7/416-sip SHOULD skip
//# The proxy never puts another scheme in place of sip.
//= rfc3261#16.7/416-dropped SHOULD NOT skip
//# The proxy never puts another scheme in place of sip.
//= rfc3261#16.7/record-route-rewrite MAY skip
//# Two values say both sides (RFC 5658).
//= rfc3261#16.7/record-route-no-transport SHOULD NOT skip
//# Nothing is rewritten.
//= rfc3261#16.7/record-route-identifier SHOULD skip
//# Nothing is rewritten.
//= rfc3261#16.10/forward-unmatched MUST skip
//# The endpoint answers 481: nothing is forwarded without state, so no such CANCEL can have a request to find downstream.
//= rfc3261#16.10/on-expiry MAY skip
//# The parties do so themselves.
//= rfc5393#5.3.4/send MAY skip
//# User agents leave it to the first proxy.
//= rfc5393#5.3.4/send-60 SHOULD skip
//# User agents leave it to the first proxy.
//= rfc3261#11.2/proxy-no-allow SHOULD skip
//# Asked for itself, the program lists what proxy and registrar take.

// User agents: what the application does, and what needs extensions.

//= rfc3261#8.1.1.3/anonymous SHOULD skip
//# The application gives From.
//= rfc3261#20.20/anonymous SHOULD skip
//# The application gives From.
//= rfc3261#8.1.1.9/supported SHOULD skip
//# The user agent has no extension that needs an option tag.
//= rfc3261#8.1.1.9/standards-only MUST skip
//# The user agent has no extension that needs an option tag.
//= rfc3261#8.1.1.9/require MUST skip
//# The user agent has no extension that needs an option tag.
//= rfc3261#8.1.1.9/proxy-require MUST skip
//# The user agent has no extension that needs an option tag.
//= rfc3261#13.2.1/supported SHOULD skip
//# The user agent has no extension that needs an option tag.
//= rfc3261#20.32/standards-only MUST skip
//# The user agent has no extension that needs an option tag.
//= rfc3261#20.37/standards-only MUST skip
//# The user agent has no extension that needs an option tag.
//= rfc3261#8.2.4/supported-only MUST NOT skip
//# The user agent has no extension that needs an option tag.
//= rfc3261#8.2.4/baseline SHOULD skip
//# The user agent has no extension that needs an option tag.
//= rfc3261#8.2.4/421-require MUST skip
//# The user agent has no extension that needs an option tag.
//= rfc3261#8.2.4/421-seldom SHOULD NOT skip
//# The user agent has no extension that needs an option tag.
//= rfc3261#8.2.4/listed MUST skip
//# The user agent has no extension that needs an option tag.
//= rfc3261#21.4.16/require MUST skip
//# The user agent has no extension that needs an option tag.
//= rfc3261#21.4.16/baseline SHOULD NOT skip
//# The user agent has no extension that needs an option tag.
//= rfc3261#21.4.16/process SHOULD skip
//# The user agent has no extension that needs an option tag.
//= rfc3261#8.1.3.5/413 SHOULD skip
//# The application hears the status, and may send another request.
//= rfc3261#8.1.3.5/415 SHOULD skip
//# The application hears the status, and may send another request.
//= rfc3261#8.1.3.5/416 SHOULD skip
//# The application hears the status, and may send another request.
//= rfc3261#8.1.3.5/420 SHOULD skip
//# The application hears the status, and may send another request.
//= rfc3261#8.2.2.1/to-403 SHOULD skip
//# No request is refused for its To.
//= rfc3261#8.2.3/415-language MUST skip
//# No language is refused.
//= rfc3261#8.2.6.1/timestamp-delay SHOULD skip
//# The delay is left out; it is of no use to anybody today.
//= rfc3261#8.2.6.1/timestamp-seconds MUST skip
//# The delay is left out.
//= rfc3261#8.2.7/ignore-ack MUST skip
//# Without a transaction it is handed up, where it finds no dialog.
//= rfc3261#8.2.7/ignore-cancel MUST skip
//# Without state it cannot be told from a CANCEL that matches nothing, which gets 481 (9.2).
//= rfc3261#8.3/bad-expires SHOULD skip
//# Expirations were read when the contact was registered.
//= rfc3261#11.2/body-media SHOULD skip
//# Session descriptions pass through as bytes: the application makes offers and answers, by room rfc3264.
//= rfc3261#13.2.1/offer-place MUST skip
//# Session descriptions pass through as bytes: the application makes offers and answers, by room rfc3264.
//= rfc3261#13.2.1/answer-in-2xx MUST skip
//# Session descriptions pass through as bytes: the application makes offers and answers, by room rfc3264.
//= rfc3261#13.2.1/first-is-answer MUST skip
//# Session descriptions pass through as bytes: the application makes offers and answers, by room rfc3264.
//= rfc3261#13.2.1/no-offer-in-response MUST NOT skip
//# Session descriptions pass through as bytes: the application makes offers and answers, by room rfc3264.
//= rfc3261#13.2.1/sdp MUST skip
//# Session descriptions pass through as bytes: the application makes offers and answers, by room rfc3264.
//= rfc3261#13.2.2.4/bad-offer MUST skip
//# Session descriptions pass through as bytes: the application makes offers and answers, by room rfc3264.
//= rfc3261#13.3.1/offer MUST skip
//# Session descriptions pass through as bytes: the application makes offers and answers, by room rfc3264.
//= rfc3261#13.3.1.4/answer MUST skip
//# Session descriptions pass through as bytes: the application makes offers and answers, by room rfc3264.
//= rfc3261#13.3.1.4/offer MUST skip
//# Session descriptions pass through as bytes: the application makes offers and answers, by room rfc3264.
//= rfc3261#13.3.1.3/488-warning SHOULD skip
//# The application chooses the status of its refusals.
//= rfc3261#14/not-automatic SHOULD NOT skip
//# No media here that could fail.
//= rfc3261#14/random-delay SHOULD skip
//# No media here that could fail.
//= rfc3261#14.1/version SHOULD skip
//# Session descriptions pass through as bytes: the application makes offers and answers, by room rfc3264.
//= rfc3261#14.2/changed MUST skip
//# Session descriptions pass through as bytes: the application makes offers and answers, by room rfc3264.
//= rfc3261#14.2/adjust MUST skip
//# Session descriptions pass through as bytes: the application makes offers and answers, by room rfc3264.
//= rfc3261#14.2/488-warning SHOULD skip
//# The application chooses the status of its refusals.
//= rfc3261#14.2/offer-anew SHOULD skip
//# Session descriptions pass through as bytes: the application makes offers and answers, by room rfc3264.
//= rfc3261#14.2/offer-all SHOULD skip
//# Session descriptions pass through as bytes: the application makes offers and answers, by room rfc3264.
//= rfc3261#14.2/offer-overlaps MUST skip
//# Session descriptions pass through as bytes: the application makes offers and answers, by room rfc3264.
//= rfc3261#14.2/offer-refused SHOULD skip
//# Session descriptions pass through as bytes: the application makes offers and answers, by room rfc3264.
//= rfc3261#19.1.5/method-used MUST skip
//# The application names the method.
//= rfc3261#19.1.5/headers-wanted SHOULD skip
//# Headers of a URI are not taken: they come from strangers.
//= rfc3261#19.1.5/verify-descriptive SHOULD skip
//# Headers of a URI are not taken.
//= rfc3261#20/should-send SHOULD skip
//# Said for each header where it is sent.
//= rfc3261#20/not-applicable MUST NOT skip
//# Nothing here adds such a header; the application may.
//= rfc3261#20.2/default-identity SHOULD skip
//# Nothing here encodes a body.
//= rfc3261#20.3/default-all SHOULD skip
//# No language is chosen here.
//= rfc3261#20.5/absence MUST NOT skip
//# The Allow of the other side is not read.
//= rfc3261#20.11/default-disposition SHOULD skip
//# Bodies are handed up with their type.
//= rfc3261#21/http-codes SHOULD NOT skip
//# The application chooses the status of its refusals.
//= rfc3261#21.3.1/contacts SHOULD skip
//# The user agent redirects by 302, and the proxy too.
//= rfc3261#21.3.2/update SHOULD skip
//# Nothing here keeps addresses for longer than a request.
//= rfc3261#21.3.4/through-proxy MUST skip
//# Not followed: it would let a stranger choose our proxy. The application hears of it.
//= rfc3261#21.3.4/uas-only MUST skip
//# Nothing here sends it by itself.
//= rfc3261#21.4.1/reason SHOULD skip
//# What is wrong is told in the event and the log, not to a sender who may be hostile.
//= rfc3261#21.4.10/use-404 SHOULD skip
//# The application chooses the status of its refusals.
//= rfc3261#21.4.11/retry-after SHOULD skip
//# A body that is too large stays so.
//= rfc3261#21.4.18/reason SHOULD skip
//# The application chooses the status of its refusals.
//= rfc3261#21.4.22/reason SHOULD skip
//# The application chooses the status of its refusals.
//= rfc3261#21.4.24/use-600 SHOULD skip
//# The application chooses the status of its refusals.
//= rfc3261#22.1/cancel-same-hop SHOULD skip
//# Any CANCEL that matches is taken: it has the unguessable branch of its request.
//= rfc3261#26.3.1/realm SHOULD skip
//# The operator names the realm.
//= rfc3428#5/no-im-routes MUST NOT skip
//# Route is taken from Record-Route and the configuration, which are sip URIs.
