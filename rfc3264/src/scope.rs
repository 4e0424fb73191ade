//! Requirements of RFC 3264 and RFC 5888 that are left out on purpose, each with its reason. Bundling streams on one
//! transport (RFC 8843) is out of scope: such a group is never answered, which refuses it, and streams that can only
//! live in it come with port 0 and are refused with it.

//= rfc3264#5/one-session MUST skip
//# A Session is one description; the reader of rfc4566 refuses a second v= line.
//= rfc3264#5.1/sink MUST skip
//# Sinks and sources are the application's.
//= rfc3264#5.1/combine-received MUST skip
//# Mixing is the application's.
//= rfc3264#5.1/combine-sent MUST skip
//# Mixing is the application's.
//= rfc3264#5.1/ready-receive MUST skip
//# Sockets are the application's: it opens the ports of its streams before it offers them.
//= rfc3264#5.1/ready-both MUST skip
//# Sockets are the application's.
//= rfc3264#6.1/fmtp-definition SHOULD skip
//# Addressed to those who define formats.
//= rfc3264#6.1/ready-receive MUST skip
//# Sockets are the application's.
//= rfc3264#6.1/ready-both MUST skip
//# Sockets are the application's.
//= rfc3264#6.1/own-order MAY skip
//# The offer's order helps both sides to use the same format.
//= rfc3264#6.1/more-formats MAY skip
//# Formats that the offer lacks could not be used in both directions, and confuse old peers.
//= rfc3264#8.3.1/both-ports MUST skip
//# Sockets are the application's: it keeps the old one when it changes LocalStream::port.
//= rfc3264#8.3.1/old-port SHOULD NOT skip
//# Sockets are the application's.
//= rfc3264#8.3.1/answerer-both-ports MUST skip
//# Sockets are the application's.
//= rfc3264#8.3.1/answerer-old-port MUST NOT skip
//# Sockets are the application's.
//= rfc3264#8.3.1/offerer-old-port MUST NOT skip
//# Sockets are the application's.
//= rfc3264#8.3.3/same-data SHOULD skip
//# What a stream carries is known to the application alone.
//= rfc3264#8.3.3/send SHOULD skip
//# The application switches its media when a Stream of another kind comes out.
//= rfc3264#8.3.3/both-types MUST skip
//# What comes in on a port is read by the application.
//= rfc3264#5.1/change-format MAY skip
//# What is sent is the application's choice; Stream::send lists what it can choose from.
//= rfc3264#6.1/send-early MAY skip
//# The application sends as soon as it wants; answer() has filled in the streams.
//= rfc3264#7/send MAY skip
//# The application sends as soon as it wants; accept() has filled in the streams.
//= rfc3264#7/cease MAY skip
//# Sockets are the application's.
//= rfc3264#8.3.1/cease MAY skip
//# Sockets are the application's.
//= rfc3264#6.2/add-ptime MAY skip
//# The lines of a group are answered as they came.
//= rfc3264#11/integrity MUST skip
//# Asked of the protocol that carries descriptions, such as SIP.
//= rfc3264#11/encryption SHOULD skip
//# Asked of the protocol that carries descriptions.
//= rfc3264#11/replay MUST skip
//# Asked of the protocol that carries descriptions.
//= rfc5888#4/unique MUST skip
//# Names of own streams are the application's; names in answers are the offer's.
//= rfc5888#7/play-together MUST skip
//# Playing is the application's; it finds the groups that both agreed on in the description.
//= rfc5888#7/timing MUST skip
//# The same: sender reports of each stream are the means.
//= rfc5888#7/without-rtp MAY skip
//# The same.
//= rfc5888#9.4/ignored MUST skip
//# Reading a description ignores all attributes that nobody asks for; see the room rfc4566.
