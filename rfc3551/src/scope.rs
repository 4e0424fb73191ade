//! What RFC 3551, RFC 4733 and RFC 2198 ask and this room leaves to others, with the reason for each.

//= rfc3551#3/dynamic-first SHOULD skip
//# Numbers are assigned by whoever makes the offer: room rfc3264.
//= rfc3551#3/below-96 MAY skip
//# Numbers are assigned by whoever makes the offer: room rfc3264.
//= rfc3551#3/unassigned-first SHOULD skip
//# Numbers are assigned by whoever makes the offer: room rfc3264.
//= rfc3551#3/mapping SHOULD NOT skip
//# The mapping is SDP's: rooms rfc4566 and rfc3264.
//= rfc3551#3/no-own-static SHOULD NOT skip
//# A rule for those who publish encodings; the table has none of ours.
//= rfc3551#4.1/silence MAY skip
//# Left to the program that sends.
//= rfc3551#4.1/silence-expected MUST skip
//# The jitter buffer of room rfc3550 tells loss from silence.
//= rfc3551#4.1/marker SHOULD skip
//# The program sets the marker when it sends again after silence.
//= rfc3551#4.1/talkspurt-playout MAY skip
//# The jitter buffer of room rfc3550.
//= rfc3551#4.1/no-marker MUST skip
//# The program sends no marker unless it asks for one.
//= rfc3551#4.1/channel-order SHOULD skip
//# The codecs here have one channel.
//= rfc3551#4.1/one-instant MUST skip
//# The codecs here have one channel.
//= rfc3551#4.1/rates SHOULD skip
//# The codecs here have 8,000, 16,000 and 48,000 Hz.
//= rfc3551#4.1/multi-channel SHOULD skip
//# The codecs here have one channel.
//= rfc3551#4.1/one-channel MAY skip
//# The codecs here have one channel.
//= rfc3551#4.2/other-values SHOULD skip
//# No length of packets is built in.
//= rfc3551#4.2/20-ms SHOULD skip
//# The program cuts its packets, 20 ms by default.
//= rfc3551#4.2/longer MAY skip
//# The program cuts its packets.
//= rfc3551#4.2/up-to-200-ms SHOULD skip
//# Packets may have any length that fits a datagram; G.711 decodes all of it.
//= rfc3551#4.2/up-to-200-ms-frames SHOULD skip
//# Opus packets of all lengths are decoded; each is one packet.
//= rfc3551#4.3/interleave SHOULD skip
//# The codecs here have one channel.
//= rfc3551#4.3/network-order SHOULD skip
//# The codecs here have one octet a sample.
//= rfc3551#4.5/dynamic-clock MUST skip
//# The mapping is SDP's, which names the clock.
//= rfc3551#6/dynamic MAY skip
//# The mapping is SDP's.
//= rfc3551#6/one-medium MUST NOT skip
//# Sessions are made by the program, one a medium.
//= rfc3551#6/several-sessions MAY skip
//# Sessions are made by the program, one a medium.
//= rfc3551#6/change MAY skip
//# Left to the program that sends.
//= rfc3551#6/pcmu-and-dvi4 SHOULD skip
//# PCMU is here; nobody speaks DVI4 any more.
//= rfc2198#3/copy MAY skip
//# The encoder repeats what was sent: a copy is all it does.
//= rfc2198#3/not-higher MUST NOT skip
//# The encoder repeats what was sent, which never takes more.
//= rfc4733#6/integrity MUST skip
//# There is no SRTP; whoever needs this puts a tunnel below.
//= rfc4733#6/srtp SHOULD skip
//# The same.
//= rfc3551#10/authenticate MAY skip
//# Layers below are the program's.
//= rfc4733#2.3.4/volume-ignored MUST skip
//# The volume of every report is handed on; its doc says for which it means nothing.
//= rfc4733#2.3.5/soft-state MAY skip
//# The sender knows keys and other events that end, no states.
//= rfc4733#2.4/rate MUST skip
//# All times are in ticks, of whatever rate.
//= rfc4733#2.5.1.1/events SHOULD skip
//# The list is printed by EventSet, and put into SDP by the program.
//= rfc4733#2.5.1.1/redundancy MAY skip
//# The program may feed reports to the encoder of `red`.
//= rfc4733#2.5.1.1/streams MAY skip
//# Left to the program.
//= rfc4733#2.5.1.2/end-deferred MAY skip
//# E is set as soon as the end is known.
//= rfc4733#2.5.1.2/end-optional MAY skip
//# E is always sent.
//= rfc4733#2.5.1.2/other-interval MAY skip
//# The step is the caller's choice.
//= rfc4733#2.5.1.2/repeat-states SHOULD skip
//# The sender knows no states.
//= rfc4733#2.5.1.4/redundant MAY skip
//# The program may feed reports to the encoder of `red`.
//= rfc4733#2.5.1.4/redundant-only-if SHOULD NOT skip
//# The sender makes simple packets.
//= rfc4733#2.5.1.4/simple-otherwise SHOULD skip
//# The sender makes simple packets.
//= rfc4733#2.5.1.4/end-late MAY skip
//# E is set as soon as the end is known.
//= rfc4733#2.5.1.5/timestamp MUST skip
//# The sender makes packets of one event.
//= rfc4733#2.5.1.5/marker MUST skip
//# The sender makes packets of one event.
//= rfc4733#2.5.1.5/each MUST skip
//# The sender makes packets of one event.
//= rfc4733#2.5.1.6/increments MUST skip
//# Sequence numbers are those of room rfc3550, which counts every packet.
//= rfc4733#2.5.2.1/fmtp MUST skip
//# The list is printed by EventSet, and put into SDP by the program.
//= rfc4733#2.5.2.2/events-only SHOULD skip
//# Left to the program, which sees beginning and end of each event.
//= rfc4733#2.5.2.2/algorithms MAY skip
//# No tones are made here.
//= rfc4733#2.5.2.2/restart MAY skip
//# An event that ended stays so.
//= rfc4733#2.5.2.2/jitter MUST skip
//# Jitter is measured by room rfc3550.
//= rfc4733#2.5.2.2/zero-volume MAY skip
//# The volume is handed on.
//= rfc4733#2.5.2.5/unknown SHOULD skip
//# States are handed on as they come.
//= rfc4733#2.6.2/more-levels MAY skip
//# The encoder of `red` takes any number of levels up to its limit.
//= rfc4733#3.1/detect-40-ms SHOULD skip
//# No tones are detected here.
//= rfc4733#3.1/second-algorithm SHOULD skip
//# No tones are made here.
//= rfc6184#5.1/picture-timing SHOULD skip
//# SEI messages are carried and not read.
//= rfc6184#5.3/damaged SHOULD skip
//# No bit errors are seen here: UDP drops what is broken.
//= rfc6184#5.3/importance MUST skip
//# NRI is the encoder's; it passes as it is.
//= rfc6184#5.3/importance-sets SHOULD skip
//# NRI is the encoder's; it passes as it is.
//= rfc6184#5.8/forward MAY skip
//# A damaged picture is dropped whole: what is passed on can always be decoded.
//= rfc6184#5.8/forward-marked MUST skip
//# A damaged picture is dropped whole.
//= rfc6184#6.1/any-order MAY skip
//# The order given is kept.
//= rfc6184#6.1/above-rtp SHOULD skip
//# The program repeats parameter sets; the packetizer gives every unit packets of its own.
//= rfc6184#8.1/lower-levels MUST skip
//# A matter of the decoder, which the program brings.
//= rfc6184#8.1/sprop-conforms MUST skip
//# Which sets go into a description is the program's choice.
//= rfc6184#8.2.1/sprop-once MUST NOT skip
//# No attributes of sources are written here.
//= rfc6184#8.2.2/understand SHOULD skip
//# Four are understood, the others are handed on.
//= rfc6184#9/integrity SHOULD skip
//# There is no SRTP; whoever needs this puts a tunnel below.
//= rfc6184#10/control MUST skip
//# The encoder is the program's, which hears of losses from room rfc3550.
//= rfc6184#10/watch-loss MUST skip
//# The statistics of room rfc3550 count them.
//= rfc6184#8.2.2/same-number SHOULD skip
//# Numbers are assigned by whoever makes the answer: room rfc3264.
//= rfc6184#8.2.2/number-only-if MUST NOT skip
//# Numbers are assigned by whoever makes the answer: room rfc3264.
//= rfc6184#8.2.2/max-recv-level MUST skip
//# It is not offered, and one that is offered is among the parameters that are handed on.
//= rfc6184#8.4/in-band-reliable SHOULD skip
//# They are repeated before every key frame, and a lost key frame is asked for again.
//= rfc6184#8.4/no-mix MUST NOT skip
//# Descriptions bring parameter sets before the stream; updates come in the stream alone.
//= rfc7587#3.1.2/padding SHOULD skip
//# The codec pads constant rates itself.
//= rfc7587#3.1.2/bandwidth SHOULD NOT skip
//# The program knows its network; the bit rate is a setting.
//= rfc7587#4.1/padding MAY skip
//# None is needed.
//= rfc7587#4.1/duplicates MUST skip
//# The jitter buffer of room rfc3550 drops them.
//= rfc7587#4.1/once MUST skip
//# The jitter buffer of room rfc3550 gives each number out once.
//= rfc7587#5/control SHOULD skip
//# The program's: a voice has a rate that is low and constant.
//= rfc7587#6.1/bitrate-change MAY skip
//# A changed description makes another codec.
//= rfc7587#7/no-source MUST NOT skip
//# No attributes of sources are written here.
//= rfc7587#7/sprop-source MAY skip
//# No attributes of sources are read here.
//= rfc7587#7/sprop-fallback MUST skip
//# No attributes of sources are read here.
//= rfc7587#7.1/maxptime MUST skip
//# Both are read; attributes of the description are for room rfc3264.
//= rfc7587#8/mechanisms SHOULD skip
//# Encryption is SRTP's.
