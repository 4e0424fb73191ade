# make demo       build a proxy, two dialers and the RTMP gateway, make verified calls on loopback
# make test       all that a fresh machine with a Rust toolchain can check
# make test-ROOM  one room alone, e.g. make test-rfc3261
# make interop    against the real programs (make interop-install gets them: Debian, apt)
# make bench      tables of ratios against rivals measured in the same run
# make fuzz       every fuzz target for FUZZ_SECONDS seconds (default 60; needs cargo-fuzz and a nightly toolchain)
# make ladder FILE=x.pcap   a ladder diagram of a capture (--trace of any program), as a page beside it
# make docs       target/site: coverage, annotated source, guide and API reference
# make newcomer   the way from a fresh clone to `make docs` and to timer A of SIP, timed (needs Chromium: peers/page/install)
CARGO ?= cargo
FUZZ_SECONDS ?= 60
FUZZ_TARGETS = sip_message sdp rtp rtcp digest_header p2p_frame p2p_message sync_machine mesh_machine chord_machine chord_ring \
	amf0 amf3 rtmp_session flv rtmp_tag rtmp_chunk rtmp_handshake rtmpt shared_object h264_rtp ws_frame peer_line \
	xmpp_stream xmpp_stanza xmpp_client xmpp_session jid scram ladder

.PHONY: help demo test fmt-check clippy unit docs-check interop interop-install bench fuzz docs newcomer ladder
help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

demo:
	$(CARGO) build -p apps --bins --example demo
	$(CARGO) run -q -p apps --example demo

test: fmt-check clippy unit docs-check

fmt-check:
	$(CARGO) fmt --all --check

clippy:
	$(CARGO) clippy --workspace --all-targets --all-features -- -D warnings

unit:
	$(CARGO) test --workspace --all-features

docs-check:
	$(CARGO) run -q -p docs -- check
	$(CARGO) run -q -p docs -- report

test-%:
	$(CARGO) test -p $* --all-features

interop:
	$(CARGO) test -p apps --test interop -- --nocapture --test-threads 2
	$(CARGO) test -p apps --test p2p_interop
	$(CARGO) test -p apps --test rtmp_interop -- --nocapture --test-threads 2
	$(CARGO) test -p apps --test xmpp_interop -- --nocapture --test-threads 2
	$(CARGO) test -p apps --test page -- --nocapture
	$(CARGO) test -p docs --test browser -- --nocapture
	$(CARGO) test -p rtmp --test replay

interop-install:
	peers/install

bench:
	$(CARGO) bench -p rfc3261 -p rfc3550 -p rfc3551 -p rfc4566 -p rfc2617 -p mesh -p serializer -p amf -p rtmp -p rfc3920 -p rfc3921 --all-features 2>&1 | tee target/bench.txt
	$(CARGO) bench -q -p apps --bench gateway --features aac
	peers/bench/proxy_table.sh
	peers/bench/rtmp_table.sh
	peers/bench/xmpp_table.sh
	peers/bench/p2p_broadcast.sh
	peers/bench/p2p_idle.sh
	$(CARGO) bench -q -p chord --bench node
	$(CARGO) bench -q -p chord --bench ring_scale
	peers/bench/p2p_serialize.sh
	peers/bench/ratios.sh < target/bench.txt

fuzz:
	cd fuzz && for t in $(FUZZ_TARGETS); do mkdir -p target/corpus/$$t corpus/$$t && \
	  $(CARGO) +nightly fuzz run $$(case $$t in peer_line) echo --features=programs;; esac) $$t target/corpus/$$t corpus/$$t \
	  $$(case $$t in ladder) echo ../docs/ladders;; esac) -- -max_total_time=$(FUZZ_SECONDS) -max_len=70000 || exit 1; done

docs:
	@echo "API reference of every crate"
	$(CARGO) doc --workspace --no-deps --all-features
	@echo "Coverage, annotated source, guide"
	$(CARGO) run -q -p docs -- report
	$(CARGO) run -q -p docs -- site
	rm -rf target/site/api && cp -r target/doc target/site/api
	@echo "Open file://$(CURDIR)/target/site/index.html"

newcomer:
	docs/newcomer.sh

ladder:
	@$(CARGO) run -q -p docs -- ladder $(FILE) $(ARGS)
