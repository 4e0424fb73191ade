//! What the documents ask of others than this room, and what is left out on purpose.

//= rfc7616#3.2/md5-discouraged SHOULD NOT skip
//# The default offers SHA-256 first and MD5 after it, because most SIP peers know nothing else; one line turns it off.
//= rfc7616#3.3/opaque-alphabet SHOULD skip
//# The room sends none by itself; the program that sets one chooses its letters.
//= rfc8760#3/md5-discouraged SHOULD NOT skip
//# The same.
//= rfc7616#3.4/log-failure SHOULD skip
//# A room without side effects; Verdict::Denied tells the program, which has the log.
//= rfc7616#3.4/log-no-password SHOULD skip
//# The same; its doc says what to leave out.
//= rfc7616#3.6/proxy-transparent MUST skip
//# A matter of whoever forwards the message: the proxy of rfc3261.
//= rfc7616#3.8/reissue MUST skip
//# A matter of whoever holds the request: the user agent of rfc3261 asks Client and puts the answer into the header.
//= rfc7616#5.1/entropy SHOULD skip
//# Passwords are chosen elsewhere.
//= rfc7616#5.1/secure-channel SHOULD skip
//# Transports are chosen elsewhere.
//= rfc7616#5.2/realm-unique SHOULD skip
//# The realm is the operator's choice.
//= rfc7616#5.2/realm-host SHOULD skip
//# The realm is the operator's choice; the doc of the field says so.
//= rfc7616#3.4.4/reject-plain MAY skip
//# A server that offers hashing takes plain names too; its lookup sees which it is and may return no account.
//= rfc8760#2.5/aggregate MUST skip
//# A matter of the proxy of rfc3261.
//= rfc8760#2.5/keep-order MUST skip
//# A matter of the proxy of rfc3261.
//= rfc3261#22.1/realm-unique MUST skip
//# The realm is the operator's choice.
//= rfc3261#22.1/realm-host SHOULD skip
//# The realm is the operator's choice; the doc of the field says so.
//= rfc3261#22.1/realm-readable SHOULD skip
//# The realm is the operator's choice.
//= rfc3261#22/authorize SHOULD skip
//# Who may do what is the program's policy.
//= rfc3261#22.1/realm MUST skip
//# The realm is the operator's choice; the doc of the field gives the rule.
//= rfc3261#22.1/ack-credentials MUST skip
//# A matter of whoever keeps the transaction: an ACK is not verified again.
//= rfc3261#22.1/show-realm SHOULD skip
//# Challenge::realm has it; showing is the program's part.
//= rfc3261#22.3/realmless MUST skip
//# Both schemes here have realms.
//= rfc3261#22.3/use-realms SHOULD skip
//# Nothing else is offered under the SIP profile.
