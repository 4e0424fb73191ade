//! Requirements of RFC 8866 that are left out on purpose, each with its reason.

//= rfc8866#5.2/version-timestamp SHOULD skip
//# No clock here: the caller draws the numbers; offer/answer counts versions up by one instead, as RFC 3264 wants.
//= rfc3605#4/rtcp-only SHOULD NOT skip
//# What a program does with a port is its own; here it is called RTCP.
//= rfc8866#5.2/fqdn SHOULD skip
//# The caller chooses between Connection::name and Connection::ip; peers behind NAT rarely have a name.
//= rfc8866#5.6/international SHOULD skip
//# Contacts are the caller's text, and calls have none.
//= rfc8866#5.6/comment-parentheses MUST skip
//# Contacts are the caller's text; the reader takes both ways of writing a name and leaves them alone.
//= rfc8866#5.6/comment-utf8 SHOULD skip
//# Contacts are the caller's text.
//= rfc8866#5.7/scoped-address SHOULD skip
//# Which group to use is the caller's choice.
//= rfc8866#5.8/conference-total SHOULD skip
//# What a session needs is known to the caller alone.
//= rfc8866#5.8/bundle-total SHOULD skip
//# Streams are not bundled here.
//= rfc8866#5.8/x-prefix SHOULD NOT skip
//# The names are the caller's.
//= rfc8866#5.8/no-x-prefix SHOULD skip
//# Addressed to those who define kinds.
//= rfc8866#5.8/kind-registered MUST skip
//# Addressed to those who define kinds.
//= rfc8866#5.8/alphanumeric MUST skip
//# Addressed to those who define kinds; the strict reader asks for a token, as the grammar does.
//= rfc8866#5.9/discourage-unbounded SHOULD skip
//# There is no user interface here, and a call's session is permanent.
//= rfc8866#5.9/stop-time SHOULD skip
//# The caller's choice.
//= rfc8866#5.13/registered MUST skip
//# Addressed to those who define attributes.
//= rfc8866#5.14/udp-format MUST skip
//# Formats of protocols other than RTP are words that the caller gives and understands.
//= rfc8866#5.14/udp-registration SHOULD skip
//# Addressed to those who define formats.
//= rfc8866#5.14/other-formats MUST skip
//# Addressed to those who define protocols.
//= rfc8866#5.14/first-format SHOULD skip
//# Offer/answer, in the room rfc3264, chooses the format.
//= rfc8866#6.1/unused SHOULD NOT skip
//# Nothing here writes it; a caller that pushes it by name gets it.
//= rfc8866#6.2/unused SHOULD NOT skip
//# Nothing here writes it; a caller that pushes it by name gets it.
//= rfc8866#6.5/sum MUST skip
//# Packets are built by the RTP rooms.
//= rfc8866#6.5/multiple SHOULD skip
//# The caller knows the frames of its codecs.
//= rfc8866#6.6/profile-names MUST skip
//# Addressed to those who define profiles.
//= rfc8866#6.6/codec-parameters SHOULD NOT skip
//# Addressed to those who define parameters.
//= rfc8866#6.6/choice-parameters SHOULD skip
//# Addressed to those who define parameters.
//= rfc8866#6.7.1/rtcp MUST skip
//# RTCP is the room rfc3550's; offer/answer hands it an RTCP address whatever the direction.
//= rfc8866#6.7.3/rtcp SHOULD skip
//# RTCP is the room rfc3550's.
//= rfc8866#6.7.4/rtcp MUST skip
//# RTCP is the room rfc3550's.
//= rfc8866#6.10/registered MUST skip
//# The caller names the charset.
//= rfc8866#6.10/compared MUST skip
//# Charsets are not decoded here: text keeps its octets, and a program that shows it looks at the attribute.
//= rfc8866#6.10/valid MUST skip
//# Only UTF-8 can be written by type; other charsets pass through as they came.
//= rfc8866#6.11/several-descriptions SHOULD skip
//# Languages are the caller's choice.
//= rfc8866#6.11/several-attributes SHOULD NOT skip
//# Languages are the caller's choice.
//= rfc8866#6.11/given SHOULD skip
//# Languages are the caller's choice.
//= rfc8866#6.12/given SHOULD skip
//# Languages are the caller's choice.
//= rfc8866#7/untrusted SHOULD skip
//# Trust is decided by the protocol that carried the description.
//= rfc8866#7/care SHOULD skip
//# Trust is decided by the program.
//= rfc8866#7/other-software MUST NOT skip
//# Reading a description has no effect but a value.
//= rfc8866#7/consent MUST NOT skip
//# Reading a description joins nothing; consent is the program's.
//= rfc8866#7/auto-transmit SHOULD skip
//# No such attribute is known here.
//= rfc8866#7/interception SHOULD NOT skip
//# Not a middlebox.
//= rfc8866#7/keys MUST NOT skip
//# a=crypto is raw text here; whoever writes it knows the channel. It is left out of debug output.
