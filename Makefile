# make demo   build proxy and dialers, make one verified call on loopback
# make test   everything a fresh machine with a Rust toolchain can check
CARGO ?= cargo

.PHONY: help test check fmt-check clippy unit docs-check
help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

# make test-ROOM   one room alone, e.g. make test-rfc3261
test: fmt-check clippy unit docs-check

fmt-check:
	$(CARGO) fmt --all --check

clippy:
	$(CARGO) clippy --workspace --all-targets --all-features -- -D warnings

unit:
	$(CARGO) test --workspace --all-features

docs-check:
	$(CARGO) run -q -p docs -- check

test-%:
	$(CARGO) test -p $* --all-features
