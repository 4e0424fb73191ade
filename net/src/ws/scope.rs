//! What RFC 6455 asks and nobody here does, with the reason.
//!
//= rfc6455#4.1/offload MAY skip
//# The driver opens its connections itself.
//= rfc6455#4.1/serial MUST skip
//# Which connections are asked for, and when, is the machine's choice; they are limited in number and time. Two of one machine to one address may be opening at once.
//= rfc6455#4.1/unknown-address MUST skip
//# There are no proxies here: a connection is asked for by address.
//= rfc6455#4.1/few-pending SHOULD skip
//# As above.
//= rfc6455#4.1/proxy SHOULD skip
//# As above.
//= rfc6455#4.1/proxy-script MUST skip
//# As above.
//= rfc6455#4.1/browser-origin MUST skip
//# This is no browser.
//= rfc6455#4.1/extensions MAY skip
//# Messages are small and often encrypted or compressed already; compression of a stream of them costs memory for each connection.
//= rfc6455#4.1/other-headers MAY skip
//# No machine has asked for any.
//= rfc6455#4.2/offload MAY skip
//# The driver accepts its connections itself.
//= rfc6455#4.2.1/no-origin SHOULD NOT skip
//# Nothing depends on who is a browser.
//= rfc6455#4.2.2/redirect MAY skip
//# A listener knows no other place.
//= rfc6455#4.2.2/origin MAY skip
//# Peers prove in their own protocols who they are, and nothing here trusts a browser's cookies.
//= rfc6455#4.2.2/origin-refused MUST skip
//# None is unwelcome for its origin.
//= rfc6455#5.2/extension-length MUST skip
//# There are no extensions.
//= rfc6455#5.2/extension-use MUST skip
//# As above.
//= rfc6455#5.4/control-between MAY skip
//# Messages are whole in memory and sent in one frame, so that there is no between.
//= rfc6455#5.4/any-size MAY skip
//# As above.
//= rfc6455#5.4/intermediary MUST NOT skip
//# This is no intermediary.
//= rfc6455#5.5.1/reason MAY skip
//# The status says enough; the line that says more stays in our own log.
//= rfc6455#5.5.1/hidden MUST NOT skip
//# The text is looked at for being text, and then dropped.
//= rfc6455#5.5.1/delay MAY skip
//# The answer is sent at once.
//= rfc6455#5.5.2/data MAY skip
//# No Ping is sent.
//= rfc6455#5.5.2/any-time MAY skip
//# Machines have ways of their own to see whether a peer lives.
//= rfc6455#5.5.3/last-only MAY skip
//# Each Ping is answered.
//= rfc6455#5.5.3/unasked MAY skip
//# No Pong is sent unasked.
//= rfc6455#5.8/negotiate MUST skip
//# There are no extensions.
//= rfc6455#7.1.7/otherwise SHOULD NOT skip
//# Closing is the machine's decision.
//= rfc6455#7.2.1/otherwise SHOULD NOT skip
//# As above.
//= rfc6455#7.2.3/backoff SHOULD skip
//# The driver never connects by itself; machines that do wait as their protocols say.
//= rfc6455#7.2.3/first-delay SHOULD skip
//# As above.
//= rfc6455#7.2.3/interval MAY skip
//# As above.
//= rfc6455#7.2.3/longer SHOULD skip
//# As above.
//= rfc6455#7.3/server MAY skip
//# Closing is the machine's decision.
//= rfc6455#7.3/client SHOULD NOT skip
//# As above.
//= rfc6455#7.4.1/text-only MAY skip
//# Both kinds of messages are taken.
//= rfc6455#7.4.1/missing-extensions SHOULD skip
//# None is missed.
//= rfc6455#10.2/origin SHOULD skip
//# Peers prove in their own protocols who they are, and nothing here trusts a browser's cookies.
//= rfc6455#10.2/origin-403 SHOULD skip
//# As above.
//= rfc6455#10.6/use-tls SHOULD skip
//# Which transport a connection takes is the machine's choice.
//= rfc6455#11.3.2/lines MAY skip
//# No extension is asked for.
//= rfc6455#11.3.5/lines MAY skip
//# There is one version to tell.
