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
//# The machines know secure transports; TLS itself belongs to the driver, which has none yet.
//= rfc3261#26.3.1/tls-ua SHOULD skip
//# TLS belongs to the driver, which has none yet.
//= rfc3261#26.3.1/tls-ua-server MAY skip
//# TLS belongs to the driver, which has none yet.
//= rfc3261#26.3.1/certificate SHOULD skip
//# TLS belongs to the driver, which has none yet.
//= rfc3261#26.3.1/ua-certificate MAY skip
//# TLS belongs to the driver, which has none yet.
//= rfc3261#26.3.1/validate MUST skip
//# TLS belongs to the driver, which has none yet.
//= rfc3261#26.3.1/ipsec MAY skip
//# Below every socket.
//= rfc3261#26.3.1/prefer-tls SHOULD skip
//# The URI and the user decide.
//= rfc3261#26.3.1/accept-tls MAY skip
//# TLS belongs to the driver, which has none yet.
//= rfc3261#26.4.4/secure-ports-only MAY skip
//# The program binds what its user asks for.

// What a program shows to its user, or its user decides.

//= rfc3261#7.2/reason-free MAY skip
//# Standard phrases by default; any text can be set.
//= rfc3261#20.4/disable SHOULD skip
//# No code here plays Alert-Info.
//= rfc3261#20.9/trusted-only SHOULD skip
//# No code here shows Call-Info.
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
