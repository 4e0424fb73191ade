//! What RFC 3550 and RFC 5761 ask and this room leaves to others, with the reason for each.

//= rfc3550#5.1/marker-bits MAY skip
//# The profile that is spoken has one marker bit.
//= rfc3550#5.1/any-order MAY skip
//# No medium here is sent in another order than sampled.
//= rfc3550#6/minimal-control MAY skip
//# Sessions are controlled by other protocols.
//= rfc3550#6/separate-control MAY skip
//# Every participant reports.
//= rfc3550#6.2/limits MAY skip
//# Nothing is sent to groups.
//= rfc3550#6.2/reduced-multicast MAY skip
//# Nothing is sent to groups.
//= rfc3550#6.2/separate-parameter MAY skip
//# The share of RTCP is fixed.
//= rfc3550#6.2/two-parameters MAY skip
//# As above.
//= rfc3550#6.3.1/split MAY skip
//# As above.
//= rfc3550#6.2.1/delete-bye MAY skip
//# The entry is marked, and goes a while later.
//= rfc3550#6.2.1/sampling MAY skip
//# The table has a bound that makes it needless.
//= rfc3550#6.2.1/other-algorithm MAY skip
//# Participants are counted one by one.
//= rfc3550#6.2.1/overestimate MAY skip
//# As above.
//= rfc3550#6.3/two-party-simple MAY skip
//# Both kinds of reconsideration are there, for two as for many.
//= rfc3550#6.3.7/silent MAY skip
//# Who leaves says so, unless it never sent anything.
//= rfc3550#6.3.7/small-backoff MAY skip
//# A small group hears a goodbye at once.
//= rfc3550#6.3.9/one-session MAY skip
//# Sessions know nothing of each other.
//= rfc3550#6.4.1/zero-ntp MAY skip
//# The driver always has a clock.
//= rfc3550#6.5.2/priorities MAY skip
//# No profile that is spoken asks for it.
//= rfc3550#6.5.5/prescribed MAY skip
//# As above.
//= rfc3550#6.5.7/semantics MAY skip
//# As above.
//= rfc3550#8.2/new-address MAY skip
//# A session keeps its socket, and its SSRC with it.
//= rfc3550#8.2/retry MAY skip
//# A loop is counted and dropped; sending goes on under the new SSRC.
//= rfc3550#11/several MAY skip
//# A datagram is one packet.
//= rfc3550#A.1/wait-for-rtcp MAY skip
//# Peers that never send RTCP are heard too.
//= rfc3550#5.1/no-type-mux SHOULD NOT skip
//# What a session carries is the choice of the program that describes it.
//= rfc3550#5.1/resolution MUST skip
//# The clock rate is that of the payload format; the program that samples knows it.
//= rfc3550#5.2/one-medium SHOULD skip
//# A session here is one m= line of a description; room rfc3264 keeps media apart.
//= rfc3550#5.2/no-mixed-media SHOULD NOT skip
//# A session here is one m= line of a description; room rfc3264 keeps media apart.
//= rfc3550#5.3.1/not-for-formats SHOULD NOT skip
//# A rule for authors of payload formats; the extension passes through as it is.
//= rfc3550#5.3.1/in-payload SHOULD skip
//# A rule for authors of payload formats; the extension passes through as it is.
//= rfc3550#6/all-functions SHOULD skip
//# Advice for designers; reports, names and rate control are always on.
//= rfc3550#6/scales SHOULD skip
//# Advice for designers.
//= rfc3550#6.1/encryption-prefix MUST skip
//# There is no encryption by section 9.1, and so no prefix.
//= rfc3550#6.1/encryption-padding MUST skip
//# There is no encryption by section 9.1; Compound can be padded all the same.
//= rfc3550#6.1/translators-combine SHOULD skip
//# This room is an end system.
//= rfc3550#6.1/segment SHOULD skip
//# This room is an end system; its own packets stay below max_rtcp.
//= rfc3550#6.1/segments-report MUST skip
//# This room is an end system.
//= rfc3550#6.2/same-bandwidth MUST skip
//# Config::bandwidth is set from the session's description, which all participants share.
//= rfc3550#6.2/fixed-constants SHOULD skip
//# A rule for authors of profiles.
//= rfc3550#6.2/parameter-defaults SHOULD skip
//# The two parameters of a profile are not offered; a quarter of 5 % is the same.
//= rfc3550#6.2/reports-on SHOULD NOT skip
//# There is no switch that turns them off.
//= rfc3550#6.2/reduced-value SHOULD skip
//# Config::report_interval takes whatever minimum the program computes.
//= rfc3550#6.2.1/fixed-multiplier SHOULD skip
//# A rule for authors of profiles.
//= rfc3550#6.2.1/no-underestimate SHOULD NOT skip
//# There is no sampling; a group above max_sources is underestimated, which the limit is set for.
//= rfc3550#6.3.8/sender-reverse SHOULD skip
//# Without a change of members the ratio is one and nothing moves; the next expiry uses the senders' share.
//= rfc3550#6.4.3/profile-extension SHOULD skip
//# A rule for authors of profiles; extensions pass through.
//= rfc3550#6.4.3/preferred SHOULD skip
//# A rule for authors of profiles.
//= rfc3550#6.4.3/parallel SHOULD skip
//# A rule for authors of profiles.
//= rfc3550#6.5.1/unique SHOULD skip
//# The program chooses the name.
//= rfc3550#6.5.1/fixed SHOULD skip
//# The program gives all its sessions the same name.
//= rfc3550#6.5.1/locates SHOULD skip
//# The program chooses the name.
//= rfc3550#6.5.1/derived SHOULD skip
//# The program chooses the name.
//= rfc3550#6.5.1/format SHOULD skip
//# The program chooses the name.
//= rfc3550#6.5.1/form SHOULD skip
//# The program chooses the name.
//= rfc3550#6.5.1/address SHOULD skip
//# The program chooses the name.
//= rfc3550#6.5.1/user SHOULD skip
//# The program chooses the name.
//= rfc3550#6.5.2/not-unique SHOULD NOT skip
//# Names are handed on, and nothing here depends on them.
//= rfc3550#6.5.4/plus SHOULD skip
//# The program chooses the text.
//= rfc3550#6.5.7/not-routine SHOULD NOT skip
//# The program chooses the items.
//= rfc3550#6.5.7/not-configured SHOULD NOT skip
//# The program chooses the items.
//= rfc3550#6.5.7/emptied SHOULD skip
//# Items are fixed for a session here; none is transient.
//= rfc3550#6.5.7/expires SHOULD skip
//# Notes are handed on as they come; how long to show one is the program's choice.
//= rfc3550#6.5.8/entity-prefix SHOULD skip
//# The program chooses the prefix.
//= rfc3550#6.5.8/no-overload SHOULD NOT skip
//# The program chooses the items.
//= rfc3550#6.5.8/registered SHOULD skip
//# A rule for those who define items.
//= rfc3550#6.6/mixer-forward SHOULD skip
//# This room is an end system.
//= rfc3550#6.6/mixer-shutdown SHOULD skip
//# This room is an end system.
//= rfc3550#6.7/unknown-name SHOULD skip
//# APP packets are handed on; which names mean something only the program knows.
//= rfc3550#6.7/redefine SHOULD skip
//# A rule for those who define packets.
//= rfc3550#6.7/name-entity SHOULD skip
//# A rule for those who define packets.
//= rfc3550#8.2/break-loops MUST skip
//# This room is an end system.
//= rfc3550#8.2/loop-error SHOULD skip
//# Loops are told as events; whether to stop is the program's decision.
//= rfc3550#8.3/one-space SHOULD skip
//# There are no layered encodings here.
//= rfc3550#8.3/base-layer SHOULD skip
//# There are no layered encodings here.
//= rfc3550#10/by-profile SHOULD skip
//# A rule for authors of profiles; the statistics are what such control needs.
//= rfc3550#11/even-port SHOULD skip
//# The program binds its sockets and so chooses the port.
//= rfc3550#11/odd-base SHOULD skip
//# The program binds its sockets and so chooses the port.
//= rfc3550#11/layer-ports SHOULD skip
//# There are no layered encodings here.
//= rfc3550#11/layer-distinct MUST skip
//# There are no layered encodings here.
//= rfc3550#11/layer-groups MUST skip
//# There are no layered encodings here.
//= rfc3550#11/framing MUST skip
//# Sessions here run on datagrams only.
//= rfc5761#4/registrations SHOULD skip
//# A rule for the registry.
//= rfc5761#4/other-registrations SHOULD skip
//# A rule for the registry.
//= rfc5761#4/guidelines SHOULD skip
//# Payload types are numbered by whoever makes the offer: room rfc3264.
//= rfc5761#4/dynamic SHOULD skip
//# Payload types are numbered by whoever makes the offer: room rfc3264.
//= rfc5761#4/unassigned-first SHOULD skip
//# Payload types are numbered by whoever makes the offer: room rfc3264.
//= rfc5761#5.2/no-multicast SHOULD NOT skip
//# Config::mux is a choice of the program, which knows whether a group is multicast.
//= rfc5761#5.2/separate SHOULD skip
//# Config::mux is a choice of the program, which knows whether a group is multicast.
//= rfc5761#7/below-srtp MUST skip
//# There is no SRTP; it would stand between the socket, where flows are told apart, and the session.
//= rfc4585#3.1/together MAY skip
//# Each goes in a compound of its own.
//= rfc4585#3.1/minimal MUST skip
//# Packets with feedback are full ones; between two they are small.
//= rfc4585#3.1/minimal-early SHOULD skip
//# As above.
//= rfc4585#3.1/full MAY skip
//# No further packets are added.
//= rfc4585#6.1/one-compound SHOULD skip
//# Whoever asks in two ways sends two compounds, each of which a peer understands or passes over as a whole.
//= rfc4585#6.3.1.1/picture MAY skip
//# The encoder is the program's; in_compound() tells it of the request.
//= rfc4585#6.3.1.1/congestion MUST skip
//# As above.
//= rfc4585#7/fair MUST skip
//# As above.
//= rfc5104#4.3.1.2/several MAY skip
//# A peer is one source.
//= rfc5104#4.3.1.2/refresh MUST skip
//# The encoder is the program's; in_compound() tells it of the request.
//= rfc5104#4.3.1.2/congestion MUST skip
//# As above.
//= rfc5104#4.3.1.2/not-for-loss MUST NOT skip
//# When to ask, and how, is the program's choice: some phones know but one of the two ways.
//= rfc5104#4.3.1.2/loss-by-pli SHOULD skip
//# As above.
//= rfc5104#4.3.1.2/sparingly SHOULD skip
//# As above.
//= rfc5104#4.3.1.3/repeat MAY skip
//# As above.
//= rfc5104#4.3.1.3/repeat-rtt SHOULD skip
//# As above.
//= rfc5104#5/limits MUST skip
//# The encoder is the program's.
